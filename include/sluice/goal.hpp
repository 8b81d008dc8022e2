// Whether a conversation still serves its goal, how much of it was spoken of, and whether it goes in circles.
//
//   sluice::GoalTracker goal;
//   goal.set_goal("Plan a week in Japan in April, with a hotel in Kyoto.");
//   const sluice::GoalState state = goal.observe(user_text, answer.text(), answer.tool_calls());
//   if (state.drift > 0.4) ...
//
// A measure of words, deterministic and without a model: docs/goals.md has it, and says when not to trust it.
#pragma once

#include <sluice/message.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

struct GoalOptions {
    /// GoalState::drifting is drift above this. At least 0, below 1.
    double drift_threshold = 0.4;
    /// What weight the turns before keep with each turn; 0 looks at the last one only. Below 1.
    double memory = 0.4;
    /// The share of known words at which a turn is wholly on topic. Above 0.05, at most 1.
    double related_share = 0.2;
    /// Bytes looked at of each text, from its beginning. At least 64.
    std::size_t max_text = std::size_t{16} << 10;
    /// Words of the goal, those beyond are ignored; and words that grew out of it, of which those go first
    /// that were not seen for longest. At least 1.
    std::size_t max_goal_words = 256;
    std::size_t max_vocabulary = 2048;
    /// How often in a row is a loop. At least 2, at most 100.
    std::size_t repeats = 3;
    /// Tool calls of the longest cycle looked for; 1 looks for none. At least 1, at most 32.
    std::size_t max_cycle = 4;
};

struct GoalState {
    /// The share of the goal that answers and tool calls have spoken of; 0 to 1, never falls.
    double progress = 0;
    /// How far the last turns are from the goal and from what grew out of it; 0 to 1.
    double drift = 0;
    bool drifting = false;  ///< `drift` is above GoalOptions::drift_threshold.
    bool loop_detected = false;
    /// "repeated_answer", "repeated_tool_call" or "tool_call_cycle"; empty when there is no loop.
    std::string loop;
};

/// For one conversation and one thread at a time. Bounded by its options, whatever it is given; keeps hashes
/// of words, no text.
class GoalTracker {
  public:
    /// Throws std::invalid_argument naming the option that makes no sense.
    explicit GoalTracker(GoalOptions options = {});
    ~GoalTracker();
    GoalTracker(GoalTracker&&) noexcept;
    GoalTracker& operator=(GoalTracker&&) noexcept;

    /// Progress and drift begin anew. A goal without content words is none: both stay 0. Without this call
    /// the first user's text with content words is the goal.
    void set_goal(std::string_view text);

    /// One whole turn: what the user said, what was answered in the end (empty when nothing was), and the
    /// tool calls between, in order. Text need not be UTF-8.
    GoalState observe(std::string_view user_text, std::string_view answer_text,
                      std::span<const ToolCallPart> tool_calls = {});
    /// As of the last turn; all zero before it.
    const GoalState& state() const noexcept;

  private:
    struct Tracking;
    std::unique_ptr<Tracking> tracking_;
};

}  // namespace sluice
