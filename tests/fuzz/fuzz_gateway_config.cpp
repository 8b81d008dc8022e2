// Any text as a gateway's configuration: it is loaded or refused, never half of each, every finding can be
// shown, and no secret from the environment is in one.
#include "gateway/lint_config.hpp"
#include "gateway/serves.hpp"

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

// With a space before it, so that it has the look of a key wherever it is put.
constexpr std::string_view kSecret = " sk-KeY123-0123456789abcdef";

void require(bool condition) {
    if (!condition) std::abort();
}

std::optional<std::string> variable(const std::string& name) {
    if (name.empty() || name.back() == 'X') return std::nullopt;
    return std::string(name.back() == 'E' ? std::string_view() : kSecret);
}

bool has_error(const std::vector<ConfigFinding>& findings) {
    for (const ConfigFinding& finding : findings)
        if (finding.level == ConfigFinding::Level::error) return true;
    return false;
}

void require_readable(const std::vector<ConfigFinding>& findings) {
    require(findings.size() <= gateway::Findings::kMost + 1);
    for (const ConfigFinding& finding : findings) {
        const std::string line = describe(finding);
        require(finding.code.size() == 4 && line.ends_with('\n'));
        require(simdjson::validate_utf8(line));
        require(line.find(kSecret) == std::string::npos);
    }
}

}  // namespace

// The two sides of lint that touch files and the model floor.
namespace sluice {
Environment process_environment() {
    return variable;
}
Secret read_secret(const SecretRef& where, const Environment& environment) {
    Secret secret;
    if (where.from == SecretRef::From::env && !environment(where.name)) secret.problem = "not set";
    return secret;
}
namespace gateway {
std::optional<std::string> problem_of(const TargetConfig&) {
    return std::nullopt;
}
}  // namespace gateway
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const ConfigDocument document = parse_gateway_config(text, variable);
    require_readable(document.findings);
    require(document.config.has_value() != has_error(document.findings));
    if (!document.config) return 0;

    const GatewayConfig& config = *document.config;
    require(config.version.size() == 12 && !config.targets.empty());
    const std::vector<ConfigFinding> again = lint(config, variable);
    require_readable(again);
    require(!has_error(again));
    for (const auto& [alias, model] : config.aliases) {
        require(!config.aliases.contains(model));
        for (const TargetConfig& target : config.targets)
            if (gateway::serves(target, model))
                require(gateway::upstream_model(target, config.failover, model).has_value());
    }
    for (const RouteConfig& route : config.routes) {
        const gateway::WorstCase worst = gateway::worst_case(config, &route);
        require(worst.targets <= config.targets.size() * 2 + route.targets.size());
        require(!worst.time || worst.time->count() >= 0);
    }
    return 0;
}
