#include "adapters/anthropic/encoder.hpp"

#include "adapters/anthropic/answer.hpp"
#include "adapters/anthropic/dialect.hpp"
#include "adapters/anthropic/proof.hpp"
#include "adapters/anthropic/stop_reason.hpp"
#include "adapters/ascii.hpp"
#include "adapters/origin.hpp"

#include <algorithm>

namespace sluice::adapters::anthropic {
namespace {

constexpr std::size_t kMaxFields = 256;  // that wait for their place

constexpr std::string_view kBlockFields = "content_block.";
constexpr std::string_view kDeltaFields = "delta.";
constexpr std::string_view kUsageFields = "usage.";
constexpr std::string_view kMessageFields = "message_delta.";

/// An event that only this class writes, and that no Extension may bring.
bool is_reserved(std::string_view type) noexcept {
    return type == "message_start" || type == "message_delta" || type == "message_stop" ||
           type == "message" || type == "error" || type == "ping";
}

bool is_plain(std::string_view name) noexcept {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return is_alnum(c) || c == '_' || c == '.' || c == '-';
    });
}

/// Writes one frame; `fields(json)` adds to the object that already has its type.
template <typename Fields>
void frame(std::string_view type, std::string& out, Fields fields) {
    out.append("event: ").append(type).append("\ndata: ");
    wire::JsonWriter json(out);
    json.begin_object().key("type").string(type);
    fields(json);
    json.end_object();
    out.append("\n\n");
}

}  // namespace

Encoder::Encoder(AnswerFacts facts) : facts_(std::move(facts)), is_own_(dialect_of(facts_.origin) == kName) {}

void Encoder::open(std::string& out) {
    if (opened_) return;
    opened_ = true;
    frame("message_start", out, [&](wire::JsonWriter& json) {
        json.key("message").begin_object().key("id").string(message_id(facts_)).key("type").string("message");
        json.key("role").string("assistant").key("model").string(facts_.model);
        json.key("content").begin_array().end_array().key("stop_reason").null().key("stop_sequence").null();
        json.key("usage").begin_object();
        write_usage(json, std::nullopt);
        json.end_object().end_object();
    });
}

void Encoder::encode(const StreamEvent& event, std::string& out) {
    if (ended_ || event.choice() != 0) return;
    if (!opened_ && !event.is<Failure>()) open(out);
    std::visit([&](const auto& what) { write(what, out); }, event.what());
}

void Encoder::write(const TextDelta& delta, std::string& out) {
    if (!delta.text.empty()) {
        need(Kind::text, out);
        write_delta(block_, "text_delta", "text", delta.text, out);
    }
    if (!delta.signature.empty())
        write_redacted(proof_for_client(delta.signature, facts_.origin, kTextMark), out);
}

void Encoder::write(const RefusalDelta& delta, std::string& out) {
    refused_ = true;
    write(TextDelta{delta.text}, out);
}

void Encoder::write(const ReasoningDelta& delta, std::string& out) {
    const std::string signature = signature_for_client(delta.signature, facts_.origin, kName);
    if (delta.redacted) return write_redacted(signature, out);
    if (delta.text.empty() && signature.empty()) return;
    const bool is_another = !delta.id.empty() && !item_.empty() && delta.id != item_;
    if (kind_ == Kind::thinking && is_another) close(out);
    need(Kind::thinking, out);
    if (!delta.id.empty()) item_ = delta.id;
    if (!delta.text.empty()) write_delta(block_, "thinking_delta", "thinking", delta.text, out);
    if (signature.empty()) return;
    write_delta(block_, "signature_delta", "signature", signature, out);
    close(out);
}

void Encoder::write_redacted(std::string_view data, std::string& out) {
    close(out);
    const std::uint64_t block =
        start_block("redacted_thinking", out, [&](wire::JsonWriter& json) { json.key("data").string(data); });
    stop_block(block, out);
}

void Encoder::write(const ToolCallStart& start, std::string& out) {
    if (!start.signature.empty())
        write_redacted(proof_for_client(start.signature, facts_.origin, kCallMark), out);
    close(out);
    Call call;
    call.index = start.index;
    call.block = start_block("tool_use", out, [&](wire::JsonWriter& json) {
        json.key("id")
            .string(start.id)
            .key("name")
            .string(start.name)
            .key("input")
            .begin_object()
            .end_object();
    });
    calls_.push_back(call);
}

