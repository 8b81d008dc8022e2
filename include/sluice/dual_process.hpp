// The dual-process router: is this turn for the fast model (System 1, the worker) or for the slow one (System
// 2, the orchestrator)? Decided from the prompt's words and a few signals, without asking a model.
//
//   sluice::DualProcessRouter router;
//   router.decide("What is 2 + 2?").system == sluice::System::system1;
//   const sluice::RoutingDecision decision = router.decide("Explain step by step why the sky is blue.");
//   decision.system == sluice::System::system2;  // decision.reasons: {"requires_thinking(reasoning)"}
//
// System 1 unless a trigger fires; any single one is enough. A decision takes about a microsecond and cannot
// fail. docs/routing.md has the triggers, and when not to use this.
#pragma once

#include <sluice/dual_process_stats.hpp>
#include <sluice/task_profile.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class System : std::uint8_t {
    system1,  ///< Fast and cheap: the worker.
    system2,  ///< Slow and careful: the orchestrator.
};

/// "system1", "system2".
std::string_view to_string(System system) noexcept;

/// What the caller knows about this turn, each from 0 to 1. What lies outside counts as the nearer end, and
/// what is not a number as not said: as the default.
struct RoutingSignals {
    double surprise_magnitude = 0;    ///< How unlike the expected the last result was.
    double population_agreement = 1;  ///< How far several candidates, or models, agreed.
    /// How new the task is. The router measures it too, by the complexity of the prompt; the larger counts.
    double task_novelty = 0;
    double enterprise_safety = 0;        ///< How much is at stake.
    bool user_explicit_request = false;  ///< Also set by "think carefully" and the like in the prompt.
    bool error_in_last_step = false;
    double goal_drift = 0;  ///< How far the conversation is from its goal.
};

/// What escalates, strictly: a surprise of exactly `surprise` does not. Each from 0 to 1.
struct RoutingThresholds {
    double surprise = 0.6;   ///< Above.
    double agreement = 0.4;  ///< Below.
    double novelty = 0.7;    ///< Above.
    double safety = 0.8;     ///< Above.
    double drift = 0.4;      ///< Above.
};

struct RoutingDecision {
    System system = System::system1;
    /// Every trigger that fired: "high_surprise(0.80)", "low_agreement(0.30)", "high_novelty(0.82)",
    /// "high_safety(0.90)", "user_request", "error_in_last_step", "goal_drift(0.50)",
    /// "requires_thinking(reasoning)" or, because of the complexity alone, "requires_thinking(0.64)"; in this
    /// order. Empty for System 1.
    std::vector<std::string> reasons;
    TaskProfile profile;
};

/// Any thread. Its memory is that of a few counters.
class DualProcessRouter {
  public:
    /// Throws std::invalid_argument that names the field of a threshold or a band that makes no sense.
    explicit DualProcessRouter(const RoutingThresholds& thresholds = {}, const SystemShareBands& bands = {});
    DualProcessRouter(const DualProcessRouter&) = delete;
    DualProcessRouter& operator=(const DualProcessRouter&) = delete;

    /// For a turn that begins with what a user wrote. Counts as one decision.
    RoutingDecision decide(std::string_view prompt, const RoutingSignals& signals = {},
                           const TaskContext& context = {});
    /// For the turn that hands the results of tool calls back to the model: no prompt to judge, so only the
    /// signals can escalate. The profile is that of TaskType::tool_use. Counts as one decision.
    RoutingDecision decide_after_tools(const RoutingSignals& signals = {}, const TaskContext& context = {});

    /// A consistent snapshot, at the price of two reads.
    DualProcessStats stats() const noexcept;
    /// The reasons of the last decision for System 2; empty before the first.
    std::vector<std::string> last_escalation_reasons() const;

  private:
    RoutingDecision conclude(const RoutingSignals& signals, const TaskProfile& profile);

    const RoutingThresholds thresholds_;
    const SystemShareBands bands_;
    std::atomic<std::uint64_t> system1_{0};
    std::atomic<std::uint64_t> system2_{0};
    mutable std::mutex mutex_;
    std::vector<std::string> last_reasons_;
};

}  // namespace sluice
