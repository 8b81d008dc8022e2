#include <sluice/minimax.hpp>

#include "engine/fraction.hpp"

#include <stdexcept>

namespace sluice {
namespace {

const MinimaxOptions& checked(const MinimaxOptions& options) {
    engine::require_fraction("MinimaxOptions::risk_threshold", options.risk_threshold);
    if (options.max_candidates == 0)
        throw std::invalid_argument("MinimaxOptions::max_candidates: must be at least 1");
    return options;
}

}  // namespace

MinimaxGuard::MinimaxGuard(const MinimaxOptions& options) : options_(checked(options)) {}

void MinimaxGuard::set_worst_loss(std::string_view candidate, double loss) {
    if (candidate.empty()) throw std::invalid_argument("MinimaxGuard: a candidate needs a name");
    engine::require_fraction("MinimaxGuard: the worst loss of " + std::string(candidate), loss);
    const std::lock_guard lock(mutex_);
    if (const auto known = losses_.find(candidate); known != losses_.end()) {
        known->second = loss;
        return;
    }
    if (losses_.size() >= options_.max_candidates)
        throw std::invalid_argument("MinimaxGuard: there are " + std::to_string(options_.max_candidates) +
                                    " candidates already; raise MinimaxOptions::max_candidates");
    losses_.emplace(candidate, loss);
}

double MinimaxGuard::loss_of(std::string_view candidate) const {
    const auto known = losses_.find(candidate);
    return known != losses_.end() ? known->second : 1.0;
}

double MinimaxGuard::worst_loss(std::string_view candidate) const {
    const std::lock_guard lock(mutex_);
    return loss_of(candidate);
}

std::optional<MinimaxChoice> MinimaxGuard::choose(const std::vector<MinimaxCandidate>& candidates,
                                                  double safety) const {
    const double stake = engine::fraction_or(safety, 1);
    const double over = stake - options_.risk_threshold;
    const double weight = over > 0 ? over / (1 - options_.risk_threshold) : 0;
    std::optional<MinimaxChoice> best;
    const std::lock_guard lock(mutex_);
    for (const MinimaxCandidate& candidate : candidates) {
        const double gain = engine::fraction_or(candidate.gain, 0);
        const double score = (1 - weight) * gain - weight * loss_of(candidate.name);
        if (!best || score > best->score) best = MinimaxChoice{candidate.name, score, weight};
    }
    return best;
}

}  // namespace sluice
