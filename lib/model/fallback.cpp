// The gate. docs/gate.md states its contract; the numbers in the comments below are the points of that page.
#include <sluice/fallback.hpp>
#include <sluice/log.hpp>

#include "flow/failover.hpp"
#include "model/leg.hpp"
#include "net/bounded.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

constexpr auto kLastKind = static_cast<unsigned>(ErrorKind::content_filtered);

// An answer that was held back whole (CommitOn::complete), given out in one batch.
class HeldSource final : public TokenSource {
  public:
    HeldSource(std::vector<OwnedEvent> events, const TokenStream& from)
        : events_(std::move(events)),
          views_(events_.begin(), events_.end()),
          answerer_(from.answerer()),
          warnings_(from.warnings().begin(), from.warnings().end()),
          rate_limits_(from.rate_limits().begin(), from.rate_limits().end()),
          usage_(from.usage()) {}

    asio::awaitable<std::span<const StreamEvent>> next_batch() override {
        const std::span<const StreamEvent> batch =
            std::exchange(given_, true) ? std::span<const StreamEvent>() : views_;
        co_return batch;
    }
    asio::awaitable<void> close() override { co_return; }
    const Answerer& answerer() const noexcept override { return answerer_; }
    std::span<const std::string> warnings() const noexcept override { return warnings_; }
    std::span<const RateLimit> rate_limits() const noexcept override { return rate_limits_; }
    std::optional<Usage> usage() const noexcept override { return usage_; }

  private:
    std::vector<OwnedEvent> events_;
    std::vector<StreamEvent> views_;
    Answerer answerer_;
    std::vector<std::string> warnings_;
    std::vector<RateLimit> rate_limits_;
    std::optional<Usage> usage_;
    bool given_ = false;
};

class FallbackTarget final : public ModelTarget {
  public:
    FallbackTarget(std::vector<BoundModel> chain, FallbackOptions options)
        : chain_(std::move(chain)),
          options_(std::move(options)),
          hook_(std::make_shared<const FailoverHook>(std::move(options_.on_failover))) {
        if (chain_.empty())
            throw std::invalid_argument("FallbackBoundModel: the chain is empty; give it at least one model");
        if (options_.hook_limit.count() <= 0)
            throw std::invalid_argument("FallbackBoundModel: hook_limit must be positive");
    }

    const Provider& provider() const noexcept override { return chain_.front().provider(); }  // 8
    const ModelSpec& spec() const noexcept override { return chain_.front().spec(); }
    bool is_combinator() const noexcept override { return true; }

    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override;

  private:
    asio::awaitable<std::optional<TokenStream>> hold(TokenStream stream, LegFailure& failure) const;
    asio::awaitable<void> report(const BoundModel& failed, const BoundModel* next, std::size_t position,
                                 const Attempt& record) const;
    std::vector<std::optional<Tokens>> windows() const;
    Attempt skipped(std::size_t leg, const ErrorInfo& cause) const;

    std::vector<BoundModel> chain_;
    FallbackOptions options_;
    std::shared_ptr<const FailoverHook> hook_;  // shared with a hook that outlives its limit
};

asio::awaitable<void> call_hook(std::shared_ptr<const FailoverHook> hook,
                                std::shared_ptr<const Failover> what) {
    co_await hook->async()(*what);
}

void log_swallowed(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const std::exception& error) {
        log(LogLevel::error, std::string("on_failover threw, and was ignored: ") + error.what());
    } catch (...) {
        log(LogLevel::error, "on_failover threw something that is no std::exception, and was ignored");
    }
}

asio::awaitable<Result<TokenStream>> FallbackTarget::open(const Request& request,
                                                          const CallContext& outer) const {
    const Clock& clock = *options_.runtime.clock;
    CallDefaults defaults;
    defaults.total = options_.total;
    defaults.transform_context = &options_.transform_context;
    const CallContext context = enter_call(outer, defaults, clock);

    const TriggerSet triggers = options_.trigger_errors;
    flow::FailoverMachine machine(windows(), [triggers](ErrorKind kind) { return triggers.contains(kind); });
    std::vector<Attempt> attempts;
    for (flow::FailoverMachine::Step step = machine.first();;) {
        const BoundModel& leg = chain_[step.leg];
        const TimePoint started = clock.now();
        LegFailure failure;
        std::optional<TokenStream> stream = co_await try_leg(leg, request, context, failure);
        if (stream && options_.commit_on == CommitOn::complete) {
            std::optional<TokenStream> held = co_await hold(std::move(*stream), failure);
            stream = std::move(held);
        }
        if (stream) {
            if (!attempts.empty()) stream->prepend_attempts(std::move(attempts));
            co_return std::move(*stream);  // 6: the leg's own stream, moved
        }

        const std::size_t position = step.leg;
        step = machine.on_failed(failure.error);
        Attempt record = record_of(leg.spec(), failure, clock.now() - started);

        const bool propagates = step.action == flow::FailoverMachine::Action::propagate;
        const bool goes_on =
            step.action == flow::FailoverMachine::Action::try_leg && !budget_is_spent(failure.error);
        if (!propagates) {
            const BoundModel* next = goes_on ? &chain_[step.leg] : nullptr;
            co_await report(leg, next, position, record);  // 5
        }
        ErrorInfo error = failure.error;
        append_attempts(attempts, std::move(failure), std::move(record));
        for (const std::size_t passed_over : machine.skipped())
            attempts.push_back(skipped(passed_over, error));  // 10
        if (goes_on) continue;

        if (!propagates && !budget_is_spent(error)) error = exhausted(attempts);  // 3, 9
        co_return with_attempts(std::move(error), std::move(attempts));
    }
}

