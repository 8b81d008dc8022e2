// What routes do to each other and to targets: names that nobody has, what can never be reached.
#include "gateway/lint_config.hpp"
#include "gateway/serves.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace sluice::gateway {
namespace {

std::string route_path(std::size_t index) {
    return item_path("routes", index);
}

bool covers(std::string_view pattern, std::string_view other) {
    if (!pattern.ends_with('*')) return pattern == other;
    pattern.remove_suffix(1);
    if (other.ends_with('*')) other.remove_suffix(1);
    return other.starts_with(pattern);
}

const TargetConfig* find_target(const GatewayConfig& config, std::string_view id) {
    for (const TargetConfig& target : config.targets)
        if (target.id == id) return &target;
    return nullptr;
}

std::string known_ids(const GatewayConfig& config) {
    std::string ids;
    for (const TargetConfig& target : config.targets)
        ids.append(ids.empty() ? "the targets are: " : ", ").append(target.id);
    return ids;
}

void check_names(const LintContext& context, const RouteConfig& route, const std::string& path) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (std::size_t i = 0; i < route.targets.size(); ++i) {
        const RouteTarget& as = route.targets[i];
        const std::string at = item_path(key_path(path, "targets"), i);
        if (!find_target(context.config, as.target))
            context.error("E022", at, "there is no target " + quoted(as.target), known_ids(context.config));
        else if (!seen.emplace(as.target, as.model).second)
            context.error("E021", at, "the target " + quoted(as.target) + " stands twice in this route");
        if (as.weight && !(std::isfinite(*as.weight) && *as.weight > 0))
            context.error("E029", at, "a weight must be above zero");
    }
    if (!route.mirror) return;
    const std::string at = key_path(key_path(path, "mirror"), "target");
    if (!find_target(context.config, route.mirror->target))
        context.error("E022", at, "there is no target " + quoted(route.mirror->target),
                      known_ids(context.config));
    else if (!route.residency.empty()) {
        const std::vector<std::string>& tags = find_target(context.config, route.mirror->target)->tags;
        for (const std::string& tag : route.residency)
            if (std::find(tags.begin(), tags.end(), tag) == tags.end())
                context.error("E030", at, "the mirror has not the residency " + quoted(tag) + " of its route",
                              "requests of this route must not go there");
    }
}

void check_shadow(const LintContext& context, std::size_t index) {
    const std::vector<RouteConfig>& routes = context.config.routes;
    const RouteConfig& route = routes[index];
    const auto earlier_with = [&](const std::string& pattern) -> const RouteConfig* {
        for (std::size_t i = 0; i < index; ++i)
            for (const std::string& other : routes[i].models)
                if (covers(other, pattern)) return &routes[i];
        return nullptr;
    };
    std::string by;
    for (const std::string& pattern : route.models) {
        const RouteConfig* other = earlier_with(pattern);
        if (!other) return;
        if (by.empty())
            by = other->name.empty() ? item_path("routes", static_cast<std::size_t>(other - routes.data()))
                                     : other->name;
    }
    if (!by.empty())
        context.warn(
            "W023", route_path(index),
            "no request reaches this route: all its models are taken by earlier ones, such as " + quoted(by),
            "the first route that has a model serves it; put the narrower one first");
}

void check_route(const LintContext& context, std::size_t index) {
    const RouteConfig& route = context.config.routes[index];
    const std::string path = route_path(index);
    if (route.models.empty())
        context.error("E006", key_path(path, "models"), "a route needs at least one model",
                      "[\"*\"] has all of them");
    check_names(context, route, path);
    check_shadow(context, index);
    const std::size_t candidates = candidates_of(context.config, &route).size();
    if (candidates == 0 && !context.config.targets.empty() && !route.residency.empty())
        context.error("E030", key_path(path, "residency"), "no target of this route has all of these tags",
                      "add them to the tags of a target, or remove them here");
    if (candidates == 1)
        context.note("N003", path, "this route has one target: there is nothing to fail over to");
    if (route.hedge) {
        const HedgeConfig& hedge = *route.hedge;
        const std::string at = key_path(path, "hedge");
        if (candidates == 1) context.warn("W032", at, "hedging needs two targets: this route has one");
        if (hedge.delay.count() < 0 || !(std::isfinite(hedge.max_extra) && hedge.max_extra > 0) ||
            (hedge.live_quantile && !(*hedge.live_quantile > 0 && *hedge.live_quantile < 1)))
            context.error("E029", at,
                          "delay must not be negative, max_extra above zero, live_quantile between 0 and 1");
    }
    if (route.mirror && (!(route.mirror->sample_rate >= 0 && route.mirror->sample_rate <= 1) ||
                         route.mirror->timeout.count() <= 0))
        context.error("E029", key_path(path, "mirror"),
                      "sample_rate must be from 0 to 1, and timeout above zero");
}

