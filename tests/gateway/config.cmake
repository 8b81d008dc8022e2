# The configuration: loading, lint, secrets, which target serves what.
sluice_test(sluice_gateway_serves_test FLOORS gateway PURE SOURCES serves_test.cpp)
sluice_test(sluice_gateway_config_test FLOORS gateway PURE SOURCES config_test.cpp)
