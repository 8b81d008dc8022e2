#include <sluice/breaker.hpp>

#include "model/breaker_registry.hpp"
#include "model/call_state.hpp"
#include "model/words.hpp"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// One request on its way through: tells the breakers how it went, whoever ends it, exactly once.
class BreakerWatch final : public StreamWatch {
  public:
    explicit BreakerWatch(std::shared_ptr<const BreakerGate> gate) noexcept : gate_(std::move(gate)) {}
    BreakerWatch(const BreakerWatch&) = delete;
    BreakerWatch& operator=(const BreakerWatch&) = delete;
    ~BreakerWatch() override { end_neutrally(); }

    std::optional<Duration> enter(bool last_resort) {
        const std::optional<Duration> wait = gate_->enter(last_resort, passage_);
        is_inside_ = !wait;
        return wait;
    }
    void on_open_failed(const ErrorInfo& error) noexcept {
        if (std::exchange(is_inside_, false)) gate_->on_failed(passage_, error);
    }

    void on_first_event() noexcept override {
        if (is_inside_) gate_->on_begun(passage_);
    }
    void on_end(const StreamEvent& terminal, const std::optional<Usage>&) noexcept override {
        if (const Failure* failure = terminal.as<Failure>()) return on_open_failed(failure->error());
        if (std::exchange(is_inside_, false)) gate_->on_finished(passage_);
    }
    void on_abandoned(const std::optional<Usage>&) noexcept override { end_neutrally(); }

  private:
    void end_neutrally() noexcept {
        if (std::exchange(is_inside_, false)) gate_->on_neutral(passage_);
    }

    std::shared_ptr<const BreakerGate> gate_;
    BreakerGate::Passage passage_;
    bool is_inside_ = false;
};

class BreakerTarget final : public ModelTarget {
  public:
    BreakerTarget(BoundModel model, std::shared_ptr<BreakerRegistry> registry)
        : model_(std::move(model)),
          options_(registry->options()),
          gate_(std::make_shared<const BreakerGate>(std::move(registry), model_.provider().id(),
                                                    model_.spec())) {}

    const Provider& provider() const noexcept override { return model_.provider(); }
    const ModelSpec& spec() const noexcept override { return model_.spec(); }
    bool is_combinator() const noexcept override { return true; }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override;
    Composition composition() const override;

    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        return outer.call ? pass(request, outer) : enter_and_pass(request, outer);
    }

  private:
    asio::awaitable<Result<TokenStream>> pass(const Request& request, const CallContext& context) const;
    asio::awaitable<Result<TokenStream>> enter_and_pass(const Request& request,
                                                        const CallContext& outer) const;

    BoundModel model_;
    BreakerOptions options_;
    std::shared_ptr<const BreakerGate> gate_;
};

asio::awaitable<Result<TokenStream>> BreakerTarget::pass(const Request& request,
                                                         const CallContext& context) const {
    auto watch = std::make_unique<BreakerWatch>(gate_);
    if (const std::optional<Duration> wait = watch->enter(context.last_resort)) {
        context.call->emit(*options_.runtime.clock, spec(), LegSkipped{SkipReason::breaker_open, *wait},
                           context.purpose);
        co_return not_asked(spec(), Refusal(SkipReason::breaker_open, *wait));
    }
    Result<TokenStream> opened = co_await model_.open(request, context);
    if (opened) {
        opened->watch(std::move(watch));
    } else {
        watch->on_open_failed(opened.error());
    }
    co_return opened;
}

// For one who asks without a call of his own: a context is copied only here.
asio::awaitable<Result<TokenStream>> BreakerTarget::enter_and_pass(const Request& request,
                                                                   const CallContext& outer) const {
    const CallDefaults none;
    const CallContext context = enter_call(outer, none, *options_.runtime.clock);
    co_return co_await pass(request, context);
}

std::optional<Refusal> BreakerTarget::refusal(const Needs& needs, TimePoint now) const {
    const std::optional<Refusal> inner = model_.target()->refusal(needs, now);
    // What can never serve the request must not look like something that is only resting.
    if (inner && is_for_ever(inner->reason)) return inner;
    if (const std::optional<Duration> wait = gate_->refusal(now))
        return Refusal(SkipReason::breaker_open, *wait);
    return inner;
}

Composition BreakerTarget::composition() const {
    Composition made;
    made.kind = "breaker";
    if (options_.failures > 0) made.settings = std::to_string(options_.failures) + " failures in a row";
    if (options_.failure_ratio > 0) {
        if (!made.settings.empty()) made.settings += " or ";
        made.settings += in_words(options_.failure_ratio * 100) + " % of " +
                         std::to_string(options_.min_requests) + " or more in " + in_words(options_.window);
    }
    made.settings += " open it for " + in_words(options_.open_for) + " x" + in_words(options_.factor) +
                     " up to " + in_words(options_.max_open_for);
    made.order = Composition::Order::one;
    made.parts.push_back(model_);
    return made;
}

}  // namespace

Breakers::Breakers(BreakerOptions options)
    : registry_(std::make_shared<BreakerRegistry>(std::move(options))) {}

std::vector<BreakerStatus> Breakers::snapshot() const {
    return registry_->snapshot();
}

std::optional<BreakerStatus> Breakers::state(std::string_view domain) const {
    std::vector<BreakerStatus> all = registry_->snapshot();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [domain](const BreakerStatus& one) { return one.domain == domain; });
    if (found == all.end()) return std::nullopt;
    return std::move(*found);
}

BreakerBoundModel::BreakerBoundModel(BoundModel model, const Breakers& breakers)
    : BoundModel(std::make_shared<BreakerTarget>(std::move(model), breakers.registry_)) {}

}  // namespace sluice
