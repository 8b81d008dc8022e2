#include "adapters/anthropic/answer.hpp"

#include "adapters/anthropic/dialect.hpp"
#include "adapters/anthropic/proof.hpp"
#include "adapters/anthropic/stop_reason.hpp"
#include "adapters/ascii.hpp"
#include "adapters/error_answer.hpp"
#include "adapters/origin.hpp"

#include <algorithm>

namespace sluice::adapters::anthropic {
namespace {

/// Status and words of an error (PROTOCOLS section 5.5).
struct ErrorForm {
    int status;
    std::string_view type;
    std::string_view code = {};  // error.details.error_code, where the type does not say enough
};

ErrorForm form_of(const ErrorInfo& error) {
    switch (error.kind) {
        case ErrorKind::rate_limited:
            return {429, "rate_limit_error"};
        case ErrorKind::quota_exhausted:
            return {402, "billing_error"};  // not 429, which the SDKs would try again
        case ErrorKind::provider_overloaded:
        case ErrorKind::no_provider_available:
            return {529, "overloaded_error"};
        case ErrorKind::provider_timeout:
            return {504, "timeout_error"};
        case ErrorKind::context_length_exceeded:
            return {400, "invalid_request_error", "context_length_exceeded"};
        case ErrorKind::content_filtered:
            return {400, "invalid_request_error", "content_filtered"};
        case ErrorKind::model_not_found:
            return {404, "not_found_error"};
        case ErrorKind::provider_bad_request: {
            const int status = status_for_client(error);
            return {status, status == 413 ? "request_too_large" : "invalid_request_error"};
        }
        case ErrorKind::provider_auth_failed:
            return {status_for_client(error), "api_error", "provider_auth_failed"};  // of our key, not theirs
        case ErrorKind::stream_truncated:
            return {status_for_client(error), "api_error", "stream_truncated"};
        default:
            return {status_for_client(error), "api_error"};
    }
}

/// Clients that shorten a conversation when it grew too long look for Anthropic's own words.
std::string message_of(const ErrorInfo& error) {
    std::string message = message_for_client(error);
    constexpr std::string_view kTooLong = "prompt is too long";
    if (error.kind != ErrorKind::context_length_exceeded || contains(message, kTooLong)) return message;
    std::string text(kTooLong);
    if (error.tokens_in && error.context_window)
        text.append(": ")
            .append(std::to_string(*error.tokens_in))
            .append(" tokens > ")
            .append(std::to_string(*error.context_window))
            .append(" maximum");
    return text.append(": ").append(message);
}

/// One content block for each part, in order.
class Content {
  public:
    Content(wire::JsonWriter& json, const AnswerFacts& facts) : json_(json), facts_(facts) {}

    void operator()(const TextPart& part) {
        text(part.text);
        proof(part.signature, kTextMark);
    }
    void operator()(const RefusalPart& part) { text(part.text); }
    void operator()(const ReasoningPart& part) {
        const std::string signature =
            signature_for_client(part.signature.value, origin_of(part.signature), kName);
        json_.begin_object().key("type");
        if (part.redacted)
            json_.string("redacted_thinking").key("data").string(signature);
        else
            json_.string("thinking").key("thinking").string(part.text).key("signature").string(signature);
        json_.end_object();
    }
    void operator()(const ToolCallPart& part) {
        proof(part.signature, kCallMark);
        json_.begin_object().key("type").string("tool_use").key("id").string(part.id);
        json_.key("name").string(part.name).key("input");
        write_input(json_, part.arguments);
        json_.end_object();
    }
    void operator()(const NativePart& part) {
        if (part.dialect == kName) json_.raw(part.json);
    }
    void operator()(const ImagePart&) {}  // no answer holds these
    void operator()(const ToolResultPart&) {}

  private:
    const std::string& origin_of(const Signature& signature) const {
        return signature.origin.empty() ? facts_.origin : signature.origin;
    }
    void proof(const Signature& signature, std::string_view mark) {
        if (signature.empty()) return;
        json_.begin_object().key("type").string("redacted_thinking").key("data");
        json_.string(proof_for_client(signature.value, origin_of(signature), mark)).end_object();
    }
    void text(std::string_view what) {
        if (what.empty()) return;
        json_.begin_object().key("type").string("text").key("text").string(what).end_object();
    }

    wire::JsonWriter& json_;
    const AnswerFacts& facts_;
};

}  // namespace

std::string message_id(const AnswerFacts& facts) {
    return facts.response_id.empty() ? "msg_" + std::to_string(facts.created) : facts.response_id;
}

bool write_input(wire::JsonWriter& json, std::string_view arguments) {
    const std::string_view text = trim(arguments);
    if (text.empty()) {
        json.begin_object().end_object();
        return true;
    }
    if (text.front() == '{' && wire::is_json(text)) {
        json.raw(text);
        return true;
    }
    json.begin_object().key("INVALID_JSON").string(arguments).end_object();
    return false;
}

void write_usage(wire::JsonWriter& json, const std::optional<Usage>& usage) {
    const Usage counts = usage.value_or(Usage());
    if (counts.input || !usage) {
        const Tokens cached = counts.cached_input.value_or(0) + counts.cache_write.value_or(0);
        const Tokens input = counts.input.value_or(0);
        json.key("input_tokens").number(input - std::min(input, cached));
    }
    if (counts.cache_write) json.key("cache_creation_input_tokens").number(*counts.cache_write);
    if (counts.cached_input) json.key("cache_read_input_tokens").number(*counts.cached_input);
    json.key("output_tokens").number(counts.output.value_or(0));
    if (counts.reasoning) {
        json.key("output_tokens_details").begin_object();
        json.key("thinking_tokens").number(*counts.reasoning).end_object();
    }
}

void write_error(wire::JsonWriter& json, const ErrorInfo& error) {
    const ErrorForm form = form_of(error);
    json.begin_object().key("type").string("error").key("error").begin_object();
    json.key("type").string(form.type).key("message").string(message_of(error));
    if (!form.code.empty())
        json.key("details").begin_object().key("error_code").string(form.code).end_object();
    json.end_object();
    if (!error.request_id.empty()) json.key("request_id").string(error.request_id);
    json.end_object();
}

std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts) {
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object().key("id").string(message_id(facts)).key("type").string("message");
    json.key("role").string("assistant").key("model").string(facts.model).key("content").begin_array();
    Content write(json, facts);
    for (const Part& part : answer.parts)
        std::visit(write, part);
    json.end_array().key("stop_reason");
    const bool is_own = dialect_of(facts.origin) == kName && !answer.raw_stop_reason.empty();
    const std::string_view word = is_own ? answer.raw_stop_reason : word_of(answer.stop_reason);
    if (word.empty())
        json.null();
    else
        json.string(word);
    json.key("stop_sequence").null().key("usage").begin_object();
    write_usage(json, answer.usage);
    json.end_object().end_object();
    return body;
}

EncodedError encode_error(const ErrorInfo& error) {
    std::string body;
    wire::JsonWriter json(body);
    write_error(json, error);
    EncodedError answer = error_answer(error, form_of(error).status, std::move(body));
    // The SDKs try every 429 and 5xx again unless they are told not to.
    if (!can_retry_same_target(error)) answer.headers.emplace_back("x-should-retry", "false");
    return answer;
}

}  // namespace sluice::adapters::anthropic
