// `sluice sim-test`: worlds from seeds, every promise checked. The first line about a seed that fails is the
// command that replays it.
#include "commands.hpp"
#include "terminal.hpp"

#include <sluice/clock.hpp>
#include <sluice/log.hpp>
#include <sluice/testing/simulation.hpp>

#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

namespace sluice::cli {
namespace {

/// What all worlds together came to.
struct Sum {
    std::uint64_t seeds = 0;
    std::uint64_t failed = 0;
    std::uint64_t requests = 0;
    std::uint64_t attempts = 0;
    std::uint64_t exchanges = 0;
    Duration virtual_time{0};
    std::map<std::string, std::uint64_t> outcomes;
};

void add(Sum& sum, const testing::SimulationReport& world) {
    ++sum.seeds;
    if (!world.violations.empty()) ++sum.failed;
    sum.requests += world.requests;
    sum.attempts += world.attempts;
    sum.exchanges += world.exchanges;
    sum.virtual_time += world.virtual_time;
    for (const auto& [outcome, count] : world.outcomes)
        sum.outcomes[outcome] += count;
}

/// With `decimals` digits behind the point.
std::string number(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

double seconds(Duration time) {
    return std::chrono::duration<double>(time).count();
}

void print_failure(Terminal& out, const testing::SimulationReport& world) {
    const std::string seed = std::to_string(world.seed);
    out.write("seed " + seed + " FAILED; replay it with: sluice sim-test --seed " + seed + "\n");
    for (const std::string& violation : world.violations)
        out.write("  " + violation + "\n");
}

void print_sum(Terminal& out, const Sum& sum, Duration wall) {
    out.write(std::to_string(sum.requests) + " requests in " + std::to_string(sum.seeds) + " worlds, " +
              std::to_string(sum.attempts) + " attempts, " + std::to_string(sum.exchanges) +
              " exchanges with servers\n");
    std::string line;
    for (const auto& [outcome, count] : sum.outcomes)
        line.append(line.empty() ? "" : ", ").append(std::to_string(count)).append(" ").append(outcome);
    out.write("of the requests: " + line + "\n");
    const double each = sum.requests > 0 ? seconds(wall) * 1e6 / static_cast<double>(sum.requests) : 0;
    out.write(number(seconds(sum.virtual_time) / 3600, 1) + " hours of virtual time in " +
              number(seconds(wall), 1) + " s, " + number(each, 1) + " us a request\n");
    out.write(sum.failed == 0 ? "every promise was kept\n" : std::to_string(sum.failed) + " worlds FAILED\n");
}

}  // namespace

int run_sim_test(const SimTestOptions& options) {
    Terminal out(STDOUT_FILENO);
    set_log_sink({});  // simulated providers fail all the time: that is no news
    testing::SimulationOptions how;
    how.trace = options.trace || options.seed.has_value();
    const std::uint64_t first = options.seed.value_or(options.first);
    const std::uint64_t count = options.seed ? 1 : options.seeds;
    const auto clock = system_clock();
    const TimePoint start = clock->now();
    TimePoint told = start;
    Sum sum;
    for (std::uint64_t i = 0; i < count; ++i) {
        const testing::SimulationReport world = testing::run_simulation(first + i, how);
        add(sum, world);
        if (how.trace) out.write("--- seed " + std::to_string(world.seed) + "\n" + world.trace);
        if (!world.violations.empty()) print_failure(out, world);
        const TimePoint now = clock->now();
        if (now - told < std::chrono::seconds(5)) continue;
        told = now;
        out.write("... " + std::to_string(sum.seeds) + " of " + std::to_string(count) + " worlds, " +
                  std::to_string(sum.requests) + " requests\n");
    }
    print_sum(out, sum, clock->now() - start);
    return sum.failed == 0 ? kOk : kFailed;
}

}  // namespace sluice::cli
