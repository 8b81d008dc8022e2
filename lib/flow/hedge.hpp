// A race of legs, as a state machine without I/O or clock: who starts when, and how the race ends.
//
//   flow::HedgeMachine race(std::move(settings));
//   for (;;) {
//       const HedgeMachine::Step step = race.next(now);
//       start:  start leg step.leg, then race.on_started(leg, now, delay), or race.on_passed_over(leg)
//       wait:   until a leg ends, or step.due has come
//       over:   race.verdict() says how; every leg that race.is_running() must be cancelled
//   }
//
// The rules, in the words of docs/hedge.md:
//   - The first leg starts at once. When the one that started last has been silent for its delay, the next
//   one
//     starts beside it, up to `max_legs` side by side.
//   - A leg that fails with a trigger is out. If nobody else runs, the next one takes its place at once.
//   - Any other error ends the race as soon as no leg runs that stands before the one that failed: what a
//     hedge suffers is no reason to give up the leg that it was to help. From then on nobody starts.
//   - After ContextLengthExceeded, legs whose known window is no larger are skipped.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/error.hpp>
#include <sluice/model_spec.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace sluice::flow {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

class HedgeMachine {
  public:
    static constexpr TimePoint kNever = TimePoint::max();

    struct Settings {
        Settings() = default;
        std::vector<std::optional<Tokens>> windows;  ///< Each leg's context window where known; not empty.
        std::size_t max_legs = 2;                    ///< Side by side.
        TimePoint latest = kNever;                   ///< From then on a hedge makes no sense.
        std::function<bool(ErrorKind)> is_trigger;
    };

    enum class Action : std::uint8_t { start, wait, over };
    struct Step {
        Action action = Action::wait;
        std::size_t leg = 0;     ///< Of start.
        bool is_hedge = false;   ///< Of start: beside another one, and so at extra cost.
        TimePoint due = kNever;  ///< Of wait.
    };

    enum class End : std::uint8_t {
        won,        ///< By leg `leg`.
        propagate,  ///< Leg `leg` failed with what is no trigger.
        exhausted,  ///< No leg is left.
    };
    struct Verdict {
        End end = End::exhausted;
        std::size_t leg = 0;
    };

    explicit HedgeMachine(Settings settings);

    Step next(TimePoint now);
    /// It runs; after `delay` of silence the next one may start.
    void on_started(std::size_t leg, TimePoint now, Duration delay) noexcept;
    /// It cannot be asked.
    void on_passed_over(std::size_t leg) noexcept;
    /// There is no budget for one, or no attempt left: from now on legs only take the places of failed ones.
    void stop_hedging() noexcept { hedging_ = false; }
    /// Its first good answer is here.
    void on_good(std::size_t leg) noexcept;
    /// `can_go_on`: false when the failure leaves nobody else a chance, such as a spent deadline.
    void on_failed(std::size_t leg, const ErrorInfo& error, bool can_go_on = true);
    /// All were passed over, and nobody was asked: `leg` is, all the same. After the verdict `exhausted`
    /// only.
    void revive(std::size_t leg) noexcept;
    /// A running leg has ended because the race was over.
    void on_cancelled(std::size_t leg) noexcept;

    const std::optional<Verdict>& verdict() const noexcept { return verdict_; }
    bool is_running(std::size_t leg) const noexcept { return states_[leg] == State::running; }
    std::size_t running() const noexcept;
    /// Legs that were skipped because of a context window; each is told once.
    std::vector<std::size_t> take_skipped() noexcept;

  private:
    enum class State : std::uint8_t { waiting, running, out };
    std::optional<std::size_t> candidate();
    void decide();

    Settings settings_;
    std::vector<State> states_;
    bool hedging_ = true;
    TimePoint due_ = kNever;            // of the next hedge
    std::optional<Tokens> too_small_;   // the largest window that was too small
    std::optional<std::size_t> final_;  // the foremost leg that failed with no trigger
    std::vector<std::size_t> skipped_;
    std::optional<Verdict> verdict_;
};

}  // namespace sluice::flow
