#include "gateway/snapshot.hpp"

#include <sluice/fallback.hpp>
#include <sluice/hedge.hpp>
#include <sluice/mirror.hpp>
#include <sluice/select.hpp>

#include "gateway/serves.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::gateway {
namespace {

constexpr int kMaxAliases = 8;  // from name to name; the linter refuses cycles

/// What moves a request on to the next target: the library's default, a bad key (decision 1), and a model
/// that this provider does not have, for which the next one may have another.
TriggerSet trigger_errors() {
    return {ErrorKind::rate_limited, ErrorKind::provider_unavailable, ErrorKind::context_length_exceeded,
            ErrorKind::provider_auth_failed, ErrorKind::model_not_found};
}

bool has_tags(const TargetConfig& target, const std::vector<std::string>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& tag) {
        return std::find(target.tags.begin(), target.tags.end(), tag) != target.tags.end();
    });
}

LeftOut left_out(const std::string& target, std::string reason, std::string detail) {
    LeftOut out;
    out.target = target;
    out.reason = std::move(reason);
    out.detail = std::move(detail);
    return out;
}

/// A pattern that names one model.
bool is_exact(const std::string& pattern) {
    return !pattern.ends_with('*');
}

}  // namespace

const Leg* Route::leg_of(std::string_view provider_id, std::string_view model_id) const noexcept {
    const auto found = std::find_if(legs.begin(), legs.end(), [&](const Leg& leg) {
        const ModelSpec& spec = leg.model.spec();
        return spec.provider_id == provider_id && spec.id == model_id;
    });
    return found == legs.end() ? nullptr : &*found;
}

Snapshot::Snapshot(GatewayConfig config, const Environment& environment, const TargetContext& context,
                   const Snapshot* earlier)
    : config_(std::move(config)),
      runtime_(context.runtime),
      policies_(config_.policies),
      keys_(config_.keys, environment) {
    std::vector<TargetConfig> ordered = config_.targets;
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const TargetConfig& a, const TargetConfig& b) { return a.priority < b.priority; });
    for (TargetConfig& wanted : ordered) {
        Secret secret = read_secret(wanted.secret, environment);
        std::shared_ptr<Target> kept;
        if (earlier)
            for (const std::shared_ptr<Target>& old : earlier->targets_)
                if (old->is(wanted, secret)) kept = old;
        targets_.push_back(kept ? std::move(kept)
                                : std::make_shared<Target>(std::move(wanted), std::move(secret), context));
    }
    if (std::none_of(targets_.begin(), targets_.end(), [](const auto& target) { return target->usable(); }))
        throw std::invalid_argument(
            "no target can be used" +
            (targets_.empty() ? std::string(": there is none")
                              : ": " + targets_.front()->config().id + ": " + targets_.front()->problem()));
}

void Snapshot::watch(const asio::any_io_executor& executor) {
    for (const std::shared_ptr<Target>& target : targets_)
        target->watch(executor);
}

asio::awaitable<void> Snapshot::unwatch() {
    for (const std::shared_ptr<Target>& target : targets_)
        co_await target->unwatch();
}

std::string Snapshot::resolve_alias(std::string_view requested) const {
    std::string meant(requested);
    for (int i = 0; i < kMaxAliases; ++i) {
        const auto alias = config_.aliases.find(meant);
        if (alias == config_.aliases.end()) break;
        meant = alias->second;
    }
    return meant;
}

std::shared_ptr<const Target> Snapshot::find_target(std::string_view id) const noexcept {
    for (const std::shared_ptr<Target>& target : targets_)
        if (target->config().id == id) return target;
    return nullptr;
}

std::shared_ptr<const Route> Snapshot::route(std::string_view requested) const {
    {
        const std::lock_guard lock(mutex_);
        const auto known = routes_.find(requested);
        if (known != routes_.end()) return known->second;
        if (routes_.size() >= kMaxRoutes) return nullptr;
    }
    std::shared_ptr<const Route> made = make_route(requested);
    const std::lock_guard lock(mutex_);
    return routes_.emplace(std::string(requested), std::move(made)).first->second;
}

