sluice_test(sluice_gateway_server_test FLOORS gateway
            SOURCES server_test.cpp server_limits_test.cpp server_ending_test.cpp client_keys_test.cpp)
sluice_test(sluice_gateway_server_threads_test FLOORS gateway LABELS threads SOURCES server_threads_test.cpp)
sluice_test(sluice_gateway_server_cost_test FLOORS gateway FIGURES
            SOURCES server_cost_test.cpp ${PROJECT_SOURCE_DIR}/tests/support/allocations.cpp)
