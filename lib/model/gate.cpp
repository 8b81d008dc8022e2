#include "model/gate.hpp"

#include "model/failover_hook.hpp"
#include "model/gate_run.hpp"
#include "model/held_answer.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

void require(bool holds, std::string_view owner, const char* advice) {
    if (!holds) throw std::invalid_argument(std::string(owner) + ": " + advice);
}

std::string settings_of(const FallbackOptions& options) {
    std::string text = options.commit_on == CommitOn::complete ? "commits on the complete answer"
                                                               : "commits on the first event";
    text += options.split == BudgetSplit::even ? ", budget split evenly" : ", budget not split";
    if (options.max_fallbacks) text += ", at most " + std::to_string(*options.max_fallbacks) + " fallbacks";
    if (!options.last_resort) text += ", no last resort";
    if (options.stickiness.by == Stickiness::By::chain) text += ", sticky by chain";
    if (options.stickiness.by == Stickiness::By::conversation) text += ", sticky by conversation";
    return text;
}

}  // namespace

Gate::Memory::Memory(std::size_t legs, const Stickiness& options)
    : failures_in_a_row(legs),
      sticky(options.time, options.by == Stickiness::By::conversation ? options.max_conversations : 1) {}

Gate::Gate(std::vector<BoundModel> legs, FallbackOptions options, GateShape shape,
           std::shared_ptr<LegChooser> chooser)
    : legs_(std::move(legs)),
      options_(std::move(options)),
      shape_(std::move(shape)),
      chooser_(std::move(chooser)),
      hook_(std::make_shared<const FailoverHook>(std::move(options_.on_failover))) {
    require(!legs_.empty(), shape_.owner, "the list is empty; give it at least one model");
    require(options_.hook_limit.count() > 0, shape_.owner, "hook_limit must be positive");
    require(!options_.max_total_attempts || *options_.max_total_attempts > 0, shape_.owner,
            "max_total_attempts must be at least 1");
    require(options_.stickiness.time.count() > 0, shape_.owner,
            "stickiness.time must be positive; to switch stickiness off set stickiness.by to none");
    require(options_.stickiness.max_conversations > 0, shape_.owner,
            "stickiness.max_conversations must be at least 1");
    require(!shape_.max_attempts || *shape_.max_attempts > 0, shape_.owner,
            "max_attempts must be at least 1");
    max_asks_ = shape_.max_attempts.value_or(legs_.size());
    if (options_.max_fallbacks && *options_.max_fallbacks < max_asks_)
        max_asks_ = *options_.max_fallbacks + 1;
    windows_.reserve(legs_.size());
    for (const BoundModel& leg : legs_)
        windows_.push_back(leg.spec().context_window);
    memory_ = std::make_unique<Memory>(legs_.size(), options_.stickiness);
}

asio::awaitable<Result<TokenStream>> Gate::open(const Request& request, const CallContext& outer) const {
    const CommitOn moment = outer.options.commit_on().value_or(options_.commit_on);
    GateRun run(*this, request, outer);
    while (run.has_leg()) {
        const CallContext& context = run.begin();
        // Not try_leg(): a coroutine more is what every request would pay for.
        Result<TokenStream> opened = co_await run.leg().open(request, context);
        if (opened && !opened->peeked()) co_await opened->peek();
        std::optional<LegFailure> failure = failure_of(opened);
        if (!failure) run.on_answer(*opened);
        if (!failure && moment == CommitOn::complete) {
            std::optional<TokenStream> held = co_await hold(*opened, options_.max_held_bytes, failure);
            if (held) co_return run.commit(std::move(*held));
        }
        if (!failure) co_return run.commit(std::move(*opened));  // 6: the leg's own stream, moved
        if (opened) co_await opened->close();
        const std::shared_ptr<const Failover> what = run.on_failed(std::move(*failure));
        if (what) co_await call_failover_hook(hook_, what, options_.runtime.clock, options_.hook_limit);  // 5
    }
    co_return run.error();
}

Needs Gate::filtered(Needs needs) const {
    if (options_.filter_capabilities) return needs;
    needs.tools = needs.vision = needs.json_schema = false;
    needs.input = 0;
    return needs;
}

std::optional<Refusal> Gate::refusal(const Needs& asked, TimePoint now) const {
    const Needs needs = filtered(asked);
    std::optional<Refusal> all;
    for (const BoundModel& leg : legs_) {
        const std::optional<Refusal> one = leg.target()->refusal(needs, now);
        if (!one) return std::nullopt;
        if (!all || (is_for_ever(all->reason) && !is_for_ever(one->reason))) {
            all = one;
        } else if (!is_for_ever(one->reason) && one->retry_after.count() > 0 &&
                   (all->retry_after.count() == 0 || one->retry_after < all->retry_after)) {
            all->retry_after = one->retry_after;
        }
    }
    return all;
}

Composition Gate::composition() const {
    Composition made;
    made.kind = shape_.kind;
    made.settings = settings_of(options_);
    made.order = Composition::Order::in_turn;
    made.parts = legs_;
    made.holds_answers = options_.commit_on == CommitOn::complete;
    if (max_asks_ != legs_.size()) made.max_tries = static_cast<std::uint32_t>(max_asks_);
    if (hook_->async()) made.waits = options_.hook_limit * static_cast<Duration::rep>(max_asks_);
    if (options_.total.count() > 0) made.total = options_.total;
    made.max_total_attempts = options_.max_total_attempts;
    return made;
}

}  // namespace sluice
