#include "adapters/anthropic/decoder.hpp"

#include "adapters/anthropic/dialect.hpp"
#include "adapters/anthropic/stop_reason.hpp"
#include "adapters/ascii.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>

namespace sluice::adapters::anthropic {
namespace {

constexpr std::size_t kMaxOpenBlocks = 128;  // at a time; Anthropic has one
constexpr std::uint32_t kMaxCalls = 1024;
constexpr std::size_t kMaxFields = 128;                          // unknown ones that wait for the end
constexpr std::size_t kMaxFieldBytes = std::size_t{1} << 20;     // of them together
constexpr std::string_view kBlockStart = "content_block_start";  // the names of replayable Extensions
constexpr std::string_view kBlockDelta = "content_block_delta";
constexpr std::string_view kBlockStop = "content_block_stop";

/// An event of a stream, for what a whole body or a start said in another form.
std::string_view event_json(std::string_view type, std::uint64_t index, std::string_view name,
                            std::string_view value, wire::TextArena& arena) {
    std::string text;
    wire::JsonWriter json(text);
    json.begin_object().key("type").string(type).key("index").number(index);
    if (!name.empty()) json.key(name).raw(value);
    json.end_object();
    return padded_copy(text, arena);
}

std::size_t readable_from(std::string_view part, std::string_view whole, std::size_t readable) {
    return part.empty() ? 0 : readable - static_cast<std::size_t>(part.data() - whole.data());
}

}  // namespace

Usage usage_of(const Counts& counts) noexcept {
    Usage usage;
    if (counts.input)
        usage.input = *counts.input + counts.cache_write.value_or(0) + counts.cache_read.value_or(0);
    usage.cached_input = counts.cache_read;
    usage.cache_write = counts.cache_write;
    usage.output = counts.output;
    usage.reasoning = counts.thinking;
    return usage;
}

void Decoder::on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) {
    if (!begin_frame(out)) return;
    const std::string_view data = trim(frame.data);
    if (data.empty()) return;
    if (data.front() == '{') return read_document(data, frame.data, readable, out);
    if (frame.event == "error" || (data.front() == '[' && wire::is_json(data)))
        return fail_with_body(data, out);
    if (data == "[DONE]" || (!frame.event.empty() && frame.event != "message")) return;  // of some proxies
    read_document(data, frame.data, readable, out);
}

void Decoder::on_document(std::string_view text, std::size_t readable, EventBatch& out) {
    if (simdjson::error_code error = event_.read(text, readable, out.arena()))
        return malformed(error, text, out);
    const std::string_view type = event_.type;
    if (type == kBlockDelta && on_delta(out)) return;
    if (type == "ping") return;
    // From here on parts of the text are kept as they are, or are read again.
    if (!wire::is_json(text)) return malformed(simdjson::TAPE_ERROR, text, out);
    if (type == "error" || event_.looks_like_error) return fail_with_body(text, out);
    if (type == kBlockStart) {
        on_block_start(event_.index.value_or(0), text, event_.block,
                       readable_from(event_.block, text, readable), out);
    } else if (type == kBlockStop) {
        on_block_stop(text, out);
    } else if (type == "message_start") {
        if (!event_.message.empty())
            on_message(event_.message, readable_from(event_.message, text, readable), out);
    } else if (type == "message") {
        on_message(text, readable, out);
    } else if (type == "message_delta") {
        if (event_.has_usage) take_usage(event_.usage);
        if (!keep(event_.unknown, out) || event_.stop_reason.empty()) return;
        stop_reason_ = event_.stop_reason;
        state_ = DecoderState::finished;
    } else if (type == "message_stop") {
        if (state_ == DecoderState::finished || begun_) return finish(out);
        truncated(out);
    } else {
        say(type.empty() ? "event" : type, text, out);
    }
}

