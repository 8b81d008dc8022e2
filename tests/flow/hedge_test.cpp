// The rules of a race, its budget included.
#include "flow/hedge.hpp"
#include "flow/hedge_budget.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice;
using namespace std::chrono_literals;
using flow::Duration;
using flow::HedgeBudget;
using flow::HedgeMachine;
using flow::TimePoint;
using Action = HedgeMachine::Action;
using End = HedgeMachine::End;

namespace {

constexpr TimePoint kNever = HedgeMachine::kNever;
constexpr TimePoint kStart{1h};

HedgeMachine::Settings legs(std::size_t count, std::size_t max_legs = 2) {
    HedgeMachine::Settings settings;
    settings.windows.resize(count);
    settings.max_legs = max_legs;
    settings.is_trigger = [](ErrorKind kind) {
        return is_a(kind, ErrorKind::provider_unavailable) || kind == ErrorKind::context_length_exceeded;
    };
    return settings;
}

const ErrorInfo kDown(ErrorKind::provider_unavailable, Phase::connect, "down");
const ErrorInfo kBad(ErrorKind::provider_bad_request, Phase::headers, "bad");

// Asks what is next and starts it, with a delay of one second.
HedgeMachine::Step start_next(HedgeMachine& race, TimePoint now) {
    const HedgeMachine::Step step = race.next(now);
    BOOST_TEST_REQUIRE((step.action == Action::start));
    race.on_started(step.leg, now, 1s);
    return step;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flow_hedge)

BOOST_AUTO_TEST_CASE(the_first_leg_starts_and_is_given_its_delay) {
    HedgeMachine race(legs(3));
    const HedgeMachine::Step first = start_next(race, kStart);
    BOOST_TEST(first.leg == 0U);
    BOOST_TEST(!first.is_hedge);
    const HedgeMachine::Step wait = race.next(kStart);
    BOOST_TEST((wait.action == Action::wait));
    BOOST_TEST((wait.due == kStart + 1s));
    BOOST_TEST((race.next(kStart + 999ms).action == Action::wait));
    const HedgeMachine::Step second = start_next(race, kStart + 1s);
    BOOST_TEST(second.leg == 1U);
    BOOST_TEST(second.is_hedge);
}

BOOST_AUTO_TEST_CASE(as_many_run_side_by_side_as_allowed) {
    HedgeMachine two(legs(3, 2));
    start_next(two, kStart);
    start_next(two, kStart + 1s);
    BOOST_TEST((two.next(kStart + 1h).due == kNever));
    BOOST_TEST(two.running() == 2U);
    HedgeMachine three(legs(3, 3));
    start_next(three, kStart);
    start_next(three, kStart + 1s);
    BOOST_TEST((three.next(kStart + 1s).due == kStart + 2s));  // counted from the last start
    BOOST_TEST(start_next(three, kStart + 2s).leg == 2U);
    BOOST_TEST((three.next(kStart + 2s).due == kNever));  // nobody left
}

BOOST_AUTO_TEST_CASE(the_first_good_one_wins_and_nobody_starts_any_more) {
    HedgeMachine race(legs(3, 3));
    start_next(race, kStart);
    start_next(race, kStart + 1s);
    race.on_good(1);
    BOOST_TEST((race.next(kStart + 5s).action == Action::over));
    BOOST_TEST((race.verdict()->end == End::won));
    BOOST_TEST(race.verdict()->leg == 1U);
    BOOST_TEST(race.is_running(0));
    BOOST_TEST(!race.is_running(1));
    race.on_good(0);  // too late
    BOOST_TEST(race.verdict()->leg == 1U);
    BOOST_TEST(race.running() == 0U);
}

BOOST_AUTO_TEST_CASE(a_failure_with_nobody_beside_it_is_a_failover) {
    HedgeMachine race(legs(2));
    start_next(race, kStart);
    race.on_failed(0, kDown);
    const HedgeMachine::Step second = start_next(race, kStart + 10ms);
    BOOST_TEST(second.leg == 1U);
    BOOST_TEST(!second.is_hedge);
    race.on_failed(1, kDown);
    BOOST_TEST((race.next(kStart + 20ms).action == Action::over));
    BOOST_TEST((race.verdict()->end == End::exhausted));
}

BOOST_AUTO_TEST_CASE(a_failure_beside_a_running_leg_starts_nobody_at_once) {
    HedgeMachine race(legs(3));
    start_next(race, kStart);
    start_next(race, kStart + 1s);
    race.on_failed(0, kDown);
    const HedgeMachine::Step wait = race.next(kStart + 1500ms);
    BOOST_TEST((wait.action == Action::wait));
    BOOST_TEST((wait.due == kStart + 2s));  // there is room for a hedge of the hedge
    const HedgeMachine::Step third = start_next(race, kStart + 2s);
    BOOST_TEST(third.leg == 2U);
    BOOST_TEST(third.is_hedge);
}

BOOST_AUTO_TEST_CASE(what_is_no_trigger_ends_the_race_for_those_behind_it) {
    HedgeMachine race(legs(3));
    start_next(race, kStart);
    start_next(race, kStart + 1s);
    race.on_failed(0, kBad);
    BOOST_TEST((race.next(kStart + 2s).action == Action::over));
    BOOST_TEST((race.verdict()->end == End::propagate));
    BOOST_TEST(race.verdict()->leg == 0U);
    BOOST_TEST(race.is_running(1));  // to be cancelled
    race.on_cancelled(1);
    BOOST_TEST(race.running() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_trigger_of_a_hedge_waits_for_the_legs_before_it) {
    for (const bool saved : {true, false}) {
        HedgeMachine race(legs(3));
        start_next(race, kStart);
        start_next(race, kStart + 1s);
        race.on_failed(1, kBad);
        BOOST_TEST((race.next(kStart + 1h).due == kNever));  // and nobody starts any more
        if (saved) {
            race.on_good(0);
        } else {
            race.on_failed(0, kDown);
        }
        BOOST_TEST((race.next(kStart + 1h).action == Action::over));
        BOOST_TEST((race.verdict()->end == (saved ? End::won : End::propagate)));
        BOOST_TEST(race.verdict()->leg == (saved ? 0U : 1U));
    }
}

BOOST_AUTO_TEST_CASE(of_two_that_are_no_trigger_the_foremost_counts) {
    HedgeMachine race(legs(2));
    start_next(race, kStart);
    start_next(race, kStart + 1s);
    race.on_failed(1, kBad);
    race.on_failed(0, kBad);
    BOOST_TEST(race.verdict()->leg == 0U);
}

BOOST_AUTO_TEST_CASE(a_failure_that_leaves_nobody_a_chance_is_no_failover) {
    HedgeMachine race(legs(2));
    start_next(race, kStart);
    race.on_failed(0, kDown, false);
    BOOST_TEST((race.next(kStart).action == Action::over));
    BOOST_TEST((race.verdict()->end == End::propagate));
}

BOOST_AUTO_TEST_CASE(legs_that_cannot_be_asked_are_passed_over) {
    HedgeMachine race(legs(3));
    BOOST_TEST(race.next(kStart).leg == 0U);
    race.on_passed_over(0);
    const HedgeMachine::Step first = start_next(race, kStart);
    BOOST_TEST(first.leg == 1U);
    BOOST_TEST(!first.is_hedge);
    BOOST_TEST((race.next(kStart + 1s).action == Action::start));
    race.on_passed_over(2);
    BOOST_TEST((race.next(kStart + 1s).due == kNever));
    HedgeMachine nobody(legs(2));
    nobody.on_passed_over(0);
    nobody.on_passed_over(1);
    BOOST_TEST((nobody.next(kStart).action == Action::over));
    BOOST_TEST((nobody.verdict()->end == End::exhausted));
    nobody.revive(1);
    BOOST_TEST(start_next(nobody, kStart).leg == 1U);
    nobody.on_failed(1, kDown);
    BOOST_TEST((nobody.next(kStart).action == Action::over));
}

BOOST_AUTO_TEST_CASE(without_budget_legs_still_replace_failed_ones) {
    HedgeMachine race(legs(2));
    start_next(race, kStart);
    race.stop_hedging();
    BOOST_TEST((race.next(kStart + 1h).due == kNever));
    race.on_failed(0, kDown);
    BOOST_TEST(!start_next(race, kStart + 1h).is_hedge);
}

BOOST_AUTO_TEST_CASE(no_hedge_at_or_after_the_deadline) {
    for (const Duration latest : {500ms, 1000ms, 1001ms}) {
        HedgeMachine::Settings settings = legs(2);
        settings.latest = kStart + latest;
        HedgeMachine race(std::move(settings));
        start_next(race, kStart);
        BOOST_TEST((race.next(kStart).due == (latest > 1s ? kStart + 1s : kNever)));
    }
    HedgeMachine race(legs(2));
    race.on_started(0, kStart, Duration::max());  // for ever, without overflow
    BOOST_TEST((race.next(kStart).due == kNever));
}

BOOST_AUTO_TEST_CASE(windows_that_are_known_to_be_too_small_are_skipped) {
    HedgeMachine::Settings settings = legs(4);
    settings.windows = {128, 128, std::nullopt, 256};
    HedgeMachine race(std::move(settings));
    start_next(race, kStart);
    ErrorInfo too_long(ErrorKind::context_length_exceeded, Phase::headers, "too long");
    race.on_failed(0, too_long);
    BOOST_TEST(race.next(kStart).leg == 2U);
    BOOST_TEST(race.take_skipped().size() == 1U);
    BOOST_TEST(race.take_skipped().empty());
    race.on_started(2, kStart, 1s);
    too_long.context_window = 256;  // what the provider says outranks the spec
    race.on_failed(2, too_long);
    BOOST_TEST((race.next(kStart).action == Action::over));
    const std::vector<std::size_t> skipped = race.take_skipped();
    BOOST_TEST_REQUIRE(skipped.size() == 1U);
    BOOST_TEST(skipped.front() == 3U);
}

BOOST_AUTO_TEST_CASE(a_budget_starts_full_and_fills_by_the_share_of_each_request) {
    HedgeBudget budget(0.05, 2);
    BOOST_TEST(!budget.spend(1));  // nothing is known of what a request costs
    budget.earn(1);
    BOOST_TEST(budget.spend(1));
    BOOST_TEST(budget.spend(1));
    BOOST_TEST(!budget.spend(1));
    for (int i = 0; i < 19; ++i) {
        budget.earn(1);
        BOOST_TEST(!budget.spend(1));
    }
    budget.earn(1);
    BOOST_TEST(budget.spend(1));
    for (int i = 0; i < 1000; ++i)
        budget.earn(1);
    BOOST_TEST(budget.balance() == 2, boost::test_tools::tolerance(1e-9));  // its burst
}

BOOST_AUTO_TEST_CASE(a_hedge_to_a_dear_model_needs_its_whole_price) {
    HedgeBudget budget(0.1, 3);
    budget.earn(100);
    BOOST_TEST(!budget.spend(301));
    BOOST_TEST(budget.balance() == 300);
    BOOST_TEST(budget.spend(250));
    BOOST_TEST(!budget.spend(51));
    BOOST_TEST(budget.spend(50));
    HedgeBudget free(0.05, 1);
    free.earn(0);
    BOOST_TEST(free.spend(0));  // models that cost nothing
    BOOST_TEST(!free.spend(1));
}

// Whatever comes, in whatever sizes: the sum of all hedges stays within the promise.
BOOST_AUTO_TEST_CASE(what_is_spent_stays_within_the_promise) {
    std::mt19937_64 random(11);
    std::exponential_distribution<double> price(1.0 / 50);
    HedgeBudget budget(0.05, 10);
    double requests = 0;
    double hedges = 0;
    double dearest = 0;
    for (int i = 0; i < 20'000; ++i) {
        const double cost = price(random);
        requests += cost;
        dearest = std::max(dearest, cost);
        budget.earn(cost);
        const double hedge = price(random);
        if (budget.spend(hedge)) hedges += hedge;
        BOOST_TEST_REQUIRE(hedges <= 0.05 * requests + 10 * dearest);
    }
    BOOST_TEST(hedges > 0.04 * requests);  // and it is used
}

BOOST_AUTO_TEST_SUITE_END()
