#include "testing/simulation/tree.hpp"

#include <sluice/explain.hpp>
#include <sluice/hedge.hpp>
#include <sluice/retry.hpp>
#include <sluice/select.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::testing::simulation {

using namespace std::chrono_literals;

namespace {

/// What holds of a tree because it holds of a part.
void inherit(Tree& tree, const std::vector<Tree>& parts) {
    tree.is_gated = true;
    for (const Tree& part : parts) {
        tree.slack += part.slack;
        tree.in_parallel |= part.in_parallel;
        tree.shares_time |= part.shares_time;
    }
}

std::string joined(std::string_view name, const std::vector<Tree>& parts) {
    std::string text(name);
    for (std::size_t i = 0; i < parts.size(); ++i)
        text.append(i == 0 ? "(" : ", ").append(parts[i].text);
    return text.append(")");
}

std::vector<BoundModel> models(const std::vector<Tree>& parts) {
    std::vector<BoundModel> models;
    models.reserve(parts.size());
    for (const Tree& part : parts)
        models.push_back(*part.model);
    return models;
}

/// A hook that takes its time.
asio::awaitable<void> dawdle(std::shared_ptr<Clock> clock, Duration how_long) {
    co_await sleep_for(*clock, how_long);
}

BreakerOptions touchy(Dice& dice, const Runtime& runtime) {
    BreakerOptions options;
    options.runtime = runtime;
    options.failures = static_cast<std::uint32_t>(dice.between(1, 4));
    options.open_for = dice.time(10ms, 20s);
    return options;
}

}  // namespace

struct TreeBuilder::Chain {
    FallbackOptions options;
    Duration slack{0};
};

TreeBuilder::TreeBuilder(Dice& dice, Runtime runtime, const std::vector<Tree>& leaves,
                         std::vector<MirrorBoundModel>& mirrors)
    : dice_(dice),
      runtime_(std::move(runtime)),
      leaves_(leaves),
      mirrors_(mirrors),
      breakers_(touchy(dice, runtime_)) {}

Tree TreeBuilder::leaf() {
    return leaves_[dice_.below(leaves_.size())];
}

std::vector<Tree> TreeBuilder::parts(std::size_t depth, std::size_t least, std::size_t most) {
    std::vector<Tree> parts;
    for (std::size_t n = dice_.between(least, most); n > 0; --n)
        parts.push_back(draw(depth - 1));
    return parts;
}

// A new combinator is a function of its own below and a line here.
Tree TreeBuilder::draw(std::size_t depth) {
    using Maker = Tree (TreeBuilder::*)(std::size_t);
    static constexpr std::array<Maker, 8> kMakers{
        &TreeBuilder::fallback, &TreeBuilder::fallback, &TreeBuilder::select, &TreeBuilder::retry,
        &TreeBuilder::retry,    &TreeBuilder::breaker,  &TreeBuilder::hedge,  &TreeBuilder::mirror};
    if (depth == 0 || dice_.chance(15)) return leaf();
    if (!made_.empty() && dice_.chance(10)) return made_[dice_.below(made_.size())];
    const Maker maker = kMakers[dice_.below(kMakers.size())];
    Tree tree = (this->*maker)(depth);
    tree.attempts = explain(*tree.model).worst.attempts;
    made_.push_back(tree);
    return tree;
}

std::chrono::milliseconds TreeBuilder::draw_total() {
    return dice_.chance(40) ? dice_.time(1ms, 2min) : std::chrono::milliseconds(15min);
}

TreeBuilder::Chain TreeBuilder::draw_chain(std::size_t legs) {
    Chain chain;
    FallbackOptions& options = chain.options;
    options.runtime = runtime_;
    options.trigger_errors = dice_.pick({triggers::standard(), triggers::with_auth(), triggers::any_error(),
                                         TriggerSet{ErrorKind::rate_limited}});
    if (dice_.chance(15)) options.commit_on = CommitOn::complete;
    options.total = draw_total();
    if (dice_.chance(30)) options.split = BudgetSplit::none;
    if (dice_.chance(15)) options.max_fallbacks = dice_.below(4);
    if (dice_.chance(10)) options.max_total_attempts = static_cast<std::uint32_t>(dice_.between(1, 5));
    options.last_resort = !dice_.chance(20);
    if (dice_.chance(20)) {
        options.stickiness.by = dice_.chance(50) ? Stickiness::By::chain : Stickiness::By::conversation;
        options.stickiness.time = dice_.time(1s, 3min);
        options.stickiness.max_conversations = dice_.between(1, 3);
    }
    if (dice_.chance(10)) {
        options.hook_limit = dice_.time(1ms, 200ms);
        options.on_failover = [clock = runtime_.clock, nap = dice_.time(0ms, 300ms)](
                                  const Failover&) -> asio::awaitable<void> { return dawdle(clock, nap); };
        chain.slack = options.hook_limit * static_cast<int>(legs + 8);
    } else if (dice_.chance(10)) {
        options.on_failover = [](const Failover&) { throw std::runtime_error("a hook that throws"); };
    }
    return chain;
}

