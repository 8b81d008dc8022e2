#include "flow/selection.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace std::chrono_literals;
using sluice::PicoUsd;
using sluice::Strategy;
using sluice::flow::Ending;
using sluice::flow::Selection;

namespace {

const Selection::TimePoint kStart{1h};
using Legs = std::vector<std::size_t>;
using Costs = std::vector<std::optional<PicoUsd>>;

std::vector<Selection::Rule> weights(std::vector<double> of) {
    std::vector<Selection::Rule> rules;
    for (const double weight : of)
        rules.emplace_back().weight = weight;
    return rules;
}

Selection make(Strategy strategy, std::vector<double> of) {
    return Selection(strategy, weights(std::move(of)), 60s);
}

// SplitMix64: the same draws on every platform.
class Dice {
  public:
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

  private:
    std::uint64_t state_ = 42;
};

constexpr int kDraws = 20'000;

std::vector<int> draw(Selection& selection, const Legs& among, const Costs& costs = {},
                      Selection::TimePoint now = kStart, int draws = kDraws) {
    Dice dice;
    std::vector<int> counts(8);
    for (int i = 0; i < draws; ++i)
        ++counts[selection.pick(among, costs, now, dice.next())];
    return counts;
}

/// Pearson's chi-square of the counts against the shares that they should have.
double chi_square(const std::vector<int>& counts, const std::vector<double>& shares) {
    double sum = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const double expected = shares[i] * kDraws;
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    return sum;
}

// Critical values at p = 0.001.
constexpr double kOneDegree = 10.83;
constexpr double kTwoDegrees = 13.82;

void end(Selection& selection, std::size_t leg, Ending how, Selection::TimePoint now) {
    selection.on_asked(leg);
    selection.on_end(leg, how, false, now);
}

void measure(Selection& selection, std::size_t leg, Selection::Duration latency, Selection::TimePoint now) {
    selection.on_asked(leg);
    selection.on_first_event(leg, latency, now);
    selection.on_end(leg, Ending::succeeded, true, now);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(priority_is_the_lowest_number_and_then_the_order_of_the_list) {
    std::vector<Selection::Rule> rules(4);
    rules[0].priority = 2;
    rules[1].priority = 1;
    rules[2].priority = 1;
    rules[3].priority = 3;
    Selection selection(Strategy::priority, rules, 60s);
    BOOST_TEST(selection.pick(Legs{0, 1, 2, 3}, {}, kStart, 0) == 1U);
    BOOST_TEST(selection.pick(Legs{0, 2, 3}, {}, kStart, 0) == 2U);
    BOOST_TEST(selection.pick(Legs{0, 3}, {}, kStart, 0) == 0U);
}

BOOST_AUTO_TEST_CASE(weighted_draws_in_proportion) {
    Selection selection = make(Strategy::weighted, {0.7, 0.3});
    BOOST_TEST(chi_square(draw(selection, {0, 1}), {0.7, 0.3}) < kOneDegree);
    // Normalised, and over those that can be asked.
    Selection three = make(Strategy::weighted, {5, 3, 2});
    BOOST_TEST(chi_square(draw(three, {0, 1, 2}), {0.5, 0.3, 0.2}) < kTwoDegrees);
    const std::vector<int> without_the_first = draw(three, {1, 2});
    BOOST_TEST(without_the_first[0] == 0);
    BOOST_TEST(chi_square({without_the_first[1], without_the_first[2]}, {0.6, 0.4}) < kOneDegree);
    // The test can tell: other shares are far off.
    BOOST_TEST(chi_square(draw(selection, {0, 1}), {0.65, 0.35}) > 10 * kOneDegree);
}

BOOST_AUTO_TEST_CASE(each_failure_halves_a_weight_time_brings_it_back_and_success_at_once) {
    Selection selection = make(Strategy::weighted, {0.8, 0.2});
    BOOST_TEST(selection.effective_weight(0, kStart) == 0.8);
    end(selection, 0, Ending::failed, kStart);
    BOOST_TEST(selection.effective_weight(0, kStart) == 0.4);
    end(selection, 0, Ending::failed, kStart);
    BOOST_TEST(selection.effective_weight(0, kStart) == 0.2);
    BOOST_TEST(chi_square(draw(selection, {0, 1}), {0.5, 0.5}) < kOneDegree);
    BOOST_TEST(selection.recent_failures(0, kStart + 60s) == 1.0);
    BOOST_TEST(selection.recent_failures(0, kStart - 60s) == 2.0);  // another thread's clock is behind
    BOOST_TEST(selection.effective_weight(0, kStart + 60s) == 0.4);
    end(selection, 0, Ending::abandoned, kStart + 60s);  // says nothing
    BOOST_TEST(selection.effective_weight(0, kStart + 60s) == 0.4);
    end(selection, 0, Ending::failed, kStart + 60s);  // what was left and one
    BOOST_TEST(selection.recent_failures(0, kStart + 60s) == 2.0);
    end(selection, 0, Ending::succeeded, kStart + 61s);
    BOOST_TEST(selection.effective_weight(0, kStart + 61s) == 0.8);
}

BOOST_AUTO_TEST_CASE(a_weight_never_reaches_zero) {
    Selection selection = make(Strategy::weighted, {1, 1});
    for (int i = 0; i < 5000; ++i)
        end(selection, 0, Ending::failed, kStart);
    BOOST_TEST(selection.effective_weight(0, kStart) == std::exp2(-10.0));
    const std::vector<int> counts = draw(selection, {0, 1});
    BOOST_TEST(counts[0] > 0);
    BOOST_TEST(counts[0] < 100);
    BOOST_TEST(selection.pick(Legs{0}, {}, kStart, 7) == 0U);
}

BOOST_AUTO_TEST_CASE(weights_of_any_size_are_normalised) {
    const double huge = std::numeric_limits<double>::max();
    Selection large = make(Strategy::weighted, {huge, huge});
    BOOST_TEST(chi_square(draw(large, {0, 1}), {0.5, 0.5}) < kOneDegree);
    const double tiny = std::numeric_limits<double>::denorm_min();
    Selection failing = make(Strategy::weighted, {tiny, tiny});
    for (const std::size_t leg : {0U, 1U})
        end(failing, leg, Ending::failed, kStart);
    BOOST_TEST(failing.effective_weight(0, kStart) > 0);
    BOOST_TEST(chi_square(draw(failing, {0, 1}), {0.5, 0.5}) < kOneDegree);
    Selection small = make(Strategy::weighted, {tiny, tiny, tiny});
    BOOST_TEST(chi_square(draw(small, {0, 1, 2}), {1 / 3.0, 1 / 3.0, 1 / 3.0}) < kTwoDegrees);
}

BOOST_AUTO_TEST_CASE(round_robin_takes_turns_also_past_one_that_is_down) {
    Selection selection = make(Strategy::round_robin, {1, 1, 1, 1});
    for (const std::size_t expected : {0U, 1U, 2U, 3U, 0U})
        BOOST_TEST(selection.pick(Legs{0, 1, 2, 3}, {}, kStart, 0) == expected);
    // 1 is down: its turns are spread, and not all given to 2.
    const std::vector<int> counts = draw(selection, {0, 2, 3}, {}, kStart, 300);
    for (const std::size_t leg : {0U, 2U, 3U})
        BOOST_TEST(counts[leg] == 100);
}

BOOST_AUTO_TEST_CASE(least_busy_is_the_one_with_the_fewest_streams_and_equals_take_turns) {
    Selection selection = make(Strategy::least_busy, {1, 1, 1});
    const Legs all{0, 1, 2};
    Legs picked;
    for (int i = 0; i < 6; ++i) {
        picked.push_back(selection.pick(all, {}, kStart, 0));
        selection.on_asked(picked.back());
    }
    BOOST_TEST(picked == (Legs{0, 1, 2, 0, 1, 2}), boost::test_tools::per_element());
    selection.on_end(1, Ending::succeeded, false, kStart);
    BOOST_TEST(selection.pick(all, {}, kStart, 0) == 1U);
    BOOST_TEST(selection.pick(all, {}, kStart, 0) == 1U);  // still the only one
    selection.on_end(2, Ending::abandoned, false, kStart);
    Legs between;
    for (int i = 0; i < 4; ++i)
        between.push_back(selection.pick(all, {}, kStart, 0));
    BOOST_TEST(between == (Legs{2, 1, 2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(least_latency_explores_first_one_request_at_a_time) {
    Selection selection = make(Strategy::least_latency, {1, 1, 1});
    const Legs all{0, 1, 2};
    Legs picked;
    for (int i = 0; i < 5; ++i) {
        picked.push_back(selection.pick(all, {}, kStart, 0));
        selection.on_asked(picked.back());
    }
    BOOST_TEST(picked == (Legs{0, 1, 2, 0, 1}),
               boost::test_tools::per_element());  // who nobody knows, evenly
    selection.on_first_event(1, 100ms, kStart);
    for (const std::uint64_t dice : {0ULL, ~0ULL})  // nobody waits for 0 and 2 to be known
        BOOST_TEST(selection.pick(all, {}, kStart, dice) == 1U);
}

BOOST_AUTO_TEST_CASE(least_latency_takes_the_faster_of_two) {
    Selection selection = make(Strategy::least_latency, {1, 1, 1});
    measure(selection, 0, 300ms, kStart);
    measure(selection, 1, 200ms, kStart);
    measure(selection, 2, 100ms, kStart);
    const std::vector<int> counts = draw(selection, {0, 1, 2});
    BOOST_TEST(counts[0] == 0);  // slower than whomever it is compared with
    BOOST_TEST(chi_square({counts[1], counts[2]}, {1 / 3.0, 2 / 3.0}) < kOneDegree);
    end(selection, 2, Ending::failed, kStart);
    end(selection, 2, Ending::failed, kStart);  // 100 ms, which failures double twice
    BOOST_TEST(draw(selection, {0, 1, 2})[2] == 0);
    BOOST_TEST(draw(selection, {0, 1, 2}, {}, kStart + 100s)[2] > 0);
}

BOOST_AUTO_TEST_CASE(latency_follows_what_is_measured_and_grows_stale) {
    Selection selection = make(Strategy::least_latency, {1, 1});
    BOOST_TEST(!selection.latency(0, kStart).has_value());
    measure(selection, 0, 100ms, kStart);
    BOOST_TEST((selection.latency(0, kStart) == 100ms));
    measure(selection, 0, 300ms, kStart + 60s);  // after one half-life it weighs half
    BOOST_TEST((selection.latency(0, kStart + 60s) == 200ms));
    measure(selection, 0, 1200ms, kStart + 60s);  // at once: a twentieth
    BOOST_TEST((selection.latency(0, kStart + 60s) == 250ms));
    BOOST_TEST(selection.latency(0, kStart + 360s).has_value());
    BOOST_TEST(!selection.latency(0, kStart + 361s).has_value());
    measure(selection, 1, 1s, kStart + 361s);
    BOOST_TEST(selection.pick(Legs{0, 1}, {}, kStart + 361s, 0) == 0U);  // unknown again: find out
}

BOOST_AUTO_TEST_CASE(least_latency_does_not_keep_trying_a_stranger_that_fails) {
    Selection selection = make(Strategy::least_latency, {1, 1});
    measure(selection, 1, 1s, kStart);
    end(selection, 0, Ending::failed, kStart);
    BOOST_TEST(selection.pick(Legs{0, 1}, {}, kStart, 0) == 1U);
    BOOST_TEST(selection.pick(Legs{0}, {}, kStart, 0) == 0U);
    BOOST_TEST(selection.pick(Legs{0, 1}, {}, kStart + 61s, 0) == 0U);
}

BOOST_AUTO_TEST_CASE(cheapest_goes_by_the_price_of_this_request) {
    Selection selection = make(Strategy::cheapest, {1, 1, 1, 1});
    const Costs costs{std::nullopt, PicoUsd(500), PicoUsd(300), PicoUsd(300)};
    BOOST_TEST(selection.needs_costs());
    BOOST_TEST(selection.pick(Legs{0, 1, 2, 3}, costs, kStart, 0) == 2U);
    BOOST_TEST(selection.pick(Legs{0, 1}, costs, kStart, 0) == 1U);
    BOOST_TEST(selection.pick(Legs{0}, costs, kStart, 0) == 0U);
    const Costs unknown(4);
    BOOST_TEST(selection.pick(Legs{1, 3}, unknown, kStart, 0) == 1U);
}

BOOST_AUTO_TEST_CASE(score_is_reliability_over_cost) {
    Selection selection = make(Strategy::score, {1, 1, 1});
    const Costs costs{PicoUsd(100), PicoUsd(300), std::nullopt};  // the third counts as 200
    // 1/100 : 1/300 : 1/200
    BOOST_TEST(chi_square(draw(selection, {0, 1, 2}, costs), {6 / 11.0, 2 / 11.0, 3 / 11.0}) < kTwoDegrees);
    for (int i = 0; i < 7; ++i)
        end(selection, 0, Ending::failed, kStart);
    BOOST_TEST(std::abs(selection.reliability(0, kStart) - std::pow(0.9, 7)) < 1e-9);
    const double first = std::pow(0.9, 7) * 3;
    BOOST_TEST(chi_square(draw(selection, {0, 1}, costs), {first / (first + 1), 1 / (first + 1)}) <
               kOneDegree);
    BOOST_TEST(selection.reliability(0, kStart + 600s) > 0.999);  // without news it is forgiven
    for (int i = 0; i < 1000; ++i)
        end(selection, 0, Ending::failed, kStart);
    BOOST_TEST(selection.reliability(0, kStart) == 0.01);
    const double before = selection.reliability(1, kStart);
    end(selection, 1, Ending::succeeded, kStart);
    BOOST_TEST(selection.reliability(1, kStart) == before);
}

BOOST_AUTO_TEST_CASE(score_of_what_is_free_or_unknown) {
    Selection selection = make(Strategy::score, {1, 1});
    BOOST_TEST(chi_square(draw(selection, {0, 1}, Costs(2)), {0.5, 0.5}) < kOneDegree);
    BOOST_TEST(chi_square(draw(selection, {0, 1}, Costs(2, PicoUsd(0))), {0.5, 0.5}) < kOneDegree);
    Selection doubled = make(Strategy::score, {2, 1});
    BOOST_TEST(chi_square(draw(doubled, {0, 1}, Costs(2)), {2 / 3.0, 1 / 3.0}) < kOneDegree);
    // Free counts as a hundredth of the mean: 200 to 1, and not infinitely much.
    const std::vector<int> counts = draw(selection, {0, 1}, Costs{PicoUsd(0), PicoUsd(1'000'000)});
    BOOST_TEST(chi_square(counts, {200 / 201.0, 1 / 201.0}) < kOneDegree);
}

BOOST_AUTO_TEST_SUITE_END()
