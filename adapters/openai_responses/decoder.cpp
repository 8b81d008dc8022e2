#include "adapters/openai_responses/decoder.hpp"

#include "adapters/ascii.hpp"
#include "adapters/openai_responses/dialect.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::adapters::openai_responses {
namespace {

constexpr std::size_t kMaxItems = 1024;
constexpr std::size_t kMaxPieces = 1024;                   // in one item
constexpr std::size_t kMaxWaiting = std::size_t{1} << 20;  // arguments of a call that has no name yet

bool is_call(std::string_view item_type) noexcept {
    return item_type == "function_call" || item_type == "custom_tool_call";
}
bool is_modelled(std::string_view item_type) noexcept {
    return item_type == "message" || item_type == "reasoning" || is_call(item_type);
}

std::string_view joined(std::string_view prefix, std::string_view name, EventBatch& out) {
    char* text = out.arena().allocate(prefix.size() + name.size());
    std::memcpy(text, prefix.data(), prefix.size());
    if (!name.empty()) std::memcpy(text + prefix.size(), name.data(), name.size());
    return {text, prefix.size() + name.size()};
}

std::string_view kept(std::string_view text, EventBatch& out) {
    return joined({"", 0}, text, out);
}

}  // namespace

StopReason stop_reason_of(std::string_view reason) noexcept {
    if (reason == "max_output_tokens" || reason == "max_tokens" || reason == "length")
        return StopReason::length;
    if (reason == "content_filter") return StopReason::content_filter;
    return StopReason::unknown;
}

void Decoder::on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) {
    if (!begin_frame(out)) return;
    std::string_view data = trim(frame.data);
    if (data.empty() || data == "[DONE]") return;  // OpenRouter's; no proof of completeness here
    if (data.front() != '{') {
        if (frame.event == "error" || (data.front() == '[' && wire::is_json(data)))
            return fail_with_body(data, out);
        if (!frame.event.empty() && frame.event != "message") return;  // "event: ping", "data: 1"
    }
    read_document(data, frame.data, readable, out);
}

void Decoder::on_document(std::string_view json, std::size_t readable, EventBatch& out) {
    if (simdjson::error_code error = event_.read(json, readable, out.arena()))
        return malformed(error, json, out);
    std::string_view type = event_.type;
    if (type.starts_with("response.")) return on_typed(json, out);
    if (type.empty() && event_.object == "response")
        return on_end_of_response({json, readable}, "completed", out);
    const bool is_flat_error = event_.has_message && (event_.has_code || type.empty());
    if (type == "error" || event_.object == "error" || is_flat_error || !event_.error.text.empty())
        return fail_with_body(json, out);
    if (type.empty() || type == "keepalive" || type == "ping") return;
    out.push(StreamEvent(Extension{type, json}));
}

void Decoder::on_typed(std::string_view json, EventBatch& out) {
    const std::string_view type = event_.type.substr(std::string_view("response.").size());
    if (type.ends_with(".delta") && on_delta(type, out)) return;
    if (type.ends_with(".done") && on_whole(type, out)) return;
    if (type == "output_item.added") return on_item(json, false, out);
    if (type == "output_item.done") return on_item(json, true, out);
    for (std::string_view family : {"content_part", "reasoning_summary_part", "reasoning_part"}) {
        if (!type.starts_with(family)) continue;
        const std::string_view rest = type.substr(family.size());
        if (rest == ".added" || rest == ".done") return on_part(json, rest == ".done", out);
    }
    if (type == "created" || type == "queued" || type == "in_progress") {
        ResponseView response;
        if (event_.response.text.empty()) return;
        if (auto error = response.read(event_.response, out.arena())) return malformed(error, json, out);
        return take_facts(response);
    }
    if (type == "completed" || type == "incomplete" || type == "failed" || type == "cancelled" ||
        type == "done")
        return on_end_of_response(event_.response, type == "done" ? "completed" : type, out);
    out.push(StreamEvent(Extension{event_.type, json}));
}

