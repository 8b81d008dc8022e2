#include "adapters/openai_responses/output.hpp"

#include "adapters/error_answer.hpp"

namespace sluice::adapters::openai_responses {
namespace {

void write_fields(wire::JsonWriter& json, const ItemFields& fields) {
    for (const auto& [name, value] : fields)
        json.key(name).raw(value);
}

void write_usage(wire::JsonWriter& json, const Usage& usage) {
    auto count = [&json](std::string_view name, const std::optional<Tokens>& value) {
        if (value) json.key(name).number(*value);
    };
    json.begin_object();
    count("input_tokens", usage.input);
    json.key("input_tokens_details").begin_object();
    count("cached_tokens", usage.cached_input);
    count("cache_write_tokens", usage.cache_write);
    json.end_object();
    count("output_tokens", usage.output);
    json.key("output_tokens_details").begin_object();
    count("reasoning_tokens", usage.reasoning);
    json.end_object();
    if (usage.input && usage.output) json.key("total_tokens").number(*usage.input + *usage.output);
    json.end_object();
}

void write_string_or_null(wire::JsonWriter& json, std::string_view text) {
    if (text.empty())
        json.null();
    else
        json.string(text);
}

}  // namespace

void write_part(wire::JsonWriter& json, bool is_refusal, std::string_view text) {
    json.begin_object();
    if (is_refusal)
        json.key("type").string("refusal").key("refusal").string(text);
    else
        json.key("type")
            .string("output_text")
            .key("text")
            .string(text)
            .key("annotations")
            .raw("[]")
            .key("logprobs")
            .raw("[]");
    json.end_object();
}

void write_item(wire::JsonWriter& json, const MessageItem& item, std::string_view status) {
    json.begin_object().key("id").string(item.id).key("type").string("message").key("status").string(status);
    json.key("role").string("assistant").key("content").begin_array();
    for (const MessagePart& part : item.parts)
        write_part(json, part.is_refusal, part.text);
    json.end_array();
    write_fields(json, item.fields);
    json.end_object();
}

void write_item(wire::JsonWriter& json, const ReasoningItem& item, std::string_view status) {
    json.begin_object().key("id").string(item.id).key("type").string("reasoning");
    json.key("summary").begin_array();
    if (!item.text.empty())
        json.begin_object().key("type").string("summary_text").key("text").string(item.text).end_object();
    json.end_array();
    if (!item.signature.empty()) json.key("encrypted_content").string(item.signature);
    json.key("status").string(status).end_object();
}

void write_item(wire::JsonWriter& json, const CallItem& item, std::string_view status) {
    json.begin_object().key("id").string(item.id);
    json.key("type").string(item.is_custom ? "custom_tool_call" : "function_call");
    json.key("status").string(status).key("call_id").string(item.call_id).key("name").string(item.name);
    json.key(item.is_custom ? "input" : "arguments").string(item.arguments);
    write_fields(json, item.fields);
    json.end_object();
}

AnswerIds::AnswerIds(const AnswerFacts& facts)
    : response_(facts.response_id.empty() ? "resp_" + std::to_string(facts.created) : facts.response_id) {}

std::string AnswerIds::item(std::string_view prefix, std::size_t position) const {
    std::string_view tail = response_;
    if (tail.starts_with("resp_")) tail.remove_prefix(5);
    std::string id(prefix);
    return id.append(tail).append("_").append(std::to_string(position));
}

Ending ending_of(StopReason reason, std::string_view raw, bool is_own, bool refused) noexcept {
    if (is_own && !raw.empty()) {
        const bool complete = reason == StopReason::stop || reason == StopReason::tool_calls || refused;
        if (raw == "completed" && complete) return {"completed", {}};
        if (raw == "cancelled") return {"cancelled", {}};
        if (raw == "incomplete") return {"incomplete", {}};
        return {"incomplete", raw};
    }
    switch (reason) {
        case StopReason::length:
            return {"incomplete", "max_output_tokens"};
        case StopReason::content_filter:
            if (refused) return {"completed", {}};  // the refusal part says it
            return {"incomplete", "content_filter"};
        case StopReason::paused:
            return {"incomplete", "paused"};
        case StopReason::error:
            return {"failed", {}};
        case StopReason::stop:
        case StopReason::tool_calls:
        case StopReason::unknown:
            break;
    }
    return {"completed", {}};
}

ErrorWords error_words(const ErrorInfo& error) noexcept {
    switch (error.kind) {
        case ErrorKind::rate_limited:
            return {"requests", "rate_limit_exceeded"};
        case ErrorKind::quota_exhausted:
            return {"insufficient_quota", "insufficient_quota"};
        case ErrorKind::provider_overloaded:
        case ErrorKind::no_provider_available:
            return {"service_unavailable_error", "server_is_overloaded"};
        case ErrorKind::provider_timeout:
            return {"server_error", "timeout"};
        case ErrorKind::context_length_exceeded:
            return {"invalid_request_error", "context_length_exceeded"};
        case ErrorKind::content_filtered:
            return {"invalid_request_error", "invalid_prompt"};
        case ErrorKind::model_not_found:
            return {"invalid_request_error", "model_not_found"};
        case ErrorKind::provider_bad_request:
            return {"invalid_request_error", error.code};
        case ErrorKind::provider_auth_failed:
            // The provider's trouble with our key: a 502 to the client, and only the code says why.
            return {"server_error", "authentication_error"};
        case ErrorKind::provider_error:
        case ErrorKind::provider_unavailable:
        case ErrorKind::stream_truncated:
        case ErrorKind::all_providers_failed:
            break;
    }
    return {"server_error", "server_error"};
}

void write_error(wire::JsonWriter& json, const ErrorInfo& error) {
    const ErrorWords words = error_words(error);
    json.begin_object().key("message").string(message_for_client(error)).key("type").string(words.type);
    json.key("param").null().key("code");
    write_string_or_null(json, words.code);
    json.end_object();
}

void write_response(wire::JsonWriter& json, const AnswerFacts& facts, const AnswerIds& ids,
                    const ResponseObject& response) {
    json.begin_object().key("id").string(ids.response()).key("object").string("response");
    json.key("created_at").number(facts.created).key("status").string(response.ending.status);
    json.key("background").boolean(false).key("error");
    if (response.error != nullptr) {
        const ErrorWords words = error_words(*response.error);
        json.begin_object().key("code").string(words.code.empty() ? words.type : words.code);
        json.key("message").string(message_for_client(*response.error)).end_object();
    } else if (response.ending.status == "failed") {
        json.begin_object().key("code").string("server_error");
        json.key("message").string("the model ended its answer with an error").end_object();
    } else {
        json.null();
    }
    json.key("incomplete_details");
    if (response.ending.incomplete_reason.empty())
        json.null();
    else
        json.begin_object().key("reason").string(response.ending.incomplete_reason).end_object();
    json.key("instructions").null().key("max_output_tokens").null().key("metadata").raw("{}");
    json.key("model").string(facts.model).key("output").begin_array();
    for (const std::string& item : response.output)
        json.raw(item);
    json.end_array().key("parallel_tool_calls").boolean(true).key("previous_response_id").null();
    json.key("reasoning").raw(R"({"effort":null,"summary":null})").key("store").boolean(false);
    json.key("temperature").null().key("text").raw(R"({"format":{"type":"text"}})");
    json.key("tool_choice").string("auto").key("tools").raw("[]").key("top_p").null();
    json.key("truncation").string("disabled").key("usage");
    if (response.usage != nullptr && *response.usage)
        write_usage(json, **response.usage);
    else
        json.null();
    json.key("user").null().end_object();
}

}  // namespace sluice::adapters::openai_responses
