#include "adapters/openai_chat/decoder.hpp"

#include "adapters/ascii.hpp"
#include "adapters/openai_chat/dialect.hpp"

#include <algorithm>

namespace sluice::adapters::openai_chat {
namespace {

constexpr std::size_t kMaxTools = 1024;                    // in one choice
constexpr std::size_t kMaxWaiting = std::size_t{1} << 20;  // arguments of a call that has no name yet
constexpr std::size_t kNew = static_cast<std::size_t>(-1);

}  // namespace

StopReason stop_reason_of(std::string_view reason) noexcept {
    // The first word of each line is the dialect's own; the others come from servers that pass their
    // upstream's through.
    if (reason == "stop" || reason == "end_turn" || reason == "stop_sequence" || reason == "eos" ||
        reason == "STOP")
        return StopReason::stop;
    if (reason == "length" || reason == "model_length" || reason == "max_tokens" || reason == "MAX_TOKENS")
        return StopReason::length;
    if (reason == "tool_calls" || reason == "function_call" || reason == "tool_use")
        return StopReason::tool_calls;
    if (reason == "content_filter" || reason == "refusal" || reason == "SAFETY" ||
        reason == "PROHIBITED_CONTENT")
        return StopReason::content_filter;
    if (reason == "error" || reason == "insufficient_system_resource" || reason == "abort")
        return StopReason::error;
    return StopReason::unknown;
}

Usage usage_of(const Counts& counts) noexcept {
    Usage usage;
    usage.input = counts.prompt;
    usage.cached_input = counts.cached;
    usage.cache_write = counts.cache_write;
    usage.reasoning = counts.reasoning;
    usage.output = counts.completion;
    if (!counts.prompt || !counts.total || *counts.total < *counts.prompt) return usage;
    const Tokens generated = *counts.total - *counts.prompt;
    if (!counts.completion) {
        usage.output = generated;  // Gemini's compatible endpoint leaves it out
    } else if (counts.reasoning && *counts.reasoning > 0 && generated >= *counts.reasoning &&
               generated - *counts.reasoning == *counts.completion) {
        usage.output = generated;  // xAI counts reasoning apart
    }
    return usage;
}

void Decoder::on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) {
    if (!begin_frame(out)) return;
    std::string_view data = trim(frame.data);
    if (data.empty()) return;
    if (frame.event == "error") return fail_with_body(data, out);
    if (data.front() != '{') {
        if (data == "[DONE]") return on_done(out);
        if (data.front() == '[' && wire::is_json(data))
            return fail_with_body(data, out);                          // Google's array of one error
        if (!frame.event.empty() && frame.event != "message") return;  // "event: ping", "data: 1"
    }
    read_document(data, frame.data, readable, out);
}

std::size_t Decoder::on_repeats(std::string_view bytes, const Framing& framing, EventBatch& out) {
    if (!is_plain() || has_pending_lines() || !chunk_.says_content_only()) return 0;
    const ChunkShape& shape = chunk_.shape_within(framing.head, framing.tail);
    const std::uint32_t choice = choices_.front().index;
    std::string_view rest = bytes;
    while (out.size() < framing.max_events) {
        std::string_view text;
        const std::size_t size = shape.match_frame(rest, text);
        if (size == 0 || size > framing.max_frame) break;
        out.push_repeat(TextDelta{text}, std::string_view(rest.data(), size), choice);
        rest.remove_prefix(size);
    }
    return bytes.size() - rest.size();
}

void Decoder::on_document(std::string_view text, std::size_t readable, EventBatch& out) {
    if (simdjson::error_code error = chunk_.read(text, readable, out.arena()))
        return malformed(error, text, out);
    if (chunk_.repeats_content() && is_plain())
        return push(TextDelta{chunk_.choice(0).content}, choices_.front(), out);
    if (info_.response_id.empty() && !chunk_.id.empty()) info_.response_id = chunk_.id;
    if (info_.response_model_id.empty() && !chunk_.model.empty()) info_.response_model_id = chunk_.model;
    apply(out);
    if (state_ != DecoderState::ended && (chunk_.has_error || chunk_.looks_like_error))
        fail_with_body(text, out);
}

