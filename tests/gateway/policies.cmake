sluice_test(sluice_gateway_policies_test FLOORS gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/policies_test.cpp
                                                                ${CMAKE_CURRENT_LIST_DIR}/word_matcher_test.cpp PURE)
