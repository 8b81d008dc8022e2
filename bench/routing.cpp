// What it takes to decide which model a turn is for. "allocs" is operator new calls per decision.
#include <sluice/dual_process.hpp>

#include "support/allocations.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace sluice;

constexpr const char* kQuestion = "What is the capital of France?";
constexpr const char* kRiddle =
    "A farmer has 17 sheep. All but 9 die. How many sheep does the farmer have left? Explain your reasoning "
    "step "
    "by step.";

// A support request as people write them, until there is enough of it.
std::string letter(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i)
        text += "Hello, my invoice " + std::to_string(1000 + i) +
                " from last month shows two charges for the same order, and the parcel has not arrived yet. ";
    text.resize(bytes);
    return text;
}

void decide(benchmark::State& state, const std::string& prompt, const RoutingSignals& signals,
            System expected) {
    DualProcessRouter router;
    const std::size_t before = sluice::test::allocations();
    for (auto _ : state) {
        const RoutingDecision decision = router.decide(prompt, signals, {4, 3});
        if (decision.system != expected) state.SkipWithError("not the system expected");
    }
    state.counters["allocs"] = double(sluice::test::allocations() - before) / double(state.iterations());
}

void a_question(benchmark::State& state) {
    decide(state, kQuestion, {}, System::system1);
}
BENCHMARK(a_question);

void a_riddle(benchmark::State& state) {
    decide(state, kRiddle, {}, System::system2);
}
BENCHMARK(a_riddle);

void all_triggers(benchmark::State& state) {
    RoutingSignals signals;
    signals.surprise_magnitude = signals.task_novelty = signals.enterprise_safety = signals.goal_drift = 0.9;
    signals.population_agreement = 0.1;
    signals.user_explicit_request = signals.error_in_last_step = true;
    decide(state, kRiddle, signals, System::system2);
}
BENCHMARK(all_triggers);

void a_letter(benchmark::State& state) {
    decide(state, letter(std::size_t(state.range(0))), {}, System::system1);
}
BENCHMARK(a_letter)->Arg(500)->Arg(2048)->Arg(1 << 20)->ArgName("bytes");

}  // namespace

BENCHMARK_MAIN();
