#include "model/health_state.hpp"

#include <sluice/log.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {
namespace {

flow::HealthMachine::Settings machine_settings(const HealthSettings& from) {
    flow::HealthMachine::Settings settings;
    settings.interval = from.interval;
    settings.unhealthy_threshold = from.unhealthy_threshold;
    settings.healthy_threshold = from.healthy_threshold;
    settings.jitter = from.jitter;
    return settings;
}

}  // namespace

TargetHealth::TargetHealth(BoundModel model, const HealthSettings& settings, AttemptEvents events,
                           std::shared_ptr<Clock> clock)
    : model_(std::move(model)),
      settings_(settings),
      events_(std::move(events)),
      clock_(std::move(clock)),
      machine_(machine_settings(settings)) {}

std::uint64_t TargetHealth::begin() {
    const std::lock_guard lock(mutex_);
    watched_ = true;
    return ++loop_;
}

void TargetHealth::end() {
    const std::lock_guard lock(mutex_);
    watched_ = false;
    ++loop_;
    machine_.forget();
    down_.store(false, std::memory_order_release);
}

TimePoint TargetHealth::first_probe(std::uint64_t dice) {
    const std::lock_guard lock(mutex_);
    return machine_.first_probe(clock_->now(), dice);
}

TimePoint TargetHealth::next_probe(TimePoint begun, std::uint64_t dice) {
    const std::lock_guard lock(mutex_);
    return machine_.next_probe(begun, dice);
}

std::optional<TimePoint> TargetHealth::postponed(std::uint64_t dice) {
    const std::lock_guard lock(mutex_);
    return machine_.postponed(clock_->now(), dice);
}

void TargetHealth::on_probe(std::uint64_t loop, Result<void> outcome) {
    std::unique_lock lock(mutex_);
    if (loop != loop_) return;
    const TimePoint now = clock_->now();
    const std::optional<TimePoint> down_since = machine_.down_since();
    const Change change =
        outcome ? machine_.on_probe_ok(now) : machine_.on_probe_failed(std::move(outcome).error(), now);
    note(change, down_since, now);
    tell(std::move(lock));
}

void TargetHealth::on_answer() {
    std::unique_lock lock(mutex_);
    if (!watched_) return;
    const TimePoint now = clock_->now();
    const std::optional<TimePoint> down_since = machine_.down_since();
    note(machine_.on_traffic_ok(now), down_since, now);
    tell(std::move(lock));
}

// Under the lock.
void TargetHealth::note(Change change, std::optional<TimePoint> down_since, TimePoint now) {
    if (change == Change::none) return;
    down_.store(change == Change::went_down, std::memory_order_release);
    if (change == Change::went_down) {
        news_.push_back(Down{*machine_.last_error(), machine_.consecutive_failures(), now});
    } else {
        news_.push_back(Recovered{now - *down_since, now});
    }
}

// Listeners are called without the lock, and hear one thing after another although threads may meet here:
// whoever heard "down" last would believe it for ever.
void TargetHealth::tell(std::unique_lock<std::mutex> lock) {
    if (telling_) return;
    telling_ = true;
    while (!news_.empty()) {
        const std::vector<News> told = std::exchange(news_, {});
        lock.unlock();
        for (const News& news : told)
            emit(news);
        lock.lock();
    }
    telling_ = false;
}

void TargetHealth::emit(const News& news) const {
    const ModelSpec& spec = model_.spec();
    const std::string name = spec.provider_id + "/" + spec.id;
    const auto send = [&](AttemptEvent event, TimePoint at) {
        event.purpose = Purpose::probe;
        event.at = at;
        events_.emit(event);
    };
    if (const Down* down = std::get_if<Down>(&news)) {
        log(LogLevel::warning, "health check: " + name + " is down after " + std::to_string(down->failures) +
                                   " failed probes: " + describe(down->error));
        send(AttemptEvent(spec, TargetDown{down->error, down->failures}), down->at);
    } else {
        const Recovered& recovered = std::get<Recovered>(news);
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(recovered.after);
        log(LogLevel::info,
            "health check: " + name + " is back after " + std::to_string(seconds.count()) + " s");
        send(AttemptEvent(spec, TargetRecovered{recovered.after}), recovered.at);
    }
}

std::optional<Refusal> TargetHealth::refusal(TimePoint now) const {
    if (!is_down()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (machine_.healthy()) return std::nullopt;
    const Duration wait = machine_.due() ? std::max(*machine_.due() - now, Duration(0)) : Duration(0);
    return Refusal(SkipReason::unhealthy, wait);
}

HealthStatus TargetHealth::status() const {
    HealthStatus status;
    status.provider = model_.spec().provider_id;
    status.model = model_.spec().id;
    const std::lock_guard lock(mutex_);
    status.healthy = machine_.healthy();
    status.last_check = machine_.last_check();
    status.down_since = machine_.down_since();
    if (watched_) status.next_check = machine_.due();
    status.consecutive_failures = machine_.consecutive_failures();
    status.consecutive_successes = machine_.consecutive_successes();
    status.last_error = machine_.last_error();
    return status;
}

}  // namespace sluice
