// The deadlines of one leg as a state machine: no clock, no timer. Time comes in as a value; what comes out
// is when to look again and which phase ran out. Driven by one lazy watchdog: the token path only stores a
// time.
//
//     start        connected      sent        head        content ...... content     finish reason
//       |-- connect --|-- headers --|-- headers --|              |--- idle ---|           |-- grace --|
//       |----------------- first_event ----------------->|
//       |----------------- leg ---------------------------------------------------------------------->|
//   |--------------------- total (absolute, from before this leg) ----------------------------------->|
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

    /// Connection ready: the request is being written. A peer that does not take it is on the headers clock.
    void on_connected(TimePoint now) noexcept;
    /// Request written: the headers clock runs from here.
    void on_sent(TimePoint now) noexcept;
    /// Response head complete.
    void on_headers() noexcept;
    /// Content that re-arms the idle clock, and the first time ends the first-event clock.
    void on_content(TimePoint now) noexcept {
        last_content_ = now;
        first_event_seen_ = true;
    }
    /// A finish reason is here: wait only `grace` for what may still follow. The first one counts.
    void on_finish_reason(TimePoint now) noexcept;
    /// Back to connecting: the request goes out again on a fresh connection. The leg's own clocks run on.
    void on_reconnect(TimePoint now) noexcept;

    /// The earliest time at which a deadline can run out; time_point::max() when none can.
    TimePoint next() const noexcept { return earliest().at; }
    /// The phase whose deadline has run out by `now`, if any. Of several, the one that ran out first. The end
    /// of the grace counts as Phase::idle.
    std::optional<Phase> expired(TimePoint now) const noexcept;
    /// Whether a finish reason was seen: a deadline that runs out now is not a failure, the answer is whole.
    bool in_grace() const noexcept { return finished_; }
    bool first_event_seen() const noexcept { return first_event_seen_; }
    const Deadlines& limits() const noexcept { return limits_; }
    /// When the leg or the request must be over, whatever the provider sends; time_point::max() for never.
    TimePoint budget_end() const noexcept { return leg_end_ < total_ ? leg_end_ : total_; }

  private:
    struct Limit {
        Phase phase;
        TimePoint at;
    };
    Limit earliest() const noexcept;

    Deadlines limits_;
    TimePoint total_;
    TimePoint leg_end_;
    TimePoint first_event_end_;
    TimePoint step_end_;  // connect or headers, whichever runs
    TimePoint last_content_;
    TimePoint grace_end_ = TimePoint::max();
    Phase step_ = Phase::connect;
    bool first_event_seen_ = false;
    bool finished_ = false;
};

}  // namespace sluice::flow