/// False when it is no delta that we model.
bool Decoder::on_delta(std::string_view type, EventBatch& out) {
    PieceKind kind = PieceKind::text;
    if (type == "output_text.delta") {
        kind = PieceKind::text;
    } else if (type == "reasoning_summary_text.delta") {
        kind = PieceKind::summary;
    } else if (type == "reasoning_text.delta") {
        kind = PieceKind::reasoning;
    } else if (type == "refusal.delta") {
        kind = PieceKind::refusal;
    } else if (type == "function_call_arguments.delta" || type == "custom_tool_call_input.delta") {
        Item* item = item_or_new(event_.output_index, event_.item_id, Match::likely, out);
        if (item == nullptr || event_.delta.empty()) return true;
        add_arguments(event_.delta, call_of(*item), out);
        return true;
    } else {
        return false;
    }
    if (event_.delta.empty()) return true;
    Item* item = item_or_new(event_.output_index, event_.item_id, Match::likely, out);
    if (item == nullptr) return true;
    if (kind == PieceKind::text && !event_.logprobs.empty())
        out.push(StreamEvent(Extension{"output_text.logprobs", event_.logprobs}));
    deliver(kind, event_.part_index, event_.delta, *item, out);
    return true;
}

/// What the deltas add up to: it is only new where there were none. False when we do not model it.
bool Decoder::on_whole(std::string_view type, EventBatch& out) {
    if (type == "output_text.done") {
        deliver_missing(PieceKind::text, event_.part_index, event_.whole, out);
    } else if (type == "refusal.done") {
        deliver_missing(PieceKind::refusal, event_.part_index, event_.whole, out);
    } else if (type == "reasoning_summary_text.done") {
        deliver_missing(PieceKind::summary, event_.part_index, event_.whole, out);
    } else if (type == "reasoning_text.done") {
        deliver_missing(PieceKind::reasoning, event_.part_index, event_.whole, out);
    } else if (type == "function_call_arguments.done" || type == "custom_tool_call_input.done") {
        Item* item = item_or_new(event_.output_index, event_.item_id, Match::likely, out);
        if (item == nullptr) return true;
        Call& call = call_of(*item);
        if (!call.has_arguments) add_arguments(event_.whole, call, out);
    } else {
        return false;
    }
    return true;
}

void Decoder::on_part(std::string_view json, bool is_done, EventBatch& out) {
    ContentPart part;
    if (!event_.part.text.empty())
        if (auto error = read_content_part(event_.part, out.arena(), part))
            return malformed(error, json, out);
    PieceKind kind = PieceKind::text;
    if (part.type == "refusal") {
        kind = PieceKind::refusal;
    } else if (part.type == "reasoning_text") {
        kind = PieceKind::reasoning;
    } else if (part.type == "summary_text") {
        kind = PieceKind::summary;
    } else if (part.type != "output_text") {
        out.push(StreamEvent(Extension{event_.type, json}));
        return;
    }
    if (is_done) deliver_missing(kind, event_.part_index, part.text, out);
}

void Decoder::on_item(std::string_view json, bool is_done, EventBatch& out) {
    items_seen_ = true;
    ItemView view;
    if (!event_.item.text.empty())
        if (auto error = view.read(event_.item, out.arena())) return malformed(error, json, out);
    if (!is_modelled(view.type)) {
        out.push(StreamEvent(Extension{event_.type, json}));
        return;
    }
    Item* item = item_for(event_.output_index, view.id, is_done ? Match::likely : Match::exact);
    if (item != nullptr && item->is_closed) {
        if (is_done && !view.id.empty() && view.id == item->id) return;
        item = nullptr;  // a server that numbers none of them
    }
    if (item == nullptr) item = item_or_new(event_.output_index, view.id, Match::exact, out);
    if (item == nullptr) return;
    if (is_done) {
        // An item without content still counts: its id may have to go back, and its place in the output.
        if (!close_item(view, *item, out) && !ended()) out.push(StreamEvent(Extension{event_.type, json}));
        return;
    }
    if (is_call(view.type)) {
        Call& call = call_of(*item);
        if (!call.started && !view.name.empty()) start_call(view, call, out);
    } else if (view.type == "message") {
        for (const UnknownField& field : view.unknown)
            item->fields.emplace_back(field.name, field.json);
    }
}

