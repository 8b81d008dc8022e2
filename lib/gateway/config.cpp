#include <sluice/gateway_config.hpp>

namespace sluice {
namespace {

bool same(const Capabilities& a, const Capabilities& b) noexcept {
    return a.tools == b.tools && a.vision == b.vision && a.json_schema == b.json_schema &&
           a.reasoning == b.reasoning;
}

bool same(const Price& a, const Price& b) noexcept {
    return a.input == b.input && a.cached_input == b.cached_input && a.cache_write == b.cache_write &&
           a.output == b.output;
}

bool same(const Deadlines& a, const Deadlines& b) noexcept {
    return a.connect == b.connect && a.headers == b.headers && a.first_event == b.first_event &&
           a.idle == b.idle && a.leg == b.leg && a.total == b.total && a.linger == b.linger &&
           a.grace == b.grace;
}

}  // namespace

bool ModelConfig::operator==(const ModelConfig& other) const {
    return id == other.id && upstream == other.upstream && context_window == other.context_window &&
           max_output == other.max_output && same(capabilities, other.capabilities) &&
           same(price, other.price);
}

bool TargetConfig::operator==(const TargetConfig& other) const {
    return id == other.id && provider == other.provider && secret == other.secret &&
           base_url == other.base_url && dialect == other.dialect && api_version == other.api_version &&
           headers == other.headers && priority == other.priority && weight == other.weight &&
           models == other.models && model_mapping == other.model_mapping && tags == other.tags &&
           health_check == other.health_check && breaker == other.breaker && retry == other.retry &&
           same(deadlines, other.deadlines) && max_connections == other.max_connections &&
           forward_trace == other.forward_trace;
}

std::string_view to_string(PolicyAction action) noexcept {
    switch (action) {
        case PolicyAction::flag:
            return "flag";
        case PolicyAction::log:
            return "log";
        case PolicyAction::block:
            return "block";
    }
    return "flag";
}

std::string describe(const ConfigFinding& finding) {
    using Level = ConfigFinding::Level;
    std::string text = finding.level == Level::error     ? "error"
                       : finding.level == Level::warning ? "warning"
                                                         : "note";
    text += "[" + finding.code + "]";
    if (!finding.path.empty()) text += " " + finding.path;
    if (finding.line > 0) {
        text += finding.path.empty() ? " line " : ", line ";
        text += std::to_string(finding.line) + ", column " + std::to_string(finding.column);
    }
    text += ": " + finding.message;
    if (!finding.suggestion.empty()) text += "; " + finding.suggestion;
    return text + "\n";
}

}  // namespace sluice
