// What is said in a conversation, in one vocabulary for every provider.
//
// Messages are made of parts, because an assistant's turn can hold reasoning, text and tool calls in order.
// Every type here has constructors, so that it may be written as a temporary inside a co_await expression
// (g++ 12.2 destroys aggregate temporaries twice there; see docs/await-rule.md).
#pragma once

#include <sluice/event.hpp>
#include <sluice/usage.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

enum class Role : std::uint8_t { system, user, assistant, tool };
std::string_view to_string(Role role) noexcept;

/// Asks the provider to keep the prompt up to and including the part or tool it is set on (Anthropic
/// cache_control). Dialects that cache by themselves ignore it; that is no loss and no warning.
struct CacheControl {
    CacheControl() = default;
    explicit CacheControl(std::string time_to_live) : ttl(std::move(time_to_live)) {}
    std::string ttl;  ///< "5m", "1h", or empty for the provider's default.
};

/// An opaque proof that a provider hung on what it generated, and who may have it back.
struct Signature {
    Signature() = default;
    Signature(std::string proof, std::string made_by) : value(std::move(proof)), origin(std::move(made_by)) {}
    std::string value;  ///< Unchanged, as the provider gave it. Empty: there is none.
    /// "dialect@trust domain", such as "anthropic@anthropic" (docs/dialects.md). The value is only sent back
    /// where that is the same; elsewhere it is left out with a warning. AssistantMessage::to_message sets it.
    std::string origin;
    bool empty() const noexcept { return value.empty(); }
};

struct TextPart {
    TextPart() = default;
    explicit TextPart(std::string what) : text(std::move(what)) {}
    std::string text;
    Signature signature;  ///< Gemini's; mostly empty.
    std::optional<CacheControl> cache;
};

/// An image by URL, or its bytes in base64 with a media type.
struct ImagePart {
    ImagePart() = default;
    static ImagePart from_url(std::string url);
    static ImagePart from_base64(std::string media_type, std::string data);
    std::string url;         ///< Set, or else `media_type` and `data` are.
    std::string media_type;  ///< "image/png", ...
    std::string data;        ///< Base64, no line breaks.
    std::string detail;      ///< OpenAI's "low", "high" or "auto"; empty leaves it to the provider.
    std::optional<CacheControl> cache;
};

/// What a model thought, kept so that the next turn can hand it back to the same provider unchanged.
struct ReasoningPart {
    ReasoningPart() = default;
    explicit ReasoningPart(std::string what, Signature proof = {})
        : text(std::move(what)), signature(std::move(proof)) {}
    std::string text;
    Signature signature;
    std::string id;         ///< Of the item, where the dialect names one (Responses "rs_...").
    bool redacted = false;  ///< The provider hides the text; the signature is all there is.
};

struct RefusalPart {
    RefusalPart() = default;
    explicit RefusalPart(std::string what) : text(std::move(what)) {}
    std::string text;
};

struct ToolCallPart {
    ToolCallPart() = default;
    ToolCallPart(std::string call_id, std::string tool, std::string json)
        : id(std::move(call_id)), name(std::move(tool)), arguments(std::move(json)) {}
    std::string id;
    std::string name;
    std::string arguments;           ///< JSON text as the model streamed it; may be empty or not valid JSON.
    bool arguments_are_json = true;  ///< See ToolCallEnd.
    Signature signature;             ///< Gemini's; mostly empty.
    std::optional<CacheControl> cache;
};

struct ToolResultPart {
    ToolResultPart() = default;
    ToolResultPart(std::string call_id, std::string what)
        : tool_call_id(std::move(call_id)), content(std::move(what)) {}
    std::string tool_call_id;
    std::string content;
    std::vector<ImagePart> images;  ///< Beside the text; not every dialect can carry them.
    bool is_error = false;
    std::optional<CacheControl> cache;
};

/// A part that only one dialect knows (a document, audio, a server tool's result), as that dialect writes it.
/// Sent to targets of that dialect, left out with a warning elsewhere.
struct NativePart {
    NativePart() = default;
    NativePart(std::string which_dialect, std::string part)
        : dialect(std::move(which_dialect)), json(std::move(part)) {}
    std::string dialect;  ///< "openai_chat", "openai_responses", "anthropic" or "gemini".
    std::string json;     ///< One content part, block or input item as JSON text.
};

using Part =
    std::variant<TextPart, ImagePart, ReasoningPart, RefusalPart, ToolCallPart, ToolResultPart, NativePart>;

struct Message {
    Message() = default;
    Message(Role who, std::vector<Part> what) : role(who), parts(std::move(what)) {}
    Message(Role who, std::string text) : role(who) { parts.emplace_back(TextPart(std::move(text))); }
    Role role = Role::user;
    std::vector<Part> parts;
};

/// A whole answer: what `collect` and `generate` return.
struct AssistantMessage {
    AssistantMessage() = default;

    std::vector<Part> parts;  ///< In order of appearance; consecutive deltas of one kind are joined.
    StopReason stop_reason = StopReason::unknown;
    std::string raw_stop_reason;
    std::optional<Usage> usage;
    /// Of the leg that answered, not of the chain's primary: bill by these.
    std::string provider_id;
    std::string model_id;
    std::string response_id;
    /// "dialect@trust domain" of that leg: who made the signatures in `parts`.
    std::string origin;
    /// What could not be carried to the provider that answered, one sentence each.
    std::vector<std::string> warnings;

    /// All text parts joined.
    std::string text() const;
    std::string reasoning() const;
    std::string refusal() const;
    std::vector<ToolCallPart> tool_calls() const;
    /// As the assistant turn of the next request.
    Message to_message() const;
};

/// Builds an AssistantMessage from the events of one stream. Only choice 0 is kept.
class MessageBuilder {
  public:
    /// Ignores events of other choices, Extensions and Failures.
    void add(const StreamEvent& event);
    const AssistantMessage& message() const noexcept { return message_; }
    AssistantMessage take() && { return std::move(message_); }

  private:
    ToolCallPart* tool_call(std::uint32_t index);

    AssistantMessage message_;
    std::vector<std::pair<std::uint32_t, std::size_t>>
        tool_parts_;  // tool-call index, position in message_.parts
};

}  // namespace sluice
