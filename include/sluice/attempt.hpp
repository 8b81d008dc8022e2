// One leg of a chain that was tried, or deliberately not tried, for one request.
#pragma once

#include <sluice/error.hpp>
#include <sluice/usage.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct Attempt {
    Attempt() = default;

    enum class Outcome : std::uint8_t {
        failed,   ///< `error` says why.
        skipped,  ///< Not asked, because `error` of an earlier leg cannot be cured here (a window no larger).
    };

    std::string provider;
    std::string model;
    Outcome outcome = Outcome::failed;
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
