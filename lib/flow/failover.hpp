// Which leg of a chain comes next, as a state machine: no I/O, no clock. The gate asks, does, and reports.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/error.hpp>
#include <sluice/model_spec.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace sluice::flow {

class FailoverMachine {
  public:
    enum class Action : unsigned char {
        try_leg,    ///< Open leg `leg`.
        propagate,  ///< The last failure is no trigger: throw it as it is.
        exhausted,  ///< No leg is left.
    };
    struct Step {
        Action action = Action::try_leg;
        std::size_t leg = 0;
    };

    /// `windows`: each leg's context window where known; at least one leg. `is_trigger`: whether a kind moves
    /// on.
    FailoverMachine(std::vector<std::optional<Tokens>> windows, std::function<bool(ErrorKind)> is_trigger);

    Step first() const noexcept { return {}; }
    /// The current leg failed. After context_length_exceeded, legs whose known window is no larger than the
    /// failed leg's (or than the window the error names) are passed over and appear in skipped().
    Step on_failed(const ErrorInfo& error);
    /// Legs that the last on_failed() passed over, in order.
    const std::vector<std::size_t>& skipped() const noexcept { return skipped_; }

  private:
    std::vector<std::optional<Tokens>> windows_;
    std::function<bool(ErrorKind)> is_trigger_;
    std::size_t leg_ = 0;
    std::optional<Tokens> too_small_;  // the largest window that was too small
    std::vector<std::size_t> skipped_;
};

}  // namespace sluice::flow
