// One request's race: starts legs as the machine says, stops the losers, and hands out the winner's stream.
// Driven by its timer and by the ends of its legs; its caller awaits once. docs/hedge.md states the rules.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/hedge.hpp>

#include "flow/hedge.hpp"
#include "flow/hedge_budget.hpp"
#include "flow/quantile.hpp"
#include "model/call_state.hpp"
#include "model/leg.hpp"
#include "net/signal.hpp"
#include "net/task_group.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sluice {

/// What all requests of one HedgeBoundModel share: its legs, and what is learned of them.
class HedgeField {
  public:
    /// Throws std::invalid_argument for what makes no sense.
    HedgeField(std::vector<BoundModel> legs, HedgeOptions options);

    const std::vector<BoundModel>& legs() const noexcept { return legs_; }
    const HedgeOptions& options() const noexcept { return options_; }
    const Clock& clock() const noexcept { return *options_.runtime.clock; }

    /// A request begins whose first leg is `leg`.
    void earn(std::size_t leg, const Needs& needs);
    bool spend(std::size_t leg, const Needs& needs);
    /// How long leg `leg` may be silent.
    Duration delay(std::size_t leg) const;
    void on_first_event(std::size_t leg, Duration after);

  private:
    double cost(std::size_t leg, const Needs& needs) const;

    std::vector<BoundModel> legs_;
    HedgeOptions options_;
    bool priced_;
    mutable std::mutex mutex_;  // guards the rest
    std::vector<flow::LiveQuantile> times_;
    flow::HedgeBudget budget_;
};

/// Shared with the coroutines of its legs. One executor.
class HedgeRace : public std::enable_shared_from_this<HedgeRace> {
  public:
    /// `request` must live until run() completes.
    HedgeRace(std::shared_ptr<HedgeField> field, const asio::any_io_executor& executor,
              const Request& request, const CallContext& outer);

    /// Completes when somebody has won or nobody can, and no leg runs any more. Cancellation stops all legs,
    /// and throws operation_aborted when they have ended. Once.
    static asio::awaitable<Result<TokenStream>> run(std::shared_ptr<HedgeRace> self);

  private:
    struct Leg {
        Leg() = default;
        std::optional<net::Task> task;
        CallContext context;
        TimePoint started;
        Duration delay{0};
        std::optional<TokenStream> stream;
        std::optional<LegFailure> failure;
        ErrorInfo error;
    };
    struct Refused {
        Refused(std::size_t which, Refusal reason) : leg(which), why(reason) {}
        std::size_t leg;
        Refusal why;
    };
    class Running;
    static asio::awaitable<void> run_leg(std::shared_ptr<HedgeRace> self, std::size_t leg, Running running);

    // --- going on ---
    void advance() noexcept;
    void step();
    void start(std::size_t leg, bool is_hedge);
    void launch(std::size_t leg, bool is_hedge);
    void skip(std::size_t leg, const Refusal& why);
    bool take_last_resort();

    // --- what became of a leg ---
    void on_good(std::size_t leg, TokenStream stream);
    void on_failed(std::size_t leg);
    void on_ended(std::size_t leg) noexcept;

    // --- the end ---
    void cancel() noexcept;
    void finish() noexcept;
    Result<TokenStream> result();

    const ModelSpec& spec(std::size_t leg) const noexcept { return field_->legs()[leg].spec(); }
    TimePoint now() const noexcept { return field_->clock().now(); }

    const std::shared_ptr<HedgeField> field_;
    const asio::any_io_executor executor_;
    const Request& request_;
    CallContext context_;
    const Needs needs_;
    flow::HedgeMachine machine_;
    std::vector<Leg> legs_;
    std::vector<Attempt> attempts_;  // failed and skipped legs, in the order in which that came out
    std::vector<Refused> refused_for_now_;
    std::optional<TimePoint> first_start_;
    std::optional<std::size_t> last_failed_;  // whose place the next leg takes
    bool last_resort_ = false;                // whoever starts now is asked although he refuses
    std::size_t running_ = 0;                 // coroutines of legs
    bool over_ = false;
    std::exception_ptr thrown_;  // by a leg, against its contract
    net::Signal done_;
    const std::unique_ptr<Timer> timer_;
    net::TaskGroup tasks_;  // the last one: ends the others' users
};

}  // namespace sluice