std::shared_ptr<const Route> Snapshot::make_route(std::string_view requested) const {
    const std::string meant = resolve_alias(requested);
    const auto config =
        std::find_if(config_.routes.begin(), config_.routes.end(), [&](const RouteConfig& route) {
            return !route.models.empty() &&
                   (matches(route.models, meant) || matches(route.models, requested));
        });
    const RouteConfig* found = config == config_.routes.end() ? nullptr : &*config;

    auto route = std::make_shared<Route>();
    route->name = found ? found->name : "default";
    route->requested = requested;
    route->strategy = found && found->strategy ? *found->strategy : config_.failover.strategy;
    if (found) route->deliver = found->deliver;
    if (found) route->residency = found->residency;
    add_legs(*route, found, meant);
    if (!route->legs.empty()) route->model = assemble(*route, found);
    return route;
}

void Snapshot::add_legs(Route& route, const RouteConfig* config, const std::string& meant) const {
    std::vector<RouteTarget> wanted;
    if (config && !config->targets.empty()) {
        wanted = config->targets;
    } else {
        for (const std::shared_ptr<Target>& target : targets_) {
            RouteTarget& one = wanted.emplace_back();
            one.target = target->config().id;
        }
    }
    const auto priority_of = [&](const RouteTarget& one) {
        const std::shared_ptr<const Target> target = find_target(one.target);
        return one.priority ? *one.priority : target ? target->config().priority : 0;
    };
    // In a route's own list the order is the user's, unless he gives priorities there.
    const bool own_order = config && !config->targets.empty();
    const auto before = [&](const RouteTarget& a, const RouteTarget& b) {
        return own_order ? a.priority.value_or(0) < b.priority.value_or(0) : priority_of(a) < priority_of(b);
    };
    std::stable_sort(wanted.begin(), wanted.end(), before);

    for (const RouteTarget& one : wanted) {
        const std::shared_ptr<const Target> target = find_target(one.target);
        if (!target) {
            route.left_out.push_back(left_out(one.target, "unavailable", "there is no such target"));
            continue;
        }
        const TargetConfig& about = target->config();
        std::optional<std::string> upstream =
            one.model.empty() ? upstream_model(about, config_.failover, meant) : std::optional(one.model);
        if (!target->usable()) {
            route.left_out.push_back(left_out(one.target, "unavailable", target->problem()));
        } else if (!upstream) {
            route.left_out.push_back(
                left_out(one.target, "capability_missing",
                         "it does not serve " + meant + ", and failover.model_mapping has no model for it"));
        } else if (!has_tags(about, route.residency)) {
            route.left_out.push_back(
                left_out(one.target, "residency", "it lacks a tag that the route demands"));
        } else if (!config_.failover.enabled && !route.legs.empty()) {
            route.left_out.push_back(left_out(one.target, "failover_disabled", "failover.enabled is false"));
        } else {
            Leg& leg = route.legs.emplace_back(target, target->leg(*upstream));
            const bool is_same = one.model.empty() ? serves(about, meant) : one.model == meant;
            const ModelConfig* listed = known_model(about, *upstream);
            leg.shown = is_same ? route.requested : listed ? listed->id : *upstream;
        }
    }
}

