#include "testing/simulated_stream.hpp"

#include <algorithm>
#include <utility>

#include "wire/json_writer.hpp"

namespace sluice::testing {

using wire::append_escaped;
using wire::JsonWriter;

namespace {

// 2024-11-18: every answer is made at a later second than the one before, and the same run makes the same
// bytes.
constexpr std::size_t kFirstCreated = 1731900000;
constexpr std::string_view kFingerprint = "fp_simulator";
constexpr std::size_t kArgumentsPiece = 6;  // bytes of a tool call's arguments in one chunk

std::string quoted(std::string_view text) {
    std::string out = "\"";
    append_escaped(out, text);
    return out += '"';
}

std::string quoted_or_null(std::string_view text) {
    return text.empty() ? "null" : quoted(text);
}

std::string joined(const std::vector<std::string>& parts) {
    std::string whole;
    for (const std::string& part : parts)
        whole += part;
    return whole;
}

/// The deltas of one call: its announcement, then its arguments in pieces.
void append_tool_deltas(const SimulatedToolCall& call, std::size_t index, std::vector<std::string>& deltas) {
    const std::string start = R"({"tool_calls":[{"index":)" + std::to_string(index);
    deltas.push_back(start + R"(,"id":)" + quoted(call.id) + R"(,"type":"function","function":{"name":)" +
                     quoted(call.name) + R"(,"arguments":""}}]})");
    for (std::size_t at = 0; at < call.arguments.size(); at += kArgumentsPiece) {
        // Cut between bytes, as real ones are between tokens; a piece never splits a character of an ASCII
        // argument.
        const std::string piece = call.arguments.substr(at, kArgumentsPiece);
        deltas.push_back(start + R"(,"function":{"arguments":)" + quoted(piece) + "}}]}");
    }
}

}  // namespace

std::string error_body(std::string_view message, std::string_view type, std::string_view param,
                       std::string_view code) {
    return "{\n    \"error\": {\n        \"message\": " + quoted(message) +
           ",\n        \"type\": " + quoted(type) + ",\n        \"param\": " + quoted_or_null(param) +
           ",\n        \"code\": " + quoted_or_null(code) + "\n    }\n}\n";
}

std::string error_object(std::string_view message, std::string_view type, std::string_view code) {
    return R"({"message":)" + quoted(message) + R"(,"type":)" + quoted(type) + R"(,"param":null,"code":)" +
           quoted_or_null(code) + "}";
}

SimulatedStream::SimulatedStream(const SimulatedAnswer& answer, const SimulatedRequest& request,
                                 std::size_t number)
    : answer_(answer),
      model_(request.model),
      id_("chatcmpl-sim" + std::to_string(number)),
      created_(kFirstCreated + number),
      prompt_tokens_(request.prompt_tokens),
      include_usage_(request.include_usage) {
    if (answer.comments) comment_ = ": keep-alive" + answer.line_end + answer.line_end;
    prefix_ = "data: ";
    JsonWriter json(prefix_);
    json.begin_object().key("id").string(id_).key("object").string("chat.completion.chunk");
    json.key("created").number(created_).key("model").string(model_).key("service_tier").string("default");
    json.key("system_fingerprint").string(kFingerprint).key("choices");
    for (std::size_t i = 0; i < answer.tool_calls.size(); ++i)
        append_tool_deltas(answer.tool_calls[i], i, tool_deltas_);
}

std::size_t SimulatedStream::chunks() const noexcept {
    return answer_.reasoning.size() + answer_.tokens.size() + tool_deltas_.size();
}

void SimulatedStream::open(std::string& out) const {
    if (answer_.metadata_first) frame(R"({"role":"assistant","content":"","refusal":null})", {}, out);
    if (answer_.first_error.empty()) return;
    // As OpenAI does: an error in the stream is followed by a usage of zeros and the marker (PROTOCOLS 3.5).
    out += "data: {\"error\":" + answer_.first_error + "}";
    end_frame(out);
    if (include_usage_ && answer_.usage) usage(out, true);
    done(out);
}

void SimulatedStream::chunk(std::size_t index, std::string& out) const {
    out += comment_;
    out += prefix_;
    out += R"([{"index":0,"delta":)";
    delta(index, out);
    if (index == answer_.malformed_at) {
        out.pop_back();  // the delta's brace: what follows closes one object too few
        out += R"(,"logprobs":}]})";
        end_frame(out);
        return;
    }
    out += include_usage_ ? R"(,"logprobs":null,"finish_reason":null}],"usage":null})"
                          : R"(,"logprobs":null,"finish_reason":null}]})";
    end_frame(out);
}

void SimulatedStream::delta(std::size_t index, std::string& out) const {
    if (index < answer_.reasoning.size()) {
        out += R"({"content":null,"reasoning_content":")";
        append_escaped(out, answer_.reasoning[index]);
        out += "\"}";
        return;
    }
    index -= answer_.reasoning.size();
    if (index < answer_.tokens.size()) {
        out += R"({"content":")";
        append_escaped(out, answer_.tokens[index]);
        out += "\"}";
        return;
    }
    out += tool_deltas_[index - answer_.tokens.size()];
}

