#include "testing/simulated_error.hpp"

#include <utility>

#include "testing/simulated_error_words.hpp"
#include "wire/json_writer.hpp"

namespace sluice::testing {

using wire::JsonWriter;

namespace {

using enum ErrorKind;

/// As OpenAI shows a key that it rejects: enough to recognise it, not enough to use it.
std::string masked(std::string_view key) {
    const std::size_t head = key.size() > 16 ? 8 : key.size() / 4;
    const std::size_t tail = key.size() > 16 ? 4 : 0;
    std::string shown(key.substr(0, head));
    shown.append(key.size() - head - tail, '*');
    return shown.append(key.substr(key.size() - tail));
}

void replace(std::string& text, std::string_view placeholder, std::string_view value) {
    const std::size_t at = text.find(placeholder);
    if (at != std::string::npos) text.replace(at, placeholder.size(), value);
}

/// "2s", "1.574s".
std::string in_seconds(std::chrono::milliseconds time) {
    std::string text = std::to_string(time.count() / 1000);
    std::string rest = std::to_string(1000 + time.count() % 1000).substr(1);
    while (rest.ends_with('0'))
        rest.pop_back();
    if (!rest.empty()) text.append(".").append(rest);
    return text + "s";
}

/// An error with everything filled in.
struct Told {
    int status = 0;
    std::string type, code, param, message;
    std::chrono::milliseconds retry_after{0};
};

Told tell(const SimulatedError& error, const SimulatedRequest& request) {
    const Wording& usual = wording_of(error, request.route);
    const auto or_usual = [](const std::string& own, std::string_view other) {
        return own.empty() ? std::string(other) : own;
    };
    Told told;
    told.status = error.status != 0 ? error.status : usual.status;
    told.type = or_usual(error.type, usual.type);
    told.code = or_usual(error.code, usual.code);
    told.param = or_usual(error.param, usual.param);
    told.message = or_usual(error.message, usual.message);
    told.retry_after = error.retry_after;
    if (error.message.empty()) {
        replace(told.message, "{model}", request.model);
        replace(told.message, "{key}", masked(request.key));
    }
    return told;
}

// --- JSON ---

void write_or_null(JsonWriter& json, std::string_view text) {
    if (text.empty())
        json.null();
    else
        json.string(text);
}

/// OpenAI's error object.
std::string openai_object(const Told& told) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("message").string(told.message).key("type").string(told.type).key("param");
    write_or_null(json, told.param);
    write_or_null(json.key("code"), told.code);
    json.end_object();
    return out;
}

void write_anthropic_details(JsonWriter& json, const Told& told) {
    json.key("details");
    if (told.code.empty())
        json.null();
    else
        json.begin_object().key("error_code").string(told.code).end_object();
}

std::string google_body(const Told& told) {
    constexpr std::string_view kType = "type.googleapis.com/google.rpc.";
    std::string out;
    JsonWriter json(out);
    const auto detail = [&](std::string_view type) -> JsonWriter& {
        return json.begin_object().key("@type").string(std::string(kType).append(type));
    };
    json.begin_object().key("error").begin_object().key("code").number(told.status);
    json.key("message").string(told.message).key("status").string(told.type);
    const bool waits = told.retry_after.count() > 0;
    if (!told.code.empty() || !told.param.empty() || waits) json.key("details").begin_array();
    if (!told.code.empty()) {
        detail("ErrorInfo").key("reason").string(told.code).key("domain").string("googleapis.com");
        json.end_object();
    }
    if (!told.param.empty()) {
        detail("BadRequest").key("fieldViolations").begin_array().begin_object();
        json.key("field").string(told.param).key("description").string(told.message);
        json.end_object().end_array().end_object();
    }
    if (waits) {
        detail("QuotaFailure").key("violations").begin_array().begin_object();
        json.key("quotaId")
            .string("GenerateRequestsPerMinutePerProjectPerModel")
            .key("quotaValue")
            .string("3");
        json.end_object().end_array().end_object();
        detail("RetryInfo").key("retryDelay").string(in_seconds(told.retry_after)).end_object();
    }
    if (!told.code.empty() || !told.param.empty() || waits) json.end_array();
    json.end_object().end_object();
    return out;
}

/// `json`, which is compact, on many lines: OpenAI and Google answer errors so.
std::string pretty(std::string_view json, std::size_t indent) {
    std::string out;
    std::size_t depth = 0;
    bool in_string = false;
    const auto new_line = [&] { out.append("\n").append(depth * indent, ' '); };
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string || c == '"') {
            out += c;
            if (in_string && c == '\\')
                out += json[++i];
            else if (c == '"')
                in_string = !in_string;
        } else if (c == '{' || c == '[') {
            out += c;
            ++depth;
            new_line();
        } else if (c == '}' || c == ']') {
            --depth;
            new_line();
            out += c;
        } else {
            out += c;
            if (c == ',') new_line();
            if (c == ':') out += ' ';
        }
    }
    return out += '\n';
}

