// The six deadlines of one leg as a state machine: no clock, no timer. Time comes in as a value; what comes out is when to look
// again and which phase ran out. Driven by one lazy watchdog: the token path only stores a time.
#pragma once

#include <sluice/deadlines.hpp>
#include <sluice/error.hpp>

#include <chrono>
#include <optional>

namespace sluice::flow {

using TimePoint = std::chrono::steady_clock::time_point;

class DeadlineClock {
  public:
    /// `total` is the request's absolute deadline (time_point::max() for none).
    DeadlineClock(const Deadlines& limits, TimePoint start, TimePoint total) noexcept;

    void on_connected(TimePoint now) noexcept;    ///< Connection ready: the request is being written.
    void on_sent(TimePoint now) noexcept;         ///< Request written: the headers clock runs.
    void on_headers(TimePoint now) noexcept;      ///< Response head complete.
    void on_content(TimePoint now) noexcept { last_content_ = now; first_event_seen_ = true; }
    /// A finish reason is here: wait only `grace` for what may still follow.
    void on_finish_reason(TimePoint now) noexcept;
    /// Back to connecting: the request goes out again on a fresh connection. The leg's own clocks run on.
    void on_reconnect(TimePoint now) noexcept;

    /// The earliest time at which a deadline can run out; time_point::max() when none can.
    TimePoint next() const noexcept;
    /// The phase whose deadline has run out by `now`, if any. Of several, the one that ran out first.
    std::optional<Phase> expired(TimePoint now) const noexcept;
    /// Whether it is the grace after a finish reason that ended: not a failure, the answer is whole.
    bool in_grace() const noexcept { return grace_end_ != TimePoint::max(); }

  private:
    struct Limit { Phase phase; TimePoint at; };
    Limit earliest() const noexcept;

    Deadlines limits_;
    TimePoint total_;
    TimePoint leg_end_;
    TimePoint first_event_end_;
    TimePoint step_end_;            // connect or headers, whichever runs
    Phase step_ = Phase::connect;
    TimePoint last_content_;
    TimePoint grace_end_ = TimePoint::max();
    bool first_event_seen_ = false;
};

}  // namespace sluice::flow