asio::awaitable<std::optional<TokenStream>> FallbackTarget::hold(TokenStream stream,
                                                                 LegFailure& failure) const {
    std::vector<OwnedEvent> events;
    std::size_t bytes = 0;
    bool failed = false;
    for (;;) {
        const std::span<const StreamEvent> batch = co_await stream.next_batch();
        if (batch.empty()) break;
        for (const StreamEvent& event : batch)
            bytes += events.emplace_back(event).size();
        if (const Failure* mid_stream = batch.back().as<Failure>()) {
            failure.error = mid_stream->error();
            failed = true;
        } else if (bytes > options_.max_held_bytes) {
            failure.error = ErrorInfo(
                ErrorKind::provider_unavailable, Phase::stream,
                "the answer is larger than FallbackOptions::max_held_bytes; raise it, or commit on the "
                "first event");
            failure.error.provider = stream.answerer().provider_id;
            failure.error.model = stream.answerer().model_id;
            failed = true;
        }
        if (failed) break;
    }
    if (failed) {
        failure.usage = stream.usage();
        failure.earlier.assign(stream.attempts().begin(), stream.attempts().end());
        co_await stream.close();
        co_return std::nullopt;
    }
    auto held = std::make_unique<HeldSource>(std::move(events), stream);
    TokenStream whole(std::move(held));
    whole.prepend_attempts(std::vector<Attempt>(stream.attempts().begin(), stream.attempts().end()));
    co_return std::move(whole);
}

asio::awaitable<void> FallbackTarget::report(const BoundModel& failed, const BoundModel* next,
                                             std::size_t position, const Attempt& record) const {
    const auto name = [](const ModelSpec& spec) { return spec.provider_id + "/" + spec.id; };
    log(LogLevel::warning, "provider failover: " + name(failed.spec()) + " \u2192 " +
                               (next ? name(next->spec()) : "none") + " (" +
                               std::string(class_name(record.error.kind)) + ", leg " +
                               std::to_string(position + 1) + " of " + std::to_string(chain_.size()) + ")");
    if (!*hook_) co_return;

    const auto what = std::make_shared<Failover>();
    what->failed = failed.spec();
    if (next) what->next = next->spec();
    what->error = record.error;
    what->attempt = position;
    what->record = record;
    if (hook_->plain()) {
        try {
            hook_->plain()(*what);
        } catch (...) {
            log_swallowed(std::current_exception());
        }
        co_return;
    }
    asio::awaitable<void> call = call_hook(hook_, what);
    const net::BoundedOutcome outcome =
        co_await net::run_bounded(std::move(call), options_.runtime.clock, options_.hook_limit);
    if (outcome.end == net::BoundedEnd::threw) log_swallowed(outcome.thrown);
    if (outcome.end == net::BoundedEnd::timed_out)
        log(LogLevel::warning, "on_failover took longer than hook_limit, and was cancelled");
}

std::vector<std::optional<Tokens>> FallbackTarget::windows() const {
    std::vector<std::optional<Tokens>> windows;
    windows.reserve(chain_.size());
    for (const BoundModel& leg : chain_)
        windows.push_back(leg.spec().context_window);
    return windows;
}

Attempt FallbackTarget::skipped(std::size_t leg, const ErrorInfo& cause) const {
    Attempt record;
    record.provider = chain_[leg].spec().provider_id;
    record.model = chain_[leg].spec().id;
    record.outcome = Attempt::Outcome::skipped;
    record.error = ErrorInfo(cause.kind, Phase::prepare,
                             "not asked: its context window is no larger than the one that was too small");
    record.error.provider = record.provider;
    record.error.model = record.model;
    record.error.tokens_in = cause.tokens_in;
    record.error.context_window = chain_[leg].spec().context_window;
    return record;
}

}  // namespace

TriggerSet::TriggerSet(std::initializer_list<ErrorKind> kinds) {
    for (unsigned kind = 0; kind <= kLastKind; ++kind) {
        const auto is_in = [kind](ErrorKind member) { return is_a(static_cast<ErrorKind>(kind), member); };
        if (std::any_of(kinds.begin(), kinds.end(), is_in)) bits_ |= 1U << kind;
    }
}

namespace triggers {

TriggerSet standard() {
    return {ErrorKind::rate_limited, ErrorKind::provider_unavailable, ErrorKind::context_length_exceeded};
}
TriggerSet with_auth() {
    return {ErrorKind::rate_limited, ErrorKind::provider_unavailable, ErrorKind::context_length_exceeded,
            ErrorKind::provider_auth_failed};
}
TriggerSet any_error() {
    return {ErrorKind::provider_error};
}

}  // namespace triggers

FallbackBoundModel::FallbackBoundModel(std::vector<BoundModel> chain, FallbackOptions options)
    : BoundModel(std::make_shared<FallbackTarget>(std::move(chain), std::move(options))) {}

}  // namespace sluice
