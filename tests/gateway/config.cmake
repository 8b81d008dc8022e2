# The configuration: loading, lint, secrets, which target serves what.
sluice_test(sluice_gateway_serves_test FLOORS gateway PURE SOURCES serves_test.cpp)
sluice_test(sluice_gateway_config_test FLOORS gateway PURE SOURCES config_test.cpp)
sluice_test(sluice_gateway_config_findings_test FLOORS gateway PURE SOURCES config_findings_test.cpp)
sluice_test(sluice_gateway_lint_test FLOORS gateway PURE SOURCES lint_test.cpp)
sluice_test(sluice_gateway_secrets_test FLOORS gateway PURE SOURCES secrets_test.cpp)
sluice_test(sluice_gateway_config_keys_test FLOORS gateway PURE SOURCES config_keys_test.cpp)
sluice_test(sluice_gateway_worst_case_test FLOORS gateway PURE SOURCES worst_case_test.cpp)
sluice_test(sluice_gateway_findings_test FLOORS gateway PURE SOURCES findings_test.cpp)
