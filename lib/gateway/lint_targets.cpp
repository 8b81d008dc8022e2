// What is wrong with a target by itself: its name, its address, its key, its numbers.
#include "gateway/edit_distance.hpp"
#include "gateway/lint_config.hpp"

#include "adapters/dialect.hpp"
#include "adapters/services.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace sluice::gateway {
namespace {

std::string_view host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
    return url.substr(0, url.find_first_of(":/?"));
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]";
}

void check_address(const LintContext& context, const TargetConfig& target, const std::string& path) {
    const adapters::Service* service = adapters::find_service(target.provider);
    if (!service && !target.base_url) {
        std::vector<std::string_view> names{"claude", "google", "dashscope"};
        for (const adapters::Service& known : adapters::services())
            names.push_back(known.name);
        const std::string_view near = closest(target.provider, names);
        context.error(
            "E023", key_path(path, "provider"),
            "the provider " + quoted(target.provider) + " is not known, so that it needs a base_url",
            near.empty() ? "" : "did you mean " + std::string(near) + "?");
        return;
    }
    if (service && service->base_url.empty() && !target.base_url) {
        context.error("E023", path, "the provider " + target.provider + " needs a base_url",
                      "it is part of your account there");
        return;
    }
    if (!target.dialect.empty() && !adapters::find_dialect(target.dialect)) {
        std::vector<std::string_view> names;
        for (const adapters::Dialect* dialect : adapters::dialects())
            names.push_back(dialect->name());
        context.error("E024", key_path(path, "dialect"),
                      "the dialect " + quoted(target.dialect) + " is not known",
                      did_you_mean(target.dialect, names, "dialects"));
        return;
    }
    if (const std::optional<std::string> problem = problem_of(target)) {
        // The library names the option it is about, first or after the provider's name.
        std::string at = path;
        for (const std::string_view key : {"base_url", "dialect", "api_version", "headers"})
            if (problem->find(std::string(key) + ":") != std::string::npos) at = key_path(path, key);
        context.error("E024", at, *problem);
        return;
    }
    if (target.base_url && target.base_url->starts_with("http://") &&
        target.secret.from != SecretRef::From::none && !is_loopback(host_of(*target.base_url)))
        context.warn("W027", key_path(path, "base_url"), "the key goes over the network unencrypted",
                     "use https://");
}

void check_numbers(const LintContext& context, const TargetConfig& target, const std::string& path) {
    const auto demand = [&](bool holds, std::string_view key, const char* what) {
        if (!holds) context.error("E029", key_path(path, key), what);
    };
    demand(std::isfinite(target.weight) && target.weight > 0, "weight", "a weight must be above zero");
    demand(target.max_connections > 0, "max_connections", "at least one connection is needed");

    const HealthCheckConfig& health = target.health_check;
    if (health.enabled) {
        demand(health.interval.count() > 0 && health.timeout.count() > 0, "health_check",
               "interval and timeout must be above zero");
        demand(health.unhealthy_threshold > 0 && health.healthy_threshold > 0, "health_check",
               "the thresholds must be at least 1");
        const adapters::Service* service = adapters::find_service(target.provider);
        demand(health.probe != HealthCheckConfig::Probe::models || !service ||
                   !adapters::quirks_of(service->name).has(adapters::Quirk::no_model_list),
               "health_check", "this provider has no list of models: probe with completion or tcp");
    }
    const BreakerConfig& breaker = target.breaker;
    if (breaker.enabled) {
        demand(breaker.failures > 0 || breaker.failure_ratio > 0, "breaker",
               "failures and failure_ratio are both zero: it would never open; say enabled: false for that");
        demand(breaker.failure_ratio >= 0 && breaker.failure_ratio <= 1, "breaker",
               "failure_ratio must be from 0 to 1");
        demand(breaker.window.count() > 0 && breaker.open_for.count() > 0 &&
                   breaker.auth_open_for.count() > 0 && breaker.min_requests > 0,
               "breaker", "window, open_for, auth_open_for and min_requests must be above zero");
        demand(breaker.max_open_for >= breaker.open_for, "breaker", "max_open_for must be at least open_for");
    }
    const RetryConfig& retry = target.retry;
    demand(retry.attempts_per_target >= 1 && retry.attempts_per_target <= 1000, "retry",
           "attempts_per_target must be from 1 to 1000");
    demand(retry.base.count() >= 0 && retry.max_retry_after.count() >= 0, "retry",
           "base and max_retry_after must not be negative");
    demand(retry.cap >= retry.base, "retry", "cap must be at least base");
}