void append_frame(std::string& out, std::string_view event, std::string_view data) {
    if (!event.empty()) out.append("event: ").append(event).append("\n");
    out.append("data: ").append(data).append("\n\n");
}

// --- inside a stream ---

/// As OpenAI does: the error, then a usage of zeros, then the marker as if all had been well (section 3.5).
void append_chat_error(const SimulatedError& error, const Told& told, const StreamFacts& facts,
                       std::string& out) {
    const std::string document = R"({"error":)" + openai_object(told) + "}";
    if (error.shape == ErrorShape::field_line) {
        out.append("error: ").append(openai_object(told)).append("\n\n");
        return;
    }
    if (error.shape == ErrorShape::named_event) return append_frame(out, "error", document);

    std::string chunk;
    JsonWriter json(chunk);
    json.begin_object().key("id").string(facts.id).key("object").string("chat.completion.chunk");
    json.key("created").number(facts.created).key("model").string(facts.request.model);
    if (error.shape == ErrorShape::in_chunk) {
        json.key("error").begin_object().key("code").number(told.status).key("message").string(told.message);
        json.end_object().key("choices").begin_array().begin_object().key("index").number(0);
        json.key("delta").begin_object().key("content").string("").end_object();
        json.key("finish_reason").string("error").end_object().end_array().end_object();
        append_frame(out, {}, chunk);
    } else {
        append_frame(out, {}, document);
        json.key("choices").begin_array().end_array().key("usage").begin_object();
        json.key("prompt_tokens").number(0).key("completion_tokens").number(0).key("total_tokens").number(0);
        json.end_object().end_object();
        if (facts.usage) append_frame(out, {}, chunk);
    }
    if (facts.done_marker) append_frame(out, {}, "[DONE]");
}

/// With HTTP 200 and after response.created, whatever the error (section 4.5).
void append_responses_error(const SimulatedError& error, const Told& told, const StreamFacts& facts,
                            std::string& out) {
    const std::string_view code = told.code.empty() ? told.type : told.code;
    std::size_t number = facts.frames;
    if (error.shape != ErrorShape::failed_only) {
        std::string event;
        JsonWriter json(event);
        json.begin_object().key("type").string("error").key("sequence_number").number(number++);
        const bool nested = error.shape != ErrorShape::flat;
        if (nested) json.key("error").begin_object().key("type").string(told.type);
        json.key("code").string(code).key("message").string(told.message).key("param");
        write_or_null(json, told.param);
        if (nested) json.end_object();
        json.end_object();
        append_frame(out, "error", event);
    }
    std::string event;
    JsonWriter json(event);
    json.begin_object().key("type").string("response.failed").key("sequence_number").number(number);
    json.key("response").begin_object().key("id").string(facts.id).key("object").string("response");
    json.key("created_at").number(facts.created).key("status").string("failed").key("error").begin_object();
    json.key("code").string(code).key("message").string(told.message).end_object();
    json.key("incomplete_details").null().key("model").string(facts.request.model);
    json.key("output").begin_array().end_array().key("usage").null().end_object().end_object();
    append_frame(out, "response.failed", event);
}

/// And then nothing: no message_stop follows.
void append_anthropic_error(const Told& told, std::string& out) {
    std::string event;
    JsonWriter json(event);
    json.begin_object().key("type").string("error").key("error").begin_object();
    write_anthropic_details(json, told);
    json.key("type").string(told.type).key("message").string(told.message).end_object().end_object();
    append_frame(out, "error", event);
}

/// No SSE at all: the pretty-printed object, bare, right behind the last frame (section 6.6).
void append_gemini_error(const SimulatedError& error, const Told& told, const StreamFacts& facts,
                         std::string& out) {
    const std::string body = google_body(told);
    if (facts.request.route.json_array)
        append_frame(out, {}, body);  // an element of the array as any other
    else if (error.shape == ErrorShape::framed)
        out.append("data: ").append(body).append("\r\n\r\n");
    else
        out += pretty(body, 2);
}

}  // namespace

