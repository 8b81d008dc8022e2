#include "adapters/gemini/decoder.hpp"

#include "adapters/gemini/call_ids.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/gemini/finish_reason.hpp"
#include "adapters/json_fields.hpp"

#include <algorithm>

namespace sluice::adapters::gemini {
namespace {

constexpr std::uint32_t kMaxCalls = 1024;  // in one choice
constexpr std::size_t kMaxChoices = 128;

std::string_view copy(std::string_view text, EventBatch& out) {
    char* memory = out.arena().allocate(text.size());
    text.copy(memory, text.size());
    return {memory, text.size()};
}

/// The objects of a JSON array as text, as far as it is well formed.
std::vector<std::string_view> objects_of(std::string_view padded) {
    std::vector<std::string_view> objects;
    fields::json::document document;
    if (wire::thread_parser()
            .iterate(padded.data(), padded.size(), padded.size() + wire::kPadding)
            .get(document) != simdjson::SUCCESS)
        return objects;
    fields::json::array array;
    if (document.get_array().get(array) != simdjson::SUCCESS) return objects;
    for (auto item : array) {
        fields::json::value value;
        std::string_view text;
        if (std::move(item).get(value) != simdjson::SUCCESS) break;
        if (fields::raw_text(value, text) != simdjson::SUCCESS) break;
        if (text.starts_with('{')) objects.push_back(text);
    }
    return objects;
}

}  // namespace

Usage usage_of(const Counts& counts) noexcept {
    Usage usage;
    usage.cached_input = counts.cached;
    usage.reasoning = counts.thoughts;
    if (counts.prompt || counts.tool_prompt)
        usage.input = counts.prompt.value_or(0) + counts.tool_prompt.value_or(0);
    if (counts.candidates)
        usage.output = *counts.candidates + counts.thoughts.value_or(0);
    else if (counts.total && usage.input && *counts.total >= *usage.input)
        usage.output = *counts.total - *usage.input;  // zero is not written, but what is left is known
    else
        usage.output = counts.thoughts;
    return usage;
}

void Decoder::on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) {
    if (!begin_frame(out)) return;
    const std::string_view data = trim(frame.data);
    if (data.empty() || data == "[DONE]") return;  // proxies add it
    if (data.front() == '[') return on_array(data, out);
    read_document(data, frame.data, readable, out);
}

void Decoder::on_body(std::string_view body, EventBatch& out) {
    const std::string_view text = trim(body);
    if (ended() || !text.starts_with('[')) return DecoderBase::on_body(body, out);
    on_array(text, out);
    on_end(out);
}

void Decoder::on_array(std::string_view text, EventBatch& out) {
    // One that was cut still has the chunks before the cut; simdjson looks for the end first.
    const std::string_view array =
        padded_copy(text.ends_with(']') ? text : std::string(text) + "]", out.arena());
    const std::vector<std::string_view> objects = objects_of(array);
    if (objects.empty()) return fail_with_body(text, out);
    for (std::string_view object : objects) {
        read_document(object, array, array.size() + wire::kPadding, out);
        if (ended()) return;
    }
}

void Decoder::on_document(std::string_view text, std::size_t readable, EventBatch& out) {
    if (simdjson::error_code error = chunk_.read(text, readable, out.arena()))
        return malformed(error, text, out);
    if (info_.response_id.empty()) info_.response_id = chunk_.response_id;
    if (info_.response_model_id.empty()) info_.response_model_id = chunk_.model;
    if (chunk_.usage.any()) {
        counts_.merge(chunk_.usage);
        usage_ = usage_of(counts_);
    }
    for (std::size_t i = 0; i < chunk_.candidate_count(); ++i)
        if (!apply_candidate(chunk_.candidate(i), out)) return;
    if (chunk_.has_error) return fail_with_body(text, out);
    for (const Item& field : chunk_.rest)
        out.push(StreamEvent(Extension{field.name, field.json}));
    if (!chunk_.block_reason.empty()) block_reason_ = chunk_.block_reason;
    state_ = is_finished() ? DecoderState::finished : DecoderState::open;
}

