// How much of a model's window a conversation takes, and what to leave out when it takes too much.
//
//   sluice::TrimOptions options;
//   options.budget = *spec.context_window - max_output;
//   options.dialect = "anthropic";
//   sluice::Trimmed context = sluice::trim(history, options);
//   if (!context.fits) ...                      // nothing more can go: ask a model with a larger window
//
// No tokenizer is asked. The estimate is a likely size, near for prose, code and JSON in most scripts, and
// the trimming never leaves a conversation that a provider would refuse. docs/context.md has the measure.
#pragma once

#include <sluice/message.hpp>
#include <sluice/request.hpp>
#include <sluice/usage.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The likely number of tokens of `text` for the models that speak `dialect`: "openai_chat",
/// "openai_responses", "anthropic" or "gemini". Any other name gets the cautious measure, which counts high.
/// Text that is not UTF-8 is counted too. Linear in the text, no allocation.
Tokens estimate_tokens(std::string_view text, std::string_view dialect) noexcept;
/// A message with what the dialect puts around it. What is not sent to that dialect (another one's native
/// parts, reasoning that others signed) counts nothing.
Tokens estimate_tokens(const Message& message, std::string_view dialect) noexcept;

/// What of a request is not its messages: tools, schema, the dialect's own preamble.
Tokens estimate_fixed_tokens(const Request& request, std::string_view dialect) noexcept;

/// A whole request: its messages and estimate_fixed_tokens(). A template, so that text is never taken for a
/// request.
template <std::same_as<Request> R>
Tokens estimate_tokens(const R& request, std::string_view dialect) noexcept {
    Tokens all = estimate_fixed_tokens(request, dialect);
    for (const Message& message : request.messages())
        all += estimate_tokens(message, dialect);
    return all;
}

struct TrimOptions {
    /// What the result may take by estimate. Of a model: its context window less the answer's max_tokens.
    Tokens budget = 0;
    /// As in estimate_tokens.
    std::string dialect = {};
    /// Turns at the end that are kept: each with its user's message and its last step. At least 1.
    std::size_t keep_last_turns = 1;
    /// Place of a message that stays, such as the one that states the goal. The user's message of its turn
    /// stays with it, and all calls and results of its step. Must be a place in the conversation.
    std::optional<std::size_t> keep_message = {};
    /// Tokens that the request takes beside its messages (estimate_fixed_tokens); part of the budget.
    Tokens fixed = 0;
    /// Where something is left out, a system message of this text follows the leading system messages, once.
    /// Empty: none.
    std::string notice = {};
};

struct Trimmed {
    /// Those that are kept, unchanged and in order, with the notice if there is one.
    std::vector<Message> messages;
    std::size_t dropped_messages = 0;
    /// Turns of which nothing is left but what keep_message keeps.
    std::size_t dropped_turns = 0;
    Tokens before = 0;  ///< By estimate, TrimOptions::fixed included.
    Tokens after = 0;
    bool fits = true;  ///< `after` is within the budget. Else nothing more can go.
    /// Where the message of TrimOptions::keep_message is now. Absent too when it could not legally stay.
    std::optional<std::size_t> kept_message;
};

/// Leaves out what is oldest until the rest fits: first whole turns (a user's message and all up to the next
/// one), then, within the turns that are kept, steps that called tools, each with all its calls and results.
/// System messages stay. The result is always legal: it begins with a user's message, every result has its
/// call and every call its result, but for calls at the very end; what broke that rule before is left out
/// even if it would fit. Throws std::invalid_argument naming the option that makes no sense.
Trimmed trim(std::vector<Message> messages, const TrimOptions& options);
/// The request's messages, with its tools and schema counted on top of TrimOptions::fixed.
template <std::same_as<Request> R>
Trimmed trim(const R& request, TrimOptions options) {
    options.fixed += estimate_fixed_tokens(request, options.dialect);
    return trim(request.messages(), options);
}

}  // namespace sluice
