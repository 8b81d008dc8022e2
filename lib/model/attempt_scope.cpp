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
    emit(AttemptStarted{});
}

AttemptScope::~AttemptScope() {
    on_abandoned(std::nullopt);
}

void AttemptScope::on_open_failed(const ErrorInfo& error) noexcept {
    if (std::exchange(closed_, true)) return;
    emit(AttemptFailed{error, figures(std::nullopt)});
}

void AttemptScope::on_first_event() noexcept {
    first_event_ = clock().now() - started_;
    emit(FirstEvent{*first_event_});
}

void AttemptScope::on_end(const StreamEvent& terminal, const std::optional<Usage>& usage) noexcept {
    if (std::exchange(closed_, true)) return;
    const Finish* finish = terminal.as<Finish>();
    const AttemptFigures known = figures(finish && finish->usage ? finish->usage : usage);
    if (const Failure* failed = terminal.as<Failure>()) {
        emit(AttemptFailed{failed->error(), known});
    } else {
        emit(AttemptSucceeded{known});
    }
}

void AttemptScope::on_abandoned(const std::optional<Usage>& usage) noexcept {
    if (std::exchange(closed_, true)) return;
    emit(AttemptAbandoned{figures(usage)});
}

AttemptFigures AttemptScope::figures(const std::optional<Usage>& usage) const {
    AttemptFigures known;
    known.duration = clock().now() - started_;
    known.first_event = first_event_;
    known.usage = usage;
    if (usage) known.cost = cost_of(*usage, target_->spec().price);
    return known;
}

}  // namespace sluice
