// What an engine and everything that was made from it share: providers, chains, router, breakers, what was
// learned. Any thread.
#pragma once

#include <sluice/engine.hpp>

#include "engine/provider_set.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The models that a role asks, and the chain that they make.
struct RoleChain {
    RoleChain(System whose, std::vector<BoundModel> bare, std::size_t named, std::vector<BoundModel> guarded,
              BoundModel whole)
        : system(whose),
          leaves(std::move(bare)),
          configured(named),
          legs(std::move(guarded)),
          chain(std::move(whole)) {}
    System system;
    std::vector<BoundModel> leaves;  // real models
    std::size_t configured;
    std::vector<BoundModel> legs;  // the same with breaker and retry
    BoundModel chain;

    const ModelSpec& first() const noexcept { return leaves.front().spec(); }
    EffectiveChain effective() const;
    /// The largest window of all; absent when one is not known.
    std::optional<Tokens> largest_window() const noexcept;
};

class EngineState {
  public:
    explicit EngineState(EngineOptions options);

    const EngineOptions& options() const noexcept { return options_; }
    const Runtime& runtime() const noexcept { return options_.runtime; }
    const RoleOptions& role(System system) const noexcept;
    const RoleChain& chain(System system) const noexcept;
    DualProcessRouter& router() noexcept { return router_; }
    const Breakers& breakers() const noexcept { return breakers_; }

    /// Throws ModelNotFound.
    BoundModel model(std::string_view id) const;
    /// The role's chain as this turn should ask it: the configured one, unless what was learned, or what is
    /// at stake, orders it otherwise.
    BoundModel chain_for(System system, const TaskProfile& profile, double safety) const;
    /// Told of each attempt that ended.
    void learn(const TurnAttempt& attempt, TaskType type, double quality);
    /// Empty when learning is off.
    std::string learned_json() const;

  private:
    BoundModel guarded(BoundModel leaf) const;
    FallbackOptions fallback_options() const;
    RoleChain make_chain(System system) const;
    ModelPlace place_of(const std::string& model, std::string_view option) const;

    EngineOptions options_;
    ProviderSet providers_;
    Breakers breakers_;
    DualProcessRouter router_;
    NashRouter learned_;
    MinimaxGuard guard_;
    RoleChain worker_;
    RoleChain orchestrator_;
};

}  // namespace sluice
