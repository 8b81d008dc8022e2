#include <sluice/retry.hpp>

#include "flow/retry.hpp"
#include "model/call_state.hpp"
#include "model/leg.hpp"
#include "model/words.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice {
namespace {

flow::RetryRules rules_of(const RetryOptions& options) {
    const auto demand = [](bool holds, const char* what) {
        if (!holds) throw std::invalid_argument(std::string("RetryBoundModel: ") + what);
    };
    demand(options.attempts >= 1 && options.attempts <= 1000,
           "attempts counts the first try too: it must be between 1 and 1000");
    demand(options.base.count() >= 0, "base must not be negative");
    demand(options.factor >= 1 && options.factor <= 1000, "factor must be between 1 and 1000");
    demand(options.cap >= options.base, "cap must be at least base");
    demand(options.cap <= std::chrono::hours(24), "cap must be at most 24 hours");
    demand(options.max_retry_after.count() >= 0 && options.max_retry_after <= std::chrono::hours(24),
           "max_retry_after must be between 0 and 24 hours");
    flow::RetryRules rules;
    rules.attempts = options.attempts;
    rules.base = options.base;
    rules.factor = options.factor;
    rules.cap = options.cap;
    rules.jitter = options.jitter;
    rules.max_retry_after = options.max_retry_after;
    rules.wait_when_refused = options.wait_when_refused;
    return rules;
}

class RetryTarget final : public ModelTarget {
  public:
    RetryTarget(BoundModel model, RetryOptions options)
        : model_(std::move(model)), options_(std::move(options)), rules_(rules_of(options_)) {}

    const Provider& provider() const noexcept override { return model_.provider(); }
    const ModelSpec& spec() const noexcept override { return model_.spec(); }
    bool is_combinator() const noexcept override { return true; }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        return model_.target()->refusal(needs, now);
    }
    Composition composition() const override;

    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        const bool is_entered = outer.deadline != kNever || !outer.options.total();
        if (!outer.call || !is_entered) return enter_and_try(request, outer);
        outer.call->listen(options_.events);
        return try_until(request, outer);
    }

  private:
    asio::awaitable<Result<TokenStream>> try_until(const Request& request, const CallContext& context) const;
    asio::awaitable<Result<TokenStream>> enter_and_try(const Request& request,
                                                       const CallContext& outer) const;

    BoundModel model_;
    RetryOptions options_;
    flow::RetryRules rules_;
};

// For the outermost one: a context is copied only where there is something to set.
asio::awaitable<Result<TokenStream>> RetryTarget::enter_and_try(const Request& request,
                                                                const CallContext& outer) const {
    CallDefaults defaults;
    defaults.events = &options_.events;
    const CallContext context = enter_call(outer, defaults, *options_.runtime.clock);
    co_return co_await try_until(request, context);
}

asio::awaitable<Result<TokenStream>> RetryTarget::try_until(const Request& request,
                                                            const CallContext& context) const {
    Clock& clock = *options_.runtime.clock;
    const TimePoint limit = std::min(context.deadline, context.first_event_deadline);

    flow::RetryMachine machine(rules_);
    std::vector<Attempt> attempts;
    std::optional<ErrorInfo> error;  // of the last try that was really made
    for (;;) {
        const TimePoint started = clock.now();
        // Not try_leg(): a coroutine more is what every request would pay for.
        Result<TokenStream> opened = co_await model_.open(request, context);
        if (opened && !opened->peeked()) co_await opened->peek();
        std::optional<LegFailure> failure = failure_of(opened);
        if (!failure) {
            if (!attempts.empty()) opened->prepend_attempts(std::move(attempts));
            co_return opened;
        }
        if (opened) co_await opened->close();
        const TimePoint now = clock.now();
        const std::optional<Duration> wait =
            context.call->has_attempts_left()
                ? machine.on_failed(failure->error, now, limit, options_.runtime.entropy->next())
                : std::nullopt;
        // A refusal says nothing about why the request failed, if it was made at all.
        const bool refused = failure->error.kind == ErrorKind::no_provider_available;
        if (attempts.empty() || !refused) error = failure->error;
        Attempt record = record_of(model_.spec(), *failure, now - started);
        append_attempts(attempts, std::move(*failure), std::move(record));
        if (!wait) co_return with_attempts(std::move(*error), std::move(attempts));

        context.call->emit(clock, model_.spec(), BackingOff{*error, *wait}, context.purpose);
        co_await sleep_for(clock, *wait);
    }
}

Composition RetryTarget::composition() const {
    Composition made;
    made.kind = "retry";
    made.settings = std::to_string(options_.attempts) + (options_.attempts == 1 ? " try" : " tries");
    if (options_.attempts > 1) {
        made.settings += ", backoff " + in_words(options_.base) + " x" + in_words(options_.factor) +
                         " up to " + in_words(options_.cap) + ", Retry-After up to " +
                         in_words(options_.max_retry_after);
    }
    made.order = Composition::Order::one;
    made.parts.push_back(model_);
    made.tries = options_.attempts;
    made.waits = flow::longest_waits(rules_);
    return made;
}

}  // namespace

RetryBoundModel::RetryBoundModel(BoundModel model, RetryOptions options)
    : BoundModel(std::make_shared<RetryTarget>(std::move(model), std::move(options))) {}

}  // namespace sluice
