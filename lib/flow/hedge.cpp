#include "flow/hedge.hpp"

#include <algorithm>
#include <utility>

namespace sluice::flow {

HedgeMachine::HedgeMachine(Settings settings)
    : settings_(std::move(settings)), states_(settings_.windows.size(), State::waiting) {}

HedgeMachine::Step HedgeMachine::next(TimePoint now) {
    Step step;
    if (verdict_) {
        step.action = Action::over;
        return step;
    }
    if (final_) return step;  // the legs before it decide
    const std::size_t side_by_side = running();
    const std::optional<std::size_t> leg = candidate();
    if (side_by_side == 0 && !leg) {
        verdict_ = Verdict{End::exhausted, 0};
        step.action = Action::over;
        return step;
    }
    if (side_by_side == 0) {
        step.action = Action::start;
        step.leg = *leg;
        return step;
    }
    if (!leg || !hedging_ || side_by_side >= settings_.max_legs || due_ >= settings_.latest) return step;
    if (now < due_) {
        step.due = due_;
        return step;
    }
    step.action = Action::start;
    step.leg = *leg;
    step.is_hedge = true;
    return step;
}

void HedgeMachine::on_started(std::size_t leg, TimePoint now, Duration delay) noexcept {
    states_[leg] = State::running;
    due_ = delay < kNever - now ? now + delay : kNever;
}

void HedgeMachine::on_passed_over(std::size_t leg) noexcept {
    states_[leg] = State::out;
}

void HedgeMachine::on_good(std::size_t leg) noexcept {
    states_[leg] = State::out;
    if (!verdict_) verdict_ = Verdict{End::won, leg};
}

void HedgeMachine::on_failed(std::size_t leg, const ErrorInfo& error, bool can_go_on) {
    states_[leg] = State::out;
    if (!can_go_on || !settings_.is_trigger(error.kind)) final_ = std::min(final_.value_or(leg), leg);
    if (error.kind == ErrorKind::context_length_exceeded) {
        // What the provider says about its window outranks what the spec assumed.
        const std::optional<Tokens> window =
            error.context_window ? error.context_window : settings_.windows[leg];
        if (window) too_small_ = std::max(too_small_.value_or(0), *window);
    }
    decide();
}

void HedgeMachine::revive(std::size_t leg) noexcept {
    states_[leg] = State::waiting;
    verdict_.reset();
}

void HedgeMachine::on_cancelled(std::size_t leg) noexcept {
    states_[leg] = State::out;
}

std::size_t HedgeMachine::running() const noexcept {
    return static_cast<std::size_t>(std::count(states_.begin(), states_.end(), State::running));
}

std::vector<std::size_t> HedgeMachine::take_skipped() noexcept {
    return std::exchange(skipped_, {});
}

// The next leg in order that may be asked. Legs are never asked twice.
std::optional<std::size_t> HedgeMachine::candidate() {
    for (std::size_t leg = 0; leg < states_.size(); ++leg) {
        if (states_[leg] != State::waiting) continue;
        const std::optional<Tokens>& window = settings_.windows[leg];
        if (!too_small_ || !window || *window > *too_small_) return leg;
        states_[leg] = State::out;
        skipped_.push_back(leg);
    }
    return std::nullopt;
}

void HedgeMachine::decide() {
    if (verdict_ || !final_) return;
    const auto end = states_.begin() + static_cast<std::ptrdiff_t>(*final_);
    if (std::find(states_.begin(), end, State::running) == end) verdict_ = Verdict{End::propagate, *final_};
}

}  // namespace sluice::flow
