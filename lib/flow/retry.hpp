// Whether to ask the same model again, and when: no I/O, no clock, no dice. One machine a request.
//
//   failed --> may it pass? --> a try left? --> does the provider's wait fit? --> does the deadline? --> wait
#pragma once

#include <sluice/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::flow {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

struct RetryRules {
    std::uint32_t attempts = 2;
    Duration base = std::chrono::milliseconds(500);
    double factor = 2.0;
    Duration cap = std::chrono::seconds(8);
    bool jitter = true;
    Duration max_retry_after = std::chrono::seconds(30);
    bool wait_when_refused = false;
};

/// The longest pause before try `next` (the second is 2), without regard to what a provider asks for.
Duration backoff_step(const RetryRules& rules, std::uint32_t next) noexcept;
/// The longest that all pauses together can take.
Duration longest_waits(const RetryRules& rules) noexcept;

class RetryMachine {
  public:
    /// `rules` outlives the machine.
    explicit RetryMachine(const RetryRules& rules) noexcept : rules_(rules) {}

    /// The try that is under way failed before its first answer. How long to wait before the next one, or
    /// nothing: give up, at once. A wait that would last until `limit` or longer is not begun.
    std::optional<Duration> on_failed(const ErrorInfo& error, TimePoint now, TimePoint limit,
                                      std::uint64_t dice) noexcept;

  private:
    const RetryRules& rules_;
    std::uint32_t tries_ = 1;  // the one that is under way included
};

}  // namespace sluice::flow