void Decoder::apply(EventBatch& out) {
    const bool error = chunk_.has_error || chunk_.looks_like_error;
    const bool zeros = chunk_.usage.prompt.value_or(0) == 0 && chunk_.usage.completion.value_or(0) == 0;
    if (chunk_.has_usage && !(error && zeros)) take_usage();
    for (std::size_t i = 0; i < chunk_.choice_count(); ++i)
        if (!apply_choice(chunk_.choice(i), out)) return;
    if (error) return;
    if (chunk_.choice_count() > 0) state_ = all_finished() ? DecoderState::finished : DecoderState::open;
    for (const Unknown& field : chunk_.unknown)
        out.push(StreamEvent(Extension{field.name, field.json}));
}

bool Decoder::apply_choice(const Choice& from, EventBatch& out) {
    ChoiceState* choice = state_of(from.index);
    if (choice == nullptr) {
        fail_with_limit("the answer has more choices than the protocol allows", out);
        return false;
    }
    // `message` is the text so far or the whole of it: only good where there were no deltas.
    const bool usable = from.has_delta || !choice->has_content;
    if (usable) {
        apply_reasoning(from, *choice, out);
        for (const Piece& piece : from.pieces) {
            if (piece.kind == Piece::Kind::reasoning) {
                push(ReasoningDelta{piece.text, piece.signature}, *choice, out);
            } else if (piece.text.empty()) {
                continue;
            } else if (piece.kind == Piece::Kind::refusal) {
                push(RefusalDelta{piece.text}, *choice, out);
            } else {
                push(TextDelta{piece.text}, *choice, out);
            }
        }
        if (!from.content.empty() || !from.signature.empty())
            push(TextDelta{from.content, from.signature}, *choice, out);
        if (!from.refusal.empty()) push(RefusalDelta{from.refusal}, *choice, out);
        for (const ToolFragment& tool : from.tools)
            if (!apply_tool(tool, *choice, out)) return false;
        for (const Unknown& field : from.unknown)
            out.push(StreamEvent(Extension{field.name, field.json}, {}, choice->index));
    }
    if (!from.finish_reason.empty()) {
        choice->finish_reason = from.finish_reason;
        if (choice->index != 0)
            out.push(StreamEvent(Extension{"choice.finish", from.finish_json}, {}, choice->index));
    }
    return true;
}

/// `reasoning_details` repeat the text of `reasoning`, and add what else belongs to it.
void Decoder::apply_reasoning(const Choice& from, ChoiceState& choice, EventBatch& out) {
    const std::string_view text = from.reasoning;
    if (!text.empty() && from.details.size() == 1) {
        const Piece& detail = from.details.front();
        if (!detail.redacted && (detail.text.empty() || detail.text == text))
            return push(ReasoningDelta{text, detail.signature, detail.id}, choice, out);
    }
    if (!text.empty()) push(ReasoningDelta{text}, choice, out);
    for (const Piece& detail : from.details) {
        const std::string_view more = text.empty() ? detail.text : std::string_view();
        if (!more.empty() || !detail.signature.empty())
            push(ReasoningDelta{more, detail.signature, detail.id, detail.redacted}, choice, out);
    }
}

/// Which call a fragment belongs to; kNew for one not seen before (PROTOCOLS sections 3.2 and 7).
std::size_t Decoder::tool_for(const ToolFragment& tool, const ChoiceState& choice) const {
    const std::vector<ToolCall>& calls = choice.tools;
    auto starts_another = [&](const ToolCall& call) {
        if (tool.name.empty()) return false;  // some servers give each fragment an id of its own
        if (!tool.id.empty() && !call.id.empty()) return tool.id != call.id;
        // No ids to go by: a name and an object after a closed object is the next call.
        return tool.id.empty() && call.last == '}' && trim(tool.arguments).starts_with("{");
    };
    if (tool.index) {
        for (std::size_t i = calls.size(); i-- > 0;)
            if (calls[i].wire_index == tool.index) return starts_another(calls[i]) ? kNew : i;
        return kNew;
    }
    if (!tool.id.empty()) {
        for (std::size_t i = calls.size(); i-- > 0;)
            if (calls[i].id == tool.id) return i;
        return tool.name.empty() && !calls.empty() ? calls.size() - 1 : kNew;
    }
    if (calls.empty() || !tool.name.empty()) return kNew;
    return calls.size() - 1;
}