void SimulatedStream::finish(std::string& out) const {
    if (!answer_.finish_reason.empty()) frame("{}", answer_.finish_reason, out);
    if (include_usage_ && answer_.usage) usage(out, false);
    done(out);
}

void SimulatedStream::frame(std::string_view delta, std::string_view finish_reason, std::string& out) const {
    out += comment_;
    out += prefix_;
    out += R"([{"index":0,"delta":)";
    out += delta;
    out += R"(,"logprobs":null,"finish_reason":)";
    out += quoted_or_null(finish_reason);
    out += include_usage_ ? R"(}],"usage":null})" : "}]}";
    end_frame(out);
}

namespace {

void append_usage(std::string& out, std::size_t prompt, std::size_t completion, std::size_t reasoning) {
    JsonWriter json(out);
    json.begin_object().key("prompt_tokens").number(prompt).key("completion_tokens").number(completion);
    json.key("total_tokens").number(prompt + completion);
    json.key("prompt_tokens_details").begin_object();
    json.key("cached_tokens").number(0).key("audio_tokens").number(0).end_object();
    json.key("completion_tokens_details").begin_object();
    json.key("reasoning_tokens").number(reasoning).key("audio_tokens").number(0);
    json.key("accepted_prediction_tokens").number(0).key("rejected_prediction_tokens").number(0).end_object();
    json.end_object();
}

}  // namespace

void SimulatedStream::usage(std::string& out, bool zero) const {
    out += comment_;
    out += prefix_;
    out += R"([],"usage":)";
    if (zero) {
        append_usage(out, 0, 0, 0);
    } else {
        append_usage(out, prompt_tokens_, chunks(), answer_.reasoning.size());
    }
    out += '}';
    end_frame(out);
}

void SimulatedStream::done(std::string& out) const {
    if (!answer_.done_marker) return;
    out += "data: [DONE]";
    end_frame(out);
}

void SimulatedStream::end_frame(std::string& out) const {
    out += answer_.line_end;
    out += answer_.line_end;
}

std::string SimulatedStream::as_one_object() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("id").string(id_).key("object").string("chat.completion");
    json.key("created").number(created_).key("model").string(model_).key("choices").begin_array();
    json.begin_object().key("index").number(0).key("message").begin_object().key("role").string("assistant");
    json.key("content");
    if (answer_.tokens.empty()) {
        json.null();
    } else {
        json.string(joined(answer_.tokens));
    }
    if (!answer_.reasoning.empty()) json.key("reasoning_content").string(joined(answer_.reasoning));
    if (!answer_.tool_calls.empty()) {
        json.key("tool_calls").begin_array();
        for (const SimulatedToolCall& call : answer_.tool_calls) {
            json.begin_object().key("id").string(call.id).key("type").string("function").key("function");
            json.begin_object()
                .key("name")
                .string(call.name)
                .key("arguments")
                .string(call.arguments)
                .end_object();
            json.end_object();
        }
        json.end_array();
    }
    json.key("refusal").null().end_object().key("logprobs").null();
    json.key("finish_reason").string(answer_.finish_reason).end_object().end_array().key("usage");
    std::string counts;
    append_usage(counts, prompt_tokens_, chunks(), answer_.reasoning.size());
    json.raw(counts)
        .key("service_tier")
        .string("default")
        .key("system_fingerprint")
        .string(kFingerprint)
        .end_object();
    return out;
}

}  // namespace sluice::testing
