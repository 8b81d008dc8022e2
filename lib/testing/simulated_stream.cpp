#include "testing/simulated_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/origin.hpp"
#include "wire/json_writer.hpp"

namespace sluice::testing {

namespace {

constexpr std::size_t kArgumentsPiece = 6;  // bytes of a tool call's arguments in one chunk

std::string_view id_prefix(Protocol protocol) noexcept {
    switch (protocol) {
        case Protocol::chat:
            return "chatcmpl-";
        case Protocol::responses:
            return "resp_";
        case Protocol::anthropic:
            return "msg_";
        case Protocol::gemini:
            break;
    }
    return "";
}

/// The events of one call: its announcement, then its arguments in pieces.
void append_tool_chunks(const SimulatedToolCall& call, std::uint32_t index, Protocol protocol,
                        std::vector<std::vector<StreamEvent>>& chunks) {
    const bool signs_calls = protocol == Protocol::gemini;
    const std::string_view proof = signs_calls ? std::string_view(call.signature) : std::string_view();
    chunks.push_back({ToolCallStart{index, call.id, call.name, proof}});
    const std::string_view arguments = call.arguments;
    for (std::size_t at = 0; at < arguments.size(); at += kArgumentsPiece) {
        // Cut between bytes, as real ones are between tokens; a piece never splits a character of an ASCII
        // argument.
        chunks.push_back({ToolCallDelta{index, arguments.substr(at, kArgumentsPiece)}});
    }
    chunks.back().push_back(ToolCallEnd{index});
}

/// The first frame of `frames`, with the blank line that ends it; `frames` goes on behind it.
std::string_view take_frame(std::string_view& frames) noexcept {
    std::size_t end = frames.size();
    for (const std::string_view blank : {std::string_view("\n\n"), std::string_view("\r\n\r\n")}) {
        const std::size_t at = frames.find(blank);
        if (at != std::string_view::npos) end = std::min(end, at + blank.size());
    }
    const std::string_view frame = frames.substr(0, end);
    frames.remove_prefix(end);
    return frame;
}

/// What the frame's data line says.
std::string_view data_of(std::string_view frame) noexcept {
    constexpr std::string_view kData = "data: ";
    const std::size_t at = frame.starts_with(kData) ? 0 : frame.find("\ndata: ") + 1;
    if (at == 0 && !frame.starts_with(kData)) return {};
    const std::string_view data = frame.substr(at + kData.size());
    return data.substr(0, data.find_first_of("\r\n"));
}

/// Loses the second half of the last frame's JSON, as a proxy with a short buffer does.
void break_last_frame(std::string& frames) {
    std::string_view rest = frames;
    std::string_view last;
    while (!rest.empty())
        last = take_frame(rest);
    const std::string_view data = data_of(last);
    const auto begin = static_cast<std::size_t>(data.data() - frames.data());
    if (!data.empty()) frames.erase(begin + data.size() / 2, data.size() - data.size() / 2);
}

/// Makes it an answer that is not over.
void take_end_off(std::string& document, Protocol protocol) {
    const auto replace = [&](std::string_view name, std::string_view with) {
        const std::size_t at = document.find(name);
        if (at == std::string::npos) return;
        const std::size_t begin = at + name.size();
        document.replace(begin, document.find_first_of(",}", begin) - begin, with);
    };
    switch (protocol) {
        case Protocol::chat:
            return replace(R"("finish_reason":)", "null");
        case Protocol::responses:  // those of its items stand behind it
            return replace(R"("status":)", R"("in_progress")");
        case Protocol::anthropic:
            return replace(R"("stop_reason":)", "null");
        case Protocol::gemini:
            return replace(R"("finishReason":)", "null");
    }
}

}  // namespace

std::size_t simulated_time(std::size_t number) noexcept {
    constexpr std::size_t k2024Nov18 = 1731900000;
    return k2024Nov18 + number;
}

SimulatedStream::SimulatedStream(const SimulatedAnswer& answer, const SimulatedRequest& request,
                                 std::size_t number)
    : answer_(answer), request_(request) {
    const adapters::Dialect& dialect = dialect_of(request.protocol());
    facts_.response_id = std::string(id_prefix(request.protocol())) + "sim" + std::to_string(number);
    facts_.model = request.model;
    facts_.created = static_cast<std::int64_t>(simulated_time(number));
    facts_.origin = adapters::make_origin(dialect.name(), "simulator");
    facts_.include_usage = answer.usage && (request.include_usage || !request.stream);
    encoder_ = dialect.make_encoder(facts_);
    for (std::size_t i = 0; i < answer.tool_calls.size(); ++i)
        append_tool_chunks(answer.tool_calls[i], static_cast<std::uint32_t>(i), request.protocol(),
                           tool_chunks_);
}

std::string_view SimulatedStream::content_type() const noexcept {
    if (request_.route.json_array) return "application/json; charset=UTF-8";
    return request_.protocol() == Protocol::gemini ? "text/event-stream" : "text/event-stream; charset=utf-8";
}

std::size_t SimulatedStream::chunks() const noexcept {
    return answer_.reasoning.size() + answer_.tokens.size() + answer_.refusal.size() + tool_chunks_.size();
}

std::vector<StreamEvent> SimulatedStream::events_of(std::size_t index) const {
    const std::size_t thoughts = answer_.reasoning.size();
    if (index < thoughts) {
        std::vector<StreamEvent> events{ReasoningDelta{answer_.reasoning[index]}};
        if (index + 1 == thoughts && !answer_.signature.empty())
            events.emplace_back(ReasoningDelta{{}, answer_.signature});
        return events;
    }
    index -= thoughts;
    if (index < answer_.tokens.size()) return {TextDelta{answer_.tokens[index]}};
    index -= answer_.tokens.size();
    if (index < answer_.refusal.size()) return {RefusalDelta{answer_.refusal[index]}};
    return tool_chunks_[index - answer_.refusal.size()];
}

StreamEvent SimulatedStream::finish_event() const {
    Finish finish;
    finish.reason = StopReason::stop;
    constexpr std::array kReasons{StopReason::stop,           StopReason::length, StopReason::tool_calls,
                                  StopReason::content_filter, StopReason::paused, StopReason::error,
                                  StopReason::unknown};
    const auto* const known = std::find_if(kReasons.begin(), kReasons.end(), [this](StopReason reason) {
        return to_string(reason) == answer_.finish_reason;
    });
    if (known != kReasons.end()) {
        finish.reason = *known;
    } else if (!answer_.finish_reason.empty()) {
        finish.reason = StopReason::unknown;
        finish.raw_reason = answer_.finish_reason;
    }
    if (answer_.usage) {
        Usage usage;
        usage.input = request_.prompt_tokens;
        usage.cached_input = 0;
        usage.output = chunks();
        usage.reasoning = answer_.reasoning.size();
        finish.usage = usage;
    }
    return finish;
}

void SimulatedStream::open(std::string& out) {
    if (answer_.error) return;  // a blocked prompt: its reason is all there is
    frames_.clear();
    encoder_->open(frames_);
    // Gemini opens with its content; but a chunk without candidates may come before anything.
    if (frames_.empty() && answer_.stream_error) append_gemini_metadata(frames_);
    if (answer_.metadata_first) deliver(frames_, out);
}

void SimulatedStream::append_gemini_metadata(std::string& out) const {
    wire::JsonWriter json(out.append("data: "));
    json.begin_object().key("usageMetadata").begin_object();
    json.key("promptTokenCount").number(request_.prompt_tokens);
    json.key("totalTokenCount").number(request_.prompt_tokens).end_object();
    json.key("modelVersion").string(facts_.model).key("responseId").string(facts_.response_id);
    json.end_object();
    out += "\r\n\r\n";
}

void SimulatedStream::chunk(std::size_t index, std::string& out) {
    frames_.clear();
    for (const StreamEvent& event : events_of(index))
        encoder_->encode(event, frames_);
    sign_of_life(out);
    if (index == answer_.malformed_at) break_last_frame(frames_);
    deliver(frames_, out);
}

void SimulatedStream::finish(std::string& out) {
    sign_of_life(out);
    if (answer_.error) {
        deliver("data: " + prompt_block(stream_facts()) + "\r\n\r\n", out);
        return end_array(out);
    }
    frames_.clear();
    encoder_->encode(finish_event(), frames_);
    const bool fails = answer_.stream_error && answer_.error_after_finish;
    for (std::string_view rest = frames_; !rest.empty();) {
        const std::string_view frame = take_frame(rest);
        const FrameKind kind = kind_of(frame);
        const bool is_finish = kind == FrameKind::finish || kind == FrameKind::all_in_one;
        const bool is_last_word = kind == FrameKind::marker || kind == FrameKind::all_in_one;
        if (fails && is_last_word) break;
        if (is_finish && answer_.finish_reason.empty()) continue;
        if (is_last_word && !answer_.done_marker) continue;
        deliver(frame, out);
    }
    if (fails) return fail(out);
    end_array(out);
}

void SimulatedStream::fail(std::string& out) {
    std::string error;
    if (answer_.stream_error->shape == ErrorShape::gateway) {
        const ErrorInfo info(answer_.stream_error->kind, Phase::stream, "the simulator was asked to fail");
        encoder_->encode(StreamEvent(Failure{&info}), error);
        deliver(error, out);
        return end_array(out);
    }
    append_stream_error(*answer_.stream_error, stream_facts(), error);
    if (request_.protocol() == Protocol::gemini && !request_.route.json_array)
        out += error;  // not a frame
    else
        deliver(error, out);
    end_array(out);
}

StreamFacts SimulatedStream::stream_facts() const {
    StreamFacts facts(request_, facts_.response_id, static_cast<std::size_t>(facts_.created));
    facts.frames = delivered_;
    facts.usage = facts_.include_usage;
    facts.done_marker = answer_.done_marker;
    return facts;
}

SimulatedStream::FrameKind SimulatedStream::kind_of(std::string_view frame) const noexcept {
    const std::string_view data = data_of(frame);
    const auto has = [data](std::string_view part) { return data.find(part) != std::string_view::npos; };
    switch (request_.protocol()) {
        case Protocol::chat:
            if (data == "[DONE]") return FrameKind::marker;
            return has(R"("finish_reason":")") ? FrameKind::finish : FrameKind::content;
        case Protocol::responses:
            return has(R"("type":"response.completed")") || has(R"("type":"response.incomplete")") ||
                           has(R"("type":"response.failed")")
                       ? FrameKind::all_in_one
                       : FrameKind::content;
        case Protocol::anthropic:
            if (has(R"("type":"message_stop")")) return FrameKind::marker;
            return has(R"("type":"message_delta")") ? FrameKind::finish : FrameKind::content;
        case Protocol::gemini:
            break;
    }
    return has(R"("finishReason":)") ? FrameKind::finish : FrameKind::content;
}

void SimulatedStream::sign_of_life(std::string& out) {
    if (answer_.comments && !request_.route.json_array) {
        const std::string_view usual = request_.protocol() == Protocol::gemini ? "\r\n" : "\n";
        const std::string_view line_end = answer_.line_end.empty() ? usual : answer_.line_end;
        out.append(": keep-alive").append(line_end).append(line_end);
    }
    if (!answer_.pings) return;
    switch (request_.protocol()) {
        case Protocol::chat:  // as Azure's filter, which tells of nothing but itself
            return deliver(
                "data: {\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[]}\n\n", out);
        case Protocol::responses:
            return deliver("event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":" +
                               std::to_string(delivered_) + "}\n\n",
                           out);
        case Protocol::anthropic:
            return deliver("event: ping\ndata: {\"type\": \"ping\"}\n\n", out);
        case Protocol::gemini:  // as Vertex AI between two texts
            return deliver("data: {\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"}}\r\n\r\n", out);
    }
}

