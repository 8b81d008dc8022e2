#include "flow/failover.hpp"

#include <algorithm>
#include <utility>

namespace sluice::flow {
namespace {

/// Refused by the state that the target is in, and not by what it is or what the request demands.
bool may_pass(const Refusal& why) noexcept {
    return why.reason == SkipReason::breaker_open || why.reason == SkipReason::unhealthy;
}

/// Unknown is longer than anything known.
bool is_sooner(const Refusal& a, const Refusal& b) noexcept {
    const bool a_known = a.retry_after.count() > 0;
    const bool b_known = b.retry_after.count() > 0;
    return a_known != b_known ? a_known : a.retry_after < b.retry_after;
}

}  // namespace

FailoverMachine::FailoverMachine(std::span<const std::optional<Tokens>> windows, FailoverRules rules)
    : windows_(windows), rules_(std::move(rules)), legs_(windows.size()) {
    candidates_.reserve(windows.size());
}

std::size_t FailoverMachine::asks_left() const noexcept {
    return rules_.max_asks > asks_ ? rules_.max_asks - asks_ : 0;
}

std::span<const std::size_t> FailoverMachine::candidates() {
    candidates_.clear();
    if (asks_left() == 0) return candidates_;
    const auto collect = [this](State state) {
        for (std::size_t leg = 0; leg < legs_.size(); ++leg)
            if (legs_[leg].state == state) candidates_.push_back(leg);
    };
    collect(State::fresh);
    if (candidates_.empty() && rules_.may_ask_again) collect(State::failed);
    return candidates_;
}

bool FailoverMachine::is_too_small(std::size_t leg) const noexcept {
    return too_small_ && windows_[leg] && *windows_[leg] <= *too_small_;
}

void FailoverMachine::on_refused(std::size_t leg, const Refusal& why) {
    legs_[leg].state = State::refused;
    legs_[leg].refusal = why;
}

void FailoverMachine::on_asked(std::size_t leg) {
    asked_last_ = leg;
    ++asks_;
}

FailoverMachine::Verdict FailoverMachine::on_failed(const ErrorInfo& error) {
    Leg& leg = legs_[asked_last_];
    leg.state = can_retry_same_target(error) ? State::failed : State::done;
    if (!rules_.is_trigger(error.kind)) return Verdict::propagate;
    if (error.kind == ErrorKind::context_length_exceeded) {
        // What the provider says about its window outranks what the spec assumed.
        const std::optional<Tokens> window =
            error.context_window ? error.context_window : windows_[asked_last_];
        if (window) too_small_ = std::max(too_small_.value_or(0), *window);
    }
    return Verdict::move_on;
}

void FailoverMachine::on_turned_down(const Refusal& why) {
    --asks_;
    on_refused(asked_last_, why);
}

std::optional<std::size_t> FailoverMachine::last_resort() {
    if (asks_ > 0 || !rules_.last_resort || std::exchange(last_resort_used_, true)) return std::nullopt;
    std::optional<std::size_t> best;
    for (std::size_t leg = 0; leg < legs_.size(); ++leg) {
        const std::optional<Refusal>& why = legs_[leg].refusal;
        if (!why || !may_pass(*why)) continue;
        if (!best || is_sooner(*why, *legs_[*best].refusal)) best = leg;
    }
    return best;
}

}  // namespace sluice::flow
