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

std::string in_words(std::chrono::nanoseconds time) {
    const auto ns = time.count();
    if (ns < 1'000'000) return std::to_string(ns / 1'000) + " us";
    if (ns < 10'000'000'000) return std::to_string(ns / 1'000'000) + " ms";
    return std::to_string(ns / 1'000'000'000) + " s";
}

// "RateLimited (429) in headers": what describe(ErrorInfo) says, without whom it is about and the advice.
std::string cause(const ErrorInfo& error) {
    std::string text(class_name(error.kind));
    if (error.status != 0) text += " (" + std::to_string(error.status) + ")";
    return text + " in " + std::string(to_string(error.phase));
}

std::string figures(const AttemptFigures& known) {
    std::string text = " after " + in_words(known.duration);
    if (known.first_event) text += ", first event after " + in_words(*known.first_event);
    if (known.usage && known.usage->output)
        text += ", " + std::to_string(*known.usage->output) + " tokens out";
    if (known.cost) text += ", " + to_string(*known.cost);
    return text;
}

struct Describe {
    std::string operator()(const AttemptStarted&) const { return " started"; }
    std::string operator()(const FirstEvent& what) const {
        return " first event after " + in_words(what.after);
    }
    std::string operator()(const AttemptSucceeded& what) const {
        return " succeeded" + figures(what.figures);
    }
    std::string operator()(const AttemptFailed& what) const {
        return " failed" + figures(what.figures) + ": " + cause(what.error);
    }
    std::string operator()(const AttemptAbandoned& what) const {
        return " abandoned" + figures(what.figures);
    }
    std::string operator()(const LegSkipped& what) const {
        std::string text = " skipped: " + std::string(to_string(what.reason));
        if (what.retry_after.count() > 0) text += ", for " + in_words(what.retry_after);
        return text;
    }
    std::string operator()(const FailedOver& what) const {
        return " given up, next is " + what.next.provider_id + "/" + what.next.id + ": " + cause(what.error);
    }
    std::string operator()(const BackingOff& what) const {
        return " asked again in " + in_words(what.delay) + ": " + cause(what.error);
    }
    std::string operator()(const HedgeStarted& what) const {
        return " hedges, no first event after " + in_words(what.after);
    }
    std::string operator()(const MirrorCompared& what) const {
        return what.agree ? " mirror agrees" : " mirror differs";
    }
    std::string operator()(const BreakerChanged& what) const {
        std::string text = " breaker of " + std::string(what.domain) + ": " +
                           std::string(to_string(what.from)) + " to " + std::string(to_string(what.to));
        if (what.open_for.count() > 0) text += " for " + in_words(what.open_for);
        if (what.cause != nullptr) text += ": " + cause(*what.cause);
        return text;
    }
    std::string operator()(const TargetDown& what) const {
        return " is down after " + std::to_string(what.consecutive_failures) +
               " failed probes: " + cause(what.error);
    }
    std::string operator()(const TargetRecovered& what) const {
        return " has recovered, was down for " + in_words(what.down_for);
    }
};

LogLevel level_of(const AttemptEvent& event) {
    const bool is_usual = event.as<AttemptStarted>() != nullptr || event.as<FirstEvent>() != nullptr ||
                          event.as<AttemptSucceeded>() != nullptr ||
                          event.as<AttemptAbandoned>() != nullptr || event.as<HedgeStarted>() != nullptr;
    const auto* compared = event.as<MirrorCompared>();
    return is_usual || (compared != nullptr && compared->agree) ? LogLevel::debug : LogLevel::warning;
}

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

std::string describe(const AttemptEvent& event) {
    std::string text = event.model.provider_id + "/" + event.model.id + ":";
    if (event.attempt != 0) text += " attempt " + std::to_string(event.attempt);
    if (event.purpose != Purpose::answer) text += " (" + std::string(to_string(event.purpose)) + ")";
    return text + std::visit(Describe(), event.what);
}

AttemptEvents both(AttemptEvents first, AttemptEvents second) {
    if (!first) return second;
    if (!second) return first;
    return AttemptEvents([first = std::move(first), second = std::move(second)](const AttemptEvent& event) {
        first.emit(event);
        second.emit(event);
    });
}

AttemptEvents log_attempt_events() {
    return AttemptEvents([](const AttemptEvent& event) { log(level_of(event), describe(event)); });
}

}  // namespace sluice
