// SelectBoundModel: several models of which one is picked for each request, by a strategy. Who is tried first
// is one thing, and what happens when it fails another: the latter is FallbackOptions, as in a chain.
//
//   sluice::SelectBoundModel model{{{openai.model("gpt-5"), 0.7}, {anthropic.model("claude-opus-4-8"), 0.3}},
//                                  {.strategy = sluice::Strategy::weighted}};
//
// Candidates that cannot serve the request, or not now, are filtered out before the pick. docs/selection.md.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/fallback.hpp>
#include <sluice/strategy.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace sluice {

struct Candidate {
    BoundModel model;
    double weight = 1;  ///< Of Strategy::weighted and score: any finite number above zero.
    int priority = 0;   ///< Of Strategy::priority: lower is asked first.
};

struct SelectOptions {
    Strategy strategy = Strategy::priority;
    /// How many times candidates may be asked for one request. Absent: each of them once. With more than
    /// there are candidates those that failed may be asked again, but only when no other is left, and only if
    /// their error says that it can help. At least 1.
    std::optional<std::size_t> max_attempts = {};
    /// In this time half of what is known about failures, reliability and latency is forgotten. Positive.
    std::chrono::milliseconds half_life = std::chrono::seconds(60);
    /// What happens when the picked one fails, and clock, dice, hook and budget. `failover.max_fallbacks = 0`
    /// selects without failover.
    FallbackOptions failover = {};
};

class SelectBoundModel : public BoundModel {
  public:
    /// provider() and spec() are the first candidate's. Throws std::invalid_argument for an empty list, and
    /// for a weight that is zero, negative, infinite or no number.
    explicit SelectBoundModel(std::vector<Candidate> candidates, SelectOptions options = {});
};

}  // namespace sluice
