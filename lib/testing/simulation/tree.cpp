#include "testing/simulation/tree.hpp"

#include <sluice/explain.hpp>
#include <sluice/fallback.hpp>

#include <array>
#include <utility>

namespace sluice::testing::simulation {

using namespace std::chrono_literals;

namespace {

/// What holds of a tree because it holds of a part.
void inherit(Tree& tree, const std::vector<Tree>& parts) {
    for (const Tree& part : parts) {
        tree.slack += part.slack;
        tree.in_parallel |= part.in_parallel;
        tree.holds_answers |= part.holds_answers;
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

}  // namespace

Tree TreeBuilder::leaf() {
    return leaves_[dice_.below(leaves_.size())];
}

std::vector<Tree> TreeBuilder::parts(std::size_t depth, std::size_t least, std::size_t most) {
    std::vector<Tree> parts;
    for (std::size_t n = dice_.between(least, most); n > 0; --n)
        parts.push_back(draw(depth - 1));
    return parts;
}

Tree TreeBuilder::draw(std::size_t depth) {
    using Maker = Tree (TreeBuilder::*)(std::size_t);
    static constexpr std::array<Maker, 1> kMakers{&TreeBuilder::fallback};
    if (depth == 0 || dice_.chance(15)) return leaf();
    const Maker maker = kMakers[dice_.below(kMakers.size())];
    Tree tree = (this->*maker)(depth);
    const bool is_told = tree.model->target()->composition().order != Composition::Order::leaf;
    tree.attempts = is_told ? explain(*tree.model).worst.attempts : 1000;
    return tree;
}

Tree TreeBuilder::fallback(std::size_t depth) {
    const std::vector<Tree> legs = parts(depth, 1, 4);
    FallbackOptions options;
    options.runtime = runtime_;
    options.trigger_errors = dice_.pick({triggers::standard(), triggers::with_auth(), triggers::any_error(),
                                         TriggerSet{ErrorKind::rate_limited}});
    if (dice_.chance(15)) options.commit_on = CommitOn::complete;
    if (dice_.chance(40)) options.total = dice_.time(1ms, 2min);
    Duration held_up{0};
    if (dice_.chance(10)) {
        options.hook_limit = dice_.time(1ms, 200ms);
        options.on_failover = [clock = runtime_.clock, nap = dice_.time(0ms, 300ms)](
                                  const Failover&) -> asio::awaitable<void> { return dawdle(clock, nap); };
        held_up = options.hook_limit * static_cast<int>(legs.size());
    } else if (dice_.chance(10)) {
        options.on_failover = [](const Failover&) { throw std::runtime_error("a hook that throws"); };
    }
    const std::chrono::milliseconds total = options.total;
    const bool holds = options.commit_on == CommitOn::complete;
    Tree tree(FallbackBoundModel(models(legs), std::move(options)));
    inherit(tree, legs);
    tree.slack += held_up;
    tree.total = total;
    tree.holds_answers |= holds;
    tree.text = joined(holds ? "fallback_complete" : "fallback", legs);
    return tree;
}

}  // namespace sluice::testing::simulation
