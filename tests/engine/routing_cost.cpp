// What decisions cost, for callgrind: routing_cost.py counts.
//
//   routing_cost <question|riddle|long|huge> <decisions>
#include <sluice/dual_process.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::string prompt_of(std::string_view what) {
    if (what == "question") return "What is the capital of France?";
    if (what == "riddle")
        return "A farmer has 17 sheep. All but 9 die. How many sheep does the farmer have left? Explain your "
               "reasoning step by step.";
    const std::size_t bytes = what == "huge" ? std::size_t{1} << 20 : 2 * sluice::kMaxClassified;
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i)
        text += "Hello, my invoice " + std::to_string(1000 + i) + " shows two charges for the same order. ";
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string prompt = prompt_of(argv[1]);
    sluice::DualProcessRouter router;
    for (std::size_t left = std::strtoul(argv[2], nullptr, 10); left > 0; --left)
        router.decide(prompt);
    std::printf("%llu\n", static_cast<unsigned long long>(router.stats().total_decisions));
}
