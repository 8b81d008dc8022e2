// Minimax guard: who promises most when little is at stake, and who can do least harm when much is.
//
//   sluice::MinimaxGuard guard;
//   guard.set_worst_loss("fast", 0.9);
//   guard.set_worst_loss("slow", 0.2);
//   guard.choose({{"fast", 0.8}, {"slow", 0.6}}, 0.3)->candidate == "fast";
//   guard.choose({{"fast", 0.8}, {"slow", 0.6}}, 0.95)->candidate == "slow";
//
// docs/routing.md has the formula.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct MinimaxOptions {
    /// Up to this `safety` the gain alone decides. From 0 to 1; 1 never looks at losses.
    double risk_threshold = 0.7;
    /// Losses of more candidates than these are refused. At least 1.
    std::size_t max_candidates = 1024;
};

/// One that may be chosen.
struct MinimaxCandidate {
    std::string name;
    double gain = 0;  ///< What is expected of it, from 0 to 1. Not a number counts as 0.
};

struct MinimaxChoice {
    std::string candidate;
    double score = 0;        ///< (1 - loss_weight) * gain - loss_weight * worst loss.
    double loss_weight = 0;  ///< 0 up to the threshold, 1 where safety is 1.
};

/// Any thread.
class MinimaxGuard {
  public:
    /// Throws std::invalid_argument that names the option that makes no sense.
    explicit MinimaxGuard(const MinimaxOptions& options = {});

    /// The worst that can come of a candidate, from 0 to 1. Throws std::invalid_argument for any other
    /// number, an empty name, or a new name when there are `max_candidates` already.
    void set_worst_loss(std::string_view candidate, double loss);
    /// 1 for one that nobody has spoken for.
    double worst_loss(std::string_view candidate) const;

    /// The candidate with the best score; of equal ones the first. `safety` says how much is at stake, from 0
    /// to 1; what is not a number counts as 1, the careful end. Absent: there are no candidates.
    std::optional<MinimaxChoice> choose(const std::vector<MinimaxCandidate>& candidates, double safety) const;

  private:
    double loss_of(std::string_view candidate) const;  // under the lock

    const MinimaxOptions options_;
    mutable std::mutex mutex_;
    std::map<std::string, double, std::less<>> losses_;
};

}  // namespace sluice