void Encoder::write(const ToolCallDelta& delta, std::string& out) {
    Call* call = find_call(delta.index);
    if (call == nullptr || delta.arguments.empty()) return;
    if (!call->is_open && trim(delta.arguments).empty()) return;
    call->arguments.feed(delta.arguments);
    write_delta(call->block, "input_json_delta", "partial_json", delta.arguments, out);
}

void Encoder::write(const ToolCallEnd& end, std::string& out) {
    Call* call = find_call(end.index);
    if (call == nullptr) return;
    if (call->is_open) stop_block(call->block, out);
    calls_.erase(calls_.begin() + (call - calls_.data()));
}

void Encoder::write(const Finish& end, std::string& out) {
    ended_ = true;
    for (const Call& call : calls_)
        if (call.is_open) stop_block(call.block, out);
    close(out);
    std::string_view word = word_of(end.reason);
    if (is_own_ && !end.raw_reason.empty())
        word = end.raw_reason;
    else if (refused_ && end.reason == StopReason::stop)
        word = word_of(StopReason::content_filter);
    scratch_.clear();
    wire::JsonWriter json(scratch_);
    json.begin_object().key("type").string("message_delta").key("delta").begin_object().key("stop_reason");
    if (word.empty())
        json.null();
    else
        json.string(word);
    const bool has_sequence = std::any_of(fields_.begin(), fields_.end(), [](const Field& field) {
        return field.name == "delta.stop_sequence";
    });
    if (!has_sequence) json.key("stop_sequence").null();
    write_fields(kDeltaFields, json);
    json.end_object().key("usage").begin_object();
    write_usage(json, end.usage);
    write_fields(kUsageFields, json);
    json.end_object();
    write_fields(kMessageFields, json);
    json.end_object();
    out.append("event: message_delta\n");
    write_data(scratch_, out);
    frame("message_stop", out, [](wire::JsonWriter&) {});
}

void Encoder::write(const Failure& failure, std::string& out) {
    ended_ = true;
    out.append("event: error\ndata: ");
    wire::JsonWriter json(out);
    write_error(json, failure.error());
    out.append("\n\n");
}

// --- blocks ---

/// Opens a block of that kind, unless one is open.
void Encoder::need(Kind kind, std::string& out) {
    if (kind_ == kind) return;
    close(out);
    if (kind == Kind::text)
        block_ = start_block("text", out, [](wire::JsonWriter& json) { json.key("text").string(""); });
    else
        block_ = start_block("thinking", out, [](wire::JsonWriter& json) {
            json.key("thinking").string("").key("signature").string("");
        });
    kind_ = kind;
}

template <typename WriteFields>
std::uint64_t Encoder::start_block(std::string_view type, std::string& out, WriteFields write_own) {
    close_complete_calls(out);
    const std::uint64_t block = next_block_++;
    scratch_.clear();
    wire::JsonWriter json(scratch_);
    json.begin_object().key("type").string("content_block_start").key("index").number(block);
    json.key("content_block").begin_object().key("type").string(type);
    write_own(json);
    write_fields(kBlockFields, json);
    json.end_object().end_object();
    std::erase_if(fields_, [](const Field& field) { return field.name.starts_with(kBlockFields); });
    out.append("event: content_block_start\n");
    write_data(scratch_, out);
    return block;
}

void Encoder::write_delta(std::uint64_t block, std::string_view type, std::string_view name,
                          std::string_view value, std::string& out) {
    frame("content_block_delta", out, [&](wire::JsonWriter& json) {
        json.key("index").number(block).key("delta").begin_object().key("type").string(type);
        json.key(name).string(value).end_object();
    });
}

void Encoder::stop_block(std::uint64_t block, std::string& out) {
    frame("content_block_stop", out, [&](wire::JsonWriter& json) { json.key("index").number(block); });
}

void Encoder::close(std::string& out) {
    if (kind_ != Kind::none) stop_block(block_, out);
    kind_ = Kind::none;
    item_.clear();
}

/// Most dialects only tell at the end of the answer that a call is over, and clients like it told before the
/// next block. Anthropic tells itself.
void Encoder::close_complete_calls(std::string& out) {
    if (is_own_) return;
    for (Call& call : calls_) {
        if (!call.is_open || !call.arguments.is_complete()) continue;
        call.is_open = false;
        stop_block(call.block, out);
    }
}

