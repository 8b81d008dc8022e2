#include "flow/deadline_clock.hpp"

#include <algorithm>

namespace sluice::flow {
namespace {

/// `start` + `limit`; for ever when there is no limit, or one beyond the end of time.
TimePoint after(TimePoint start, Deadlines::Limit limit) noexcept {
    const auto left = std::chrono::floor<Deadlines::Limit>(TimePoint::max() - start);
    return limit <= Deadlines::kNone || limit >= left ? TimePoint::max() : start + limit;
}

}  // namespace

DeadlineClock::DeadlineClock(const Deadlines& limits, TimePoint start, TimePoint total) noexcept
    : limits_(limits),
      total_(total),
      leg_end_(after(start, limits.leg)),
      first_event_end_(after(start, limits.first_event)),
      step_end_(after(start, limits.connect)),
      last_content_(start) {}

void DeadlineClock::on_connected(TimePoint now) noexcept {
    step_ = Phase::headers;
    step_end_ = after(now, limits_.headers);
}

void DeadlineClock::on_sent(TimePoint now) noexcept {
    step_end_ = after(now, limits_.headers);
}

void DeadlineClock::on_headers() noexcept {
    step_end_ = TimePoint::max();
}

void DeadlineClock::on_finish_reason(TimePoint now) noexcept {
    on_content(now);
    if (!finished_) grace_end_ = after(now, limits_.grace);
    finished_ = true;
}

void DeadlineClock::on_reconnect(TimePoint now) noexcept {
    step_ = Phase::connect;
    step_end_ = after(now, limits_.connect);
}

DeadlineClock::Limit DeadlineClock::earliest() const noexcept {
    const TimePoint next_content =
        first_event_seen_ ? std::min(after(last_content_, limits_.idle), grace_end_) : first_event_end_;
    const Limit narrowest_first[] = {{step_, step_end_},
                                     {first_event_seen_ ? Phase::idle : Phase::first_event, next_content},
                                     {Phase::leg, leg_end_},
                                     {Phase::total, total_}};
    return *std::min_element(std::begin(narrowest_first), std::end(narrowest_first),
                             [](const Limit& a, const Limit& b) { return a.at < b.at; });
}

std::optional<Phase> DeadlineClock::expired(TimePoint now) const noexcept {
    const Limit limit = earliest();
    if (limit.at > now || limit.at == TimePoint::max()) return std::nullopt;
    return limit.phase;
}

}  // namespace sluice::flow
