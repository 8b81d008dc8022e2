// Active health checks: each target is asked at intervals whether it works, so that an outage is known before
// a request meets it, and its end as well.
//
//   sluice::HealthChecks checks{context.get_executor(), {.events = record}};
//   sluice::FallbackBoundModel model{{sluice::HealthCheckedBoundModel(primary, checks),
//                                     sluice::HealthCheckedBoundModel(secondary, checks)}};
//   checks.start();
//   ...
//   co_await checks.stop();
//
// docs/health-checks.md: what each probe proves and costs, and when a circuit breaker is enough.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// How one target is watched.
struct HealthSettings {
    /// What a probe asks. The target must know it (ModelTarget::can_probe).
    ProbeKind kind = ProbeKind::models;
    /// From the beginning of one probe to that of the next. Positive.
    std::chrono::milliseconds interval = std::chrono::seconds(30);
    /// How long a probe may take. Positive. Longer than the interval, it makes the interval longer: there is
    /// never more than one probe of a target.
    std::chrono::milliseconds timeout = std::chrono::seconds(5);
    /// So many failed probes in a row take the target down. At least 1. An outage is found after about
    /// interval times this.
    std::uint32_t unhealthy_threshold = 3;
    /// So many successes in a row bring it back: good probes, and requests that were answered. At least 1.
    std::uint32_t healthy_threshold = 2;
    /// By how much of the interval each probe is earlier or later, at random, so that many processes do not
    /// ask together. From 0 to below 1.
    double jitter = 0.1;
    bool operator==(const HealthSettings&) const = default;
};

struct HealthCheckOptions {
    /// Of the targets that are watched without settings of their own.
    HealthSettings target = {};
    /// Hears TargetDown and TargetRecovered, and as attempts with Purpose::probe the probes that cost tokens.
    AttemptEvents events = {};
    Runtime runtime = {};
};

/// What is known about one target.
struct HealthStatus {
    HealthStatus() = default;
    std::string provider;
    std::string model;
    bool healthy = true;  ///< Also before the first probe.
    /// When the last probe ended, by the runtime's clock; absent before. (That clock is steady: who shows a
    /// date adds the difference to his wall clock.)
    std::optional<TimePoint> last_check;
    std::optional<TimePoint> down_since;      ///< Of an unhealthy target.
    std::optional<TimePoint> next_check;      ///< Absent while nobody watches.
    std::uint32_t consecutive_failures = 0;   ///< Of probes. Failed requests are the breaker's.
    std::uint32_t consecutive_successes = 0;  ///< Of probes, and of requests.
    std::optional<ErrorInfo> last_error;      ///< Of the last failed probe, also after a recovery.
};

/// Watches targets. There is one state for each pair of provider id and model id, wherever the model is used.
/// Every member may be called from any thread; the probes run on the executor.
class HealthChecks {
  public:
    /// Throws std::invalid_argument for settings that make no sense. Destroy it before the executor's
    /// context.
    explicit HealthChecks(asio::any_io_executor executor, HealthCheckOptions options = {});
    HealthChecks(const HealthChecks&) = delete;
    HealthChecks& operator=(const HealthChecks&) = delete;
    /// Stops without waiting. What still runs ends within a turn of the loop, and touches nothing of this
    /// object. Models that were checked by it let everything pass from now on.
    ~HealthChecks();

    /// Watches a real model, be it inside of combinators of one model (a breaker, a retry).
    /// std::invalid_argument for a combinator of several (watch the models in it), and for a probe that the
    /// model does not know. Nothing happens when it is watched already; std::invalid_argument when that is
    /// with other settings than given here.
    void watch(const BoundModel& model);
    void watch(const BoundModel& model, HealthSettings settings);

    /// Begins with what is watched, and with what will be. The first probe of each is at once, but for a part
    /// of the jitter (a second at most). Nothing happens when it has been started.
    void start();
    /// Ends all probes, and completes when nothing runs any more. From the call on every target counts as
    /// healthy and unchecked, without an event: nobody looks any more. It may be started again.
    asio::awaitable<void> stop();

    /// In the order in which they were first watched.
    std::vector<HealthStatus> status() const;

  private:
    friend class HealthCheckedBoundModel;
    struct State;
    std::unique_ptr<State> state_;
};

/// A model that is not asked while its health check says that it is down: SkipReason::unhealthy. What a
/// request learns by the way, a good answer, counts as a good probe.
class HealthCheckedBoundModel : public BoundModel {
  public:
    /// Watches `model` as HealthChecks::watch(model) does. It may outlive `checks`.
    HealthCheckedBoundModel(const BoundModel& model, HealthChecks& checks);
    /// `model` is as well as `watched` is, another model of the same account: one probe for all models of an
    /// account.
    HealthCheckedBoundModel(const BoundModel& model, const BoundModel& watched, HealthChecks& checks);
};

}  // namespace sluice
