sluice_test(sluice_gateway_server_test FLOORS gateway
            SOURCES server_test.cpp server_limits_test.cpp server_ending_test.cpp client_keys_test.cpp)
