#include "gateway/lint_config.hpp"

#include "gateway/serves.hpp"

#include <algorithm>

namespace sluice {
namespace gateway {
namespace {

Place place_of(const Places& places, std::string_view path) {
    for (;;) {
        if (const auto found = places.find(path); found != places.end()) return found->second;
        const std::size_t end = path.find_last_of(".[");
        if (path.empty()) return {};
        path = path.substr(0, end == std::string_view::npos ? 0 : end);
    }
}

bool has_all(const std::vector<std::string>& tags, const std::vector<std::string>& demanded) {
    return std::all_of(demanded.begin(), demanded.end(), [&](const std::string& tag) {
        return std::find(tags.begin(), tags.end(), tag) != tags.end();
    });
}

/// How long one try at a target may take before it is given up, as far as nothing has come.
std::optional<Deadlines::Limit> longest_try(const Deadlines& limits, Deliver deliver) {
    std::optional<Deadlines::Limit> longest;
    if (deliver == Deliver::streaming && limits.first_event.count() > 0) longest = limits.first_event;
    if (limits.leg.count() > 0) longest = longest ? std::min(*longest, limits.leg) : limits.leg;
    return longest;
}

/// Before the nth try at one target.
Deadlines::Limit longest_pause(const RetryConfig& retry, std::uint32_t nth) {
    Deadlines::Limit pause = retry.base;
    for (std::uint32_t i = 2; i < nth && pause < retry.cap; ++i)
        pause *= 2;
    return std::max(std::min(pause, retry.cap), retry.max_retry_after);
}

}  // namespace

void LintContext::add(ConfigFinding::Level level, std::string_view code, const std::string& path,
                      std::string message, std::string suggestion) const {
    findings.add(level, code, path, places ? place_of(*places, path) : Place(), std::move(message),
                 std::move(suggestion));
}
void LintContext::error(std::string_view code, const std::string& path, std::string message,
                        std::string suggestion) const {
    add(ConfigFinding::Level::error, code, path, std::move(message), std::move(suggestion));
}
void LintContext::warn(std::string_view code, const std::string& path, std::string message,
                       std::string suggestion) const {
    add(ConfigFinding::Level::warning, code, path, std::move(message), std::move(suggestion));
}
void LintContext::note(std::string_view code, const std::string& path, std::string message,
                       std::string suggestion) const {
    add(ConfigFinding::Level::note, code, path, std::move(message), std::move(suggestion));
}

std::vector<Candidate> candidates_of(const GatewayConfig& config, const RouteConfig* route) {
    std::vector<Candidate> candidates;
    const auto add = [&](const TargetConfig& target, const RouteTarget& as) {
        if (route && !has_all(target.tags, route->residency)) return;
        Candidate candidate;
        candidate.target = &target;
        candidate.model = as.model;
        // In a route's own list the order is the list's, unless it gives priorities.
        candidate.priority = as.priority.value_or(route && !route->targets.empty() ? 0 : target.priority);
        candidate.weight = as.weight.value_or(target.weight);
        candidates.push_back(std::move(candidate));
    };
    if (route && !route->targets.empty()) {
        for (const RouteTarget& as : route->targets)
            for (const TargetConfig& target : config.targets)
                if (target.id == as.target) {
                    add(target, as);
                    break;
                }
    } else {
        for (const TargetConfig& target : config.targets)
            add(target, RouteTarget());
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.priority < b.priority; });
    return candidates;
}

Strategy strategy_of(const GatewayConfig& config, const RouteConfig* route) {
    return route && route->strategy ? *route->strategy : config.failover.strategy;
}

std::size_t targets_tried(const GatewayConfig& config, const RouteConfig* route) {
    const std::size_t all = candidates_of(config, route).size();
    if (!config.failover.enabled) return std::min<std::size_t>(all, 1);
    const std::optional<std::uint32_t> fallbacks =
        route && route->max_fallbacks ? route->max_fallbacks : config.failover.max_fallbacks;
    return fallbacks ? std::min(all, std::size_t{*fallbacks} + 1) : all;
}

std::string resolve_alias(const GatewayConfig& config, std::string_view model) {
    std::string meant(model);
    // Aliases of a file are one step long by now; those made in code need not be, and may go round.
    for (std::size_t steps = 0; steps <= config.aliases.size(); ++steps) {
        const auto next = config.aliases.find(meant);
        if (next == config.aliases.end()) break;
        meant = next->second;
    }
    return meant;
}

const RouteConfig* route_of(const GatewayConfig& config, std::string_view model) {
    const std::string meant = resolve_alias(config, model);
    for (const RouteConfig& route : config.routes)
        for (const std::string& pattern : route.models)
            if (matches(pattern, model) || matches(pattern, meant)) return &route;
    return nullptr;
}

WorstCase worst_case(const GatewayConfig& config, const RouteConfig* route) {
    const Deliver deliver = route ? route->deliver : Deliver::streaming;
    std::vector<Candidate> candidates = candidates_of(config, route);
    WorstCase worst;
    worst.targets = targets_tried(config, route);
    const auto tries = [](const Candidate& candidate) { return candidate.target->retry.attempts_per_target; };
    const auto time = [&](const Candidate& candidate) {
        const std::optional<Deadlines::Limit> one = longest_try(candidate.target->deadlines, deliver);
        return one ? one->count() * std::int64_t{tries(candidate)} : INT64_MAX;
    };
    // In the other strategies any of them may come first: then the slowest do.
    if (strategy_of(config, route) != Strategy::priority)
        std::stable_sort(candidates.begin(), candidates.end(),
                         [&](const Candidate& a, const Candidate& b) { return time(a) > time(b); });
    const std::uint64_t most = config.failover.max_total_attempts.value_or(UINT32_MAX);
    Deadlines::Limit sum{0};
    bool is_bounded = true;
    for (std::size_t i = 0; i < worst.targets; ++i) {
        const std::optional<Deadlines::Limit> one = longest_try(candidates[i].target->deadlines, deliver);
        for (std::uint32_t nth = 1; nth <= tries(candidates[i]) && worst.attempts < most; ++nth) {
            ++worst.attempts;
            is_bounded = is_bounded && one.has_value();
            if (one) sum += *one;
            if (nth > 1) sum += longest_pause(candidates[i].target->retry, nth);
        }
    }
    const Deadlines::Limit total = route && route->total ? *route->total : config.failover.total;
    if (is_bounded) worst.time = sum;
    if (total.count() > 0 && (!is_bounded || sum > total)) {
        worst.time = total;
        worst.is_capped_by_total = true;
    }
    return worst;
}

void lint_config(const LintContext& context) {
    lint_targets(context);
    lint_routes(context);
    lint_models(context);
    lint_service(context);
}

}  // namespace gateway

std::vector<ConfigFinding> lint(const GatewayConfig& config, const Environment& environment) {
    gateway::Findings findings;
    const gateway::LintContext context{config, environment, findings};
    gateway::lint_config(context);
    return findings.take();
}

}  // namespace sluice
