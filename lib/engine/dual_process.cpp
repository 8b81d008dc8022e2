#include <sluice/dual_process.hpp>

#include "engine/complexity.hpp"
#include "engine/fraction.hpp"

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

const RoutingThresholds& checked(const RoutingThresholds& thresholds) {
    engine::require_fraction("RoutingThresholds::surprise", thresholds.surprise);
    engine::require_fraction("RoutingThresholds::agreement", thresholds.agreement);
    engine::require_fraction("RoutingThresholds::novelty", thresholds.novelty);
    engine::require_fraction("RoutingThresholds::safety", thresholds.safety);
    engine::require_fraction("RoutingThresholds::drift", thresholds.drift);
    return thresholds;
}

// The defaults of RoutingSignals: nobody said anything.
RoutingSignals sanitised(RoutingSignals signals) noexcept {
    const RoutingSignals unsaid;
    const auto put_right = [](double& value, double otherwise) {
        value = engine::fraction_or(value, otherwise);
    };
    put_right(signals.surprise_magnitude, unsaid.surprise_magnitude);
    put_right(signals.population_agreement, unsaid.population_agreement);
    put_right(signals.task_novelty, unsaid.task_novelty);
    put_right(signals.enterprise_safety, unsaid.enterprise_safety);
    put_right(signals.goal_drift, unsaid.goal_drift);
    return signals;
}

// "high_surprise(0.80)". `value` is from 0 to 1.
std::string reason(std::string_view trigger, double value) {
    const long hundredths = std::lround(value * 100);
    std::string text;
    text.reserve(trigger.size() + 6);
    text.append(trigger).push_back('(');
    for (const long digit : {hundredths / 100, hundredths / 10 % 10, hundredths % 10}) {
        text.push_back(static_cast<char>('0' + digit));
        if (text.size() == trigger.size() + 2) text.push_back('.');
    }
    text.push_back(')');
    return text;
}

std::string thinking_reason(const TaskProfile& profile) {
    constexpr std::string_view kTrigger = "requires_thinking";
    if (profile.type != TaskType::reasoning && profile.type != TaskType::planning)
        return reason(kTrigger, profile.complexity);
    return std::string(kTrigger).append("(").append(to_string(profile.type)).append(")");
}

}  // namespace

std::string_view to_string(System system) noexcept {
    return system == System::system1 ? "system1" : "system2";
}

DualProcessRouter::DualProcessRouter(const RoutingThresholds& thresholds, const SystemShareBands& bands)
    : thresholds_(checked(thresholds)), bands_(DualProcessStats(0, 0, bands).bands) {}

RoutingDecision DualProcessRouter::decide(std::string_view prompt, const RoutingSignals& signals,
                                          const TaskContext& context) {
    const TaskProfile profile = classify(prompt, context);
    RoutingSignals known = sanitised(signals);
    known.task_novelty = std::max(known.task_novelty, profile.complexity);
    known.user_explicit_request |= profile.signals.asks_to_think;
    return conclude(known, profile);
}

RoutingDecision DualProcessRouter::decide_after_tools(const RoutingSignals& signals,
                                                      const TaskContext& context) {
    TaskProfile profile;
    profile.type = TaskType::tool_use;
    profile.signals.context = context;
    profile.complexity = engine::complexity_of(profile.type, profile.signals);
    profile.tier = engine::tier_of(profile.complexity);
    profile.confidence = 1;
    profile.latency_sensitivity = engine::latency_sensitivity_of(profile.type, profile.complexity);
    return conclude(sanitised(signals), profile);
}

RoutingDecision DualProcessRouter::conclude(const RoutingSignals& signals, const TaskProfile& profile) {
    RoutingDecision decision;
    decision.profile = profile;
    std::vector<std::string>& reasons = decision.reasons;
    const auto above = [&reasons](std::string_view trigger, double value, double threshold) {
        if (value > threshold) reasons.push_back(reason(trigger, value));
    };
    above("high_surprise", signals.surprise_magnitude, thresholds_.surprise);
    if (signals.population_agreement < thresholds_.agreement)
        reasons.push_back(reason("low_agreement", signals.population_agreement));
    above("high_novelty", signals.task_novelty, thresholds_.novelty);
    above("high_safety", signals.enterprise_safety, thresholds_.safety);
    if (signals.user_explicit_request) reasons.emplace_back("user_request");
    if (signals.error_in_last_step) reasons.emplace_back("error_in_last_step");
    above("goal_drift", signals.goal_drift, thresholds_.drift);
    if (profile.requires_thinking) reasons.push_back(thinking_reason(profile));

    if (reasons.empty()) {
        system1_.fetch_add(1, std::memory_order_relaxed);
        return decision;
    }
    decision.system = System::system2;
    system2_.fetch_add(1, std::memory_order_relaxed);
    std::vector<std::string> kept = reasons;
    {
        const std::lock_guard lock(mutex_);
        last_reasons_.swap(kept);
    }
    return decision;
}

DualProcessStats DualProcessRouter::stats() const noexcept {
    return DualProcessStats(system1_.load(std::memory_order_relaxed),
                            system2_.load(std::memory_order_relaxed), bands_);
}

std::vector<std::string> DualProcessRouter::last_escalation_reasons() const {
    const std::lock_guard lock(mutex_);
    return last_reasons_;
}

}  // namespace sluice
