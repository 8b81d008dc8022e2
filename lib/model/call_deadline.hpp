// When a request must be over: what an outer model has fixed already, else what the caller asked for, else
// the default.
#pragma once

#include <sluice/bound_model.hpp>

namespace sluice {

inline TimePoint call_deadline(const CallContext& context, std::chrono::milliseconds default_total,
                               const Clock& clock) {
    if (context.deadline != kNever) return context.deadline;
    const std::chrono::milliseconds total = context.options.total().value_or(default_total);
    return total.count() > 0 ? clock.now() + total : kNever;
}

}  // namespace sluice
