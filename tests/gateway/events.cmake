sluice_test(sluice_gateway_record_test FLOORS gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/record_test.cpp PURE)
sluice_test(sluice_gateway_json_line_test FLOORS gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/json_line_test.cpp PURE)
sluice_test(sluice_gateway_attempt_log_test FLOORS gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/attempt_log_test.cpp PURE)
sluice_test(sluice_gateway_event_log_test FLOORS gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/event_log_test.cpp
                                                                 ${CMAKE_CURRENT_LIST_DIR}/event_file_test.cpp PURE LABELS threads)
sluice_test(sluice_gateway_metrics_test FLOORS gateway SOURCES ${CMAKE_CURRENT_LIST_DIR}/metrics_test.cpp PURE LABELS threads)
