#include <sluice/testing/simulation.hpp>

#include "testing/simulation/world.hpp"

namespace sluice::testing {

SimulationReport run_simulation(std::uint64_t seed, const SimulationOptions& options) {
    simulation::World world(seed, options);
    return world.run();
}

}  // namespace sluice::testing
