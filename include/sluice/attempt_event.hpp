// One typed stream of everything that happens around attempts. Logs, metrics, the ledger and tests read it.
//
//   sluice::CallOptions options;
//   options.events([&](const sluice::AttemptEvent& event) {
//       if (const auto* failed = event.as<sluice::AttemptFailed>()) count(event.provider,
//       failed->error.kind);
//   });
//
// An attempt is one request to one real model. Each AttemptStarted is followed by exactly one of
// AttemptSucceeded, AttemptFailed and AttemptAbandoned with the same `call` and `attempt`, whatever happens.
// docs/events.md has the whole table.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/error.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/money.hpp>
#include <sluice/usage.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice {

/// What an attempt is for. Only `answer` and `hedge` can reach the caller, and `mirror` when its primary
/// failed.
enum class Purpose : std::uint8_t { answer, hedge, mirror, probe };
/// "answer", "hedge", ...
std::string_view to_string(Purpose purpose) noexcept;

enum class BreakerState : std::uint8_t { closed, open, half_open };
/// "closed", "open", "half_open".
std::string_view to_string(BreakerState state) noexcept;

/// How an attempt went, as far as it is known when it ends.
struct AttemptFigures {
    AttemptFigures() = default;
    std::chrono::nanoseconds duration{0};                 ///< From its start to its end.
    std::optional<std::chrono::nanoseconds> first_event;  ///< From its start to its first answer, if any.
    std::optional<Usage> usage;   ///< What the provider has reported. Absent is unknown, never zero.
    std::optional<PicoUsd> cost;  ///< Of `usage` at the model's price; absent when either is unknown.
};

// --- of an attempt ---
struct AttemptStarted {};
/// The first event that carries an answer is here.
struct FirstEvent {
    std::chrono::nanoseconds after;  ///< From the attempt's start.
};
struct AttemptSucceeded {
    const AttemptFigures& figures;
};
struct AttemptFailed {
    const ErrorInfo& error;
    const AttemptFigures& figures;  ///< With `first_event`: it failed in the middle of its answer.
};
/// Nobody wanted the rest: the caller cancelled or dropped the stream, or the leg lost a hedge.
struct AttemptAbandoned {
    const AttemptFigures& figures;
};

// --- of a call, between attempts ---
struct LegSkipped {
    SkipReason reason;
    std::chrono::nanoseconds retry_after;  ///< Until it may be asked again; zero when that is not known.
};
/// A leg was given up, and `next` is asked now.
struct FailedOver {
    const ErrorInfo& error;
    const ModelSpec& next;
};
/// The same target is asked again after `delay`.
struct BackingOff {
    const ErrorInfo& error;
    std::chrono::nanoseconds delay;
};
/// The first leg is slow: a second one starts beside it.
struct HedgeStarted {
    std::chrono::nanoseconds after;  ///< Since the first leg's start.
};
struct MirrorCompared {
    bool agree;
};

// --- of a target, for everybody who shares it ---
struct BreakerChanged {
    std::string_view domain;  ///< "openai" (the account) or "openai/gpt-5".
    BreakerState from;
    BreakerState to;
    std::chrono::nanoseconds open_for;  ///< Of `to` open; else zero.
    const ErrorInfo* cause;             ///< The failure that did it, if one did.
};
struct TargetDown {
    const ErrorInfo& error;
    std::uint32_t consecutive_failures;
};
struct TargetRecovered {
    std::chrono::nanoseconds down_for;
};

/// Everything in it is valid during the call only.
struct AttemptEvent {
    using What = std::variant<AttemptStarted, FirstEvent, AttemptSucceeded, AttemptFailed, AttemptAbandoned,
                              LegSkipped, FailedOver, BackingOff, HedgeStarted, MirrorCompared,
                              BreakerChanged, TargetDown, TargetRecovered>;
    AttemptEvent(const ModelSpec& which, What happened) noexcept : model(which), what(happened) {}

    template <typename T>
    const T* as() const noexcept {
        return std::get_if<T>(&what);
    }

    const ModelSpec& model;  ///< Whom it is about; of a breaker's account, any model of it.
    What what;
    std::uint64_t call = 0;     ///< Which request, counted from 1 by the AttemptEvents; 0: none.
    std::uint32_t attempt = 0;  ///< Which attempt of that request, from 1; 0: none in particular.
    Purpose purpose = Purpose::answer;
    std::chrono::steady_clock::time_point at;  ///< By the runtime's clock.
};

/// "attempt_started", "breaker_changed", ...: the name of what happened, as logs and metrics spell it.
std::string_view name_of(const AttemptEvent& event) noexcept;

/// One line for a log: "openai/gpt-5: attempt 2 failed after 12 ms: RateLimited (429) in headers". Our words,
/// ids and figures only: no provider text, key, prompt or answer.
std::string describe(const AttemptEvent& event);

/// Who hears the events: a cheap shared handle around a callable that takes `const AttemptEvent&`. It is
/// called on the thread where the thing happens, must not block, and must not touch the stream or the model
/// that the event is about. What it throws is logged and swallowed. Share one among threads only if the
/// callable may be called by them together.
class AttemptEvents {
  public:
    AttemptEvents() = default;  ///< Nobody listens: events are not even made.
    template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, AttemptEvents> &&
             std::is_invocable_v<F&, const AttemptEvent&>) AttemptEvents(F listener)
        : AttemptEvents(std::function<void(const AttemptEvent&)>(std::move(listener))) {}
    AttemptEvents(std::function<void(const AttemptEvent&)> listener);

    explicit operator bool() const noexcept { return static_cast<bool>(shared_); }
    void emit(const AttemptEvent& event) const noexcept;
    /// A number for a new request: 1, 2, ... Zero when nobody listens.
    std::uint64_t next_call() const noexcept;

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

/// Both hear every event, `first` first. Calls are numbered by the result.
AttemptEvents both(AttemptEvents first, AttemptEvents second);
/// Writes describe() to the log (log.hpp): what costs a request or is about a target as warnings, the rest as
/// debug lines.
AttemptEvents log_attempt_events();

}  // namespace sluice
