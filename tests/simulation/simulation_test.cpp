// The whole stack, gate to socket, in simulated worlds: every promise of docs/simulation.md, from seeds.
#include <sluice/testing/simulation.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>

using namespace sluice;

namespace {

testing::SimulationReport replay(std::uint64_t seed) {
    testing::SimulationOptions options;
    options.trace = true;
    return testing::run_simulation(seed, options);
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
            BOOST_TEST(testing::run_simulation(seed).digest == once.digest);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