void check_timeouts(const LintContext& context, const TargetConfig& target, const std::string& path) {
    const Deadlines& limits = target.deadlines;
    const Deadlines usual;
    const auto never = [&](Deadlines::Limit inner, Deadlines::Limit by_default, std::string_view name,
                           Deadlines::Limit outer, std::string_view outer_name) {
        // Only what somebody has chosen: a default beside a short limit harms nobody.
        if (inner != by_default && outer.count() > 0 && inner > outer)
            context.warn("W028", key_path(path, "timeouts"),
                         "the timeout " + std::string(name) + " is longer than " + std::string(outer_name) +
                             ", which runs out first");
    };
    never(limits.first_event, usual.first_event, "first_event", limits.leg, "leg");
    never(limits.first_event, usual.first_event, "first_event", context.config.failover.total, "total");
    never(limits.idle, usual.idle, "idle", limits.leg, "leg");
    never(limits.leg, usual.leg, "leg", context.config.failover.total, "total");
    never(limits.connect, usual.connect, "connect", limits.first_event, "first_event");
}

/// Whether its key is there. Absent: it needs none.
bool check_secret(const LintContext& context, const TargetConfig& target, const std::string& path) {
    if (target.secret.from == SecretRef::From::none) return true;
    const std::string at = key_path(path, "secret_key_ref");
    if (looks_like_secret(target.secret.name)) {
        context.error("E008", at, "this has the look of a key, not of the place of one",
                      "give the name of an environment variable or the path of a file");
        return false;
    }
    const Secret secret = read_secret(target.secret, context.environment);
    if (secret.problem.empty()) return true;
    context.warn("W020", at, secret.problem + ": the target " + quoted(target.id) + " is unavailable");
    return false;
}

void note_health(const LintContext& context) {
    std::string ids;
    std::size_t count = 0;
    std::string path;
    for (std::size_t i = 0; i < context.config.targets.size(); ++i) {
        const TargetConfig& target = context.config.targets[i];
        if (target.health_check.enabled) continue;
        if (++count == 1) path = key_path(context.target_path(i), "health_check");
        ids.append(ids.empty() ? "" : ", ").append(target.id);
    }
    if (count == 0) return;
    const bool all = count == context.config.targets.size();
    context.note(
        "N001", path, "health checks are off for " + (all ? std::string("all targets") : ids),
        "requests still fail over; a check would find an outage, and its end, before a request does");
}

}  // namespace

void lint_targets(const LintContext& context) {
    const std::vector<TargetConfig>& targets = context.config.targets;
    if (targets.empty()) {
        context.error("E020", context.targets_path, "there is no target", "add one with id and provider");
        return;
    }
    std::map<std::string_view, std::size_t> first;
    std::size_t usable = 0;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const TargetConfig& target = targets[i];
        const std::string path = context.target_path(i);
        if (target.id.empty() || target.provider.empty()) {
            context.error("E006", path, "id and provider must be given");
            continue;
        }
        if (const auto [earlier, is_new] = first.emplace(target.id, i); !is_new)
            context.error(
                "E021", key_path(path, "id"),
                "the id " + quoted(target.id) + " is " + context.target_path(earlier->second) + "'s already",
                "give each target an id of its own");
        check_address(context, target, path);
        check_numbers(context, target, path);
        check_timeouts(context, target, path);
        if (check_secret(context, target, path)) ++usable;
    }
    if (usable == 0)
        context.warn("W021", context.targets_path,
                     "no target has its key here: a gateway could serve nothing",
                     "set the variables or files that secret_key_ref names");
    note_health(context);
}

}  // namespace sluice::gateway
