# sluice_unity(<result> <name> [WRAP] <sources...>): what to compile for these sources. With SLUICE_UNITY a few files that include them
# (cmake/unity.py says which may be together), because most of the time of a build goes into what every source instantiates again. Else
# the sources themselves, which is what one works with: a change compiles one file.
#
# TESTS does so for the tests alone and leaves the library as it is shipped.
set(SLUICE_UNITY OFF CACHE STRING "Compile several sources at once, for builds from nothing: OFF, ON, TESTS")

function(sluice_unity result name)
  cmake_parse_arguments(arg "WRAP" "" "" ${ARGN})
  set(sources ${arg_UNPARSED_ARGUMENTS})
  if(SLUICE_UNITY AND (arg_WRAP OR NOT SLUICE_UNITY STREQUAL "TESTS"))
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    list(TRANSFORM sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
    set(wrap)
    if(arg_WRAP)
      set(wrap --wrap)
    endif()
    execute_process(COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/cmake/unity.py ${wrap} ${PROJECT_BINARY_DIR}/unity/${name} ${sources}
                    OUTPUT_VARIABLE sources OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "\n" ";" sources "${sources}")
  endif()
  set(${result} ${sources} PARENT_SCOPE)
endfunction()
