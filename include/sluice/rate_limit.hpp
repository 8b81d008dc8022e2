// What a provider's answer says about its rate limits, whatever the names of its header fields (PROTOCOLS
// section 11).
//
//   for (const sluice::RateLimit& limit : stream.rate_limits())
//       if (limit.name == "tokens" && limit.remaining < 10'000u) slow_down(limit.reset_in);
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

/// One window. What the provider did not say is absent.
struct RateLimit {
    RateLimit() = default;
    explicit RateLimit(std::string what) : name(std::move(what)) {}
    /// What is counted, in the provider's words: "requests", "tokens", "input-tokens", "tokens-minute"; empty
    /// where it does not say.
    std::string name;
    /// Some say 2^64-1 for "none".
    std::optional<std::uint64_t> limit;
    std::optional<std::uint64_t> remaining;
    /// From the moment of the answer until the window is full again. At least zero.
    std::optional<std::chrono::milliseconds> reset_in;

    bool operator==(const RateLimit&) const = default;
};

}  // namespace sluice