bool Decoder::apply_candidate(const Candidate& from, EventBatch& out) {
    Choice* choice = choice_of(from.index);
    if (choice == nullptr) {
        fail_with_limit("the answer has more candidates than the protocol allows", out);
        return false;
    }
    for (auto item = from.items.begin(); item != from.items.end(); ++item) {
        switch (item->kind) {
            case Item::Kind::text:
                push(StreamEvent(TextDelta{item->text, item->signature}, {}, choice->index), out);
                break;
            case Item::Kind::thought:
                push(StreamEvent(ReasoningDelta{item->text, item->signature}, {}, choice->index), out);
                break;
            case Item::Kind::call: {
                const Item& call = *item;
                if (!begin_call(call, *choice, out)) return false;
                bool has_pieces = false;
                for (; item + 1 != from.items.end() && (item + 1)->kind == Item::Kind::argument; ++item) {
                    apply_argument(*(item + 1), *choice, out);
                    has_pieces = true;
                }
                // An empty one closes the open call; some servers leave it out, and `willContinue` too.
                if (!call.continues && !(call.name.empty() && has_pieces)) close_call(true, *choice, out);
                break;
            }
            case Item::Kind::argument:
                break;  // follows its call
            case Item::Kind::extension:
                out.push(StreamEvent(Extension{item->name, item->json}, {}, choice->index));
                break;
        }
    }
    if (from.finish_reason.empty()) return true;
    choice->finish_reason = from.finish_reason;
    if (choice->index != 0)
        out.push(StreamEvent(Extension{"candidate.finishReason", from.finish_json}, {}, choice->index));
    return true;
}

bool Decoder::begin_call(const Item& item, Choice& choice, EventBatch& out) {
    if (item.name.empty()) return true;  // goes on with the open call, or closes it
    close_call(true, choice, out);
    if (choice.calls == kMaxCalls) {
        fail_with_limit("the answer has more tool calls than we accept", out);
        return false;
    }
    const std::uint32_t index = choice.calls++;
    std::string_view id = item.id;
    if (id.empty()) id = copy(make_call_id(info_.response_id, choice.index, index), out);
    choice.is_call_open = true;
    choice.check = {};
    choice.arguments.reset();
    push(StreamEvent(ToolCallStart{index, id, item.name, item.signature}, {}, choice.index), out);
    if (!item.text.empty()) push_arguments(item.text, choice, out);
    return true;
}

void Decoder::apply_argument(const Item& item, Choice& choice, EventBatch& out) {
    piece_.clear();
    const bool placed = choice.is_call_open &&
                        choice.arguments.add(item.name, item.text, item.is_string, item.continues, piece_);
    push_arguments(piece_, choice, out);
    if (!placed)
        out.push(
            StreamEvent(Extension{"content.parts.functionCall.partialArgs", item.json}, {}, choice.index));
}

void Decoder::push_arguments(std::string_view json, Choice& choice, EventBatch& out) {
    if (json.empty()) return;
    choice.check.feed(json);
    if (json.data() == piece_.data()) json = copy(json, out);
    push(StreamEvent(ToolCallDelta{choice.calls - 1, json}, {}, choice.index), out);
}

/// `whole`: the arguments in pieces are complete, but for their closing brackets.
void Decoder::close_call(bool whole, Choice& choice, EventBatch& out) {
    if (!choice.is_call_open) return;
    piece_.clear();
    if (whole) choice.arguments.close(piece_);
    push_arguments(piece_, choice, out);
    choice.is_call_open = false;
    const bool is_json = choice.check.is_blank() || choice.check.is_complete();
    push(StreamEvent(ToolCallEnd{choice.calls - 1, is_json}, {}, choice.index), out);
}

Decoder::Choice* Decoder::choice_of(std::uint32_t index) {
    for (Choice& choice : choices_)
        if (choice.index == index) return &choice;
    if (choices_.size() == kMaxChoices) return nullptr;
    return &choices_.emplace_back(index);
}

bool Decoder::is_finished() const noexcept {
    if (!block_reason_.empty()) return true;
    return !choices_.empty() && std::none_of(choices_.begin(), choices_.end(), [](const Choice& choice) {
        return choice.finish_reason.empty();
    });
}

void Decoder::finish(EventBatch& out) {
    for (Choice& choice : choices_)  // what a cut call was to become is not ours to guess
        close_call(choice.finish_reason == "STOP", choice, out);
    Finish end;
    end.usage = usage_;
    const auto first = std::find_if(choices_.begin(), choices_.end(),
                                    [](const Choice& choice) { return choice.index == 0; });
    if (first != choices_.end() && !first->finish_reason.empty()) {
        end.raw_reason = first->finish_reason;
        end.reason = stop_reason_of(first->finish_reason);
        if (end.reason == StopReason::stop && first->calls > 0) end.reason = StopReason::tool_calls;
    } else if (!block_reason_.empty()) {
        end.raw_reason = block_reason_;
        end.reason = StopReason::content_filter;
    }
    finish_with(end, out);
}

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) {
    return std::make_unique<Decoder>(std::move(facts));
}

}  // namespace sluice::adapters::gemini
