#include "adapters/openai_chat/answer_parts.hpp"

#include "adapters/error_answer.hpp"

#include <limits>

namespace sluice::adapters::openai_chat {
namespace {

struct ErrorWords {
    std::string_view type;
    std::string_view code;  // empty: null
    std::string_view param = {};
};

/// As OpenAI says it (PROTOCOLS section 3.6). Our key's trouble and a cut stream have no words there: theirs
/// are ours, and classify() knows them.
ErrorWords words_of(const ErrorInfo& error) noexcept {
    switch (error.kind) {
        case ErrorKind::rate_limited:
            return {"rate_limit_error", "rate_limit_exceeded"};
        case ErrorKind::quota_exhausted:
            return {"insufficient_quota", "insufficient_quota"};
        case ErrorKind::provider_overloaded:
        case ErrorKind::no_provider_available:
            return {"service_unavailable_error", "server_is_overloaded"};
        case ErrorKind::provider_timeout:
            return {"timeout_error", "provider_timeout"};
        case ErrorKind::stream_truncated:
            return {"server_error", "stream_truncated"};
        case ErrorKind::context_length_exceeded:
            return {"invalid_request_error", "context_length_exceeded", "messages"};
        case ErrorKind::provider_auth_failed:
            return {"server_error", "provider_auth_failed"};
        case ErrorKind::provider_bad_request:
            return {"invalid_request_error", error.code};
        case ErrorKind::model_not_found:
            return {"invalid_request_error", "model_not_found", "model"};
        case ErrorKind::content_filtered:
            return {"invalid_request_error", "content_policy_violation"};
        case ErrorKind::provider_error:
        case ErrorKind::provider_unavailable:
        case ErrorKind::all_providers_failed:
            break;
    }
    return {"server_error", {}};
}

void write_or_null(std::string_view name, std::string_view value, wire::JsonWriter& json) {
    json.key(name);
    if (value.empty())
        json.null();
    else
        json.string(value);
}

}  // namespace

std::string_view finish_word(StopReason reason, std::string_view raw, bool is_own) noexcept {
    if (is_own && (!raw.empty() || reason == StopReason::unknown)) return raw;
    switch (reason) {
        case StopReason::length:
            return "length";
        case StopReason::tool_calls:
            return "tool_calls";
        case StopReason::content_filter:
            return "content_filter";
        case StopReason::error:
            return "error";  // not OpenAI's, but what OpenRouter and Mistral say
        case StopReason::stop:
        case StopReason::paused:
        case StopReason::unknown:
            break;
    }
    return "stop";
}

void write_usage(const Usage& usage, wire::JsonWriter& json) {
    json.begin_object();
    if (usage.input) json.key("prompt_tokens").number(*usage.input);
    if (usage.output) json.key("completion_tokens").number(*usage.output);
    if (usage.input && usage.output && *usage.output <= std::numeric_limits<Tokens>::max() - *usage.input)
        json.key("total_tokens").number(*usage.input + *usage.output);
    if (usage.cached_input || usage.cache_write) {
        json.key("prompt_tokens_details").begin_object();
        if (usage.cached_input) json.key("cached_tokens").number(*usage.cached_input);
        if (usage.cache_write) json.key("cache_write_tokens").number(*usage.cache_write);
        json.end_object();
    }
    if (usage.reasoning)
        json.key("completion_tokens_details")
            .begin_object()
            .key("reasoning_tokens")
            .number(*usage.reasoning)
            .end_object();
    json.end_object();
}

void write_error(const ErrorInfo& error, wire::JsonWriter& json) {
    const ErrorWords words = words_of(error);
    json.begin_object().key("message").string(message_for_client(error)).key("type").string(words.type);
    write_or_null("param", words.param, json);
    write_or_null("code", words.code, json);
    json.end_object();
}

void write_reasoning_detail(const ReasoningDetail& detail, wire::JsonWriter& json) {
    json.begin_object().key("type").string(detail.redacted ? "reasoning.encrypted" : "reasoning.text");
    if (!detail.redacted && !detail.text.empty()) json.key("text").string(detail.text);
    if (!detail.signature.empty()) json.key(detail.redacted ? "data" : "signature").string(detail.signature);
    if (!detail.id.empty()) json.key("id").string(detail.id);
    json.key("index").number(detail.block).end_object();
}

void write_thought_signature(std::string_view signature, wire::JsonWriter& json) {
    if (signature.empty()) return;
    json.key("extra_content").begin_object().key("google").begin_object();
    json.key("thought_signature").string(signature).end_object().end_object();
}

}  // namespace sluice::adapters::openai_chat