void SimulatedStream::deliver(std::string_view frames, std::string& out) {
    while (!frames.empty()) {
        const std::string_view frame = take_frame(frames);
        if (request_.route.json_array) {
            out.append(delivered_ == 0 ? "[" : ",\r\n").append(data_of(frame));
        } else if (answer_.line_end.empty()) {
            out += frame;
        } else {
            for (std::size_t at = 0; at < frame.size();) {
                const std::size_t end = std::min(frame.find_first_of("\r\n", at), frame.size());
                out.append(frame.substr(at, end - at)).append(answer_.line_end);
                at = end + (frame.substr(end).starts_with("\r\n") ? 2 : 1);
            }
        }
        ++delivered_;
    }
}

void SimulatedStream::end_array(std::string& out) {
    if (request_.route.json_array) out += delivered_ == 0 ? "[]" : "]";
}

std::string SimulatedStream::as_one_object() const {
    if (answer_.error) return prompt_block(stream_facts());
    MessageBuilder builder;
    for (std::size_t i = 0; i < chunks(); ++i) {
        for (const StreamEvent& event : events_of(i))
            builder.add(event);
    }
    builder.add(finish_event());
    AssistantMessage message = std::move(builder).take();
    message.response_id = facts_.response_id;
    message.origin = facts_.origin;
    std::string document = dialect_of(request_.protocol()).encode_answer(message, facts_);
    if (answer_.finish_reason.empty()) take_end_off(document, request_.protocol());
    return document;
}

}  // namespace sluice::testing