/// Delivers what the item has and was not delivered yet. False when nothing of it ever was.
bool Decoder::close_item(const ItemView& view, Item& item, EventBatch& out) {
    const bool was_closed = std::exchange(item.is_closed, true);
    if (is_call(view.type)) return close_call(view, item, out);
    if (was_closed) return true;
    return view.type == "message" ? close_message(view, item, out) : close_reasoning(view, item, out);
}

bool Decoder::close_message(const ItemView& view, Item& item, EventBatch& out) {
    if (item.pieces.empty() && item.fields.empty())
        for (const UnknownField& field : view.unknown)
            item.fields.emplace_back(field.name, field.json);
    // A clone's deltas may count the parts in another way: no more than the item has.
    for (std::size_t i = 0; i < view.content.size() && item.pieces.size() < view.content.size(); ++i) {
        const ContentPart& part = view.content[i];
        const PieceKind kind = part.type == "refusal" ? PieceKind::refusal : PieceKind::text;
        const bool known = std::any_of(item.pieces.begin(), item.pieces.end(),
                                       [&](const Piece& piece) { return piece.index == i; });
        if (!known) deliver(kind, i, part.text, item, out);
    }
    return !item.pieces.empty();
}

bool Decoder::close_reasoning(const ItemView& view, Item& item, EventBatch& out) {
    if (item.pieces.empty()) {
        // Clones repeat the one list in the other.
        const bool summed_up = !view.summary.empty();
        const std::vector<ContentPart>& parts = summed_up ? view.summary : view.content;
        for (std::size_t i = 0; i < parts.size(); ++i)
            deliver(summed_up ? PieceKind::summary : PieceKind::reasoning, i, parts[i].text, item, out);
    }
    if (!view.encrypted_content.empty() && !item.is_signed && !ended()) {
        item.is_signed = reasoned_ = true;
        push(StreamEvent(ReasoningDelta{{}, view.encrypted_content, view.id}), out);
    }
    return !item.pieces.empty() || item.is_signed;
}

bool Decoder::close_call(const ItemView& view, Item& item, EventBatch& out) {
    Call& call = call_of(item);
    if (!call.started) start_call(view, call, out);
    if (!call.has_arguments && !call.ended) add_arguments(view.arguments, call, out);
    end_call(call, out);
    return true;
}

void Decoder::on_end_of_response(JsonView json, std::string_view status, EventBatch& out) {
    ResponseView response;
    if (!json.text.empty())
        if (auto error = response.read(json, out.arena())) return malformed(error, json.text, out);
    take_facts(response);
    const std::string_view told = response.status;
    if (told == "completed" || told == "incomplete" || told == "failed" || told == "cancelled")
        status = told;
    else if (event_.type.empty() && !told.empty())
        return;  // a body that says "queued" or "in_progress" is no answer
    if (status == "failed" || (told != "completed" && !response.error.empty())) {
        if (!response.error.empty()) return fail_with_body(response.error, out);
        return fail(ErrorInfo(ErrorKind::provider_unavailable, phase(),
                              "the provider reports that the answer failed, and gives no cause"),
                    out);
    }
    const bool spoke = spoke_, reasoned = reasoned_;
    for (const JsonView& element : response.output)
        if (!deliver_from_output(element, spoke, reasoned, out)) return;
    has_ending_ = true;
    is_complete_ = status == "completed";
    const bool has_reason = status == "incomplete" && !response.incomplete_reason.empty();
    ending_ = has_reason ? response.incomplete_reason : status;
    finish(out);
}

