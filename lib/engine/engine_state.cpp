#include "engine/engine_state.hpp"

#include <sluice/log.hpp>
#include <sluice/needs.hpp>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

EngineOptions on_one_runtime(EngineOptions options) {
    options.retry.runtime = options.runtime;
    options.breaker.runtime = options.runtime;
    if (options.context.max_messages < 16)
        throw std::invalid_argument("Engine: context.max_messages: must be at least 16");
    if (options.context.keep_last_turns == 0)
        throw std::invalid_argument("Engine: context.keep_last_turns: must be at least 1");
    return options;
}

std::string name_of(const ModelSpec& spec) {
    return spec.provider_id + '/' + spec.id;
}

bool may_serve(const ModelSpec& spec, const RoleOptions& role) {
    Needs needs;
    needs.residency = role.residency;
    return unmet(spec, needs) != SkipReason::residency;
}

void add_once(std::vector<ModelPlace>& places, ModelPlace place) {
    const auto is_it = [&place](const ModelPlace& other) { return other.same_target(place); };
    if (std::none_of(places.begin(), places.end(), is_it)) places.push_back(std::move(place));
}

}  // namespace

EffectiveChain RoleChain::effective() const {
    EffectiveChain told;
    told.system = system;
    for (const BoundModel& leaf : leaves)
        told.models.push_back(leaf.spec());
    told.configured = configured;
    return told;
}

std::optional<Tokens> RoleChain::largest_window() const noexcept {
    Tokens largest = 0;
    for (const BoundModel& leaf : leaves) {
        if (!leaf.spec().context_window) return std::nullopt;
        largest = std::max(largest, *leaf.spec().context_window);
    }
    return largest;
}

EngineState::EngineState(EngineOptions options)
    : options_(on_one_runtime(std::move(options))),
      providers_(options_),
      breakers_(options_.breaker),
      router_(options_.routing.thresholds, options_.routing.bands),
      learned_(options_.routing.nash),
      guard_(options_.routing.minimax),
      worker_(make_chain(System::system1)),
      orchestrator_(make_chain(System::system2)) {
    for (const auto& [model, loss] : options_.routing.worst_case_loss)
        guard_.set_worst_loss(name_of(providers_.bind(place_of(model, "routing.worst_case_loss")).spec()),
                              loss);
}

const RoleOptions& EngineState::role(System system) const noexcept {
    return system == System::system1 ? options_.worker : options_.orchestrator;
}

const RoleChain& EngineState::chain(System system) const noexcept {
    return system == System::system1 ? worker_ : orchestrator_;
}

ModelPlace EngineState::place_of(const std::string& model, std::string_view option) const {
    if (std::optional<ModelPlace> place = providers_.find(model)) {
        if (place->guessed)
            log(LogLevel::warning, "engine: " + std::string(option) + ": no provider names \"" + model +
                                       "\", so it is asked at " + providers_.bind(*place).spec().provider_id +
                                       "; write provider/model if that is meant");
        return std::move(*place);
    }
    std::string message = "Engine: " + std::string(option) + ": ";
    if (model.empty()) throw std::invalid_argument(message + "it names no model");
    throw std::invalid_argument(message + "no registered provider serves \"" + model + "\"; there are " +
                                providers_.names() + ". Register its provider, or write provider/model");
}

BoundModel EngineState::guarded(BoundModel leaf) const {
    BoundModel model = BreakerBoundModel(std::move(leaf), breakers_);
    if (options_.retry.attempts > 1) model = RetryBoundModel(std::move(model), options_.retry);
    return model;
}

FallbackOptions EngineState::fallback_options() const {
    FallbackOptions how;
    how.trigger_errors = options_.trigger_errors;
    how.on_failover = options_.on_failover;
    how.commit_on = options_.commit_on;
    how.total = options_.total;
    how.stickiness = options_.stickiness;
    how.runtime = options_.runtime;
    return how;
}

