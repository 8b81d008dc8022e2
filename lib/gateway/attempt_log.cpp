#include "gateway/attempt_log.hpp"

#include "gateway/metrics.hpp"

#include <algorithm>
#include <utility>

namespace sluice::gateway {
namespace {

void close(AttemptRecord& record, AttemptRecord::End end, const AttemptFigures& figures) {
    record.end = end;
    record.duration = figures.duration;
    record.first_event = figures.first_event;
    record.usage = figures.usage;
    record.cost = figures.cost;
}

}  // namespace

AttemptLog::AttemptLog(std::shared_ptr<Metrics> metrics) : metrics_(std::move(metrics)) {
    attempts_.reserve(2);
}

AttemptEvents AttemptLog::listener(const std::shared_ptr<AttemptLog>& log) {
    return AttemptEvents([log](const AttemptEvent& event) { log->add(event); });
}

AttemptRecord* AttemptLog::find(std::uint32_t number) noexcept {
    const auto found = std::find_if(attempts_.begin(), attempts_.end(), [number](const AttemptRecord& one) {
        return one.number == number && one.end != AttemptRecord::End::skipped;
    });
    return found == attempts_.end() ? nullptr : &*found;
}

void AttemptLog::add(const AttemptEvent& event) {
    metrics_->on_attempt(event);
    if (event.as<AttemptStarted>() || event.as<LegSkipped>()) {
        AttemptRecord& record = attempts_.emplace_back();
        record.target = event.model.provider_id;
        record.model = event.model.id;
        record.purpose = event.purpose;
        record.number = event.attempt;
        if (const auto* skipped = event.as<LegSkipped>()) {
            record.end = AttemptRecord::End::skipped;
            record.error_type = reason_of(skipped->reason);
        }
        return;
    }
    AttemptRecord* record = find(event.attempt);
    if (!record) return;
    if (const auto* good = event.as<AttemptSucceeded>()) {
        close(*record, AttemptRecord::End::ok, good->figures);
    } else if (const auto* failed = event.as<AttemptFailed>()) {
        close(*record, AttemptRecord::End::failed, failed->figures);
        record->http_status = failed->error.status;
        record->error_type = reason_of(failed->error);
    } else if (const auto* abandoned = event.as<AttemptAbandoned>()) {
        close(*record, AttemptRecord::End::abandoned, abandoned->figures);
    } else if (const auto* first = event.as<FirstEvent>()) {
        record->first_event = first->after;
    }
}

std::size_t AttemptLog::asked() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(attempts_.begin(), attempts_.end(), [](const AttemptRecord& record) {
            return record.end != AttemptRecord::End::skipped && record.purpose != Purpose::mirror;
        }));
}

std::optional<PicoUsd> total_cost(const std::vector<AttemptRecord>& attempts) {
    PicoUsd sum;
    bool known = false;
    for (const AttemptRecord& attempt : attempts) {
        if (attempt.purpose == Purpose::mirror) continue;
        if (attempt.end == AttemptRecord::End::ok && !attempt.cost) return std::nullopt;
        if (!attempt.cost) continue;
        sum = sum + *attempt.cost;
        known = true;
    }
    return known ? std::optional(sum) : std::nullopt;
}

}  // namespace sluice::gateway
