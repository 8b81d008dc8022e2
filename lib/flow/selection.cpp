#include "flow/selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sluice::flow {
namespace {

// Failures beyond this do not make a weight smaller: a candidate is never out of the draw for good.
constexpr double kMostFailures = 10;
// What one ending weighs in the reliability.
constexpr double kNews = 0.1;
constexpr double kLeastReliability = 0.01;
// What one measurement weighs in the latency at least, however close to the last one it comes.
constexpr double kLeastNews = 0.05;
// After so many half-lives a latency is no longer known.
constexpr int kStaleAfter = 5;
// So many recent failures, and a candidate of unknown latency is not tried for the sake of knowing it.
constexpr double kFailing = 0.5;
// A candidate counts as at least this part of the mean cost: one for nothing is not worth infinitely much.
constexpr double kLeastCost = 0.01;

/// From [0, 1).
double fraction(std::uint64_t dice) {
    return static_cast<double>(dice >> 11) * 0x1p-53;
}

}  // namespace

Selection::Selection(Strategy strategy, std::vector<Rule> candidates, Duration half_life)
    : strategy_(strategy), half_life_(half_life) {
    for (const Rule& rule : candidates)
        legs_.emplace_back().rule = rule;
}

// --- what is known ---

/// What is left of an old value: 1 now, 0.5 after a half-life. Clocks of several threads may disagree a
/// little.
double Selection::kept(TimePoint since, TimePoint now) const noexcept {
    if (now <= since) return 1;
    return std::exp2(-static_cast<double>((now - since).count()) / static_cast<double>(half_life_.count()));
}

double Selection::recent_failures(std::size_t leg, TimePoint now) const noexcept {
    return legs_[leg].failures * kept(legs_[leg].failures_at, now);
}

double Selection::effective_weight(std::size_t leg, TimePoint now) const noexcept {
    const double halvings = std::min(recent_failures(leg, now), kMostFailures);
    return std::max(legs_[leg].rule.weight * std::exp2(-halvings), std::numeric_limits<double>::min());
}

double Selection::reliability(std::size_t leg, TimePoint now) const noexcept {
    const double unreliable = legs_[leg].unreliability * kept(legs_[leg].failures_at, now);
    return std::max(1 - unreliable, kLeastReliability);
}

std::optional<Selection::Duration> Selection::latency(std::size_t leg, TimePoint now) const noexcept {
    const Leg& known = legs_[leg];
    if (!known.latency_at || now - *known.latency_at > half_life_ * kStaleAfter) return std::nullopt;
    return Duration(static_cast<Duration::rep>(known.latency));
}

void Selection::on_asked(std::size_t leg) {
    ++legs_[leg].under_way;
    ++legs_[leg].waiting;
}

void Selection::on_first_event(std::size_t leg, Duration after, TimePoint now) {
    Leg& known = legs_[leg];
    --known.waiting;
    const auto measured = static_cast<double>(after.count());
    const double news =
        latency(leg, now) ? std::max(1 - kept(*known.latency_at, now), kLeastNews) : 1;  // the first, all
    known.latency += (measured - known.latency) * news;
    known.latency_at = now;
}

void Selection::on_end(std::size_t leg, Ending how, bool had_first_event, TimePoint now) {
    Leg& known = legs_[leg];
    --known.under_way;
    if (!had_first_event) --known.waiting;
    if (how == Ending::abandoned) return;
    const bool failed = how == Ending::failed;
    const double left = kept(known.failures_at, now);
    known.failures = failed ? known.failures * left + 1 : 0;
    known.unreliability = known.unreliability * left * (1 - kNews) + (failed ? kNews : 0);
    known.failures_at = now;
}

// --- picking ---

std::size_t Selection::pick(std::span<const std::size_t> among, std::span<const std::optional<PicoUsd>> costs,
                            TimePoint now, std::uint64_t dice) {
    switch (strategy_) {
        case Strategy::priority:
            return lowest(among, [this](std::size_t leg) { return legs_[leg].rule.priority; });
        case Strategy::weighted: {
            std::vector<double> weights;
            for (const std::size_t leg : among)
                weights.push_back(effective_weight(leg, now));
            return drawn(among, std::move(weights), dice);
        }
        case Strategy::round_robin:
            return next_in_turn(among);
        case Strategy::least_latency:
            return by_latency(among, now, dice);
        case Strategy::least_busy:
            return lowest_in_turn(among, [this](std::size_t leg) { return legs_[leg].under_way; });
        case Strategy::cheapest:
            return lowest(among, [&costs](std::size_t leg) {
                return costs[leg] ? costs[leg]->count() : std::numeric_limits<std::int64_t>::max();
            });
        case Strategy::score:
            return drawn(among, scores(among, costs, now), dice);
    }
    return among.front();
}

