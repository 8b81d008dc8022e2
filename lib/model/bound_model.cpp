#include <sluice/bound_model.hpp>

#include "model/attempt_scope.hpp"
#include "model/call_state.hpp"

#include <asio/this_coro.hpp>

#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// Why a real model may not be asked, although nobody above it has noticed.
std::optional<Refusal> hard_limit(const ModelSpec& spec, const CallContext& context) {
    if (!context.call->has_attempts_left()) return Refusal(SkipReason::attempts_spent);
    if (context.options.residency().empty()) return std::nullopt;
    Needs needs;
    needs.residency = context.options.residency();
    if (const std::optional<SkipReason> reason = unmet(spec, needs)) return Refusal(*reason);
    return std::nullopt;
}

// An attempt that somebody listens to.
asio::awaitable<Result<TokenStream>> open_watched(std::shared_ptr<const ModelTarget> target,
                                                  const Request& request, const CallContext& context,
                                                  std::uint32_t attempt) {
    auto scope = std::make_unique<AttemptScope>(target, context.call, context.purpose, attempt);
    Result<TokenStream> opened = co_await target->open(request, context);
    if (opened) {
        opened->watch(std::move(scope));
    } else {
        scope->on_open_failed(opened.error());
    }
    co_return opened;
}

asio::awaitable<Result<TokenStream>> refuse(ErrorInfo error) {
    co_return error;
}

// A leg of somebody who has made a context of his own.
asio::awaitable<Result<TokenStream>> open_apart(std::shared_ptr<const ModelTarget> target,
                                                const Request& request, const CallContext& outer) {
    CallContext context = outer;
    context.call = new_call(context.options);
    const BoundModel model(std::move(target));
    co_return co_await model.open(request, context);
}

// Free functions, so that a call holds the target itself and never the handle it was made on.
asio::awaitable<Result<TokenStream>> ask(std::shared_ptr<const ModelTarget> target, Request request,
                                         CallOptions options) {
    CallContext context;
    context.options = std::move(options);
    context.call = new_call(context.options);
    const BoundModel model(std::move(target));
    co_return co_await model.open(request, context);
}

asio::awaitable<TokenStream> open_or_throw(std::shared_ptr<const ModelTarget> target, Request request,
                                           CallOptions options) {
    Result<TokenStream> opened = co_await ask(std::move(target), std::move(request), std::move(options));
    co_return std::move(opened).value_or_throw();
}

asio::awaitable<AssistantMessage> generate_from(std::shared_ptr<const ModelTarget> target, Request request,
                                                CallOptions options) {
    TokenStream stream = co_await open_or_throw(std::move(target), std::move(request), std::move(options));
    co_return co_await stream.collect();
}

}  // namespace

CallOptions& CallOptions::total(std::chrono::milliseconds limit) & {
    total_ = limit;
    return *this;
}
CallOptions& CallOptions::transform_context(TransformContext hook) & {
    transform_context_ = std::move(hook);
    return *this;
}
CallOptions& CallOptions::events(AttemptEvents listener) & {
    events_ = std::move(listener);
    return *this;
}
CallOptions& CallOptions::max_total_attempts(std::uint32_t limit) & {
    if (limit == 0) throw std::invalid_argument("CallOptions::max_total_attempts: must be at least 1");
    max_total_attempts_ = limit;
    return *this;
}
CallOptions& CallOptions::residency(std::string tag) & {
    residency_.push_back(std::move(tag));
    return *this;
}
CallOptions& CallOptions::max_cost(PicoUsd limit) & {
    max_cost_ = limit;
    return *this;
}
CallOptions& CallOptions::conversation(std::string id) & {
    conversation_ = std::move(id);
    return *this;
}
CallOptions& CallOptions::native_body(NativeBody body) & {
    native_body_ = body.dialect.empty() ? nullptr : std::make_shared<const NativeBody>(std::move(body));
    return *this;
}

CallOptions& CallOptions::commit_on(CommitOn moment) & {
    commit_on_ = moment;
    return *this;
}

CallOptions& CallOptions::trace(TraceContext context) & {
    trace_ = std::make_shared<const TraceContext>(std::move(context));
    return *this;
}

const Clock& Provider::clock() const noexcept {
    static const std::shared_ptr<Clock> clock = system_clock();
    return *clock;
}

std::optional<Refusal> ModelTarget::refusal(const Needs& needs, TimePoint) const {
    if (const std::optional<SkipReason> reason = unmet(spec(), needs)) return Refusal(*reason);
    return std::nullopt;
}

Composition ModelTarget::composition() const {
    return Composition();
}

std::string_view to_string(ProbeKind kind) noexcept {
    switch (kind) {
        case ProbeKind::models:
            return "models";
        case ProbeKind::completion:
            return "completion";
        case ProbeKind::tcp:
            break;
    }
    return "tcp";
}

bool ModelTarget::can_probe(ProbeKind kind) const noexcept {
    return kind == ProbeKind::completion && !is_combinator();
}

BoundModel::BoundModel(std::shared_ptr<const ModelTarget> target) : target_(std::move(target)) {
    if (!target_) throw std::invalid_argument("a BoundModel needs a target");
}

asio::awaitable<Result<TokenStream>> BoundModel::open(const Request& request,
                                                      const CallContext& context) const {
    if (target_->is_combinator()) return target_->open(request, context);
    if (!context.call) return open_apart(target_, request, context);
    if (const std::optional<Refusal> refusal = hard_limit(spec(), context)) {
        context.call->emit(provider().clock(), spec(), LegSkipped{refusal->reason, refusal->retry_after},
                           context.purpose);
        return refuse(not_asked(spec(), *refusal));
    }
    const std::uint32_t attempt = context.call->next_attempt();
    if (context.call->events) return open_watched(target_, request, context, attempt);
    return target_->open(request, context);
}

asio::awaitable<TokenStream> BoundModel::stream(Request request) const {
    return open_or_throw(target_, std::move(request), CallOptions());
}
asio::awaitable<TokenStream> BoundModel::stream(Request request, CallOptions options) const {
    return open_or_throw(target_, std::move(request), std::move(options));
}
asio::awaitable<AssistantMessage> BoundModel::generate(Request request) const {
    return generate_from(target_, std::move(request), CallOptions());
}
asio::awaitable<AssistantMessage> BoundModel::generate(Request request, CallOptions options) const {
    return generate_from(target_, std::move(request), std::move(options));
}
asio::awaitable<Result<TokenStream>> BoundModel::try_stream(Request request) const {
    return ask(target_, std::move(request), CallOptions());
}
asio::awaitable<Result<TokenStream>> BoundModel::try_stream(Request request, CallOptions options) const {
    return ask(target_, std::move(request), std::move(options));
}

}  // namespace sluice