void write_error_answer(const SimulatedError& error, const SimulatedRequest& request,
                        SimulatedAnswer& answer) {
    const Protocol protocol = request.protocol();
    if (is_prompt_block(error, protocol)) return;
    Told told = tell(error, request);
    answer.status = told.status;
    const bool waits = told.retry_after.count() > 0;
    const auto add_header = [&](std::string_view name, std::string value) {
        answer.headers.emplace_back(name, std::move(value));
    };
    const auto whole_seconds = [&] { return std::to_string((told.retry_after.count() + 999) / 1000); };
    switch (protocol) {
        case Protocol::chat:
        case Protocol::responses:
            if (error.kind == rate_limited) {
                add_header("x-ratelimit-limit-requests", "3");
                add_header("x-ratelimit-remaining-requests", "0");
            }
            if (waits) {
                if (error.message.empty())
                    told.message += " Please try again in " + in_seconds(told.retry_after) + ".";
                if (error.retry_after_header)
                    add_header("retry-after", whole_seconds());
                else
                    add_header("x-ratelimit-reset-requests", in_seconds(told.retry_after));
            }
            if (error.kind == provider_auth_failed && told.code == "invalid_api_key" && request.key.empty()) {
                told.code.clear();
                told.message =
                    "You didn't provide an API key. You need to provide your API key in an Authorization "
                    "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
            }
            answer.body = pretty(R"({"error":)" + openai_object(told) + "}", 4);
            break;
        case Protocol::anthropic: {
            if (error.kind == rate_limited) {
                add_header("anthropic-ratelimit-requests-limit", "3");
                add_header("anthropic-ratelimit-requests-remaining", "0");
            }
            if (waits) add_header("retry-after", whole_seconds());
            if (error.kind == provider_overloaded) add_header("x-should-retry", "true");
            if (error.kind == provider_auth_failed && told.status == 401 && request.key.empty())
                told.message = "x-api-key header is required";
            JsonWriter json(answer.body);
            json.begin_object().key("type").string("error").key("error").begin_object();
            json.key("type").string(told.type).key("message").string(told.message);
            if (!told.code.empty()) write_anthropic_details(json, told);
            json.end_object().end_object();
            break;
        }
        case Protocol::gemini:
            if (waits && error.message.empty()) {
                told.message =
                    "You exceeded your current quota, please check your plan and billing details. Please "
                    "retry in " +
                    in_seconds(told.retry_after) + ".";
            }
            answer.content_type = "application/json; charset=UTF-8";
            answer.body =
                pretty(request.route.json_array ? "[" + google_body(told) + "]" : google_body(told), 2);
            break;
    }
}

void append_stream_error(const SimulatedError& error, const StreamFacts& facts, std::string& out) {
    const Told told = tell(error, facts.request);
    switch (facts.request.protocol()) {
        case Protocol::chat:
            return append_chat_error(error, told, facts, out);
        case Protocol::responses:
            return append_responses_error(error, told, facts, out);
        case Protocol::anthropic:
            return append_anthropic_error(told, out);
        case Protocol::gemini:
            return append_gemini_error(error, told, facts, out);
    }
}

bool is_prompt_block(const SimulatedError& error, Protocol protocol) noexcept {
    return protocol == Protocol::gemini && error.kind == content_filtered && error.status == 0;
}

std::string prompt_block(const StreamFacts& facts) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("promptFeedback").begin_object().key("blockReason").string("PROHIBITED_CONTENT");
    json.end_object().key("usageMetadata").begin_object();
    json.key("promptTokenCount").number(facts.request.prompt_tokens);
    json.key("totalTokenCount").number(facts.request.prompt_tokens).end_object();
    json.key("modelVersion").string(facts.request.model).key("responseId").string(facts.id).end_object();
    return out;
}

ErrorKind kind_of_status(int status) noexcept {
    switch (status) {
        case 400:
            return provider_bad_request;
        case 401:
        case 403:
            return provider_auth_failed;
        case 402:
            return quota_exhausted;
        case 404:
            return model_not_found;
        case 408:
        case 504:
            return provider_timeout;
        case 429:
            return rate_limited;
        case 503:
        case 529:
            return provider_overloaded;
        default:
            return status < 500 ? provider_error : provider_unavailable;
    }
}

}  // namespace sluice::testing
