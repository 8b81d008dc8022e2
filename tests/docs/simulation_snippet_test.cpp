// The code of docs/simulation.md.
#include <sluice/testing/simulation.hpp>

#include <boost/test/unit_test.hpp>

#include <iostream>
#include <string>

BOOST_AUTO_TEST_CASE(the_simulation_in_a_program) {
    sluice::testing::SimulationOptions options;
    options.trace = true;
    const sluice::testing::SimulationReport report = sluice::testing::run_simulation(4711, options);
    for (const std::string& violation : report.violations)
        std::cerr << violation << '\n' << report.trace;
    BOOST_TEST(report.violations.empty());
    BOOST_TEST(!report.trace.empty());
}
