// What all attempts of one request share: their count and its limit, who hears of them, what the request
// needs. And how a combinator takes a call over: enter_call().
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

/// One executor only: the legs of a call run on the stream's.
struct CallState {
    CallState() = default;

    AttemptEvents events;
    std::uint64_t call = 0;
    std::uint32_t attempts = 0;  ///< Started so far.
    std::optional<std::uint32_t> max_attempts;
    /// Who numbers the attempts, when this is a call beside another one; else null.
    std::shared_ptr<CallState> numbered_by;
    std::uint32_t numbers = 0;  ///< Given out so far.

    bool has_attempts_left() const noexcept { return !max_attempts || attempts < *max_attempts; }

    /// The number of an attempt that starts now, from 1.
    std::uint32_t next_attempt() noexcept {
        ++attempts;
        return numbered_by ? ++numbered_by->numbers : ++numbers;
    }
    /// Takes `listener` unless there is one.
    void listen(const AttemptEvents& listener) {
        if (events || !listener) return;
        events = listener;
        call = events.next_call();
    }
    /// Costs a branch when nobody listens. `what` is about `model`; of attempt `attempt`, or of none (0).
    template <typename What>
    void emit(const Clock& clock, const ModelSpec& model, const What& what, Purpose purpose,
              std::uint32_t attempt = 0) const {
        if (events) emit(clock.now(), model, what, purpose, attempt);
    }
    template <typename What>
    void emit(TimePoint at, const ModelSpec& model, const What& what, Purpose purpose,
              std::uint32_t attempt = 0) const {
        if (!events) return;
        AttemptEvent event(model, what);
        event.call = call;
        event.attempt = attempt;
        event.purpose = purpose;
        event.at = at;
        events.emit(event);
    }

    /// What the request needs, found out once.
    const Needs& needs(const Request& request, const CallOptions& options) {
        if (!needs_) {
            needs_ = needs_of(request);
            needs_->residency = options.residency();
            needs_->max_cost = options.max_cost();
        }
        return *needs_;
    }

  private:
    std::optional<Needs> needs_;
};

std::shared_ptr<CallState> new_call(const CallOptions& options);
/// A call beside `main`, for the same request (a mirror): it is heard under the same number, and its attempts
/// are numbered on but do not count against the limit.
std::shared_ptr<CallState> call_beside(std::shared_ptr<CallState> main);

/// What a combinator's own options say about a call, where neither the caller nor an outer one has.
struct CallDefaults {
    CallDefaults() = default;
    std::chrono::milliseconds total{0};  ///< Zero or less: none.
    const TransformContext* transform_context = nullptr;
    const AttemptEvents* events = nullptr;
    std::optional<std::uint32_t> max_total_attempts;
};

/// The context for the legs of a combinator that got `outer`. Its `call` is never null.
CallContext enter_call(const CallContext& outer, const CallDefaults& defaults, const Clock& clock);

/// An error for a leg that was not asked, in our words; it carries the one skipped record.
ErrorInfo not_asked(const ModelSpec& model, const Refusal& why);

}  // namespace sluice
