// What is known about one target, shared by the loop that probes it and by all requests for it, on any
// thread.
#pragma once

#include <sluice/health.hpp>

#include "flow/health.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace sluice {

class TargetHealth {
  public:
    TargetHealth(BoundModel model, const HealthSettings& settings, AttemptEvents events,
                 std::shared_ptr<Clock> clock);

    const BoundModel& model() const noexcept { return model_; }
    const HealthSettings& settings() const noexcept { return settings_; }
    const AttemptEvents& events() const noexcept { return events_; }

    // --- the loop's; what a loop says that is not the current one is not heard ---

    /// A loop begins. Its number.
    std::uint64_t begin();
    /// It has ended: as before the first probe.
    void end();
    TimePoint first_probe(std::uint64_t dice);
    TimePoint next_probe(TimePoint begun, std::uint64_t dice);
    std::optional<TimePoint> postponed(std::uint64_t dice);
    void on_probe(std::uint64_t loop, Result<void> outcome);

    // --- the requests' ---

    /// Costs one atomic load.
    bool is_down() const noexcept { return down_.load(std::memory_order_acquire); }
    /// Absent when it is not down.
    std::optional<Refusal> refusal(TimePoint now) const;
    /// A request got an answer.
    void on_answer();

    HealthStatus status() const;

  private:
    using Change = flow::HealthMachine::Change;
    struct Down {
        ErrorInfo error;
        std::uint32_t failures;
        TimePoint at;
    };
    struct Recovered {
        Duration after;
        TimePoint at;
    };
    using News = std::variant<Down, Recovered>;

    void note(Change change, std::optional<TimePoint> down_since, TimePoint now);
    void tell(std::unique_lock<std::mutex> lock);
    void emit(const News& news) const;

    const BoundModel model_;
    const HealthSettings settings_;
    const AttemptEvents events_;
    const std::shared_ptr<Clock> clock_;
    std::atomic<bool> down_{false};

    mutable std::mutex mutex_;  // guards the rest; held for a few instructions
    flow::HealthMachine machine_;
    std::uint64_t loop_ = 0;
    bool watched_ = false;
    std::vector<News> news_;  // not told yet, in order
    bool telling_ = false;    // somebody is: he tells what others add, too, so that the order stays
};

}  // namespace sluice
