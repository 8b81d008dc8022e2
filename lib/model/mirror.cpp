#include <sluice/log.hpp>
#include <sluice/mirror.hpp>

#include "flow/mirror.hpp"
#include "model/mirror_run.hpp"
#include "model/words.hpp"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct MirrorBoundModel::Shared {
    Shared(BoundModel primary, BoundModel secondary, MirrorOptions options)
        : field(std::make_shared<const MirrorField>(std::move(primary), std::move(secondary),
                                                    std::move(options))),
          mirrors(field->options.max_running) {}
    class Target;
    std::shared_ptr<const MirrorField> field;
    net::TaskGroup mirrors;
};

namespace {

std::string name(const ModelSpec& spec) {
    return spec.provider_id + "/" + spec.id;
}

CallContext entered(const MirrorField& field, const CallContext& outer) {
    CallDefaults defaults;
    defaults.total = field.options.total;
    defaults.transform_context = &field.options.transform_context;
    defaults.events = &field.options.events;
    return enter_call(outer, defaults, field.clock());
}

/// The caller may go while the primary is still asked.
class UntilTheVerdict {
  public:
    explicit UntilTheVerdict(MirrorRun& run) noexcept : run_(run) {}
    UntilTheVerdict(const UntilTheVerdict&) = delete;
    UntilTheVerdict& operator=(const UntilTheVerdict&) = delete;
    ~UntilTheVerdict() { run_.on_primary_abandoned(); }

  private:
    MirrorRun& run_;
};

/// The mirror of this request, under way; null when there is none.
std::shared_ptr<MirrorRun> start_mirror(const std::shared_ptr<const MirrorField>& field,
                                        net::TaskGroup& mirrors, const asio::any_io_executor& executor,
                                        const Request& request, const CallContext& context) {
    const MirrorOptions& options = field->options;
    const bool is_for_the_caller = context.purpose == Purpose::answer || context.purpose == Purpose::hedge;
    if (!is_for_the_caller || options.sample_rate <= 0) return nullptr;
    if (!flow::is_drawn(options.sample_rate, options.runtime.entropy->next())) return nullptr;
    const Needs& needs = context.call->needs(request, context.options);
    const ModelSpec& spec = field->secondary.spec();
    if (const auto why = field->secondary.target()->refusal(needs, field->clock().now())) {
        context.call->emit(field->clock(), spec, LegSkipped{why->reason, why->retry_after}, Purpose::mirror);
        return nullptr;
    }
    if (mirrors.running() >= options.max_running) return nullptr;
    auto run = std::make_shared<MirrorRun>(field, executor, request, context);
    if (!run->start(mirrors)) return nullptr;
    return run;
}

// Both failed, or the secondary was stopped.
ErrorInfo error_of_both(const MirrorField& field, MirrorRun& run, const ErrorInfo& primary,
                        std::vector<Attempt> attempts) {
    if (!run.secondary_failure()) return with_attempts(primary, std::move(attempts));
    LegFailure failure = std::move(*run.secondary_failure());
    Attempt record = record_of(field.secondary.spec(), failure, field.clock().now() - run.started());
    append_attempts(attempts, std::move(failure), std::move(record));
    ErrorInfo error = exhausted(attempts);
    return with_attempts(std::move(error), std::move(attempts));
}

asio::awaitable<Result<TokenStream>> open_mirrored(std::shared_ptr<const MirrorField> field,
                                                   std::shared_ptr<MirrorRun> run, const Request& request,
                                                   const CallContext& context) {
    const UntilTheVerdict until_the_verdict(*run);
    std::optional<LegFailure> failure;
    std::optional<TokenStream> stream = co_await try_leg(field->primary, request, context, failure);
    if (stream) {
        run->on_primary_answers(*stream);
        co_return std::move(*stream);
    }
    const ErrorInfo error = failure->error;
    const bool is_wanted = field->options.serve_from_secondary && !budget_is_spent(error);
    run->on_primary_failed(*failure, is_wanted);
    Attempt record = record_of(field->primary.spec(), *failure, field->clock().now() - run->started());
    std::vector<Attempt> attempts;
    append_attempts(attempts, std::move(*failure), std::move(record));
    if (!is_wanted) co_return with_attempts(error, std::move(attempts));

    const ModelSpec& next = field->secondary.spec();
    log(LogLevel::warning, "provider failover: " + name(field->primary.spec()) + " \u2192 " + name(next) +
                               " (" + std::string(class_name(error.kind)) + ", to its mirror)");
    context.call->emit(field->clock(), field->primary.spec(), FailedOver{error, next}, context.purpose);
    std::optional<TokenStream> mirrored = co_await MirrorRun::take(run);
    if (!mirrored) co_return error_of_both(*field, *run, error, std::move(attempts));
    mirrored->prepend_attempts(std::move(attempts));
    co_return std::move(*mirrored);
}

bool same_tools(const MirrorAnswer& a, const MirrorAnswer& b) {
    return std::equal(a.tool_calls.begin(), a.tool_calls.end(), b.tool_calls.begin(), b.tool_calls.end(),
                      [](const MirrorAnswer::ToolCall& x, const MirrorAnswer::ToolCall& y) {
                          return x.name == y.name && flow::same_json(x.arguments, y.arguments);
                      });
}

}  // namespace

