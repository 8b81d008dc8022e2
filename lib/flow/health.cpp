#include "flow/health.hpp"

#include "flow/dice.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::flow {
namespace {

// The first probe is for the people who have just started the process: they wait for no more than this.
constexpr HealthMachine::Duration kMaxFirstDelay = std::chrono::seconds(1);

HealthMachine::Duration part_of(HealthMachine::Duration whole, double part) noexcept {
    return HealthMachine::Duration(
        static_cast<HealthMachine::Duration::rep>(static_cast<double>(whole.count()) * part));
}

}  // namespace

HealthMachine::Change HealthMachine::on_probe_ok(TimePoint now) {
    last_check_ = now;
    return succeed();
}

HealthMachine::Change HealthMachine::on_traffic_ok(TimePoint now) {
    last_traffic_ = now;
    return succeed();
}

HealthMachine::Change HealthMachine::succeed() {
    failures_ = 0;
    if (successes_ < std::numeric_limits<std::uint32_t>::max()) ++successes_;
    if (healthy() || successes_ < settings_.healthy_threshold) return Change::none;
    down_since_.reset();
    return Change::recovered;
}

HealthMachine::Change HealthMachine::on_probe_failed(ErrorInfo error, TimePoint now) {
    last_check_ = now;
    last_error_ = std::move(error);
    successes_ = 0;
    if (failures_ < std::numeric_limits<std::uint32_t>::max()) ++failures_;
    if (!healthy() || failures_ < settings_.unhealthy_threshold) return Change::none;
    down_since_ = now;
    return Change::went_down;
}

void HealthMachine::forget() {
    *this = HealthMachine(settings_);
}

HealthMachine::TimePoint HealthMachine::first_probe(TimePoint now, std::uint64_t draw) {
    const Duration bound = std::min(part_of(settings_.interval, settings_.jitter), kMaxFirstDelay);
    due_ = now + part_of(bound, fraction(draw));
    return *due_;
}

HealthMachine::TimePoint HealthMachine::next_probe(TimePoint begun, std::uint64_t draw) {
    due_ = after(begun, draw);
    return *due_;
}

std::optional<HealthMachine::TimePoint> HealthMachine::postponed(TimePoint now, std::uint64_t draw) {
    if (!healthy() || !last_traffic_ || now - *last_traffic_ >= settings_.interval) return std::nullopt;
    // An interval after that success, not after now: when traffic ceases, the gap is one interval and not
    // two. Later than now in any case, or a draw against us would ask again and again at the same moment.
    const Duration step = std::max(settings_.interval / 10, Duration(1));
    due_ = std::max(after(*last_traffic_, draw), now + step);
    return due_;
}

HealthMachine::TimePoint HealthMachine::after(TimePoint begun, std::uint64_t draw) {
    return begun + settings_.interval +
           part_of(settings_.interval, settings_.jitter * (2 * fraction(draw) - 1));
}

}  // namespace sluice::flow
