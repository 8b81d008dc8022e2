#include "model/attempt_scope.hpp"

#include <utility>

namespace sluice {

AttemptScope::AttemptScope(std::shared_ptr<const ModelTarget> target, std::shared_ptr<CallState> call,
                           Purpose purpose, std::uint32_t attempt)
    : target_(std::move(target)),
      call_(std::move(call)),
      purpose_(purpose),
      attempt_(attempt),
      started_(clock().now()) {
    emit(AttemptStarted{}, started_);
}

AttemptScope::~AttemptScope() {
    on_abandoned(std::nullopt);
}

void AttemptScope::on_open_failed(const ErrorInfo& error) noexcept {
    if (std::exchange(closed_, true)) return;
    const TimePoint now = clock().now();
    emit(AttemptFailed{error, figures(now, std::nullopt)}, now);
}

void AttemptScope::on_first_event() noexcept {
    const TimePoint now = clock().now();
    first_event_ = now - started_;
    emit(FirstEvent{*first_event_}, now);
}

void AttemptScope::on_end(const StreamEvent& terminal, const std::optional<Usage>& usage) noexcept {
    if (std::exchange(closed_, true)) return;
    const Finish* finish = terminal.as<Finish>();
    const TimePoint now = clock().now();
    const AttemptFigures known = figures(now, finish && finish->usage ? finish->usage : usage);
    if (const Failure* failed = terminal.as<Failure>()) {
        emit(AttemptFailed{failed->error(), known}, now);
    } else {
        emit(AttemptSucceeded{known}, now);
    }
}

void AttemptScope::on_abandoned(const std::optional<Usage>& usage) noexcept {
    if (std::exchange(closed_, true)) return;
    const TimePoint now = clock().now();
    emit(AttemptAbandoned{figures(now, usage)}, now);
}

AttemptFigures AttemptScope::figures(TimePoint now, const std::optional<Usage>& usage) const {
    AttemptFigures known;
    known.duration = now - started_;
    known.first_event = first_event_;
    known.usage = usage;
    if (usage) known.cost = cost_of(*usage, target_->spec().price);
    return known;
}

}  // namespace sluice