/// An item of the terminal response, or of a whole body: what no event brought before. Without a common id we
/// cannot tell which events an item belongs to, so text and reasoning are then taken as brought when any was.
bool Decoder::deliver_from_output(JsonView element, bool spoke, bool reasoned, EventBatch& out) {
    ItemView view;
    if (auto error = view.read(element, out.arena())) {
        malformed(error, element.text, out);
        return false;
    }
    if (!is_modelled(view.type)) {
        if (!items_seen_) push_unknown(view.type, element.text, out);
        return true;
    }
    Item* item = view.id.empty() ? nullptr : item_for(std::nullopt, view.id, Match::exact);
    if (is_call(view.type) && item == nullptr && !view.call_id.empty()) {
        for (Item& candidate : items_)
            if (candidate.call && calls_[*candidate.call].id == view.call_id) item = &candidate;
    }
    if (item == nullptr) {
        if ((view.type == "message" && spoke) || (view.type == "reasoning" && reasoned)) return true;
        if (items_.size() == kMaxItems) {
            fail_with_limit("the answer has more items than we accept", out);
            return false;
        }
        item = &items_.emplace_back();
        item->id = view.id;
    }
    if (!close_item(view, *item, out) && !ended() && !items_seen_) push_unknown(view.type, element.text, out);
    return !ended();
}

void Decoder::push_unknown(std::string_view type, std::string_view json, EventBatch& out) {
    out.push(StreamEvent(Extension{joined("output.", type, out), json}));
}

void Decoder::take_facts(const ResponseView& response) {
    if (info_.response_id.empty()) info_.response_id = response.id;
    if (info_.response_model_id.empty()) info_.response_model_id = response.model;
    if (response.usage) usage_ = response.usage;
}

/// Both keys may be missing, output_index may skip numbers or stay 0, and some proxies give each event an
/// item_id of its own.
Decoder::Item* Decoder::item_for(std::optional<std::uint64_t> output_index, std::string_view id,
                                 Match match) {
    auto newest = [&](auto fits) -> Item* {
        auto found = std::find_if(items_.rbegin(), items_.rend(), fits);
        return found == items_.rend() ? nullptr : &*found;
    };
    auto same_index = [&](const Item& item) { return output_index && item.output_index == output_index; };
    auto same_id = [&](const Item& item) { return !id.empty() && item.id == id; };
    if (Item* item = newest(
            [&](const Item& it) { return same_index(it) && (same_id(it) || id.empty() || it.id.empty()); }))
        return item;
    if (Item* item = newest(same_id)) return item;
    if (match == Match::exact) return nullptr;
    if (Item* item = newest(same_index)) return item;
    return !output_index && id.empty() && !items_.empty() ? &items_.back() : nullptr;
}

/// Nullptr, after the Failure, when there are too many.
Decoder::Item* Decoder::item_or_new(std::optional<std::uint64_t> output_index, std::string_view id,
                                    Match match, EventBatch& out) {
    Item* item = item_for(output_index, id, match);
    if (item == nullptr || (match == Match::exact && item->is_closed)) {
        if (items_.size() == kMaxItems) {
            fail_with_limit("the answer has more items than we accept", out);
            return nullptr;
        }
        item = &items_.emplace_back();
        item->output_index = output_index;
    }
    if (item->id.empty()) item->id = id;
    return item;
}

