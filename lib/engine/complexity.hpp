// The formula of a task's complexity, apart from how its terms are counted. docs/routing.md.
#pragma once

#include <sluice/task_profile.hpp>

#include <cstddef>

namespace sluice::engine {

/// From this complexity on a task wants a model that thinks.
inline constexpr double kThinkingComplexity = 0.6;
/// So many words that make a task harder are as much as counts.
inline constexpr double kMostModifiers = 3;

/// From 0 to 1, rounded to six places: a sum of fractions that should be 0.6 is 0.6.
double complexity_of(TaskType type, const TaskSignals& signals) noexcept;

/// A question of fact is waited for, a plan is come back to.
double latency_sensitivity_of(TaskType type, double complexity) noexcept;

/// Each tier begins at its lower edge: 0.2 is simple.
TaskProfile::Tier tier_of(double complexity) noexcept;

}  // namespace sluice::engine
