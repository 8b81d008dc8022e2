#include <sluice/attempt_event.hpp>
#include <sluice/log.hpp>

#include <array>
#include <atomic>
#include <exception>
#include <string>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 4> kPurposes{"answer", "hedge", "mirror", "probe"};
static_assert(kPurposes.size() == std::size_t(Purpose::probe) + 1);

constexpr std::array<std::string_view, 3> kStates{"closed", "open", "half_open"};
static_assert(kStates.size() == std::size_t(BreakerState::half_open) + 1);

constexpr std::array<std::string_view, 9> kReasons{"window_too_small",  "needs_tools",  "needs_vision",
                                                   "needs_json_schema", "residency",    "budget",
                                                   "unhealthy",         "breaker_open", "attempts_spent"};
static_assert(kReasons.size() == std::size_t(SkipReason::attempts_spent) + 1);

// In the order of AttemptEvent::What.
constexpr std::array<std::string_view, 13> kNames{
    "attempt_started", "first_event", "attempt_succeeded", "attempt_failed", "attempt_abandoned",
    "leg_skipped",     "failed_over", "backing_off",       "hedge_started",  "mirror_compared",
    "breaker_changed", "target_down", "target_recovered"};
static_assert(kNames.size() == std::variant_size_v<AttemptEvent::What>);

}  // namespace

std::string_view to_string(Purpose purpose) noexcept {
    return kPurposes[static_cast<std::size_t>(purpose)];
}
std::string_view to_string(BreakerState state) noexcept {
    return kStates[static_cast<std::size_t>(state)];
}
std::string_view to_string(SkipReason reason) noexcept {
    return kReasons[static_cast<std::size_t>(reason)];
}
bool is_for_ever(SkipReason reason) noexcept {
    return reason < SkipReason::unhealthy;
}
std::string_view name_of(const AttemptEvent& event) noexcept {
    return kNames[event.what.index()];
}

struct AttemptEvents::Shared {
    explicit Shared(std::function<void(const AttemptEvent&)> callable) : listener(std::move(callable)) {}
    std::function<void(const AttemptEvent&)> listener;
    std::atomic<std::uint64_t> calls{0};
};

AttemptEvents::AttemptEvents(std::function<void(const AttemptEvent&)> listener) {
    if (listener) shared_ = std::make_shared<Shared>(std::move(listener));
}

void AttemptEvents::emit(const AttemptEvent& event) const noexcept {
    if (!shared_) return;
    try {
        shared_->listener(event);
    } catch (const std::exception& error) {
        log(LogLevel::error,
            std::string("a listener of attempt events threw, and was ignored: ") + error.what());
    } catch (...) {
        log(LogLevel::error,
            "a listener of attempt events threw something that is no std::exception, and was ignored");
    }
}

std::uint64_t AttemptEvents::next_call() const noexcept {
    return shared_ ? shared_->calls.fetch_add(1, std::memory_order_relaxed) + 1 : 0;
}

}  // namespace sluice