void Decoder::deliver(PieceKind kind, std::uint64_t index, std::string_view text, Item& item,
                      EventBatch& out) {
    if (text.empty() || ended()) return;
    const bool is_reasoning = kind == PieceKind::reasoning || kind == PieceKind::summary;
    const bool known = std::any_of(item.pieces.rbegin(), item.pieces.rend(), [&](const Piece& piece) {
        return piece.kind == kind && piece.index == index;
    });
    if (!known) {
        if (item.pieces.size() == kMaxPieces)
            return fail_with_limit("an item of the answer has more parts than we accept", out);
        const bool is_first = item.pieces.empty();
        item.pieces.push_back({kind, index});
        if (is_reasoning && !is_first) push(StreamEvent(ReasoningDelta{"\n\n", {}, id_of(item, out)}), out);
        if (!is_reasoning) {
            for (const auto& [name, json] : item.fields)
                out.push(StreamEvent(Extension{joined("item.", name, out), kept(json, out)}));
            item.fields.clear();
        }
    }
    switch (kind) {
        case PieceKind::text:
            spoke_ = true;
            return push(StreamEvent(TextDelta{text}), out);
        case PieceKind::refusal:
            spoke_ = refused_ = true;
            return push(StreamEvent(RefusalDelta{text}), out);
        case PieceKind::reasoning:
        case PieceKind::summary:
            reasoned_ = true;
            return push(StreamEvent(ReasoningDelta{text, {}, id_of(item, out)}), out);
    }
}

void Decoder::deliver_missing(PieceKind kind, std::uint64_t index, std::string_view text, EventBatch& out) {
    Item* item = item_or_new(event_.output_index, event_.item_id, Match::likely, out);
    if (item == nullptr) return;
    const bool known = std::any_of(item->pieces.begin(), item->pieces.end(), [&](const Piece& piece) {
        return piece.kind == kind && piece.index == index;
    });
    if (!known) deliver(kind, index, text, *item, out);
}

/// A view that stays where it is when items are added.
std::string_view Decoder::id_of(const Item& item, EventBatch& out) const {
    return event_.item_id == item.id ? event_.item_id : kept(item.id, out);
}

Decoder::Call& Decoder::call_of(Item& item) {
    if (!item.call) {
        item.call = calls_.size();
        calls_.emplace_back();
    }
    return calls_[*item.call];
}

void Decoder::start_call(const ItemView& view, Call& call, EventBatch& out) {
    call.id = !view.call_id.empty() ? view.call_id : view.id;
    if (call.id.empty()) call.id = "call_" + std::to_string(calls_started_);
    call.index = calls_started_++;
    call.started = true;
    if (view.type == "custom_tool_call")
        out.push(StreamEvent(Extension{"item.type", "\"custom_tool_call\""}));
    for (const UnknownField& field : view.unknown)
        out.push(StreamEvent(Extension{joined("item.", field.name, out), field.json}));
    push(StreamEvent(ToolCallStart{call.index, kept(call.id, out), view.name}), out);
    if (call.waiting.empty()) return;
    push(StreamEvent(ToolCallDelta{call.index, kept(call.waiting, out)}), out);
    call.waiting.clear();
}

void Decoder::add_arguments(std::string_view text, Call& call, EventBatch& out) {
    if (text.empty() || call.ended || ended()) return;
    if (!call.started && call.waiting.size() + text.size() > kMaxWaiting)
        return fail_with_limit("a tool call of the answer has no name", out);
    call.has_arguments = true;
    call.check.feed(text);
    if (call.started)
        push(StreamEvent(ToolCallDelta{call.index, text}), out);
    else
        call.waiting += text;
}

void Decoder::end_call(Call& call, EventBatch& out) {
    if (std::exchange(call.ended, true) || ended()) return;
    push(StreamEvent(ToolCallEnd{call.index, call.check.is_complete() || call.check.is_blank()}), out);
}

void Decoder::finish(EventBatch& out) {
    if (!has_ending_) return truncated(out);
    for (Call& call : calls_) {
        if (!call.started) start_call(ItemView(), call, out);
        end_call(call, out);
    }
    Finish end;
    end.usage = usage_;
    end.raw_reason = ending_;
    if (!is_complete_)
        end.reason = stop_reason_of(ending_);
    else if (refused_)
        end.reason = StopReason::content_filter;
    else
        end.reason = calls_.empty() ? StopReason::stop : StopReason::tool_calls;
    finish_with(end, out);
}

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) {
    return std::make_unique<Decoder>(std::move(facts));
}

}  // namespace sluice::adapters::openai_responses