class MirrorBoundModel::Shared::Target final : public ModelTarget {
  public:
    explicit Target(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    const Provider& provider() const noexcept override { return field().primary.provider(); }
    const ModelSpec& spec() const noexcept override { return field().primary.spec(); }
    bool is_combinator() const noexcept override { return true; }

    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        return open(shared_, request, outer);
    }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        return field().primary.target()->refusal(needs, now);
    }
    Composition composition() const override {
        const MirrorOptions& options = field().options;
        Composition made;
        made.kind = "mirror";
        made.settings = in_words(options.sample_rate * 100) + " % go to the second one too, for at most " +
                        in_words(options.secondary_total);
        made.order = Composition::Order::together;
        made.parts = {field().primary, field().secondary};
        if (options.total.count() > 0) made.total = options.total;
        return made;
    }

  private:
    static asio::awaitable<Result<TokenStream>> open(std::shared_ptr<Shared> shared, const Request& request,
                                                     const CallContext& outer);
    const MirrorField& field() const noexcept { return *shared_->field; }

    std::shared_ptr<Shared> shared_;
};

asio::awaitable<Result<TokenStream>> MirrorBoundModel::Shared::Target::open(std::shared_ptr<Shared> shared,
                                                                            const Request& request,
                                                                            const CallContext& outer) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const CallContext context = entered(*shared->field, outer);
    std::shared_ptr<MirrorRun> run = start_mirror(shared->field, shared->mirrors, executor, request, context);
    if (!run) co_return co_await shared->field->primary.open(request, context);
    co_return co_await open_mirrored(shared->field, std::move(run), request, context);
}

namespace compare {

bool exact_text(const MirrorAnswer& primary, const MirrorAnswer& secondary) {
    return primary.text == secondary.text && same_tools(primary, secondary);
}
bool same_words(const MirrorAnswer& primary, const MirrorAnswer& secondary) {
    return flow::same_words(primary.text, secondary.text) && same_tools(primary, secondary);
}
bool same_json(const MirrorAnswer& primary, const MirrorAnswer& secondary) {
    return flow::same_json(primary.text, secondary.text) && same_tools(primary, secondary);
}

}  // namespace compare

MirrorBoundModel::MirrorBoundModel(BoundModel primary, BoundModel secondary, MirrorOptions options)
    : MirrorBoundModel(
          std::make_shared<Shared>(std::move(primary), std::move(secondary), std::move(options))) {}

MirrorBoundModel::MirrorBoundModel(std::shared_ptr<Shared> shared)
    : BoundModel(std::make_shared<Shared::Target>(shared)), shared_(std::move(shared)) {}

std::size_t MirrorBoundModel::running() const {
    return shared_->mirrors.running();
}

asio::awaitable<void> MirrorBoundModel::wait() const {
    return shared_->mirrors.wait();
}

asio::awaitable<void> MirrorBoundModel::stop() const {
    return shared_->mirrors.stop();
}

}  // namespace sluice
