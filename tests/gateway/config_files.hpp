// Configurations for tests: a text, an environment, and what came of it in one line a finding.
#pragma once

#include <sluice/gateway_config.hpp>

#include <map>
#include <string>
#include <string_view>

namespace sluice::gateway::test {

inline Environment environment_of(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
}

inline Environment with_keys() {
    return environment_of({{"OPENAI_API_KEY", "key-of-openai"}, {"ANTHROPIC_API_KEY", "key-of-anthropic"}});
}

/// "E002 providers.targets[0].nme 4:7", one a line.
inline std::string outline(const std::vector<ConfigFinding>& findings) {
    std::string text;
    for (const ConfigFinding& finding : findings)
        text += finding.code + " " + finding.path + " " + std::to_string(finding.line) + ":" +
                std::to_string(finding.column) + "\n";
    return text;
}

inline std::string described(const std::vector<ConfigFinding>& findings) {
    std::string text;
    for (const ConfigFinding& finding : findings)
        text += describe(finding);
    return text;
}

}  // namespace sluice::gateway::test