/// False for what is left to be passed on as it is.
bool Decoder::on_delta(EventBatch& out) {
    OpenBlock* block = event_.index ? find(*event_.index) : nullptr;
    if (block != nullptr && block->kind == Kind::other) return false;
    if (event_.delta_type == "text_delta") {
        say_text(event_.text, out);
        return true;
    }
    if (event_.delta_type == "input_json_delta") {
        if (block == nullptr || block->kind != Kind::tool) return false;
        if (event_.partial_json.empty()) return true;
        block->input.clear();
        block->arguments.feed(event_.partial_json);
        push(StreamEvent(ToolCallDelta{block->call, event_.partial_json}), out);
        return true;
    }
    if (event_.delta_type == "thinking_delta") {
        if (!event_.thinking.empty()) say_reasoning(ReasoningDelta{event_.thinking}, out);
        return true;
    }
    if (event_.delta_type == "signature_delta") {
        if (!event_.signature.empty()) say_reasoning(ReasoningDelta{{}, event_.signature}, out);
        return true;
    }
    after_text_ |= event_.delta_type == "citations_delta";
    return false;
}

void Decoder::on_message(std::string_view json, std::size_t readable, EventBatch& out) {
    if (json.front() != '{') return;
    if (simdjson::error_code error = message_.read(json, readable, out.arena()))
        return malformed(error, json, out);
    if (info_.response_id.empty()) info_.response_id = message_.id;
    if (info_.response_model_id.empty()) info_.response_model_id = message_.model;
    if (message_.has_usage) take_usage(message_.usage);
    if (!keep(message_.unknown, out)) return;
    for (std::size_t i = 0; i < message_.content.size() && !ended(); ++i)
        on_block(i, message_.content[i], readable_from(message_.content[i], json, readable), out);
    if (ended() || message_.stop_reason.empty()) return;
    stop_reason_ = message_.stop_reason;
    state_ = DecoderState::finished;
}

/// A whole block.
void Decoder::on_block(std::uint64_t index, std::string_view json, std::size_t readable, EventBatch& out) {
    on_block_start(index, {}, json, readable, out);
    if (ended()) return;
    OpenBlock& block = open_.back();
    if (block.kind == Kind::other)
        say(kBlockStop, event_json(kBlockStop, index, {}, {}, out.arena()), out);
    else
        stop(block, out);
    open_.pop_back();
}

/// `whole_event` is empty for a block of a body, which had none.
void Decoder::on_block_start(std::uint64_t index, std::string_view whole_event, std::string_view json,
                             std::size_t readable, EventBatch& out) {
    if (OpenBlock* old = whole_event.empty() ? nullptr : find(index)) {
        stop(*old, out);
        open_.erase(open_.begin() + (old - open_.data()));
    }
    if (open_.size() == kMaxOpenBlocks)
        return fail_with_limit("the answer has more open content blocks than we accept", out);
    OpenBlock& open = open_.emplace_back();
    open.wire_index = index;
    if (json.starts_with('{')) {
        if (simdjson::error_code error = block_.read(json, readable, out.arena()))
            return malformed(error, json, out);
        const std::string_view type = block_.type;
        open.kind = type == "text"                                      ? Kind::text
                    : type == "thinking" || type == "redacted_thinking" ? Kind::thinking
                    : type == "tool_use"                                ? Kind::tool
                                                                        : Kind::other;
    }
    if (open.kind == Kind::other) {
        after_text_ = false;
        if (whole_event.empty())
            whole_event = event_json(kBlockStart, index, "content_block", json, out.arena());
        return say(kBlockStart, whole_event, out);
    }
    for (const Unknown& field : block_.unknown)
        say(field.name, field.json, out);
    if (open.kind == Kind::text) {
        start_text(index, out);
    } else if (open.kind == Kind::tool) {
        start_tool(open, out);
    } else if (block_.type == "redacted_thinking") {
        if (!block_.data.empty()) say_reasoning(ReasoningDelta{{}, block_.data, {}, true}, out);
    } else {
        if (!block_.thinking.empty()) say_reasoning(ReasoningDelta{block_.thinking}, out);
        if (!block_.signature.empty()) say_reasoning(ReasoningDelta{{}, block_.signature}, out);
    }
}

