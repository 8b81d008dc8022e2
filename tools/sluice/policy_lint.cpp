// `sluice policy lint`: what a configuration says, and what is wrong with it, without running it.
#include "commands.hpp"
#include "terminal.hpp"

#include "gateway/lint_config.hpp"
#include "gateway/quantity.hpp"
#include "wire/json_writer.hpp"

#include <sluice/gateway_config.hpp>

#include <unistd.h>

#include <algorithm>

namespace sluice::cli {
namespace {

using Level = ConfigFinding::Level;
using wire::JsonWriter;

double seconds(std::chrono::milliseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string text;
    for (const std::string& word : words)
        text.append(text.empty() ? "" : between).append(word);
    return text;
}

/// The routes of the file, and then null: what none of them has.
std::vector<const RouteConfig*> routes_of(const GatewayConfig& config) {
    std::vector<const RouteConfig*> routes;
    bool is_covered = false;
    for (const RouteConfig& route : config.routes) {
        routes.push_back(&route);
        for (const std::string& pattern : route.models)
            is_covered = is_covered || pattern == "*";
    }
    if (!is_covered) routes.push_back(nullptr);
    return routes;
}

std::vector<std::string> target_ids(const GatewayConfig& config, const RouteConfig* route) {
    std::vector<std::string> ids;
    for (const gateway::Candidate& candidate : gateway::candidates_of(config, route))
        ids.push_back(candidate.target->id + (candidate.model.empty() ? "" : "/" + candidate.model));
    return ids;
}

std::string health_line(const HealthCheckConfig& health) {
    if (!health.enabled) return "health_check=disabled";
    return "health_check=enabled (interval=" + gateway::text_of(health.interval) +
           ", timeout=" + gateway::text_of(health.timeout) +
           ", unhealthy_threshold=" + std::to_string(health.unhealthy_threshold) +
           ", healthy_threshold=" + std::to_string(health.healthy_threshold) + ")";
}

std::string failover_line(const FailoverConfig& failover) {
    if (!failover.enabled) return "disabled: only the first provider is asked";
    std::string line =
        "strategy=" + std::string(to_string(failover.strategy)) +
        ", model_mappings=" + std::to_string(failover.model_mapping.size()) + ", max_fallbacks=" +
        (failover.max_fallbacks ? std::to_string(*failover.max_fallbacks) : std::string("all"));
    if (failover.max_total_attempts)
        line += ", max_total_attempts=" + std::to_string(*failover.max_total_attempts);
    if (failover.pass_through_unmapped) line += ", pass_through_unmapped";
    if (failover.last_resort) line += ", last_resort";
    return line;
}

std::string worst_line(const gateway::WorstCase& worst, const RouteConfig* route) {
    std::string line =
        "at most " + std::to_string(worst.attempts) + (worst.attempts == 1 ? " attempt" : " attempts");
    if (!worst.time) return line + ", without a limit in time";
    line += ", " + gateway::text_of(*worst.time);
    line += route && route->deliver == Deliver::complete ? " until the answer is whole"
                                                         : " until an answer begins";
    return worst.is_capped_by_total ? line + " (timeouts.total)" : line;
}

std::string summary_of(const GatewayConfig& config) {
    std::string text = "Configuration " + config.version + ": " + std::to_string(config.targets.size()) +
                       " provider(s), " + std::to_string(config.policies.size()) + " policy(ies), " +
                       std::to_string(config.routes.size()) + " route(s), " +
                       std::to_string(config.keys.size()) + " client key(s)\n";
    for (const TargetConfig& target : config.targets) {
        text += "Provider " + target.id + ": " + target.provider +
                ", priority=" + std::to_string(target.priority) + ", " + health_line(target.health_check);
        if (target.retry.attempts_per_target != 1)
            text += ", attempts=" + std::to_string(target.retry.attempts_per_target);
        text += ", timeout=" + gateway::text_of(target.deadlines.first_event) + "\n";
    }
    text += "Failover: " + failover_line(config.failover) + "\n";
    for (const PolicyConfig& policy : config.policies) {
        std::vector<std::string> categories = policy.categories;
        for (const auto& [category, words] : policy.words)
            if (std::find(categories.begin(), categories.end(), category) == categories.end())
                categories.push_back(category);
        text += "Policy " + policy.name + ": " + policy.type +
                ", action=" + std::string(to_string(policy.action)) +
                ", categories=" + joined(categories, ",") + "\n";
    }
    for (const RouteConfig* route : routes_of(config))
        text += (route ? "Route " + route->name + ": "
                       : std::string(config.routes.empty() ? "All models: " : "All other models: ")) +
                joined(target_ids(config, route), " -> ") + "; " +
                worst_line(gateway::worst_case(config, route), route) + "\n";
    return text;
}

void append_findings(JsonWriter& json, std::string_view key, const std::vector<ConfigFinding>& findings,
                     Level level) {
    json.key(key).begin_array();
    for (const ConfigFinding& finding : findings) {
        if (finding.level != level) continue;
        json.begin_object().key("code").string(finding.code).key("path").string(finding.path);
        json.key("line").number(finding.line).key("column").number(finding.column);
        json.key("message").string(finding.message).key("suggestion").string(finding.suggestion).end_object();
    }
    json.end_array();
}

void append_health(JsonWriter& json, const HealthCheckConfig& health) {
    json.key("health_check").begin_object().key("enabled").boolean(health.enabled);
    json.key("interval_seconds").number(seconds(health.interval));
    json.key("timeout_seconds").number(seconds(health.timeout));
    json.key("unhealthy_threshold").number(health.unhealthy_threshold);
    json.key("healthy_threshold").number(health.healthy_threshold).end_object();
}

void append_strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& strings) {
    json.key(key).begin_array();
    for (const std::string& one : strings)
        json.string(one);
    json.end_array();
}

void append_summary(JsonWriter& json, const GatewayConfig& config) {
    json.key("version").string(config.version);
    json.key("providers").begin_array();
    for (const TargetConfig& target : config.targets) {
        json.begin_object().key("id").string(target.id).key("provider").string(target.provider);
        json.key("priority").number(target.priority).key("weight").number(target.weight);
        json.key("timeout_seconds").number(seconds(target.deadlines.first_event));
        json.key("attempts").number(target.retry.attempts_per_target);
        append_health(json, target.health_check);
        json.end_object();
    }
    json.end_array();
    const FailoverConfig& failover = config.failover;
    json.key("failover").begin_object().key("enabled").boolean(failover.enabled);
    json.key("strategy").string(to_string(failover.strategy));
    json.key("model_mappings").number(failover.model_mapping.size());
    json.key("max_fallbacks");
    if (failover.max_fallbacks)
        json.number(*failover.max_fallbacks);
    else
        json.null();
    json.end_object();
    json.key("policy_count").number(config.policies.size());
    json.key("routes").begin_array();
    for (const RouteConfig* route : routes_of(config)) {
        const gateway::WorstCase worst = gateway::worst_case(config, route);
        json.begin_object().key("name");
        if (route)
            json.string(route->name);
        else
            json.null();
        append_strings(json, "models", route ? route->models : std::vector<std::string>{"*"});
        json.key("strategy").string(to_string(gateway::strategy_of(config, route)));
        append_strings(json, "targets", target_ids(config, route));
        json.key("worst_case").begin_object().key("attempts").number(worst.attempts).key("seconds");
        if (worst.time)
            json.number(seconds(*worst.time));
        else
            json.null();
        json.end_object().end_object();
    }
    json.end_array();
}

std::string as_json(const std::string& file, const ConfigDocument& document) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("valid").boolean(document.config.has_value()).key("file").string(file);
    if (document.config)
        append_summary(json, *document.config);
    else
        append_findings(json, "errors", document.findings, Level::error);
    append_findings(json, "warnings", document.findings, Level::warning);
    append_findings(json, "notes", document.findings, Level::note);
    json.end_object();
    return text + "\n";
}

}  // namespace

int run_policy_lint(const PolicyLintOptions& options) {
    const ConfigDocument document = load_gateway_config(options.file);
    const int code = document.config ? kOk : kUsage;
    Terminal out(STDOUT_FILENO);
    if (options.json) {
        out.write(as_json(options.file, document));
        return code;
    }
    Terminal about(STDERR_FILENO);
    std::size_t errors = 0;
    for (const ConfigFinding& finding : document.findings) {
        const bool is_error = finding.level == Level::error;
        const Style style = is_error                          ? Style::red
                            : finding.level == Level::warning ? Style::yellow
                                                              : Style::dim;
        if (is_error) ++errors;
        about.write(about.paint(style, one_line(describe(finding))) + "\n");
    }
    if (!document.config) {
        about.write(options.file + " is not valid: " + std::to_string(errors) +
                    (errors == 1 ? " error" : " errors") +
                    "; docs/gateway-config.md has every key and every code\n");
        return code;
    }
    out.write(out.paint(Style::green, "OK") + " " + options.file + " is valid\n" +
              summary_of(*document.config));
    return code;
}

}  // namespace sluice::cli
