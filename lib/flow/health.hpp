// Whether a target is up, as active probes tell it: the counting, and when the next probe is due. A state
// machine: no I/O, no clock, no dice.
//
// A target starts healthy and unchecked. `unhealthy_threshold` failed probes in a row take it down, and
// `healthy_threshold` good ones in a row bring it back. A request that was answered counts as a good probe,
// and while the target is healthy it makes the probe superfluous that is due within one interval after it.
// Requests that fail are the circuit breaker's business and are not counted here: docs/health-checks.md.
#pragma once

#include <sluice/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::flow {

class HealthMachine {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    struct Settings {
        Settings() = default;
        Duration interval = std::chrono::seconds(30);  ///< Positive.
        std::uint32_t unhealthy_threshold = 3;         ///< At least 1.
        std::uint32_t healthy_threshold = 2;           ///< At least 1.
        double jitter = 0.1;                           ///< Part of the interval, from 0 to below 1.
    };
    enum class Change : unsigned char { none, went_down, recovered };

    explicit HealthMachine(const Settings& settings) : settings_(settings) {}

    Change on_probe_ok(TimePoint now);
    Change on_probe_failed(ErrorInfo error, TimePoint now);
    /// A request was answered.
    Change on_traffic_ok(TimePoint now);
    /// Nobody looks any more: as at the start.
    void forget();

    /// When the first probe is due: at once, but for a part of the jitter, so that the targets of a process
    /// (and the processes of a fleet) do not all ask together. `draw` is 64 random bits.
    TimePoint first_probe(TimePoint now, std::uint64_t draw);
    /// When the probe after the one that began at `begun` is due. `draw` is 64 random bits.
    TimePoint next_probe(TimePoint begun, std::uint64_t draw);
    /// A probe is due: until when it may wait because a request has just proved the same. Absent: ask now.
    /// `draw` is 64 random bits.
    std::optional<TimePoint> postponed(TimePoint now, std::uint64_t draw);

    bool healthy() const noexcept { return !down_since_; }
    std::optional<TimePoint> down_since() const noexcept { return down_since_; }
    /// Failed probes since the last success.
    std::uint32_t consecutive_failures() const noexcept { return failures_; }
    /// Good probes and answered requests since the last failed probe.
    std::uint32_t consecutive_successes() const noexcept { return successes_; }
    /// When the last probe ended; absent before the first.
    std::optional<TimePoint> last_check() const noexcept { return last_check_; }
    /// Of the last failed probe, also when the target is well again.
    const std::optional<ErrorInfo>& last_error() const noexcept { return last_error_; }
    /// What the last of first_probe(), next_probe() and postponed() said; absent before.
    std::optional<TimePoint> due() const noexcept { return due_; }

  private:
    Change succeed();
    TimePoint after(TimePoint begun, std::uint64_t draw);

    Settings settings_;
    std::uint32_t failures_ = 0;
    std::uint32_t successes_ = 0;
    std::optional<TimePoint> down_since_;
    std::optional<TimePoint> last_check_;
    std::optional<TimePoint> last_traffic_;
    std::optional<TimePoint> due_;
    std::optional<ErrorInfo> last_error_;
};

}  // namespace sluice::flow
