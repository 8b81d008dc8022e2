// The gateway from another project: a configuration is read, and says what it is.
#include <sluice/gateway.hpp>

#include <iostream>

int main() {
    const char* yaml = R"(
version: '1'
providers:
  targets:
    - {id: mine, provider: local, base_url: 'http://127.0.0.1:8000/v1'}
)";
    sluice::ConfigDocument document = sluice::parse_gateway_config(yaml);
    if (!document.config) return 1;
    sluice::Gateway gateway{*document.config};
    for (const std::string& line : gateway.summary())
        std::cout << line << '\n';
    return gateway.summary().front() == "Loaded 1 provider(s), 0 policy(ies)" ? 0 : 1;
}
