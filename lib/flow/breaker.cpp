#include "flow/breaker.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "flow/dice.hpp"

namespace sluice::flow {
namespace {

constexpr double kJitter = 0.1;
constexpr std::chrono::milliseconds kLongestHint = std::chrono::hours(24);

Duration told_by(const ErrorInfo& error) noexcept {
    if (!error.retry_after) return Duration(0);
    return std::clamp<std::chrono::milliseconds>(*error.retry_after, std::chrono::milliseconds(0),
                                                 kLongestHint);
}

}  // namespace

Blame blame(const ErrorInfo& error, const BreakerRules& rules) noexcept {
    Blame blame;
    if (error.never_retry_here) return blame;  // this request is too large; smaller ones will do
    const Duration told = told_by(error);
    if (error.kind == ErrorKind::provider_auth_failed || error.kind == ErrorKind::quota_exhausted) {
        const bool is_quota = error.kind == ErrorKind::quota_exhausted;
        blame.domain = Blame::Domain::account;
        blame.at_once = true;
        blame.at_least = std::max(is_quota ? rules.quota_open_for : rules.auth_open_for, told);
    } else if (error.kind == ErrorKind::rate_limited) {
        blame.domain = Blame::Domain::model;
        blame.at_once = told > Duration(0);
        blame.at_least = told;
    } else if (is_a(error.kind, ErrorKind::provider_unavailable)) {
        // Nobody was asked; or the request had no time left, which may be its caller's doing.
        const bool was_refused = error.kind == ErrorKind::no_provider_available;
        const bool out_of_time = error.kind == ErrorKind::provider_timeout && error.phase == Phase::total;
        if (was_refused || out_of_time) return blame;
        blame.domain = Blame::Domain::model;
        blame.at_least = told;
    }
    return blame;
}

// --- the window: a ring of slots, so that its cost is the same for any rate of requests ---

void FailureWindow::add(bool good, TimePoint now, Duration length) noexcept {
    const std::int64_t number = now.time_since_epoch() / std::max(length / kSlots, Duration(1));
    Slot& slot = slots_[static_cast<std::size_t>(number % kSlots)];
    if (slot.number != number) slot = Slot{number, 0, 0};
    ++(good ? slot.good : slot.bad);
}

FailureWindow::Counts FailureWindow::counts(TimePoint now, Duration length) const noexcept {
    const std::int64_t number = now.time_since_epoch() / std::max(length / kSlots, Duration(1));
    Counts counts;
    for (const Slot& slot : slots_) {
        if (slot.number < 0 || slot.number <= number - kSlots) continue;
        counts.good += slot.good;
        counts.bad += slot.bad;
    }
    return counts;
}

// --- the breaker ---

std::optional<Duration> CircuitBreaker::refusal(TimePoint now) const noexcept {
    if (state_ == BreakerState::open && now < open_until_) return open_until_ - now;
    if (state_ == BreakerState::half_open && probes_ >= rules_->probes) return Duration(0);
    return std::nullopt;
}

Duration CircuitBreaker::retry_after(TimePoint now) const noexcept {
    return state_ == BreakerState::open && now < open_until_ ? open_until_ - now : Duration(0);
}

CircuitBreaker::Permit CircuitBreaker::admit(TimePoint now, bool last_resort, MaybeChange& change) noexcept {
    Permit permit;
    permit.is_last_resort = last_resort && refusal(now).has_value();
    if (state_ == BreakerState::open && !permit.is_last_resort)
        change = go(BreakerState::half_open, Duration(0));
    permit.is_probe = state_ == BreakerState::half_open && !permit.is_last_resort;
    if (permit.is_probe) ++probes_;
    permit.epoch = epoch_;
    return permit;
}

void CircuitBreaker::give_back(Permit& permit) noexcept {
    // A change of state has emptied all places already.
    if (std::exchange(permit.is_probe, false) && permit.epoch == epoch_) --probes_;
}

CircuitBreaker::Change CircuitBreaker::go(BreakerState to, Duration open_for) noexcept {
    const Change change{state_, to, open_for};
    state_ = to;
    ++epoch_;
    probes_ = 0;
    if (to == BreakerState::half_open) return change;  // a last resort's success still counts
    successes_ = 0;
    if (to == BreakerState::open) return change;
    consecutive_ = 0;
    window_.clear();
    return change;
}

CircuitBreaker::MaybeChange CircuitBreaker::open(const Blame& blame, TimePoint now,
                                                 std::uint64_t dice) noexcept {
    Duration length = blame.at_least;
    if (!blame.at_once) {
        const double grown =
            static_cast<double>(rules_->open_for.count()) * std::pow(rules_->factor, double(openings_));
        const bool is_longest = grown >= static_cast<double>(rules_->max_open_for.count());
        length =
            std::max(length, is_longest ? rules_->max_open_for : Duration(static_cast<Duration::rep>(grown)));
        if (!is_longest) ++openings_;
    }
    length +=
        Duration(static_cast<Duration::rep>(static_cast<double>(length.count()) * kJitter * fraction(dice)));
    open_until_ = now + length;
    return go(BreakerState::open, length);
}

CircuitBreaker::MaybeChange CircuitBreaker::on_begun(Permit& permit) noexcept {
    if (std::exchange(permit.has_begun, true)) return std::nullopt;
    give_back(permit);
    if (state_ == BreakerState::closed) return std::nullopt;
    // That a last resort begins to answer is news whenever it was let through.
    if (permit.epoch != epoch_ && !permit.is_last_resort) return std::nullopt;
    if (++successes_ < rules_->successes_to_close) return std::nullopt;
    const Change change = go(BreakerState::closed, Duration(0));
    permit.epoch = epoch_;  // how it ends is the first that the closed state hears
    return change;
}

CircuitBreaker::MaybeChange CircuitBreaker::on_finished(Permit& permit, TimePoint now) noexcept {
    const MaybeChange change = on_begun(permit);
    if (state_ != BreakerState::closed || permit.epoch != epoch_) return change;
    consecutive_ = 0;
    openings_ = 0;
    window_.add(true, now, rules_->window);
    return change;
}

CircuitBreaker::MaybeChange CircuitBreaker::on_failed(Permit& permit, const Blame& blame, ErrorKind kind,
                                                      TimePoint now, std::uint64_t dice) noexcept {
    give_back(permit);
    last_error_ = kind;
    // Never asked earlier than told, whoever was told. How long it is open is otherwise fixed when it opens:
    // else a flow of last resorts would put its probes off for ever.
    if (state_ == BreakerState::open) open_until_ = std::max(open_until_, now + blame.at_least);
    if (permit.epoch != epoch_) return std::nullopt;
    ++consecutive_;
    if (state_ == BreakerState::open) return std::nullopt;
    if (state_ == BreakerState::closed) window_.add(false, now, rules_->window);
    const bool opens = state_ == BreakerState::half_open || blame.at_once || too_many_failures(now);
    return opens ? open(blame, now, dice) : std::nullopt;
}

bool CircuitBreaker::too_many_failures(TimePoint now) const noexcept {
    if (rules_->failures > 0 && consecutive_ >= rules_->failures) return true;
    if (rules_->failure_ratio <= 0) return false;
    const FailureWindow::Counts counts = window_.counts(now, rules_->window);
    const std::uint64_t all = counts.good + counts.bad;
    return all >= rules_->min_requests &&
           static_cast<double>(counts.bad) >= rules_->failure_ratio * static_cast<double>(all);
}

}  // namespace sluice::flow
