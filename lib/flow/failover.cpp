#include "flow/failover.hpp"

#include <algorithm>
#include <utility>

namespace sluice::flow {

FailoverMachine::FailoverMachine(std::vector<std::optional<Tokens>> windows,
                                 std::function<bool(ErrorKind)> is_trigger)
    : windows_(std::move(windows)), is_trigger_(std::move(is_trigger)) {}

FailoverMachine::Step FailoverMachine::on_failed(const ErrorInfo& error) {
    skipped_.clear();
    if (!is_trigger_(error.kind)) return Step{Action::propagate, leg_};
    if (error.kind == ErrorKind::context_length_exceeded) {
        // What the provider says about its window outranks what the spec assumed.
        const std::optional<Tokens> window = error.context_window ? error.context_window : windows_[leg_];
        if (window) too_small_ = std::max(too_small_.value_or(0), *window);
    }
    for (++leg_; leg_ < windows_.size(); ++leg_) {
        if (!too_small_ || !windows_[leg_] || *windows_[leg_] > *too_small_)
            return Step{Action::try_leg, leg_};
        skipped_.push_back(leg_);
    }
    return Step{Action::exhausted, leg_};
}

}  // namespace sluice::flow
