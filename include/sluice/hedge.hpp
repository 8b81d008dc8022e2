// HedgeBoundModel: when the first model is slow to begin, a second one is asked beside it; the first good
// answer wins, and the others are stopped. It cuts the slow tail off the time to the first token, for a
// bounded share of extra money.
//
//   sluice::HedgeBoundModel model{{openai.model("gpt-5"), azure.model("gpt-5")}, {.max_extra = 0.05}};
//
// Legs that fail are replaced as in a FallbackBoundModel. Once somebody has won, the stream is that leg's
// own: hedging costs nothing an event. docs/hedge.md has the rules, and says when not to use it.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/fallback.hpp>
#include <sluice/runtime.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

struct HedgeOptions {
    /// How long the leg that started last may be silent before the next one starts beside it: as long as the
    /// live quantile below is not known yet, and for ever without one.
    std::chrono::milliseconds delay = std::chrono::seconds(2);
    /// The delay follows this quantile of the leg's own recent times to its first event: 0.95 starts a second
    /// leg for the slowest 5 % of requests. Between 0 and 1, both excluded. Absent: `delay` is fixed.
    std::optional<double> live_quantile = 0.95;
    /// First events that a leg must have given before its live quantile counts; at least 1.
    std::uint32_t min_samples = 20;
    /// Bounds of the live delay. A provider that is always slow is not helped by waiting for ever, nor a fast
    /// one by a hedge for each hiccup.
    std::chrono::milliseconds min_delay = std::chrono::milliseconds(50);
    std::chrono::milliseconds max_delay = std::chrono::seconds(30);
    /// Legs that run side by side, at least 2. Legs beyond them only take the places of failed ones.
    std::size_t max_legs = 2;
    /// What hedges may cost on top, as a share of what the first legs cost; above 0. By estimated_cost() of
    /// each leg; if a price is unknown, each leg counts the same. Without money left there is no hedge, and
    /// the request waits for its first leg.
    double max_extra = 0.05;
    /// How many requests' worth may be spent at once; at least 1. It is there from the start.
    double burst = 10;
    /// Kinds that make the next leg take the place of the failed one. What is no trigger ends the race, but
    /// not while a leg before the failed one still runs. Replaces the default.
    TriggerSet trigger_errors = triggers::standard();
    /// When every leg is refused, and some only for now (breaker open, unhealthy): ask the least bad of them
    /// all the same. Otherwise the error is NoProviderAvailable.
    bool last_resort = true;
    /// Limit for the whole request when CallOptions sets none; zero is none.
    std::chrono::milliseconds total = std::chrono::minutes(15);
    /// Limit for the attempts of the whole request, retries and hedges included, when neither CallOptions nor
    /// an outer model sets one.
    std::optional<std::uint32_t> max_total_attempts = {};
    /// Fits the request to each leg, unless the call has a hook of its own.
    TransformContext transform_context = {};
    /// Who hears what happens to the attempts, when neither the call nor an outer model has a listener.
    AttemptEvents events = {};
    Runtime runtime = {};
};

class HedgeBoundModel : public BoundModel {
  public:
    /// At least two legs, the one that each request begins with first. Throws std::invalid_argument for fewer
    /// and for options that make no sense. A race runs on its caller's executor, which must be one thread or
    /// a strand. What is learned of the legs, and the money, is shared by all requests of this model and its
    /// copies, on all threads.
    explicit HedgeBoundModel(std::vector<BoundModel> legs, HedgeOptions options = {});
};

}  // namespace sluice