bool Decoder::apply_tool(const ToolFragment& tool, ChoiceState& choice, EventBatch& out) {
    std::size_t index = tool_for(tool, choice);
    if (index == kNew) {
        if (choice.tools.size() == kMaxTools) {
            fail_with_limit("the answer has more tool calls than we accept", out);
            return false;
        }
        index = choice.tools.size();
        ToolCall call;
        call.wire_index = tool.index;
        call.id = tool.id;
        choice.tools.push_back(std::move(call));
    }
    ToolCall& call = choice.tools[index];
    if (call.id.empty() && !call.started) call.id = tool.id;
    if (!tool.signature.empty()) {
        if (call.started)  // too late for its start
            out.push(
                StreamEvent(Extension{"delta.tool_calls.extra_content", tool.extra_json}, {}, choice.index));
        else
            call.signature = tool.signature;
    }
    if (!call.started && !tool.name.empty()) start_tool(index, tool.name, choice, out);
    if (tool.arguments.empty()) return true;

    call.arguments.feed(tool.arguments);

    std::string_view closing = trim(tool.arguments);
    if (!closing.empty()) call.last = closing.back();
    if (call.started) {
        push(ToolCallDelta{static_cast<std::uint32_t>(index), tool.arguments}, choice, out);
    } else if (call.waiting.size() + tool.arguments.size() <= kMaxWaiting) {
        call.waiting += tool.arguments;
    } else {
        fail_with_limit("a tool call of the answer has no name", out);
        return false;
    }
    return true;
}

void Decoder::start_tool(std::size_t index, std::string_view name, ChoiceState& choice, EventBatch& out) {
    ToolCall& call = choice.tools[index];
    if (call.id.empty()) {
        call.id = choice.index == 0 ? "call_" : "call_" + std::to_string(choice.index) + "_";
        call.id += std::to_string(index);
    }
    call.started = true;
    // The event must not point into strings that move when a call is added.
    const std::string_view id = padded_copy(call.id, out.arena());
    const std::string_view signature = padded_copy(call.signature, out.arena());
    push(ToolCallStart{static_cast<std::uint32_t>(index), id, name, signature}, choice, out);
    if (call.waiting.empty()) return;
    push(ToolCallDelta{static_cast<std::uint32_t>(index), padded_copy(call.waiting, out.arena())}, choice,
         out);
    call.waiting.clear();
}

void Decoder::take_usage() {
    counts_.merge(chunk_.usage);
    usage_ = usage_of(counts_);
}

Decoder::ChoiceState* Decoder::state_of(std::uint32_t index) {
    for (ChoiceState& choice : choices_)
        if (choice.index == index) return &choice;
    constexpr std::size_t kMaxChoices = 128;
    if (choices_.size() == kMaxChoices) return nullptr;
    return &choices_.emplace_back(index);
}

bool Decoder::all_finished() const noexcept {
    return std::none_of(choices_.begin(), choices_.end(),
                        [](const ChoiceState& choice) { return choice.finish_reason.empty(); });
}

void Decoder::on_done(EventBatch& out) {
    const bool some_finished = std::any_of(choices_.begin(), choices_.end(), [](const ChoiceState& choice) {
        return !choice.finish_reason.empty();
    });
    if (some_finished || begun_) return finish(out);
    truncated(out);
}

template <typename Event>
void Decoder::push(Event event, ChoiceState& choice, EventBatch& out) {
    choice.has_content = true;
    if constexpr (std::is_same_v<Event, RefusalDelta>) choice.refused = true;
    DecoderBase::push(StreamEvent(event, {}, choice.index), out);
}

void Decoder::finish(EventBatch& out) {
    for (ChoiceState& choice : choices_) {
        for (std::size_t i = 0; i < choice.tools.size(); ++i) {
            if (!choice.tools[i].started) start_tool(i, {}, choice, out);
            const wire::JsonCheck& arguments = choice.tools[i].arguments;
            const bool are_json = arguments.is_blank() || arguments.is_complete();
            push(ToolCallEnd{static_cast<std::uint32_t>(i), are_json}, choice, out);
        }
    }
    Finish end;
    end.usage = usage_;
    if (const ChoiceState* choice = state_of(0)) {
        end.raw_reason = choice->finish_reason;
        end.reason = stop_reason_of(choice->finish_reason);
        // A forced tool call ends with "stop" (PROTOCOLS section 3.3).
        if (end.reason == StopReason::stop && choice->refused) end.reason = StopReason::content_filter;
        if (end.reason == StopReason::stop && !choice->tools.empty()) end.reason = StopReason::tool_calls;
    }
    finish_with(end, out);
}

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) {
    return std::make_unique<Decoder>(std::move(facts));
}

}  // namespace sluice::adapters::openai_chat
