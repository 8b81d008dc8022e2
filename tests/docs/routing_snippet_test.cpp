// The snippets of docs/routing.md.
#include <sluice/dual_process.hpp>
#include <sluice/minimax.hpp>
#include <sluice/nash_router.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(a_router_decides_and_says_why) {
    std::ostringstream out;

    sluice::DualProcessRouter router;
    for (const char* prompt : {"Where is my order #1234?", "Explain step by step why it is late."}) {
        const sluice::RoutingDecision decision = router.decide(prompt);
        out << to_string(decision.system);
        for (const std::string& reason : decision.reasons)
            out << ' ' << reason;
        out << '\n';
    }
    out << router.stats() << '\n' << router.stats().hint() << '\n';

    BOOST_TEST(out.str() ==
               "system1\n"
               "system2 requires_thinking(reasoning)\n"
               "system1_count=1 system2_count=1 system2_ratio=50.0% total_decisions=2 band=too_few\n"
               "2 decisions so far: too few to judge, wait for 20\n");
}

BOOST_AUTO_TEST_CASE(thresholds_and_signals_are_the_callers) {
    sluice::RoutingThresholds thresholds;
    thresholds.drift = 0.6;
    sluice::DualProcessRouter router(thresholds);

    sluice::RoutingSignals signals;
    signals.error_in_last_step = true;
    const sluice::RoutingDecision decision = router.decide_after_tools(signals);

    BOOST_TEST((decision.system == sluice::System::system2));
}

BOOST_AUTO_TEST_CASE(learned_weights) {
    sluice::NashRouter learned;
    const sluice::PicoUsd cent = sluice::PicoUsd::from_micro_usd(10'000);
    learned.update("large", sluice::TaskType::reasoning, {.quality = 0.95, .latency = 5s, .cost = cent});
    learned.update("small", sluice::TaskType::reasoning, {.quality = 0.4, .latency = 100ms});
    learned.iterate();
    const std::optional<std::string> model = learned.best_model(sluice::TaskType::reasoning);

    BOOST_TEST(model.value() == "large");
}

BOOST_AUTO_TEST_CASE(the_guard) {
    sluice::MinimaxGuard guard;
    guard.set_worst_loss("fast", 0.9);
    guard.set_worst_loss("slow", 0.2);
    const auto little = guard.choose({{"fast", 0.8}, {"slow", 0.6}}, 0.3);
    const auto much = guard.choose({{"fast", 0.8}, {"slow", 0.6}}, 0.95);

    BOOST_TEST(little->candidate == "fast");
    BOOST_TEST(much->candidate == "slow");
}