/// The first of equals.
template <typename Measure>
std::size_t Selection::lowest(std::span<const std::size_t> among, Measure measure) const {
    return *std::min_element(among.begin(), among.end(),
                             [&measure](std::size_t a, std::size_t b) { return measure(a) < measure(b); });
}

/// The one after the last that was picked so. It counts from the pick and not from the request: a candidate
/// that is down does not give its turns to its neighbour.
std::size_t Selection::next_in_turn(std::span<const std::size_t> among) {
    const auto next =
        std::find_if(among.begin(), among.end(), [this](std::size_t leg) { return leg >= turn_; });
    const std::size_t leg = next == among.end() ? among.front() : *next;
    turn_ = leg + 1;
    return leg;
}

/// Equals take turns.
template <typename Measure>
std::size_t Selection::lowest_in_turn(std::span<const std::size_t> among, Measure measure) {
    const auto least = measure(lowest(among, measure));
    std::vector<std::size_t> equals;
    for (const std::size_t leg : among)
        if (measure(leg) == least) equals.push_back(leg);
    return next_in_turn(equals);
}

std::size_t Selection::drawn(std::span<const std::size_t> among, std::vector<double> weights,
                             std::uint64_t dice) const {
    // Relative to the largest, so that the sum of very large ones is a number.
    const double largest = *std::max_element(weights.begin(), weights.end());
    double total = 0;
    for (double& weight : weights)
        total += weight /= largest;
    const double at = fraction(dice) * total;
    double passed = 0;
    for (std::size_t i = 0; i < among.size(); ++i) {
        passed += weights[i];
        if (at < passed) return among[i];
    }
    return among.back();
}

std::size_t Selection::by_latency(std::span<const std::size_t> among, TimePoint now, std::uint64_t dice) {
    std::vector<std::size_t> known;
    std::vector<std::size_t> unknown;
    for (const std::size_t leg : among) {
        if (latency(leg, now)) {
            known.push_back(leg);
        } else if (recent_failures(leg, now) < kFailing) {
            unknown.push_back(leg);
        }
    }
    // One request at a time finds out; the others do not wait for it where they know better.
    const auto waiting = [this](std::size_t leg) { return legs_[leg].waiting; };
    const auto is_untried = [this](std::size_t leg) { return legs_[leg].waiting == 0; };
    if (std::any_of(unknown.begin(), unknown.end(), is_untried) || (known.empty() && !unknown.empty()))
        return lowest_in_turn(unknown, waiting);
    if (known.empty()) return lowest(among, [&](std::size_t leg) { return recent_failures(leg, now); });
    if (known.size() == 1) return known.front();

    const auto cost = [&](std::size_t leg) {
        const double halvings = std::min(recent_failures(leg, now), kMostFailures);
        return legs_[leg].latency * std::exp2(halvings);
    };
    const std::size_t one = static_cast<std::uint32_t>(dice) % known.size();
    const std::size_t step = 1 + (dice >> 32) % (known.size() - 1);
    const std::size_t two = (one + step) % known.size();
    const std::size_t a = known[std::min(one, two)];
    const std::size_t b = known[std::max(one, two)];
    return cost(b) < cost(a) ? b : a;
}

std::vector<double> Selection::scores(std::span<const std::size_t> among,
                                      std::span<const std::optional<PicoUsd>> costs, TimePoint now) const {
    double sum = 0;
    std::size_t priced = 0;
    for (const std::size_t leg : among) {
        if (!costs[leg]) continue;
        sum += static_cast<double>(costs[leg]->count());
        ++priced;
    }
    const double mean = priced > 0 && sum > 0 ? sum / static_cast<double>(priced) : 1;
    std::vector<double> scores;
    for (const std::size_t leg : among) {
        const double cost = costs[leg] ? static_cast<double>(costs[leg]->count()) : mean;
        scores.push_back(legs_[leg].rule.weight * reliability(leg, now) / std::max(cost, mean * kLeastCost));
    }
    return scores;
}

}  // namespace sluice::flow
