#include "engine/attempt_recorder.hpp"

#include <sluice/log.hpp>

#include <string>
#include <utility>

namespace sluice {
namespace {

void fill(TurnAttempt& attempt, const AttemptFigures& figures) {
    attempt.duration = figures.duration;
    attempt.first_event = figures.first_event;
    attempt.usage = figures.usage;
    attempt.cost = figures.cost;
}

// A bad key does not go away by itself, and chains hide it.
void warn_of_bad_key(const ModelSpec& model, const ErrorInfo& error) {
    if (error.kind != ErrorKind::provider_auth_failed) return;
    log(LogLevel::error, "provider " + model.provider_id + " rejects its key (status " +
                             std::to_string(error.status) +
                             "): give it another one; until then others are asked");
}

}  // namespace

AttemptEvents AttemptRecorder::listener(std::shared_ptr<AttemptRecorder> recorder, AttemptEvents others) {
    AttemptEvents own(
        [recorder = std::move(recorder)](const AttemptEvent& event) { recorder->on_event(event); });
    return others ? both(std::move(others), std::move(own)) : own;
}

TurnAttempt& AttemptRecorder::add(const AttemptEvent& event, TurnAttempt::Outcome outcome) {
    TurnAttempt& attempt = attempts_.emplace_back();
    attempt.provider = event.model.provider_id;
    attempt.model = event.model.id;
    attempt.outcome = outcome;
    return attempt;
}

void AttemptRecorder::on_event(const AttemptEvent& event) {
    if (event.purpose == Purpose::mirror || event.purpose == Purpose::probe) return;
    if (const auto* good = event.as<AttemptSucceeded>()) {
        fill(add(event, TurnAttempt::Outcome::answered), good->figures);
    } else if (const auto* bad = event.as<AttemptFailed>()) {
        TurnAttempt& attempt = add(event, TurnAttempt::Outcome::failed);
        attempt.error = bad->error.kind;
        fill(attempt, bad->figures);
        warn_of_bad_key(event.model, bad->error);
    } else if (const auto* dropped = event.as<AttemptAbandoned>()) {
        fill(add(event, TurnAttempt::Outcome::abandoned), dropped->figures);
    } else if (const auto* skipped = event.as<LegSkipped>()) {
        add(event, TurnAttempt::Outcome::skipped).skip_reason = skipped->reason;
    }
}

}  // namespace sluice