BoundModel Snapshot::assemble(const Route& route, const RouteConfig* config) const {
    const FailoverConfig& failover = config_.failover;
    FallbackOptions options;
    options.trigger_errors = trigger_errors();
    options.commit_on = route.deliver == Deliver::complete ? CommitOn::complete : CommitOn::first_event;
    options.total = config && config->total ? *config->total : failover.total;
    if (failover.max_fallbacks) options.max_fallbacks = *failover.max_fallbacks;
    if (config && config->max_fallbacks) options.max_fallbacks = *config->max_fallbacks;
    options.max_total_attempts = failover.max_total_attempts;
    options.last_resort = failover.last_resort;
    options.runtime = runtime_;

    std::vector<BoundModel> chain;
    for (const Leg& leg : route.legs)
        chain.push_back(leg.model);

    std::optional<BoundModel> model;
    if (config && config->hedge && chain.size() > 1) {
        HedgeOptions hedge;
        hedge.delay = config->hedge->delay;
        hedge.live_quantile = config->hedge->live_quantile;
        hedge.max_extra = config->hedge->max_extra;
        hedge.trigger_errors = options.trigger_errors;
        hedge.last_resort = options.last_resort;
        hedge.total = options.total;
        hedge.max_total_attempts = options.max_total_attempts;
        hedge.runtime = runtime_;
        // The race is the only leg of a gate, which can hold whole answers.
        std::vector<BoundModel> race{HedgeBoundModel(std::move(chain), std::move(hedge))};
        model = FallbackBoundModel(std::move(race), std::move(options));
    } else if (route.strategy == Strategy::priority) {
        model = FallbackBoundModel(std::move(chain), std::move(options));
    } else {
        std::vector<Candidate> candidates;
        for (const Leg& leg : route.legs) {
            Candidate candidate{leg.model, leg.target->config().weight, leg.target->config().priority};
            if (config)
                for (const RouteTarget& one : config->targets)
                    if (one.target == leg.target->config().id && one.weight) candidate.weight = *one.weight;
            candidates.push_back(std::move(candidate));
        }
        SelectOptions select;
        select.strategy = route.strategy;
        select.failover = std::move(options);
        model = SelectBoundModel(std::move(candidates), std::move(select));
    }

    if (config && config->mirror) {
        const std::shared_ptr<const Target> target = find_target(config->mirror->target);
        std::optional<std::string> upstream;
        if (target && target->usable() && has_tags(target->config(), route.residency))
            upstream = config->mirror->model.empty()
                           ? upstream_model(target->config(), failover, resolve_alias(route.requested))
                           : std::optional(config->mirror->model);
        if (upstream) {
            MirrorOptions mirror;
            mirror.sample_rate = config->mirror->sample_rate;
            mirror.secondary_total = config->mirror->timeout;
            mirror.serve_from_secondary = false;
            mirror.cancel_with_primary = false;
            mirror.total = std::chrono::milliseconds(0);
            mirror.runtime = runtime_;
            model = MirrorBoundModel(*model, target->leg(*upstream), std::move(mirror));
        }
    }
    return *model;
}

std::vector<std::string> Snapshot::models() const {
    std::set<std::string> ids;
    for (const auto& [alias, meant] : config_.aliases)
        ids.insert(alias);
    for (const auto& [requested, replacement] : config_.failover.model_mapping)
        ids.insert(requested);
    for (const TargetConfig& target : config_.targets) {
        for (const ModelConfig& model : target.models)
            ids.insert(model.id);
        for (const auto& [requested, replacement] : target.model_mapping)
            ids.insert(requested);
    }
    for (const RouteConfig& route : config_.routes)
        std::copy_if(route.models.begin(), route.models.end(), std::inserter(ids, ids.end()), is_exact);
    return {ids.begin(), ids.end()};
}

std::set<std::string> Snapshot::known_models() const {
    const std::vector<std::string> asked = models();
    std::set<std::string> ids(asked.begin(), asked.end());
    for (const auto& [alias, meant] : config_.aliases)
        ids.insert(meant);
    for (const auto& [requested, replacement] : config_.failover.model_mapping)
        ids.insert(replacement);
    for (const TargetConfig& target : config_.targets) {
        for (const ModelConfig& model : target.models)
            if (!model.upstream.empty()) ids.insert(model.upstream);
        for (const auto& [requested, replacement] : target.model_mapping)
            ids.insert(replacement);
    }
    for (const RouteConfig& route : config_.routes) {
        for (const RouteTarget& target : route.targets)
            if (!target.model.empty()) ids.insert(target.model);
        if (route.mirror && !route.mirror->model.empty()) ids.insert(route.mirror->model);
    }
    return ids;
}

}  // namespace sluice::gateway
