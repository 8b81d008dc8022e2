// The whole stack, gate to socket, in simulated worlds: every promise of docs/simulation.md, from seeds.
#include <sluice/clock.hpp>
#include <sluice/testing/simulation.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <iostream>
#include <map>
#include <string>

using namespace sluice;

namespace {

testing::SimulationReport replay(std::uint64_t seed) {
    testing::SimulationOptions options;
    options.trace = true;
    return testing::run_simulation(seed, options);
}

std::string told(const testing::SimulationReport& world) {
    const std::string seed = std::to_string(world.seed);
    std::string text = "seed " + seed + "; replay it with: sluice sim-test --seed " + seed;
    for (const std::string& violation : world.violations)
        text += "\n  " + violation;
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_world) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            const testing::SimulationReport once = replay(seed);
            const testing::SimulationReport again = replay(seed);
            BOOST_TEST(!once.trace.empty());
            BOOST_TEST((once.trace == again.trace));
            BOOST_TEST(once.turns == again.turns);
            // Watching changes nothing.
            const testing::SimulationReport unwatched = testing::run_simulation(seed);
            BOOST_TEST(unwatched.trace.empty());
            BOOST_TEST(unwatched.digest == once.digest);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_promise_is_kept) {
    const auto clock = system_clock();
    const TimePoint start = clock->now();
    std::uint64_t seed = 0;
    std::size_t requests = 0;
    std::size_t attempts = 0;
    Duration virtual_time{0};
    std::map<std::string, std::size_t> outcomes;
    std::map<std::string, std::size_t> events;
    while (requests < SLUICE_SIMULATED_REQUESTS) {
        const testing::SimulationReport world = testing::run_simulation(++seed);
        BOOST_TEST(world.violations.empty(), told(world));
        requests += world.requests;
        attempts += world.attempts;
        virtual_time += world.virtual_time;
        for (const auto& [outcome, count] : world.outcomes)
            outcomes[outcome] += count;
        for (const auto& [event, count] : world.events)
            events[event] += count;
    }
    std::cout << requests << " requests, " << attempts << " attempts, seeds 1 to " << seed << ", "
              << std::chrono::duration_cast<std::chrono::hours>(virtual_time).count()
              << " hours of virtual time in "
              << std::chrono::duration_cast<std::chrono::milliseconds>(clock->now() - start).count()
              << " ms\n";

    // The net is only as good as what swims into it: everything that can happen has happened.
    for (const char* outcome : {"answered", "failed midway", "failed", "cancelled", "dropped"})
        BOOST_TEST(outcomes[outcome] > 0U, outcome);
    for (const char* event :
         {"attempt_started", "first_event", "attempt_succeeded", "attempt_failed", "attempt_abandoned",
          "leg_skipped", "failed_over", "backing_off", "hedge_started", "mirror_compared", "breaker_changed",
          "target_down", "target_recovered"})
        BOOST_TEST(events[event] > 0U, event);
}

BOOST_AUTO_TEST_SUITE_END()
