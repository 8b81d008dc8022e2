// What an answer of this dialect is made of, as JSON: the items of `output`, the response object around them,
// ids, endings and errors. The stream and the whole answer are written with the same pieces.
#pragma once

#include "adapters/dialect.hpp"
#include "wire/json_writer.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::adapters::openai_responses {

// A reasoning item is the only place where this dialect lets a client keep an opaque proof. What proof it is,
// and of what, is told by its id, which comes back with it.
inline constexpr std::string_view kReasoningId = "rs_";
inline constexpr std::string_view kRedactedId = "rs_redacted_";  ///< Anthropic's hidden reasoning.
inline constexpr std::string_view kTextProofId = "rs_text_";     ///< Gemini's, of the message before it.
inline constexpr std::string_view kCallProofId = "rs_call_";     ///< Gemini's, of the call behind it.
inline constexpr std::string_view kMessageId = "msg_", kCallId = "fc_", kCustomCallId = "ctc_";

/// Fields of an item that we do not model, with their values as JSON.
using ItemFields = std::vector<std::pair<std::string, std::string>>;

struct MessagePart {
    bool is_refusal = false;
    std::string text;
};
struct MessageItem {
    std::string id;
    std::vector<MessagePart> parts;
    ItemFields fields;
};
struct ReasoningItem {
    std::string id;
    std::string text;       ///< One summary part; none when empty.
    std::string signature;  ///< As the client is to see it.
};
struct CallItem {
    std::string id;
    std::string call_id;
    std::string name;
    std::string arguments;
    bool is_custom = false;
    ItemFields fields;
};

/// `status`: "in_progress" or "completed"; an item in progress has no content yet.
void write_item(wire::JsonWriter& json, const MessageItem& item, std::string_view status);
void write_item(wire::JsonWriter& json, const ReasoningItem& item, std::string_view status);
void write_item(wire::JsonWriter& json, const CallItem& item, std::string_view status);
/// {"type":"output_text",...} or {"type":"refusal",...}
void write_part(wire::JsonWriter& json, bool is_refusal, std::string_view text);

/// Ids of one answer: the response's, and its items', which are made from it.
class AnswerIds {
  public:
    explicit AnswerIds(const AnswerFacts& facts);
    const std::string& response() const noexcept { return response_; }
    std::string item(std::string_view prefix, std::size_t position) const;

  private:
    std::string response_;
};

/// How an answer ends (PROTOCOLS sections 4.4 and 8).
struct Ending {
    std::string_view status;
    std::string_view incomplete_reason;  ///< Empty: null.
};
/// `is_own`: `raw` is this dialect's word. `refused`: the answer has a refusal part.
Ending ending_of(StopReason reason, std::string_view raw, bool is_own, bool refused) noexcept;

/// Type and code of an error, as OpenAI names its own (PROTOCOLS sections 3.6 and 4.5).
struct ErrorWords {
    std::string_view type;
    std::string_view code;  ///< Empty: null.
};
ErrorWords error_words(const ErrorInfo& error) noexcept;
/// {"message":...,"type":...,"param":null,"code":...}
void write_error(wire::JsonWriter& json, const ErrorInfo& error);

/// A response object; `output` is the JSON of its items.
struct ResponseObject {
    Ending ending;
    std::span<const std::string> output;
    const std::optional<Usage>* usage = nullptr;
    const ErrorInfo* error = nullptr;
};
void write_response(wire::JsonWriter& json, const AnswerFacts& facts, const AnswerIds& ids,
                    const ResponseObject& response);

}  // namespace sluice::adapters::openai_responses
