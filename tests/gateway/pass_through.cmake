sluice_test(sluice_gateway_pass_through_test FLOORS gateway PURE SOURCES pass_through_test.cpp)
# Whole requests through the gateway, in virtual time, with a primary that fails.
sluice_test(sluice_gateway_faults_test FLOORS gateway SOURCES faults_test.cpp faults_time_test.cpp)
