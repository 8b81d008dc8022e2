#include "flow/failover.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <vector>

using namespace std::chrono_literals;
using sluice::ErrorInfo;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::Refusal;
using sluice::SkipReason;
using sluice::Tokens;
using sluice::flow::FailoverMachine;
using sluice::flow::FailoverRules;
using Verdict = FailoverMachine::Verdict;

namespace {

using Windows = std::vector<std::optional<Tokens>>;

const Windows kTwo(2);
const Windows kThree(3);

FailoverRules rules(std::size_t max_asks) {
    FailoverRules rules;
    rules.is_trigger = [](ErrorKind kind) { return kind != ErrorKind::provider_bad_request; };
    rules.max_asks = max_asks;
    return rules;
}

FailoverMachine machine(const Windows& windows) {
    return FailoverMachine(windows, rules(windows.size()));
}

ErrorInfo error(ErrorKind kind, std::optional<Tokens> window = std::nullopt) {
    ErrorInfo info(kind, Phase::headers, "test");
    info.context_window = window;
    return info;
}

std::vector<std::size_t> candidates(FailoverMachine& machine) {
    const auto now = machine.candidates();
    return std::vector<std::size_t>(now.begin(), now.end());
}

std::vector<std::size_t> legs(std::initializer_list<std::size_t> numbers) {
    return numbers;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failover_machine)

BOOST_AUTO_TEST_CASE(each_leg_is_a_candidate_until_it_has_failed) {
    FailoverMachine list = machine(kThree);
    BOOST_TEST(candidates(list) == legs({0, 1, 2}), boost::test_tools::per_element());
    list.on_asked(1);
    BOOST_TEST((list.on_failed(error(ErrorKind::provider_unavailable)) == Verdict::move_on));
    BOOST_TEST(candidates(list) == legs({0, 2}), boost::test_tools::per_element());
    BOOST_TEST(list.asks_left() == 2U);
    for (const std::size_t leg : {0U, 2U}) {
        list.on_asked(leg);
        BOOST_TEST((list.on_failed(error(ErrorKind::rate_limited)) == Verdict::move_on));
    }
    BOOST_TEST(candidates(list).empty());
    BOOST_TEST(!list.last_resort().has_value());
}

BOOST_AUTO_TEST_CASE(a_kind_that_is_no_trigger_propagates) {
    FailoverMachine list = machine(kTwo);
    list.on_asked(0);
    BOOST_TEST((list.on_failed(error(ErrorKind::provider_bad_request)) == Verdict::propagate));
}

BOOST_AUTO_TEST_CASE(no_more_legs_are_asked_than_the_rules_allow) {
    FailoverMachine list(kThree, rules(1));
    list.on_refused(0, Refusal(SkipReason::breaker_open));  // is no asking
    BOOST_TEST(candidates(list) == legs({1, 2}), boost::test_tools::per_element());
    list.on_asked(1);
    list.on_failed(error(ErrorKind::provider_unavailable));
    BOOST_TEST(candidates(list).empty());
    BOOST_TEST(!list.last_resort().has_value());  // somebody was asked
}

BOOST_AUTO_TEST_CASE(failed_legs_are_asked_again_only_after_the_fresh_ones_and_only_if_it_can_help) {
    FailoverRules again = rules(5);
    again.may_ask_again = true;
    FailoverMachine list(kThree, again);
    list.on_asked(1);
    list.on_failed(error(ErrorKind::provider_overloaded));
    BOOST_TEST(candidates(list) == legs({0, 2}), boost::test_tools::per_element());
    list.on_asked(0);
    list.on_failed(error(ErrorKind::quota_exhausted));
    list.on_asked(2);
    ErrorInfo never_here = error(ErrorKind::rate_limited);
    never_here.never_retry_here = true;
    list.on_failed(never_here);
    BOOST_TEST(candidates(list) == legs({1}), boost::test_tools::per_element());
    list.on_asked(1);
    list.on_failed(error(ErrorKind::provider_overloaded));
    BOOST_TEST(candidates(list) == legs({1}), boost::test_tools::per_element());
    list.on_asked(1);
    list.on_failed(error(ErrorKind::provider_overloaded));
    BOOST_TEST(candidates(list).empty());  // five is five
}

struct WindowCase {
    const char* what;
    Windows windows;
    std::optional<Tokens> told;  // by the error
    std::vector<std::size_t> too_small;
};

BOOST_AUTO_TEST_CASE(after_context_length_only_larger_or_unknown_windows_are_left) {
    const std::vector<WindowCase> cases{
        {"larger", {128'000, 200'000}, {}, {}},
        {"equal is no larger", {128'000, 128'000, 200'000}, {}, {1}},
        {"unknown may be larger", {128'000, std::nullopt}, {}, {}},
        {"own window unknown", {std::nullopt, 1'000}, {}, {}},
        {"nothing larger", {128'000, 64'000, 128'000}, {}, {1, 2}},
        {"the provider's word outranks the spec", {1'000'000, 200'000}, 128'000, {}},
        {"and tells of an unknown window", {std::nullopt, 100'000}, 128'000, {1}},
    };
    for (const WindowCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            FailoverMachine list = machine(test.windows);
            list.on_asked(0);
            BOOST_TEST(!list.is_too_small(0));
            list.on_failed(error(ErrorKind::context_length_exceeded, test.told));
            std::vector<std::size_t> too_small;
            for (const std::size_t leg : candidates(list))
                if (list.is_too_small(leg)) too_small.push_back(leg);
            BOOST_TEST(too_small == test.too_small, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_window_that_was_too_small_stays_too_small) {
    const Windows windows{100'000, 200'000, 150'000, 300'000};
    FailoverMachine list = machine(windows);
    list.on_asked(0);
    list.on_failed(error(ErrorKind::context_length_exceeded));
    list.on_asked(1);
    list.on_failed(error(ErrorKind::provider_unavailable));
    BOOST_TEST(!list.is_too_small(2));  // 200,000 was not shown to be too small: that leg was merely down
    list.on_asked(2);
    list.on_failed(error(ErrorKind::context_length_exceeded));
    BOOST_TEST(!list.is_too_small(3));

    const Windows told{100'000, std::nullopt, 100'000};
    FailoverMachine again = machine(told);
    again.on_asked(0);
    again.on_failed(error(ErrorKind::context_length_exceeded));
    again.on_asked(1);
    again.on_failed(error(ErrorKind::context_length_exceeded, 50'000));  // a smaller one proves no more
    BOOST_TEST(again.is_too_small(2));
}

struct LastCase {
    const char* what;
    std::vector<Refusal> refusals;
    std::optional<std::size_t> asked;
};

BOOST_AUTO_TEST_CASE(the_last_resort_is_the_leg_that_may_be_asked_again_soonest) {
    const std::vector<LastCase> cases{
        {"the sooner one", {{SkipReason::breaker_open, 20s}, {SkipReason::unhealthy, 5s}}, 1},
        {"unknown comes last", {{SkipReason::unhealthy}, {SkipReason::breaker_open, 1h}}, 1},
        {"the first of equals", {{SkipReason::unhealthy}, {SkipReason::breaker_open}}, 0},
        {"residency is for ever", {{SkipReason::residency}, {SkipReason::breaker_open, 1h}}, 1},
        {"nobody may", {{SkipReason::residency}, {SkipReason::needs_vision}}, std::nullopt},
        {"no attempts are left", {{SkipReason::attempts_spent}, {SkipReason::attempts_spent}}, std::nullopt},
    };
    for (const LastCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            FailoverMachine list = machine(kTwo);
            for (std::size_t leg = 0; leg < test.refusals.size(); ++leg)
                list.on_refused(leg, test.refusals[leg]);
            BOOST_TEST(candidates(list).empty());
            BOOST_TEST((list.last_resort() == test.asked));
            BOOST_TEST(!list.last_resort().has_value());  // once
        }
    }
    FailoverRules strict = rules(2);
    strict.last_resort = false;
    FailoverMachine list(kTwo, strict);
    list.on_refused(0, Refusal(SkipReason::breaker_open, 1s));
    list.on_refused(1, Refusal(SkipReason::breaker_open, 1s));
    BOOST_TEST(!list.last_resort().has_value());
}

BOOST_AUTO_TEST_CASE(a_leg_that_turns_the_request_down_was_not_asked) {
    FailoverMachine list(kTwo, rules(1));
    list.on_asked(0);
    list.on_turned_down(Refusal(SkipReason::breaker_open, 3s));
    BOOST_TEST(candidates(list) == legs({1}), boost::test_tools::per_element());
    list.on_refused(1, Refusal(SkipReason::residency));
    const std::optional<std::size_t> last = list.last_resort();
    BOOST_REQUIRE(last.has_value());
    BOOST_TEST(*last == 0U);
    list.on_asked(0);
    list.on_turned_down(Refusal(SkipReason::breaker_open, 3s));
    BOOST_TEST(candidates(list).empty());
    BOOST_TEST(!list.last_resort().has_value());  // and that is the end
}

BOOST_AUTO_TEST_SUITE_END()
