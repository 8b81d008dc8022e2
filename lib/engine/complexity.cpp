#include "engine/complexity.hpp"

#include "engine/prompt_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::engine {
namespace {

constexpr double kMostCharacters = 2000;
constexpr double kMostDepth = 20;
constexpr double kMostTools = 10;

// By TaskType.
constexpr std::array<double, kTaskTypes> kBases{0.8, 0.9, 0.7, 0.5, 0.1, 0.4, 0.5, 0.6, 0.3, 0.2};

double share(std::size_t of, double most) noexcept {
    return std::min(double(of) / most, 1.0);
}

double base_of(TaskType type) noexcept {
    return kBases[static_cast<std::size_t>(type)];
}

}  // namespace

double complexity_of(TaskType type, const TaskSignals& signals) noexcept {
    const double sum = 0.20 * share(signals.characters, kMostCharacters) +
                       0.15 * share(signals.unique_words, double(kMostUniqueWords)) +
                       0.15 * share(signals.context.depth, kMostDepth) +
                       0.15 * share(signals.context.tools, kMostTools) + 0.20 * signals.modifiers +
                       0.15 * base_of(type);
    return std::round(sum * 1e6) / 1e6;
}

double latency_sensitivity_of(TaskType type, double complexity) noexcept {
    return 1 - std::max(complexity, base_of(type));
}

TaskProfile::Tier tier_of(double complexity) noexcept {
    constexpr std::array kEdges{0.2, 0.4, 0.6, 0.8};
    const auto above = std::upper_bound(kEdges.begin(), kEdges.end(), complexity) - kEdges.begin();
    return static_cast<TaskProfile::Tier>(above);
}

}  // namespace sluice::engine
