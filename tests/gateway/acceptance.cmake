# The gateway from outside: the built program, before simulated providers.
if(NOT TARGET sluice_cli)
  return()
endif()
find_package(Python3 COMPONENTS Interpreter)

add_test(NAME gateway_tutorial COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/acceptance/tutorial.sh $<TARGET_FILE_DIR:sluice_cli>)
set_tests_properties(gateway_tutorial PROPERTIES TIMEOUT 300 LABELS acceptance SKIP_RETURN_CODE 77)
add_test(NAME gateway_demo COMMAND sluice_cli gateway demo --once)
set_tests_properties(gateway_demo PROPERTIES TIMEOUT 120 LABELS acceptance)
if(Python3_Interpreter_FOUND)
  add_test(NAME gateway_outage COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/acceptance/outage.py)
  set_tests_properties(gateway_outage PROPERTIES TIMEOUT 120 LABELS acceptance ENVIRONMENT "SLUICE_CLI=$<TARGET_FILE:sluice_cli>")
  add_test(NAME docs_gateway_readme
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/acceptance/readme.py ${PROJECT_SOURCE_DIR})
  set_tests_properties(docs_gateway_readme PROPERTIES LABELS source)
endif()
