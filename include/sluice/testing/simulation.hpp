// The deterministic simulation: a whole world from one seed. Providers of every dialect served by simulators,
// random models composed of them, a network that breaks, callers that cancel and are slow; in virtual time,
// on one thread. Everything that the library promises is checked while it runs and when it is over.
//
//   const auto report = sluice::testing::run_simulation(4711, {.trace = true});
//   for (const std::string& violation : report.violations) ...   // empty: every promise was kept
//
// The same seed gives the same world, to the last byte of its trace. docs/simulation.md has the promises.
#pragma once

#include <sluice/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::testing {

struct SimulationOptions {
    /// Write down what happens, line by line. Costs time.
    bool trace = false;
};

struct SimulationReport {
    SimulationReport() = default;
    std::uint64_t seed = 0;
    std::size_t requests = 0;   ///< That callers made.
    std::size_t attempts = 0;   ///< That the library made of them.
    std::size_t exchanges = 0;  ///< That reached a server.
    std::size_t turns = 0;      ///< Handlers that the loop ran.
    Duration virtual_time{0};
    std::map<std::string, std::size_t>
        outcomes;                               ///< Requests by how they ended: "answered", "cancelled", ...
    std::map<std::string, std::size_t> events;  ///< "attempt_started", "breaker_changed", ...: how many.
    /// "rule: what happened", for each broken promise.
    std::vector<std::string> violations;
    /// Of everything that callers saw: equal for equal runs.
    std::uint64_t digest = 0;
    std::string trace;  ///< Empty unless it was asked for.
};

/// Runs the world of `seed` to its end.
SimulationReport run_simulation(std::uint64_t seed, const SimulationOptions& options = SimulationOptions());

}  // namespace sluice::testing