Encoder::Call* Encoder::find_call(std::uint32_t index) noexcept {
    for (Call& call : calls_)
        if (call.index == index) return &call;
    return nullptr;
}

// --- Extensions of this dialect's decoder ---

void Encoder::write(const Extension& extension, std::string& out) {
    if (!is_own_) return;
    if (extension.json.starts_with('{')) {
        replay_.assign(extension.json).append(wire::kPadding, '\0');
        arena_.reset();
        const std::string_view json(replay_.data(), extension.json.size());
        const bool is_event = event_.read(json, replay_.size(), arena_) == simdjson::SUCCESS &&
                              (event_.type == extension.name || !contains(extension.name, "."));
        if (is_event) return replay(json, out);
    }
    keep_field(extension);
}

/// `json` is in replay_, and event_ has read it.
void Encoder::replay(std::string_view json, std::string& out) {
    const std::string_view type = event_.type;
    if (is_reserved(type)) return;
    const auto known = std::find_if(replayed_.begin(), replayed_.end(), [&](const ReplayedBlock& block) {
        return event_.index && block.wire_index == *event_.index;
    });
    if (type == "content_block_start") {
        close(out);
        if (starts_text()) return need(Kind::text, out);
        close_complete_calls(out);
        if (known != replayed_.end()) replayed_.erase(known);
        replayed_.push_back({event_.index.value_or(0), next_block_});
        write_event_at(json, next_block_++, out);
    } else if (type == "content_block_delta") {
        if (known != replayed_.end()) return write_event_at(json, known->block, out);
        if (event_.delta_type != "citations_delta")
            return write_event_at(json, next_block_, out);  // of no block
        need(Kind::text, out);
        write_event_at(json, block_, out);
    } else if (type == "content_block_stop") {
        if (known == replayed_.end()) return;
        write_event_at(json, known->block, out);
        replayed_.erase(known);
    } else {
        if (is_plain(type)) out.append("event: ").append(type).append("\n");
        write_data(json, out);
    }
}

/// The decoder announces a text block that follows another.
bool Encoder::starts_text() {
    const std::string_view block = event_.block;
    if (!block.starts_with('{')) return false;
    const std::size_t readable = replay_.size() - static_cast<std::size_t>(block.data() - replay_.data());
    return replayed_block_.read(block, readable, arena_) == simdjson::SUCCESS &&
           replayed_block_.type == "text";
}

/// The event with our index of its block instead of its own.
void Encoder::write_event_at(std::string_view json, std::uint64_t block, std::string& out) {
    const std::string index = std::to_string(block);
    if (event_.index_json.empty()) {
        scratch_.assign("{\"index\":").append(index).append(",").append(json.substr(1));
    } else {
        const auto at = static_cast<std::size_t>(event_.index_json.data() - json.data());
        scratch_.assign(json.substr(0, at)).append(index).append(json.substr(at + event_.index_json.size()));
    }
    out.append("event: ").append(event_.type).append("\n");
    write_data(scratch_, out);
}

void Encoder::keep_field(const Extension& field) {
    const std::string_view name = field.name;
    const bool is_ours = name.starts_with(kBlockFields) || name.starts_with(kDeltaFields) ||
                         name.starts_with(kUsageFields) || name.starts_with(kMessageFields);
    if (!is_ours || fields_.size() == kMaxFields) return;
    for (Field& known : fields_) {
        if (known.name != name) continue;
        known.json = field.json;
        return;
    }
    fields_.push_back({std::string(name), std::string(field.json)});
}

void Encoder::write_fields(std::string_view prefix, wire::JsonWriter& json) {
    for (const Field& field : fields_)
        if (field.name.starts_with(prefix))
            json.key(std::string_view(field.name).substr(prefix.size())).raw(field.json);
}

/// JSON from a provider may span lines.
void Encoder::write_data(std::string_view json, std::string& out) {
    out.append("data: ");
    for (char c : json) {
        if (c == '\n')
            out.append("\ndata: ");
        else
            out.push_back(c == '\r' ? ' ' : c);
    }
    out.append("\n\n");
}

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts) {
    return std::make_unique<Encoder>(std::move(facts));
}

}  // namespace sluice::adapters::anthropic
