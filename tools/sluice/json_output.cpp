#include "json_output.hpp"

#include "wire/json_reader.hpp"
#include "wire/json_writer.hpp"
#include "wire/sse.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::cli {
namespace {

using wire::JsonWriter;

void write_count(JsonWriter& json, std::string_view key, const std::optional<Tokens>& count) {
    json.key(key);
    if (count)
        json.number(*count);
    else
        json.null();
}

void write_usage(JsonWriter& json, const std::optional<Usage>& usage) {
    json.key("usage");
    if (!usage) {
        json.null();
        return;
    }
    json.begin_object();
    write_count(json, "input", usage->input);
    write_count(json, "cached_input", usage->cached_input);
    write_count(json, "cache_write", usage->cache_write);
    write_count(json, "output", usage->output);
    write_count(json, "reasoning", usage->reasoning);
    json.end_object();
}

void write_text_or_null(JsonWriter& json, std::string_view key, std::string_view text) {
    json.key(key);
    if (text.empty())
        json.null();
    else
        json.string(text);
}

void write_error(JsonWriter& json, const ErrorInfo& error) {
    json.key("error").begin_object();
    json.key("kind").string(class_name(error.kind));
    json.key("message").string(error.provider_message.empty() ? error.message : error.provider_message);
    json.key("status");
    if (error.status != 0)
        json.number(error.status);
    else
        json.null();
    write_text_or_null(json, "code", error.code);
    json.key("retry_after_ms");
    if (error.retry_after)
        json.number(error.retry_after->count());
    else
        json.null();
    json.end_object();
}

// A value as it was on the wire, but on one line: outside of strings, where JSON allows no raw line end, one
// is as good as a space. What is not JSON after all becomes a string.
void write_wire_json(JsonWriter& json, std::string_view value) {
    if (!wire::is_json(value)) {
        json.string(value);
        return;
    }
    std::string line(value);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    json.raw(line);
}

struct EventWriter {
    JsonWriter& json;

    void name(std::string_view what, std::uint32_t choice) const {
        json.key("event").string(what).key("choice").number(choice);
    }

    /// Most dialects hang one on reasoning only.
    void write_signature(std::string_view signature) const {
        if (!signature.empty()) json.key("signature").string(signature);
    }

    void operator()(const TextDelta& delta, std::uint32_t choice) const {
        name("text_delta", choice);
        json.key("text").string(delta.text);
        write_signature(delta.signature);
    }
    void operator()(const ReasoningDelta& delta, std::uint32_t choice) const {
        name("reasoning_delta", choice);
        json.key("text").string(delta.text).key("signature").string(delta.signature);
        if (!delta.id.empty()) json.key("id").string(delta.id);
        if (delta.redacted) json.key("redacted").boolean(true);
    }
    void operator()(const RefusalDelta& delta, std::uint32_t choice) const {
        name("refusal_delta", choice);
        json.key("text").string(delta.text);
    }
    void operator()(const ToolCallStart& start, std::uint32_t choice) const {
        name("tool_call_start", choice);
        json.key("index").number(start.index).key("id").string(start.id).key("name").string(start.name);
        write_signature(start.signature);
    }
    void operator()(const ToolCallDelta& delta, std::uint32_t choice) const {
        name("tool_call_delta", choice);
        json.key("index").number(delta.index).key("arguments").string(delta.arguments);
    }
    void operator()(const ToolCallEnd& end, std::uint32_t choice) const {
        name("tool_call_end", choice);
        json.key("index").number(end.index).key("arguments_are_json").boolean(end.arguments_are_json);
    }
    void operator()(const Extension& extension, std::uint32_t choice) const {
        name("extension", choice);
        json.key("name").string(extension.name).key("json");
        write_wire_json(json, extension.json);
    }
    void operator()(const Finish& finish, std::uint32_t) const {
        json.key("event").string("finish").key("reason").string(to_string(finish.reason));
        write_text_or_null(json, "raw_reason", finish.raw_reason);
        write_usage(json, finish.usage);
    }
    void operator()(const Failure& failure, std::uint32_t) const {
        json.key("event").string("failure");
        write_error(json, failure.error());
    }
};

}  // namespace

