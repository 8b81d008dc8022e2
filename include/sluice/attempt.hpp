// One leg of a chain that was tried, or deliberately not tried, for one request.
#pragma once

#include <sluice/error.hpp>
#include <sluice/usage.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Why a leg was passed over without being asked. The first group will be true of the same request tomorrow;
/// the second is about now.
enum class SkipReason : std::uint8_t {
    window_too_small,   ///< The request, or an earlier leg's ContextLengthExceeded, wants a larger window.
    needs_tools,        ///< The request has tools, and the model cannot call any.
    needs_vision,       ///< The request has an image, and the model cannot see.
    needs_json_schema,  ///< The request demands JSON of a shape, and the model cannot promise it.
    residency,          ///< The request must stay where this target is not (CallOptions::residency).
    budget,             ///< It would cost more than CallOptions::max_cost.

    unhealthy,       ///< Its health check says that it is down.
    breaker_open,    ///< Its circuit breaker is open, or half open and all its probes are under way.
    attempts_spent,  ///< CallOptions::max_total_attempts is reached.
};

/// "window_too_small", "breaker_open", ...: the enumerator's name.
std::string_view to_string(SkipReason reason) noexcept;
/// True of the first group: never asked, not even as the last resort.
bool is_for_ever(SkipReason reason) noexcept;

struct Attempt {
    Attempt() = default;

    enum class Outcome : std::uint8_t {
        failed,   ///< `error` says why.
        skipped,  ///< Not asked; `reason` and `error` say why.
    };

    std::string provider;
    std::string model;
    Outcome outcome = Outcome::failed;
    std::optional<SkipReason> reason;  ///< Of a skipped leg.
    ErrorInfo error;
    /// What the failed leg reported before it failed. Absent is unknown, and a failed leg may still cost
    /// money.
    std::optional<Usage> usage;
    /// From the leg's start to its end. Zero for a skipped leg.
    std::chrono::nanoseconds duration{0};
};

/// The last leg that was really asked. Precondition: one was.
const Attempt& last_failed(const std::vector<Attempt>& attempts) noexcept;

}  // namespace sluice