RoleChain EngineState::make_chain(System system) const {
    const bool fast = system == System::system1;
    const ModelPlace own = fast ? place_of(options_.worker_model, "worker_model")
                                : place_of(options_.orchestrator_model, "orchestrator_model");
    std::vector<ModelPlace> places{own};
    for (const std::string& model : options_.fallback_models)
        add_once(places, place_of(model, "fallback_models"));
    const std::size_t configured = places.size();
    if (configured == 1 && options_.implicit_failover) {
        add_once(places, fast ? place_of(options_.orchestrator_model, "orchestrator_model")
                              : place_of(options_.worker_model, "worker_model"));
        for (std::size_t provider = 0; provider < providers_.size(); ++provider)
            if (std::optional<ModelPlace> place = providers_.default_model(provider))
                add_once(places, std::move(*place));
    }
    std::vector<BoundModel> leaves;
    std::vector<BoundModel> legs;
    for (std::size_t at = 0; at < places.size(); ++at) {
        BoundModel leaf = providers_.bind(places[at]);
        const bool may = may_serve(leaf.spec(), role(system));
        if (!may && at == 0)
            throw std::invalid_argument("Engine: " + std::string(fast ? "worker" : "orchestrator") +
                                        ".residency: " + name_of(leaf.spec()) +
                                        " has not the tags that it demands (EngineProvider::tags)");
        if (!may && at >= configured) continue;
        legs.push_back(guarded(leaf));
        leaves.push_back(std::move(leaf));
    }
    BoundModel chain = FallbackBoundModel(legs, fallback_options());
    return RoleChain(system, std::move(leaves), configured, std::move(legs), std::move(chain));
}

BoundModel EngineState::model(std::string_view id) const {
    std::optional<ModelPlace> place = providers_.find(id);
    if (!place) {
        ErrorInfo error(ErrorKind::model_not_found, Phase::prepare,
                        "no registered provider serves it; there are " + providers_.names() +
                            ". Register its provider, or write provider/model");
        error.model = id;
        throw_error(std::move(error));
    }
    return guarded(providers_.bind(*place));
}

BoundModel EngineState::chain_for(System system, const TaskProfile& profile, double safety) const {
    const RoleChain& role = chain(system);
    const std::size_t count = role.legs.size();
    const RoutingOptions& routing = options_.routing;
    const bool at_stake = !routing.worst_case_loss.empty() && safety > routing.minimax.risk_threshold;
    if (count < 2 || (!routing.learned && !at_stake)) return role.chain;

    std::vector<double> gain(count);
    for (std::size_t leg = 0; leg < count; ++leg)
        gain[leg] = 1.0 / static_cast<double>(leg + 1);  // as they were configured
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (routing.learned) {
        for (const NashRouter::Assignment& known : learned_.assignment(profile.type))
            for (std::size_t leg = 0; leg < count; ++leg)
                if (name_of(role.leaves[leg].spec()) == known.model) gain[leg] = known.utility;
        // The role's own model stays first: it was chosen for what it is, not for how fast it fails over.
        std::stable_sort(order.begin() + 1, order.end(),
                         [&gain](std::size_t a, std::size_t b) { return gain[a] > gain[b]; });
    }
    if (at_stake) {
        std::vector<MinimaxCandidate> candidates;
        for (const std::size_t leg : order)
            candidates.push_back({name_of(role.leaves[leg].spec()), gain[leg]});
        const auto chosen = guard_.choose(candidates, safety);
        for (std::size_t at = 0; chosen && at < count; ++at)
            if (candidates[at].name == chosen->candidate)
                std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(at),
                            order.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    if (std::is_sorted(order.begin(), order.end())) return role.chain;
    std::vector<BoundModel> legs;
    for (const std::size_t leg : order)
        legs.push_back(role.legs[leg]);
    return FallbackBoundModel(std::move(legs), fallback_options());
}

void EngineState::learn(const TurnAttempt& attempt, TaskType type, double quality) {
    if (!options_.routing.learned) return;
    NashOutcome outcome;
    outcome.quality = quality;
    outcome.latency = attempt.duration;
    outcome.cost = attempt.cost.value_or(PicoUsd());
    learned_.update(attempt.provider + '/' + attempt.model, type, outcome);
}

std::string EngineState::learned_json() const {
    return options_.routing.learned ? learned_.to_json() : std::string();
}

}  // namespace sluice
