// Picks one of several candidates by a strategy, and keeps what that needs to know: recent failures, time to
// the first event, streams under way. No clock and no dice: both come in as values. Guarded by whoever shares
// it. docs/selection.md has the formulas.
#pragma once

#include <sluice/money.hpp>
#include <sluice/strategy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sluice::flow {

/// How an asking ended.
enum class Ending : unsigned char {
    succeeded,
    failed,     ///< In a way that speaks against the candidate.
    abandoned,  ///< Neither: the caller left, or the request was to blame.
};

class Selection {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;
    struct Rule {
        double weight = 1;  ///< Finite, above zero.
        int priority = 0;
    };

    Selection(Strategy strategy, std::vector<Rule> candidates, Duration half_life);

    /// One of `among` (not empty, ascending). `costs`: the estimated cost of this request at each candidate
    /// of the whole list; empty unless needs_costs(). `dice`: 64 random bits.
    std::size_t pick(std::span<const std::size_t> among, std::span<const std::optional<PicoUsd>> costs,
                     TimePoint now, std::uint64_t dice);
    bool needs_costs() const noexcept {
        return strategy_ == Strategy::cheapest || strategy_ == Strategy::score;
    }

    /// Each on_asked() is followed by at most one on_first_event() and exactly one on_end().
    void on_asked(std::size_t leg);
    void on_first_event(std::size_t leg, Duration after, TimePoint now);
    void on_end(std::size_t leg, Ending how, bool had_first_event, TimePoint now);

    // --- what is known, for tests and explanations ---

    /// Failures since the last success; half of them are forgotten in each half-life.
    double recent_failures(std::size_t leg, TimePoint now) const noexcept;
    /// weight x 0.5^recent_failures, never zero.
    double effective_weight(std::size_t leg, TimePoint now) const noexcept;
    /// The share of good endings, from 0.01 to 1; without news it goes back to 1.
    double reliability(std::size_t leg, TimePoint now) const noexcept;
    /// Time to the first event; absent when there is no recent one.
    std::optional<Duration> latency(std::size_t leg, TimePoint now) const noexcept;
    std::size_t under_way(std::size_t leg) const noexcept { return legs_[leg].under_way; }

  private:
    struct Leg {
        Rule rule;
        double failures = 0;
        double unreliability = 0;
        TimePoint failures_at;  // when both were right
        double latency = 0;     // nanoseconds
        std::optional<TimePoint> latency_at;
        std::size_t under_way = 0;
        std::size_t waiting = 0;  // of these, for their first event
    };
    double kept(TimePoint since, TimePoint now) const noexcept;
    std::size_t next_in_turn(std::span<const std::size_t> among);
    template <typename Measure>
    std::size_t lowest(std::span<const std::size_t> among, Measure measure) const;
    template <typename Measure>
    std::size_t lowest_in_turn(std::span<const std::size_t> among, Measure measure);
    std::size_t drawn(std::span<const std::size_t> among, std::vector<double> weights,
                      std::uint64_t dice) const;
    std::size_t by_latency(std::span<const std::size_t> among, TimePoint now, std::uint64_t dice);
    std::vector<double> scores(std::span<const std::size_t> among,
                               std::span<const std::optional<PicoUsd>> costs, TimePoint now) const;

    Strategy strategy_;
    Duration half_life_;
    std::vector<Leg> legs_;
    std::size_t turn_ = 0;
};

}  // namespace sluice::flow
