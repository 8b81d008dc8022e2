// What kind of task a prompt is and how hard it looks, told from its words alone: no model is asked, the same
// prompt always gives the same answer, and it takes a microsecond.
//
//   const sluice::TaskProfile profile = sluice::classify("Explain step by step why the sky is blue.");
//   profile.type == sluice::TaskType::reasoning && profile.requires_thinking;
//
// It knows English words only. In other languages what is left is length, variety, depth and tools, so those
// prompts look like simple questions unless they are long. docs/routing.md has the formula and its limits.
#pragma once

#include <sluice/usage.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class TaskType : std::uint8_t {
    reasoning,
    planning,
    coding,
    creative,
    factual_recall,  ///< Also what no lexicon has a word of.
    summarization,
    validation,
    decision,
    tool_use,
    classification,
};
inline constexpr std::size_t kTaskTypes = 10;

/// "reasoning", "factual_recall", ...: the enumerator's name.
std::string_view to_string(TaskType type) noexcept;

/// What surrounds the prompt.
struct TaskContext {
    std::size_t depth = 0;  ///< Turns so far.
    std::size_t tools = 0;  ///< Tools offered to the model.
};

/// What was counted in the prompt.
struct TaskSignals {
    std::size_t bytes = 0;
    /// Characters (code points). Of a prompt that was not read whole: estimated from the part that was.
    std::size_t characters = 0;
    std::size_t unique_words = 0;  ///< Counted up to 150, from where on it makes no difference.
    /// How much the words around the task make it harder, from 0 to 1: "comprehensive", "edge cases" raise
    /// it, "briefly", "one word" lower it.
    double modifiers = 0;
    std::size_t hits = 0;  ///< Different words and phrases of the lexicon of the type.
    TaskContext context;
    /// The user asks for care: "think carefully", "take your time".
    bool asks_to_think = false;
};

struct TaskProfile {
    /// In steps of 0.2 of the complexity; each begins at its lower edge.
    enum class Tier : std::uint8_t { trivial, simple, moderate, complex, critical };

    TaskType type = TaskType::factual_recall;
    double complexity = 0;  ///< From 0 to 1, rounded to six places.
    Tier tier = Tier::trivial;
    /// The complexity is at least 0.6, or the type is reasoning or planning.
    bool requires_thinking = false;
    /// The share of the type among the scores of all types. 0 when no lexicon had a word: the type is a
    /// guess.
    double confidence = 0;
    /// How much it hurts to wait for the answer, from 0 to 1: a question of fact more than a plan.
    double latency_sensitivity = 1;
    /// Of the prompt alone, as Needs::input counts them: four bytes a token.
    Tokens estimated_tokens = 0;
    TaskSignals signals;
};

/// "trivial", "simple", ...: the enumerator's name.
std::string_view to_string(TaskProfile::Tier tier) noexcept;

/// Reads at most this much of a prompt: all of it, or its first and its last half of this. A task is mostly
/// put before or after what it is about.
inline constexpr std::size_t kMaxClassified = 4096;

/// Any bytes; ill-formed UTF-8 is only ever an unknown word. Allocates nothing.
TaskProfile classify(std::string_view prompt, const TaskContext& context = {}) noexcept;

}  // namespace sluice