void append_event(std::string& out, const StreamEvent& event) {
    JsonWriter json(out);
    json.begin_object();
    std::visit([&](const auto& what) { EventWriter{json}(what, event.choice()); }, event.what());
    json.end_object();
    out += '\n';
}

void append_failure(std::string& out, const ErrorInfo& error) {
    Failure failure;
    failure.info = &error;
    append_event(out, failure);
}

void append_frame(std::string& out, const wire::SseFrame& frame) {
    JsonWriter json(out);
    json.begin_object();
    json.key("event").string(frame.event.empty() ? "message" : frame.event);
    json.key("data").string(frame.data);
    json.key("id").string(frame.id);
    json.end_object();
    out += '\n';
}

void append_attempt(std::string& out, const Attempt& attempt) {
    JsonWriter json(out);
    json.begin_object();
    json.key("event").string("attempt");
    json.key("provider").string(attempt.provider).key("model").string(attempt.model);
    json.key("outcome").string(attempt.outcome == Attempt::Outcome::failed ? "failed" : "skipped");
    write_error(json, attempt.error);
    write_usage(json, attempt.usage);
    json.key("duration_ms").number(std::chrono::duration<double, std::milli>(attempt.duration).count());
    json.end_object();
    out += '\n';
}

void Summary::add(const StreamEvent& event) {
    if (const auto* finish = event.as<Finish>()) {
        stop_reason_ = finish->reason;
        raw_stop_reason_ = finish->raw_reason;
    } else if (const auto* failure = event.as<Failure>()) {
        error_ = failure->error();
    }
    if (event.choice() != 0) return;
    if (const auto* text = event.as<TextDelta>()) {
        text_ += text->text;
    } else if (const auto* reasoning = event.as<ReasoningDelta>()) {
        reasoning_ += reasoning->text;
    } else if (const auto* refusal = event.as<RefusalDelta>()) {
        refusal_ += refusal->text;
    } else if (const auto* start = event.as<ToolCallStart>()) {
        ToolCall& call = tool_calls_.emplace_back();
        call.index = start->index;
        call.id = start->id;
        call.name = start->name;
    } else if (const auto* arguments = event.as<ToolCallDelta>()) {
        // Searched from the end: it is nearly always the call that started last.
        const auto call = std::find_if(tool_calls_.rbegin(), tool_calls_.rend(), [&](const ToolCall& known) {
            return known.index == arguments->index;
        });
        if (call != tool_calls_.rend()) call->arguments += arguments->arguments;
    }
}

void Summary::append(std::string& out, std::string_view model, std::string_view response_id,
                     const std::optional<Usage>& usage) const {
    JsonWriter json(out);
    json.begin_object();
    json.key("text").string(text_).key("reasoning").string(reasoning_).key("refusal").string(refusal_);
    json.key("tool_calls").begin_array();
    for (const ToolCall& call : tool_calls_) {
        json.begin_object();
        json.key("id").string(call.id).key("name").string(call.name).key("arguments").string(call.arguments);
        json.end_object();
    }
    json.end_array();
    json.key("stop_reason").string(to_string(stop_reason_.value_or(StopReason::error)));
    write_text_or_null(json, "raw_stop_reason", raw_stop_reason_);
    write_usage(json, usage);
    if (error_)
        write_error(json, *error_);
    else
        json.key("error").null();
    json.key("complete").boolean(stop_reason_.has_value() && !error_);
    write_text_or_null(json, "model", model);
    write_text_or_null(json, "response_id", response_id);
    json.end_object();
    out += '\n';
}

}  // namespace sluice::cli
