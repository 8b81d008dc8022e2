// The gateway's figures, for Prometheus. docs/metrics.md has the list. Any thread; nothing here costs more
// than a few atomic operations and one short lock a request, and nothing at all a token.
#pragma once

#include <sluice/attempt_event.hpp>

#include "gateway/record.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace sluice::gateway {

/// What is so at this moment, told when /metrics is asked.
struct TargetGauge {
    TargetGauge() = default;
    std::string target;
    bool healthy = true;
    BreakerState breaker = BreakerState::closed;
};

class Metrics {
  public:
    Metrics();
    Metrics(const Metrics&) = delete;
    ~Metrics();

    /// Models that get a label of their own; every other one is "other".
    void set_models(std::set<std::string> models);

    /// Counts attempts, failovers, health checks and breakers.
    void on_attempt(const AttemptEvent& event);
    /// A request has ended.
    void on_request(const RequestRecord& record);
    /// While a request is answered, and while its answer streams.
    void request_began() noexcept;
    void request_ended() noexcept;
    void stream_began() noexcept;
    void stream_ended() noexcept;
    void on_reload(bool good, std::chrono::system_clock::time_point now);
    /// A client without a valid key ("key"), over the limit of connections ("connections"), ...
    void on_refused(std::string_view why);

    /// In the text format, version 0.0.4.
    std::string text(const std::vector<TargetGauge>& targets, std::uint64_t events_dropped) const;

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::gateway
