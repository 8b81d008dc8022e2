#include "testing/simulation/guards.hpp"

#include <utility>

namespace sluice::testing::simulation {

using namespace std::chrono_literals;

namespace {

std::string name_of(const ModelSpec& model) {
    return model.provider_id + "/" + model.id;
}

BreakerOptions draw_breakers(Dice& dice, const Runtime& runtime, const AttemptEvents& events) {
    BreakerOptions options;
    options.runtime = runtime;
    options.events = events;
    options.failures = static_cast<std::uint32_t>(dice.below(6));
    options.failure_ratio = options.failures == 0 ? 0.5 : dice.pick({0.0, 0.3, 0.5});
    options.window = dice.time(1s, 60s);
    options.min_requests = static_cast<std::uint32_t>(dice.between(1, 10));
    options.open_for = dice.time(10ms, 20s);
    options.factor = dice.pick({1.0, 2.0});
    options.max_open_for = options.open_for + dice.time(0ms, 2min);
    options.probes = static_cast<std::uint32_t>(dice.between(1, 2));
    options.successes_to_close = static_cast<std::uint32_t>(dice.between(1, 2));
    options.auth_open_for = dice.time(1s, 10min);
    options.quota_open_for = dice.time(1s, 10min);
    return options;
}

HealthCheckOptions draw_checks(Dice& dice, const Runtime& runtime, const AttemptEvents& events) {
    HealthCheckOptions options;
    options.runtime = runtime;
    options.events = events;
    options.target.kind = dice.pick({ProbeKind::models, ProbeKind::completion, ProbeKind::tcp});
    options.target.interval = dice.time(2s, 60s);
    options.target.timeout = dice.time(50ms, 10s);
    options.target.unhealthy_threshold = static_cast<std::uint32_t>(dice.between(1, 3));
    options.target.healthy_threshold = static_cast<std::uint32_t>(dice.between(1, 3));
    return options;
}

}  // namespace

/// The innermost: sees what the guards let through, and in which name.
class Guards::Spy final : public ModelTarget {
  public:
    Spy(BoundModel inner, std::shared_ptr<bool> last_resort)
        : inner_(std::move(inner)), last_resort_(std::move(last_resort)) {}
    const Provider& provider() const noexcept override { return inner_.provider(); }
    const ModelSpec& spec() const noexcept override { return inner_.spec(); }
    bool is_combinator() const noexcept override { return true; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        *last_resort_ = context.last_resort;
        return inner_.open(request, context);
    }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        return inner_.target()->refusal(needs, now);
    }
    Composition composition() const override {
        Composition one;
        one.kind = "spy";
        one.order = Composition::Order::one;
        one.parts.push_back(inner_);
        return one;
    }
    bool can_probe(ProbeKind kind) const noexcept override { return inner_.target()->can_probe(kind); }
    asio::awaitable<Result<void>> probe(ProbeKind kind, TimePoint deadline,
                                        const AttemptEvents& events) const override {
        return inner_.target()->probe(kind, deadline, events);
    }

  private:
    BoundModel inner_;
    std::shared_ptr<bool> last_resort_;
};

Guards::Guards(Dice& dice, const asio::any_io_executor& executor, const Runtime& runtime,
               AttemptEvents events)
    : last_resort_(std::make_shared<bool>(false)) {
    if (dice.chance(30)) breakers_.emplace(draw_breakers(dice, runtime, events));
    if (dice.chance(10))
        checks_ = std::make_unique<HealthChecks>(executor, draw_checks(dice, runtime, events));
}

BoundModel Guards::around(Dice& dice, BoundModel leaf, std::string& text) {
    if (!breakers_ && !checks_) return leaf;
    BoundModel guarded(std::make_shared<const Spy>(std::move(leaf), last_resort_));
    if (breakers_) {
        guarded = BreakerBoundModel(guarded, *breakers_);
        text = "guard(" + text + ")";
    }
    if (checks_ && dice.chance(80)) {
        guarded = HealthCheckedBoundModel(guarded, *checks_);
        text = "checked(" + text + ")";
        ++watched_;
    }
    return guarded;
}

void Guards::on_event(const AttemptEvent& event) {
    if (const auto* changed = event.as<BreakerChanged>()) {
        Domain& domain = domains_[std::string(changed->domain)];
        if (domain.state == BreakerState::open && changed->to == BreakerState::half_open &&
            event.at < domain.until)
            complaints_.push_back("breaker: " + std::string(changed->domain) + " turned half-open too early");
        domain.state = changed->to;
        domain.until = event.at + changed->open_for;
    }
    if (event.as<TargetDown>()) down_[name_of(event.model)] = event.at;
    if (event.as<TargetRecovered>()) down_.erase(name_of(event.model));
}

std::string Guards::objection(const ModelSpec& model, TimePoint now) const {
    if (*last_resort_) return {};
    const std::string name = name_of(model);
    if (down_.find(name) != down_.end()) return "unhealthy: " + name + " was asked while it is down";
    for (const std::string& domain : {model.provider_id, name}) {
        const auto at = domains_.find(domain);
        if (at == domains_.end() || at->second.state != BreakerState::open) continue;
        if (now < at->second.until) return "breaker: " + name + " was asked while " + domain + " is open";
        return "breaker: " + name + " was asked, and its open breaker " + domain + " did not turn half-open";
    }
    return {};
}

}  // namespace sluice::testing::simulation