void Decoder::start_text(std::uint64_t index, EventBatch& out) {
    if (after_text_)
        say(kBlockStart,
            event_json(kBlockStart, index, "content_block", R"({"type":"text","text":""})", out.arena()),
            out);
    say_text(block_.text, out);
    for (std::string_view citation : block_.citations) {
        after_text_ = true;
        std::string delta;
        wire::JsonWriter(delta)
            .begin_object()
            .key("type")
            .string("citations_delta")
            .key("citation")
            .raw(citation)
            .end_object();
        say(kBlockDelta, event_json(kBlockDelta, index, "delta", delta, out.arena()), out);
    }
}

void Decoder::start_tool(OpenBlock& open, EventBatch& out) {
    if (calls_ == kMaxCalls) return fail_with_limit("the answer has more tool calls than we accept", out);
    after_text_ = false;
    open.call = calls_++;
    open.input = block_.input;
    std::string_view id = block_.id;
    if (id.empty()) id = padded_copy("toolu_" + std::to_string(open.call), out.arena());
    push(StreamEvent(ToolCallStart{open.call, id, block_.name}), out);
}

void Decoder::on_block_stop(std::string_view whole_event, EventBatch& out) {
    OpenBlock* block = event_.index ? find(*event_.index) : nullptr;
    if (block == nullptr) return;
    if (block->kind == Kind::other) say(kBlockStop, whole_event, out);
    stop(*block, out);
    open_.erase(open_.begin() + (block - open_.data()));
}

void Decoder::stop(OpenBlock& block, EventBatch& out) {
    if (block.kind != Kind::tool) return;
    if (!block.input.empty()) {
        block.arguments.feed(block.input);
        push(StreamEvent(ToolCallDelta{block.call, padded_copy(block.input, out.arena())}), out);
    }
    const bool is_json = block.arguments.is_blank() || block.arguments.is_complete();
    push(StreamEvent(ToolCallEnd{block.call, is_json}), out);
}

Decoder::OpenBlock* Decoder::find(std::uint64_t index) noexcept {
    for (OpenBlock& block : open_)
        if (block.wire_index == index) return &block;
    return nullptr;
}

void Decoder::say_text(std::string_view text, EventBatch& out) {
    if (text.empty()) return;
    after_text_ = true;
    push(StreamEvent(TextDelta{text}), out);
}

void Decoder::say_reasoning(const ReasoningDelta& delta, EventBatch& out) {
    after_text_ = false;
    push(StreamEvent(delta), out);
}

void Decoder::take_usage(const Counts& counts) {
    counts_.merge(counts);
    usage_ = usage_of(counts_);
}

/// Fields of a message are cumulative like its usage: the last one of a name wins.
bool Decoder::keep(const std::vector<Unknown>& fields, EventBatch& out) {
    for (const Unknown& field : fields) {
        auto known = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& other) { return other.name == field.name; });
        fields_size_ += field.json.size();
        if (fields_.size() == kMaxFields || fields_size_ > kMaxFieldBytes) {
            fail_with_limit("the answer has more unknown fields than we accept", out);
            return false;
        }
        if (known != fields_.end())
            known->json = field.json;
        else
            fields_.push_back({std::string(field.name), std::string(field.json)});
    }
    return true;
}

void Decoder::finish(EventBatch& out) {
    for (OpenBlock& block : open_)
        stop(block, out);
    open_.clear();
    // In the order in which the encoder can write them.
    for (std::string_view prefix : {"delta.", "usage.", "message_delta."})
        for (const Field& field : fields_)
            if (field.name.starts_with(prefix)) say(field.name, field.json, out);
    Finish end;
    end.raw_reason = stop_reason_;
    end.reason = stop_reason_of(stop_reason_);
    // Some compatible servers say so although the client is to act.
    if (end.reason == StopReason::stop && calls_ > 0) end.reason = StopReason::tool_calls;
    end.usage = usage_;
    finish_with(end, out);
}

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) {
    return std::make_unique<Decoder>(std::move(facts));
}

}  // namespace sluice::adapters::anthropic
