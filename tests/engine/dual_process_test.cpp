// The dual-process router: the test vectors of the tutorials, and every trigger on both sides of its edge.
#include <sluice/dual_process.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;

namespace {

using Reasons = std::vector<std::string>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kQuestion = "What is 2 + 2?";

struct Vector {
    const char* id;
    const char* prompt;
    System system;
    Reasons reasons;
};

const Vector kVectors[] = {
    {"V1", kQuestion, System::system1, {}},
    {"V2a",
     "A farmer has 17 sheep. All but 9 die. How many sheep does the farmer have left? Explain your reasoning "
     "step by step.",
     System::system2,
     {"requires_thinking(reasoning)"}},
    {"V2b",
     "A farmer has 17 sheep. All but 9 die. How many are left? Explain step by step.",
     System::system2,
     {"requires_thinking(reasoning)"}},
    {"V3a",
     "Explain the difference between concurrency and parallelism in the context of Python's asyncio.",
     System::system2,
     {"requires_thinking(reasoning)"}},
    {"V3b",
     "Explain concurrency vs parallelism in Python asyncio.",
     System::system2,
     {"requires_thinking(reasoning)"}},
    {"V4", "What is the capital of France?", System::system1, {}},
    {"V5", "Where is my order #1234?", System::system1, {}},
    {"V6", "Analyze this dataset.", System::system2, {"requires_thinking(reasoning)"}},
    {"V7", "Capital of Mongolia?", System::system1, {}},
};

Reasons reasons_of(const RoutingSignals& signals, const char* prompt = kQuestion) {
    DualProcessRouter router;
    const RoutingDecision decision = router.decide(prompt, signals);
    // Its two tellings agree.
    BOOST_TEST((decision.system == System::system2) == !decision.reasons.empty());
    BOOST_TEST(router.stats().system2_count == (decision.reasons.empty() ? 0U : 1U));
    BOOST_TEST(router.last_escalation_reasons() == decision.reasons, boost::test_tools::per_element());
    return decision.reasons;
}

struct Trigger {
    const char* name;
    double RoutingSignals::*signal;
    double RoutingThresholds::*threshold;
    double edge;
    double towards;  // where it fires
    const char* reason;
};

const Trigger kTriggers[] = {
    {"surprise", &RoutingSignals::surprise_magnitude, &RoutingThresholds::surprise, 0.6, 1,
     "high_surprise(0.60)"},
    {"agreement", &RoutingSignals::population_agreement, &RoutingThresholds::agreement, 0.4, 0,
     "low_agreement(0.40)"},
    {"novelty", &RoutingSignals::task_novelty, &RoutingThresholds::novelty, 0.7, 1, "high_novelty(0.70)"},
    {"safety", &RoutingSignals::enterprise_safety, &RoutingThresholds::safety, 0.8, 1, "high_safety(0.80)"},
    {"drift", &RoutingSignals::goal_drift, &RoutingThresholds::drift, 0.4, 1, "goal_drift(0.40)"},
};

RoutingSignals with(double RoutingSignals::*signal, double value) {
    RoutingSignals signals;
    signals.*signal = value;
    return signals;
}

bool names(const std::exception& error, std::string_view field) {
    return std::string_view(error.what()).find(field) != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dual_process)

// V1 to V7. A16, A17 and A18 are V1, V2 and V3.
BOOST_AUTO_TEST_CASE(the_vectors_hold_with_the_defaults) {
    for (const Vector& vector : kVectors) {
        BOOST_TEST_INFO_SCOPE(vector.id);
        DualProcessRouter router;
        const RoutingDecision decision = router.decide(vector.prompt);
        BOOST_TEST(to_string(decision.system) == to_string(vector.system));
        BOOST_TEST(decision.reasons == vector.reasons, boost::test_tools::per_element());
    }
}

// A16, A17, A18 in one session: 0 / 1, then 1 / 1 (A21: 50.0%), then 1 / 2.
BOOST_AUTO_TEST_CASE(the_tutorial_counts_one_and_two) {
    DualProcessRouter router;
    BOOST_TEST(router.last_escalation_reasons().empty());
    router.decide(kVectors[0].prompt);
    BOOST_TEST(router.last_escalation_reasons().empty());
    router.decide(kVectors[1].prompt);
    BOOST_TEST(router.stats().system1_count == 1U);
    BOOST_TEST(router.stats().system2_count == 1U);
    BOOST_TEST(router.stats().system2_ratio == 0.5);
    BOOST_TEST(router.last_escalation_reasons() == Reasons{"requires_thinking(reasoning)"},
               boost::test_tools::per_element());
    router.decide(kVectors[4].prompt);
    BOOST_TEST(router.stats().system1_count == 1U);
    BOOST_TEST(router.stats().system2_count == 2U);
    BOOST_TEST(router.stats().total_decisions == 3U);
    // A System 1 decision keeps the reasons of the last escalation.
    router.decide(kQuestion);
    BOOST_TEST(router.last_escalation_reasons().size() == 1U);
}

// The same prompt, the same decision: in every router, whatever came before (A16: deterministic).
BOOST_AUTO_TEST_CASE(nothing_is_remembered_between_decisions) {
    DualProcessRouter router;
    for (int round = 0; round < 3; ++round)
        for (const Vector& vector : kVectors)
            BOOST_TEST((router.decide(vector.prompt).system == vector.system));
}

BOOST_AUTO_TEST_CASE(each_trigger_is_strict_and_enough_by_itself) {
    for (const Trigger& trigger : kTriggers) {
        BOOST_TEST_INFO_SCOPE(trigger.name);
        const double beyond = std::nextafter(trigger.edge, trigger.towards);
        const double before = std::nextafter(trigger.edge, 1 - trigger.towards);
        BOOST_TEST(reasons_of(with(trigger.signal, trigger.edge)).empty());
        BOOST_TEST(reasons_of(with(trigger.signal, before)).empty());
        BOOST_TEST(reasons_of(with(trigger.signal, beyond)) == Reasons{trigger.reason},
                   boost::test_tools::per_element());
        // The default is the number in the facts, and the option moves it.
        RoutingThresholds moved;
        BOOST_TEST((moved.*trigger.threshold == trigger.edge));
        moved.*trigger.threshold = 0.5;
        DualProcessRouter router(moved);
        BOOST_TEST((router.decide(kQuestion, with(trigger.signal, 0.5)).system == System::system1));
        const double past = std::nextafter(0.5, trigger.towards);
        BOOST_TEST((router.decide(kQuestion, with(trigger.signal, past)).system == System::system2));
    }
    RoutingSignals asked;
    asked.user_explicit_request = true;
    BOOST_TEST(reasons_of(asked) == Reasons{"user_request"}, boost::test_tools::per_element());
    RoutingSignals failed;
    failed.error_in_last_step = true;
    BOOST_TEST(reasons_of(failed) == Reasons{"error_in_last_step"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reasons_come_in_order_with_two_decimals) {
    RoutingSignals all;
    all.surprise_magnitude = 0.8;
    all.population_agreement = 0.3;
    all.task_novelty = 0.82;
    all.enterprise_safety = 0.899;
    all.user_explicit_request = true;
    all.error_in_last_step = true;
    all.goal_drift = 1;
    const Reasons expected{
        "high_surprise(0.80)", "low_agreement(0.30)", "high_novelty(0.82)", "high_safety(0.90)",
        "user_request",        "error_in_last_step",  "goal_drift(1.00)",   "requires_thinking(planning)"};
    BOOST_TEST(reasons_of(all, "Plan it.") == expected, boost::test_tools::per_element());
    BOOST_TEST(
        reasons_of(with(&RoutingSignals::population_agreement, 0.004)) == Reasons{"low_agreement(0.00)"},
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(words_of_the_prompt_are_a_request) {
    BOOST_TEST(reasons_of({}, "Think carefully: what is 2 + 2?") == Reasons{"user_request"},
               boost::test_tools::per_element());
    const Reasons both{"user_request", "requires_thinking(reasoning)"};
    BOOST_TEST(reasons_of({}, "Think step by step.") == both, boost::test_tools::per_element());
}

// The larger of what the caller says and what the classifier measured.
BOOST_AUTO_TEST_CASE(novelty_is_measured_when_nobody_says_it) {
    std::string prompt;
    for (int i = 0; i < 500; ++i)
        prompt += "w" + std::to_string(i) + ' ';
    DualProcessRouter router;
    const Reasons by_complexity{"requires_thinking(0.67)"};  // 0.665, at most the threshold of novelty
    BOOST_TEST(router.decide(prompt, {}, {20, 10}).reasons == by_complexity,
               boost::test_tools::per_element());
    const Reasons both{"high_novelty(0.73)", "requires_thinking(0.73)"};
    BOOST_TEST(router.decide("In detail: " + prompt, {}, {20, 10}).reasons == both,
               boost::test_tools::per_element());
    const Reasons given{"high_novelty(0.90)", "requires_thinking(0.67)"};
    BOOST_TEST(router.decide(prompt, with(&RoutingSignals::task_novelty, 0.9), {20, 10}).reasons == given,
               boost::test_tools::per_element());

    RoutingThresholds strict;
    strict.novelty = 0.01;
    DualProcessRouter sharp(strict);
    BOOST_TEST(sharp.decide(kQuestion).reasons == Reasons{"high_novelty(0.02)"},
               boost::test_tools::per_element());
}

// B05.
BOOST_AUTO_TEST_CASE(a_turn_of_tool_results_is_the_workers_unless_a_trigger_fires) {
    DualProcessRouter router;
    const RoutingDecision plain = router.decide_after_tools({}, {1000, 1000});
    BOOST_TEST((plain.system == System::system1));
    BOOST_TEST((plain.profile.type == TaskType::tool_use));
    BOOST_TEST(plain.profile.signals.context.depth == 1000U);
    RoutingSignals failed;
    failed.error_in_last_step = true;
    BOOST_TEST(router.decide_after_tools(failed).reasons == Reasons{"error_in_last_step"},
               boost::test_tools::per_element());
    for (const Trigger& trigger : kTriggers) {
        BOOST_TEST_INFO_SCOPE(trigger.name);
        const double beyond = std::nextafter(trigger.edge, trigger.towards);
        BOOST_TEST((router.decide_after_tools(with(trigger.signal, trigger.edge)).system == System::system1));
        BOOST_TEST(router.decide_after_tools(with(trigger.signal, beyond)).reasons == Reasons{trigger.reason},
                   boost::test_tools::per_element());
    }
    BOOST_TEST(router.stats().total_decisions == 12U);
}

BOOST_AUTO_TEST_CASE(a_decision_never_fails) {
    for (const Trigger& trigger : kTriggers) {
        BOOST_TEST_INFO_SCOPE(trigger.name);
        // No number: as if nobody had said it.
        BOOST_TEST(reasons_of(with(trigger.signal, kNan)).empty());
        BOOST_TEST(reasons_of(with(trigger.signal, -kNan)).empty());
        // Outside: the nearer end.
        const bool rises = trigger.towards > 0.5;
        const std::string name = std::string(trigger.reason).substr(0, std::string(trigger.reason).find('('));
        const Reasons fired{name + (rises ? "(1.00)" : "(0.00)")};
        for (const double high : {1.0, 1.5, 1e300, kInfinity})
            BOOST_TEST(reasons_of(with(trigger.signal, high)) == (rises ? fired : Reasons{}),
                       boost::test_tools::per_element());
        for (const double low : {-0.0, -0.5, -1e300, -kInfinity})
            BOOST_TEST(reasons_of(with(trigger.signal, low)) == (rises ? Reasons{} : fired),
                       boost::test_tools::per_element());
    }
    // Any prompt.
    BOOST_TEST(reasons_of({}, "").empty());
    DualProcessRouter router;
    const std::string huge = std::string(1 << 20, '\xff') + " explain";
    BOOST_TEST((router.decide(huge).system == System::system2));
    BOOST_TEST((router.decide(std::string("a\0b", 3)).system == System::system1));
    BOOST_TEST((router.decide("\xe2\x80").system == System::system1));
}

BOOST_AUTO_TEST_CASE(thresholds_are_checked_by_name) {
    for (const Trigger& trigger : kTriggers)
        for (const double bad : {-0.01, 1.01, kNan, kInfinity, -kInfinity}) {
            RoutingThresholds thresholds;
            thresholds.*trigger.threshold = bad;
            const std::string field = std::string("RoutingThresholds::") + trigger.name;
            BOOST_CHECK_EXCEPTION(DualProcessRouter{thresholds}, std::invalid_argument,
                                  [&](const std::exception& error) { return names(error, field); });
        }
    for (const Trigger& trigger : kTriggers)
        for (const double good : {0.0, 1.0}) {
            RoutingThresholds thresholds;
            thresholds.*trigger.threshold = good;
            BOOST_CHECK_NO_THROW(DualProcessRouter{thresholds});
        }
    SystemShareBands bands;
    bands.min_decisions = 0;
    BOOST_CHECK_EXCEPTION(
        DualProcessRouter({}, bands), std::invalid_argument,
        [](const std::exception& error) { return names(error, "SystemShareBands::min_decisions"); });
}

BOOST_AUTO_TEST_SUITE_END()
