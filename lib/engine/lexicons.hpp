// The words that give a task away: nine lexicons of task types, and three more lists. docs/routing.md says
// how they count.
//
// A type's score is its hits divided by the length of its lexicon. So the two that call for the slow model
// are the shortest: where a prompt has one word of each of two lists ("explain this summary"), they win.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::engine {

/// What a list stands for: the task types but factual_recall, which is what is left over, in their order; and
/// then what makes a task harder or easier, and what asks for care.
enum class Topic : std::uint8_t {
    reasoning,
    planning,
    coding,
    creative,
    summarization,
    validation,
    decision,
    tool_use,
    classification,
    harder,
    easier,
    asks_to_think,
};
inline constexpr std::size_t kTopics = 12;
inline constexpr std::size_t kTaskLexicons = 9;

// Words and phrases of at most kLongestPhrase words: lower case, letters and digits, one space between words.
inline constexpr std::size_t kLongestPhrase = 4;

inline constexpr std::array<std::string_view, 16> kReasoningWords{
    "explain", "explanation",        "why",        "analyze",     "analyse", "analysis",
    "reason",  "reasoning",          "prove",      "deduce",      "infer",   "derive",
    "puzzle",  "difference between", "root cause", "step by step"};

inline constexpr std::array<std::string_view, 14> kPlanningWords{
    "plan",       "planning",  "roadmap",  "strategy",   "design",     "architecture", "milestones",
    "break down", "decompose", "timeline", "prioritize", "prioritise", "action plan",  "next steps"};

inline constexpr std::array<std::string_view, 26> kCodingWords{
    "code",   "coding", "function", "bug",       "debug",        "compile",    "compiler",
    "script", "python", "refactor", "implement", "javascript",   "typescript", "java",
    "rust",   "golang", "sql",      "html",      "css",          "regex",      "syntax",
    "commit", "api",    "endpoint", "unit test", "pull request",
};

inline constexpr std::array<std::string_view, 20> kCreativeWords{
    "story",  "poem",     "haiku",    "lyrics",     "song",      "novel",     "fiction",
    "slogan", "tagline",  "imagine",  "creative",   "invent",    "dialogue",  "screenplay",
    "joke",   "limerick", "metaphor", "brainstorm", "blog post", "fairy tale"};

inline constexpr std::array<std::string_view, 18> kSummarizationWords{
    "summarize", "summarise",  "summary",     "summaries",     "tldr",     "condense",
    "recap",     "shorten",    "abridge",     "overview",      "digest",   "gist",
    "boil down", "key points", "main points", "bullet points", "synopsis", "takeaways"};

inline constexpr std::array<std::string_view, 18> kValidationWords{
    "check",  "verify",    "validate",     "validation", "confirm",    "correct",
    "review", "proofread", "inspect",      "audit",      "valid",      "mistakes",
    "errors", "typos",     "double check", "fact check", "is it true", "is this right"};

inline constexpr std::array<std::string_view, 18> kDecisionWords{
    "decide",     "decision", "choose",       "choice",        "recommend",     "recommendation",
    "compare",    "prefer",   "alternatives", "better option", "best option",   "tradeoffs",
    "trade offs", "should i", "should we",    "which one",     "pros and cons", "which is better"};

inline constexpr std::array<std::string_view, 20> kToolUseWords{
    "search",     "fetch",  "lookup",   "look up", "send",    "book",    "schedule",
    "reschedule", "cancel", "download", "upload",  "execute", "query",   "invoke",
    "email",      "remind", "reminder", "reserve", "turn on", "turn off"};

inline constexpr std::array<std::string_view, 18> kClassificationWords{
    "classify", "classification", "categorize", "categorise", "category",  "categories",
    "label",    "labels",         "tag",        "tags",       "sentiment", "spam",
    "taxonomy", "triage",         "intent",     "bucket",     "group by",  "sort into"};

inline constexpr std::array<std::string_view, 20> kHarderWords{
    "complex",  "complicated", "comprehensive", "thorough",   "thoroughly", "detailed",    "in detail",
    "in depth", "rigorous",    "rigorously",    "exhaustive", "edge cases", "constraints", "optimal",
    "optimize", "optimise",    "scalable",      "at scale",   "end to end", "multi step"};

inline constexpr std::array<std::string_view, 11> kEasierWords{
    "brief",    "briefly", "quick",    "quickly",         "simple",   "simply",
    "in short", "basic",   "one word", "in one sentence", "yes or no"};

inline constexpr std::array<std::string_view, 15> kAsksToThinkWords{
    "think carefully",    "think hard",       "think harder",       "think deeply",
    "think twice",        "think it through", "think this through", "think it over",
    "think step by step", "carefully think",  "reason carefully",   "consider carefully",
    "carefully consider", "take your time",   "use your best model"};

/// By topic.
inline constexpr std::array<std::span<const std::string_view>, kTopics> kLexicons{
    kReasoningWords,      kPlanningWords,   kCodingWords,   kCreativeWords,
    kSummarizationWords,  kValidationWords, kDecisionWords, kToolUseWords,
    kClassificationWords, kHarderWords,     kEasierWords,   kAsksToThinkWords};

}  // namespace sluice::engine
