#include <sluice/task_profile.hpp>

#include "engine/complexity.hpp"
#include "engine/prompt_reader.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

using engine::Topic;

constexpr Tokens kBytesPerToken = 4;

constexpr std::array<std::string_view, kTaskTypes> kTypeNames{
    "reasoning",     "planning",   "coding",   "creative", "factual_recall",
    "summarization", "validation", "decision", "tool_use", "classification"};
constexpr std::array<std::string_view, 5> kTierNames{"trivial", "simple", "moderate", "complex", "critical"};

// By Topic, of those that are a type's lexicon.
constexpr std::array<TaskType, engine::kTaskLexicons> kTypes{
    TaskType::reasoning, TaskType::planning,      TaskType::coding,
    TaskType::creative,  TaskType::summarization, TaskType::validation,
    TaskType::decision,  TaskType::tool_use,      TaskType::classification};

struct Verdict {
    TaskType type = TaskType::factual_recall;
    std::size_t hits = 0;
    double confidence = 0;
};

// The best score wins; of equal ones the first in the order of the types.
Verdict judge(const engine::PromptCounts& counts) noexcept {
    Verdict verdict;
    double best = 0;
    double sum = 0;
    for (std::size_t topic = 0; topic < engine::kTaskLexicons; ++topic) {
        const double score = double(counts.hits[topic]) / double(engine::kLexicons[topic].size());
        sum += score;
        if (score <= best) continue;
        best = score;
        verdict.type = kTypes[topic];
        verdict.hits = counts.hits[topic];
    }
    if (sum > 0) verdict.confidence = best / sum;
    return verdict;
}

}  // namespace

std::string_view to_string(TaskType type) noexcept {
    return kTypeNames[static_cast<std::size_t>(type)];
}

std::string_view to_string(TaskProfile::Tier tier) noexcept {
    return kTierNames[static_cast<std::size_t>(tier)];
}

TaskProfile classify(std::string_view prompt, const TaskContext& context) noexcept {
    const engine::PromptCounts counts = engine::read_prompt(prompt);
    const auto hits = [&](Topic topic) { return counts.hits[static_cast<std::size_t>(topic)]; };
    const Verdict verdict = judge(counts);

    TaskProfile profile;
    TaskSignals& signals = profile.signals;
    signals.bytes = prompt.size();
    signals.characters = counts.characters;
    signals.unique_words = counts.unique_words;
    signals.modifiers =
        std::clamp((double(hits(Topic::harder)) - hits(Topic::easier)) / engine::kMostModifiers, 0.0, 1.0);
    signals.hits = verdict.hits;
    signals.context = context;
    signals.asks_to_think = hits(Topic::asks_to_think) > 0;

    profile.type = verdict.type;
    profile.complexity = engine::complexity_of(profile.type, signals);
    profile.tier = engine::tier_of(profile.complexity);
    profile.requires_thinking = profile.complexity >= engine::kThinkingComplexity ||
                                profile.type == TaskType::reasoning || profile.type == TaskType::planning;
    profile.confidence = verdict.confidence;
    profile.latency_sensitivity = engine::latency_sensitivity_of(profile.type, profile.complexity);
    profile.estimated_tokens = prompt.size() / kBytesPerToken;
    return profile;
}

}  // namespace sluice