/// Ids that stand for all that a route may be asked for.
std::vector<std::string> samples_of(const GatewayConfig& config, const RouteConfig* route) {
    std::vector<std::string> ids{"gpt-4o", "claude-opus-4-8", "gemini-3-flash", "some-model"};
    const auto add_keys = [&](const std::map<std::string, std::string>& mapping) {
        for (const auto& entry : mapping)
            ids.push_back(entry.first);
    };
    add_keys(config.failover.model_mapping);
    for (const TargetConfig& target : config.targets) {
        add_keys(target.model_mapping);
        for (const ModelConfig& model : target.models)
            ids.push_back(model.id);
    }
    for (const RouteConfig& other : config.routes)
        for (const std::string& pattern : other.models)
            ids.push_back(pattern.ends_with('*') ? pattern.substr(0, pattern.size() - 1) + "x" : pattern);
    std::erase_if(ids, [&](const std::string& id) { return route_of(config, id) != route; });
    return ids;
}

/// Targets that requests of `route` may come to, when all before them fail.
void collect_reached(const GatewayConfig& config, const RouteConfig* route,
                     std::set<const TargetConfig*>& reached) {
    const std::vector<Candidate> candidates = candidates_of(config, route);
    const std::size_t tried = targets_tried(config, route);
    const bool any_order = strategy_of(config, route) != Strategy::priority;
    for (const std::string& id : samples_of(config, route)) {
        std::size_t position = 0;
        for (const Candidate& candidate : candidates) {
            const bool has_model = !candidate.model.empty() ||
                                   upstream_model(*candidate.target, config.failover, id).has_value();
            if (!has_model) continue;
            if (any_order || position < tried) reached.insert(candidate.target);
            ++position;
        }
    }
}

void check_reach(const LintContext& context) {
    const GatewayConfig& config = context.config;
    if (!config.failover.enabled) {
        if (config.targets.size() > 1)
            context.note("N004", key_path(context.failover_path, "enabled"),
                         "failover is off: only the first target is asked");
        return;
    }
    const bool is_covered =
        std::any_of(config.routes.begin(), config.routes.end(), [](const RouteConfig& route) {
            return std::find(route.models.begin(), route.models.end(), "*") != route.models.end();
        });
    std::set<const TargetConfig*> listed;
    std::set<const TargetConfig*> reached;
    const auto add = [&](const RouteConfig* route) {
        for (const Candidate& candidate : candidates_of(config, route))
            listed.insert(candidate.target);
        collect_reached(config, route, reached);
    };
    for (const RouteConfig& route : config.routes) {
        add(&route);
        if (route.mirror)
            if (const TargetConfig* mirror = find_target(config, route.mirror->target)) {
                listed.insert(mirror);
                reached.insert(mirror);
            }
    }
    if (!is_covered) add(nullptr);
    for (std::size_t i = 0; i < config.targets.size(); ++i) {
        const TargetConfig* target = &config.targets[i];
        if (!listed.contains(target))
            context.warn(
                "W022", context.target_path(i),
                "no request comes to this target: the routes have every model, and none has this target",
                "add it to a route, or remove it");
        else if (!reached.contains(target))
            context.warn(
                "W022", context.target_path(i),
                "no request comes to this target, even when all before it fail: the number of fallbacks "
                "(max_fallbacks, retry.max_attempts) ends before it, or it has no model for what is asked",
                "raise the number, or give it a model_mapping");
    }
}

}  // namespace

void lint_routes(const LintContext& context) {
    const std::vector<RouteConfig>& routes = context.config.routes;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < routes.size(); ++i) {
        if (!routes[i].name.empty() && !names.insert(routes[i].name).second)
            context.error("E021", key_path(route_path(i), "name"),
                          "there is a route " + quoted(routes[i].name) + " already",
                          "give each route a name of its own");
        check_route(context, i);
    }
    check_reach(context);
    if (context.config.targets.size() == 1 && routes.empty())
        context.note("N003", context.targets_path, "there is one target: there is nothing to fail over to");
}

}  // namespace sluice::gateway
