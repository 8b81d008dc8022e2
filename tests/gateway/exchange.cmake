# Whole requests through the gateway, in virtual time.
sluice_test(sluice_gateway_endpoints_test FLOORS gateway SOURCES endpoints_test.cpp)
sluice_test(sluice_gateway_exchange_test FLOORS gateway SOURCES exchange_test.cpp)
sluice_test(sluice_gateway_trace_test FLOORS gateway PURE SOURCES trace_test.cpp)
