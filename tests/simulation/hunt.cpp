// Looks for a world that breaks a rule: `hunt RULE SEEDS`. Exit code 0 when one was found. For mutations.py,
// which links it with a library that has a bug.
#include <sluice/testing/simulation.hpp>

#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

int main(int argc, char** argv) try {
    if (argc != 3) {
        std::cerr << "usage: hunt RULE SEEDS\n";
        return 2;
    }
    const std::string rule = std::string(argv[1]) + ": ";
    const std::uint64_t seeds = std::stoull(argv[2]);
    std::string other;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        for (const std::string& violation : sluice::testing::run_simulation(seed).violations) {
            const std::string at = "seed " + std::to_string(seed) + ": " + violation;
            // "call 3: rule: ...", or "rule: ..." for what is about no call.
            if (violation.starts_with(rule) || violation.find(": " + rule) != std::string::npos) {
                std::cout << at << std::endl;
                std::_Exit(0);  // what a broken library leaves behind is not worth destroying
            }
            if (other.empty()) other = at;
        }
    }
    std::cout << "nothing found in " << seeds << " seeds"
              << (other.empty() ? std::string() : ", but " + other) << std::endl;
    std::_Exit(1);
} catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
}