Tree TreeBuilder::fallback(std::size_t depth) {
    const std::vector<Tree> legs = parts(depth, 1, 4);
    Chain chain = draw_chain(legs.size());
    const FallbackOptions& options = chain.options;
    Tree tree(FallbackBoundModel(models(legs), options));
    inherit(tree, legs);
    tree.slack += chain.slack;
    tree.total = options.total;
    tree.shares_time |= options.split == BudgetSplit::even;
    tree.text = joined(options.commit_on == CommitOn::complete ? "fallback_complete" : "fallback", legs);
    return tree;
}

Tree TreeBuilder::select(std::size_t depth) {
    const std::vector<Tree> legs = parts(depth, 1, 4);
    Chain chain = draw_chain(legs.size());
    SelectOptions options;
    options.strategy = static_cast<Strategy>(dice_.below(7));
    if (dice_.chance(20)) options.max_attempts = dice_.between(1, 6);
    options.failover = chain.options;
    std::vector<Candidate> candidates;
    for (const Tree& leg : legs) {
        const double weight = 0.1 * static_cast<double>(dice_.between(1, 30));
        candidates.push_back(Candidate{*leg.model, weight, static_cast<int>(dice_.below(3))});
    }
    Tree tree(SelectBoundModel(std::move(candidates), options));
    inherit(tree, legs);
    tree.slack += chain.slack;
    tree.total = options.failover.total;
    tree.shares_time |= options.failover.split == BudgetSplit::even;
    tree.text = joined(to_string(options.strategy), legs);
    return tree;
}

Tree TreeBuilder::retry(std::size_t depth) {
    const std::vector<Tree> part = parts(depth, 1, 1);
    RetryOptions options;
    options.runtime = runtime_;
    options.attempts = static_cast<std::uint32_t>(dice_.between(1, 4));
    options.base = dice_.chance(20) ? 0ms : dice_.time(1ms, 2s);
    options.factor = dice_.pick({1.0, 2.0, 3.0});
    options.cap = options.base + dice_.time(0ms, 8s);
    options.jitter = !dice_.chance(30);
    options.max_retry_after = dice_.pick<std::chrono::milliseconds>({0ms, 2s, 30s});
    options.wait_when_refused = dice_.chance(30);
    Tree tree(RetryBoundModel(*part.front().model, options));
    inherit(tree, part);  // without a limit of its own: each try begins one
    tree.text = joined("retry" + std::to_string(options.attempts), part);
    return tree;
}

Tree TreeBuilder::breaker(std::size_t depth) {
    const std::vector<Tree> part = parts(depth, 1, 1);
    Tree tree(BreakerBoundModel(*part.front().model, breakers_));
    inherit(tree, part);
    tree.is_gated = part.front().is_gated;
    tree.total = part.front().total;
    tree.text = joined("breaker", part);
    return tree;
}

Tree TreeBuilder::hedge(std::size_t depth) {
    const std::vector<Tree> legs = parts(depth, 2, 3);
    HedgeOptions options;
    options.runtime = runtime_;
    options.delay = dice_.time(1ms, 3s);
    if (dice_.chance(40)) options.live_quantile.reset();
    options.min_samples = static_cast<std::uint32_t>(dice_.between(1, 5));
    options.min_delay = dice_.time(1ms, 200ms);
    options.max_delay = options.min_delay + dice_.time(0ms, 10s);
    options.max_legs = dice_.between(2, 3);
    options.max_extra = dice_.pick({0.05, 0.5, 2.0});
    options.burst = dice_.pick({1.0, 10.0});
    options.trigger_errors = dice_.pick({triggers::standard(), triggers::any_error()});
    options.last_resort = !dice_.chance(20);
    options.total = draw_total();
    if (dice_.chance(10)) options.max_total_attempts = static_cast<std::uint32_t>(dice_.between(1, 5));
    Tree tree(HedgeBoundModel(models(legs), options));
    inherit(tree, legs);
    tree.in_parallel = true;
    tree.total = options.total;
    tree.text = joined("hedge", legs);
    return tree;
}

Tree TreeBuilder::mirror(std::size_t depth) {
    const std::vector<Tree> both = parts(depth, 2, 2);
    MirrorOptions options;
    options.runtime = runtime_;
    options.sample_rate = dice_.pick({0.0, 0.5, 1.0, 1.0});
    options.secondary_total = dice_.time(1ms, 2min);
    options.max_running = dice_.pick<std::size_t>({1, 64});
    options.max_compared_bytes = dice_.pick<std::size_t>({10, 1 << 20});
    options.comparator = dice_.pick({compare::exact_text, compare::same_words, compare::same_json});
    options.serve_from_secondary = dice_.chance(60);
    options.cancel_with_primary = dice_.chance(60);
    options.total = draw_total();
    if (dice_.chance(20))
        options.on_mirrored = [](const MirrorReport&) { throw std::runtime_error("a hook"); };
    MirrorBoundModel model(*both[0].model, *both[1].model, options);
    mirrors_.push_back(model);
    Tree tree(std::move(model));
    inherit(tree, both);
    tree.is_gated = both[0].is_gated;  // what is not sampled passes through
    tree.in_parallel = true;
    tree.total = options.total;
    tree.text = joined("mirror", both);
    return tree;
}

}  // namespace sluice::testing::simulation
