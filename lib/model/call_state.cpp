#include "model/call_state.hpp"

#include "model/call_deadline.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

std::string_view words(SkipReason reason) noexcept {
    switch (reason) {
        case SkipReason::window_too_small:
            return "the request does not fit its context window";
        case SkipReason::needs_tools:
            return "the request has tools, and it cannot call any";
        case SkipReason::needs_vision:
            return "the request has an image, and it cannot see";
        case SkipReason::needs_json_schema:
            return "the request demands JSON of a schema, and it cannot promise that";
        case SkipReason::residency:
            return "the request demands a residency tag that it has not";
        case SkipReason::budget:
            return "it would cost more than max_cost";
        case SkipReason::unhealthy:
            return "its health check says that it is down";
        case SkipReason::breaker_open:
            return "its circuit breaker is open";
        case SkipReason::attempts_spent:
            return "max_total_attempts is reached";
    }
    return "it cannot be asked";
}

ErrorKind kind_of(SkipReason reason) noexcept {
    return reason == SkipReason::window_too_small ? ErrorKind::context_length_exceeded
                                                  : ErrorKind::no_provider_available;
}

}  // namespace

std::shared_ptr<CallState> new_call(const CallOptions& options) {
    auto call = std::make_shared<CallState>();
    call->listen(options.events());
    call->max_attempts = options.max_total_attempts();
    return call;
}

std::shared_ptr<CallState> call_beside(std::shared_ptr<CallState> main) {
    auto call = std::make_shared<CallState>();
    call->events = main->events;
    call->call = main->call;
    call->numbered_by = main->numbered_by ? main->numbered_by : std::move(main);
    return call;
}

CallContext enter_call(const CallContext& outer, const CallDefaults& defaults, const Clock& clock) {
    CallContext context = outer;
    context.deadline = call_deadline(outer, defaults.total, clock);
    if (defaults.transform_context && !context.options.transform_context())
        context.options.transform_context(*defaults.transform_context);
    if (!context.call) context.call = new_call(outer.options);
    if (defaults.events) context.call->listen(*defaults.events);
    if (!context.call->max_attempts) context.call->max_attempts = defaults.max_total_attempts;
    return context;
}

ErrorInfo not_asked(const ModelSpec& model, const Refusal& why) {
    Attempt record;
    record.provider = model.provider_id;
    record.model = model.id;
    record.outcome = Attempt::Outcome::skipped;
    record.reason = why.reason;
    record.error =
        ErrorInfo(kind_of(why.reason), Phase::prepare, "not asked: " + std::string(words(why.reason)));
    record.error.provider = model.provider_id;
    record.error.model = model.id;
    record.error.context_window = model.context_window;
    if (why.retry_after.count() > 0)
        record.error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(why.retry_after);
    ErrorInfo error = record.error;
    error.kind = ErrorKind::no_provider_available;
    error.attempts = std::make_shared<const std::vector<Attempt>>(1, std::move(record));
    return error;
}

}  // namespace sluice
