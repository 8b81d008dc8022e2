#include <sluice/health.hpp>

#include "model/call_state.hpp"
#include "model/health_registry.hpp"

#include <utility>

namespace sluice {
namespace {

// Learns from a request that it was answered. How it goes on is not the health check's business.
class AnswerWatch final : public StreamWatch {
  public:
    explicit AnswerWatch(std::shared_ptr<TargetHealth> health) : health_(std::move(health)) {}
    void on_first_event() noexcept override { health_->on_answer(); }
    void on_end(const StreamEvent&, const std::optional<Usage>&) noexcept override {}
    void on_abandoned(const std::optional<Usage>&) noexcept override {}

  private:
    std::shared_ptr<TargetHealth> health_;
};

std::string describe(const HealthSettings& settings) {
    return "every " + std::to_string(settings.interval.count()) + " ms, down after " +
           std::to_string(settings.unhealthy_threshold) + " failures, back after " +
           std::to_string(settings.healthy_threshold) + " successes";
}

class HealthCheckedTarget final : public ModelTarget {
  public:
    HealthCheckedTarget(BoundModel model, std::shared_ptr<TargetHealth> health, std::shared_ptr<Clock> clock)
        : model_(std::move(model)), health_(std::move(health)), clock_(std::move(clock)) {}

    const Provider& provider() const noexcept override { return model_.provider(); }
    const ModelSpec& spec() const noexcept override { return model_.spec(); }
    bool is_combinator() const noexcept override { return true; }

    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& outer) const override {
        return outer.call ? pass(request, outer) : enter_and_pass(request, outer);
    }

    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        // What will be true tomorrow as well says more.
        std::optional<Refusal> own = model_.target()->refusal(needs, now);
        if (own && is_for_ever(own->reason)) return own;
        std::optional<Refusal> down = health_->refusal(now);
        return down ? down : own;
    }
    Composition composition() const override {
        Composition one;
        one.kind = "health_checked";
        one.settings = describe(health_->settings());
        one.order = Composition::Order::one;
        one.parts.push_back(model_);
        return one;
    }

  private:
    asio::awaitable<Result<TokenStream>> pass(const Request& request, const CallContext& context) const;
    asio::awaitable<Result<TokenStream>> enter_and_pass(const Request& request,
                                                        const CallContext& outer) const;

    const BoundModel model_;
    const std::shared_ptr<TargetHealth> health_;
    const std::shared_ptr<Clock> clock_;
};

asio::awaitable<Result<TokenStream>> HealthCheckedTarget::pass(const Request& request,
                                                               const CallContext& context) const {
    if (!context.last_resort) {
        if (const std::optional<Refusal> down = health_->refusal(clock_->now())) {
            context.call->emit(*clock_, spec(), LegSkipped{down->reason, down->retry_after}, context.purpose);
            co_return not_asked(spec(), *down);
        }
    }
    Result<TokenStream> opened = co_await model_.open(request, context);
    if (opened) opened->watch(std::make_unique<AnswerWatch>(health_));
    co_return opened;
}

// For one who asks without a call of his own: a context is copied only here.
asio::awaitable<Result<TokenStream>> HealthCheckedTarget::enter_and_pass(const Request& request,
                                                                         const CallContext& outer) const {
    const CallDefaults none;
    const CallContext context = enter_call(outer, none, *clock_);
    co_return co_await pass(request, context);
}

}  // namespace

HealthCheckedBoundModel::HealthCheckedBoundModel(const BoundModel& model, HealthChecks& checks)
    : HealthCheckedBoundModel(model, model, checks) {}
HealthCheckedBoundModel::HealthCheckedBoundModel(const BoundModel& model, const BoundModel& watched,
                                                 HealthChecks& checks)
    : BoundModel(std::make_shared<HealthCheckedTarget>(model, checks.state_->watch(watched, nullptr),
                                                       checks.state_->options.runtime.clock)) {}

}  // namespace sluice
