// Events as the stream that OpenAI's SDK accumulates: it pushes an item at `output_item.added` and then looks
// it up by `output_index`, so that an index here is the item's position, whatever the provider's was.
#include "adapters/ascii.hpp"
#include "adapters/decoder_base.hpp"
#include "adapters/openai_responses/dialect.hpp"
#include "adapters/openai_responses/document.hpp"
#include "adapters/openai_responses/output.hpp"
#include "adapters/origin.hpp"

#include <algorithm>

namespace sluice::adapters::openai_responses {
namespace {

/// Line ends are only white space in JSON, but they would end an SSE line.
std::string one_line(std::string_view json) {
    std::string line(json);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
}

// Items that are announced and not done. Outside the class: clang 14 finds no default constructor inside.
struct OpenMessage : MessageItem {
    std::size_t index = 0;
};
struct OpenReasoning : ReasoningItem {
    std::size_t index = 0;
};
struct OpenCall : CallItem {
    std::size_t index = 0;
    std::uint32_t number = 0;  // the event's
};

class Encoder final : public StreamEncoder {
  public:
    explicit Encoder(AnswerFacts facts)
        : facts_(std::move(facts)), ids_(facts_), is_own_(dialect_of(facts_.origin) == kName) {}

    void open(std::string& out) override {
        if (std::exchange(opened_, true)) return;
        for (std::string_view type : {"response.created", "response.in_progress"})
            response_frame(type, {{"in_progress", {}}, {}}, out);
    }

    void encode(const StreamEvent& event, std::string& out) override {
        if (ended_ || event.choice() != 0) return;
        open(out);
        std::visit([&](const auto& what) { write(what, out); }, event.what());
    }

  private:
    // --- events ---

    void write(const TextDelta& delta, std::string& out) {
        if (!delta.text.empty()) {
            write_said(false, delta.text, out);
        }
        if (delta.signature.empty()) return;
        close_message(out);
        write_proof(kTextProofId, delta.signature, out);
    }

    void write(const RefusalDelta& delta, std::string& out) {
        if (delta.text.empty()) return;
        refused_ = true;
        write_said(true, delta.text, out);
    }

    void write(const ReasoningDelta& delta, std::string& out) {
        if (delta.text.empty() && delta.signature.empty()) return;
        close_message(out);
        if (reasoning_ && !delta.id.empty() && delta.id != reasoning_->id) close_reasoning(out);
        if (!reasoning_) open_reasoning(delta, out);
        OpenReasoning& item = *reasoning_;
        if (!delta.text.empty()) {
            if (item.text.empty()) part_frame("response.reasoning_summary_part.added", item, out);
            item.text += delta.text;
            frame("response.reasoning_summary_text.delta", out, [&](wire::JsonWriter& json) {
                place(json, item.id, item.index)
                    .key("summary_index")
                    .number(0)
                    .key("delta")
                    .string(delta.text);
            });
        }
        if (delta.signature.empty()) return;
        item.signature = signature_for_client(delta.signature, facts_.origin, kName);
        close_reasoning(out);
    }

    void write(const ToolCallStart& start, std::string& out) {
        close_said(out);
        if (!start.signature.empty()) write_proof(kCallProofId, start.signature, out);
        OpenCall& call = calls_.emplace_back();
        call.is_custom = std::exchange(next_is_custom_, false);
        call.number = start.index;
        call.index = output_.size();
        call.id = ids_.item(call.is_custom ? kCustomCallId : kCallId, call.index);
        call.call_id = start.id;
        call.name = start.name;
        call.fields = std::exchange(fields_, {});
        item_frame("response.output_item.added", call, "in_progress", out);
    }

    void write(const ToolCallDelta& delta, std::string& out) {
        OpenCall* call = call_of(delta.index);
        if (call == nullptr || delta.arguments.empty()) return;
        call->arguments += delta.arguments;
        frame(call->is_custom ? "response.custom_tool_call_input.delta"
                              : "response.function_call_arguments.delta",
              out, [&](wire::JsonWriter& json) {
                  place(json, call->id, call->index).key("delta").string(delta.arguments);
              });
    }

    void write(const ToolCallEnd& end, std::string& out) {
        if (OpenCall* call = call_of(end.index)) close_call(*call, out);
    }

    /// Only this dialect's own mean anything to its clients.
    void write(const Extension& extension, std::string& out) {
        if (!is_own_ || !wire::is_json(extension.json)) return;
        constexpr std::string_view kItem = "item.", kOutput = "output.";
        if (extension.name == "item.type") {
            next_is_custom_ = true;
        } else if (extension.name.starts_with(kItem)) {
            close_said(out);
            fields_.emplace_back(extension.name.substr(kItem.size()), one_line(extension.json));
        } else if (extension.name == "output_text.logprobs") {
            logprobs_ = one_line(extension.json);
        } else if (extension.json.front() != '{') {
            return;
        } else if (extension.name.starts_with(kOutput)) {
            close_said(out);
            whole_item(one_line(extension.json), out);
        } else {
            foreign_event(extension.name, one_line(extension.json), out);
        }
    }

    void write(const Finish& finish, std::string& out) {
        close_said(out);
        while (!calls_.empty())
            close_call(calls_.front(), out);
        const Ending ending = ending_of(finish.reason, finish.raw_reason, is_own_, refused_);
        const std::string_view type = ending.status == "completed" ? "response.completed"
                                      : ending.status == "failed"  ? "response.failed"
                                                                   : "response.incomplete";
        ended_ = true;
        response_frame(type, {ending, output_, &finish.usage}, out);
    }

    /// As OpenAI does it: the error, then the failed response. Items that are open stay so.
    void write(const Failure& failure, std::string& out) {
        ended_ = true;
        frame("error", out, [&](wire::JsonWriter& json) { write_error(json.key("error"), failure.error()); });
        std::erase_if(output_, [](const std::string& item) { return item.empty(); });
        response_frame("response.failed", {{"failed", {}}, output_, nullptr, &failure.error()}, out);
    }

    // --- items ---

    void write_said(bool is_refusal, std::string_view text, std::string& out) {
        close_reasoning(out);
        if (!message_) {
            message_.emplace();
            message_->index = output_.size();
            message_->id = ids_.item(kMessageId, message_->index);
            message_->fields = std::exchange(fields_, {});
            item_frame("response.output_item.added", *message_, "in_progress", out);
        }
        OpenMessage& item = *message_;
        if (item.parts.empty() || item.parts.back().is_refusal != is_refusal) {
            if (!item.parts.empty()) close_part(out);
            item.parts.push_back({is_refusal, {}});
            content_frame("response.content_part.added", out);
        }
        item.parts.back().text += text;
        frame(is_refusal ? "response.refusal.delta" : "response.output_text.delta", out,
              [&](wire::JsonWriter& json) {
                  place(json, item.id, item.index).key("content_index").number(item.parts.size() - 1);
                  json.key("delta").string(text);
                  if (!is_refusal) json.key("logprobs").raw(logprobs_.empty() ? "[]" : logprobs_);
              });
        logprobs_.clear();
    }

    void close_part(std::string& out) {
        const OpenMessage& item = *message_;
        const MessagePart& part = item.parts.back();
        frame(part.is_refusal ? "response.refusal.done" : "response.output_text.done", out,
              [&](wire::JsonWriter& json) {
                  place(json, item.id, item.index).key("content_index").number(item.parts.size() - 1);
                  json.key(part.is_refusal ? "refusal" : "text").string(part.text);
                  if (!part.is_refusal) json.key("logprobs").raw("[]");
              });
        content_frame("response.content_part.done", out);
    }

    void close_message(std::string& out) {
        if (!message_) return;
        close_part(out);
        item_frame("response.output_item.done", *message_, "completed", out);
        message_.reset();
    }

    void open_reasoning(const ReasoningDelta& delta, std::string& out) {
        reasoning_.emplace();
        reasoning_->index = output_.size();
        reasoning_->id = delta.id;
        if (delta.id.empty())
            reasoning_->id = ids_.item(delta.redacted ? kRedactedId : kReasoningId, reasoning_->index);
        item_frame("response.output_item.added", *reasoning_, "in_progress", out);
    }

    void close_reasoning(std::string& out) {
        if (!reasoning_) return;
        const OpenReasoning& item = *reasoning_;
        if (!item.text.empty()) {
            frame("response.reasoning_summary_text.done", out, [&](wire::JsonWriter& json) {
                place(json, item.id, item.index).key("summary_index").number(0).key("text").string(item.text);
            });
            part_frame("response.reasoning_summary_part.done", item, out);
        }
        item_frame("response.output_item.done", item, "completed", out);
        reasoning_.reset();
    }

    void close_said(std::string& out) {
        close_message(out);
        close_reasoning(out);
    }

    /// A signature that hangs on a text or a call has a reasoning item of its own.
    void write_proof(std::string_view id_prefix, std::string_view signature, std::string& out) {
        close_said(out);
        OpenReasoning item;
        item.index = output_.size();
        item.id = ids_.item(id_prefix, item.index);
        item_frame("response.output_item.added", item, "in_progress", out);
        item.signature = signature_for_client(signature, facts_.origin, kName);
        item_frame("response.output_item.done", item, "completed", out);
    }

    OpenCall* call_of(std::uint32_t number) {
        auto found = std::find_if(calls_.rbegin(), calls_.rend(),
                                  [&](const OpenCall& call) { return call.number == number; });
        return found == calls_.rend() ? nullptr : &*found;
    }

    void close_call(OpenCall& call, std::string& out) {
        // Clients parse what they get; our own provider's empty arguments stay what they are.
        if (call.arguments.empty() && !call.is_custom && !is_own_) call.arguments = "{}";
        frame(
            call.is_custom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done",
            out, [&](wire::JsonWriter& json) {
                place(json, call.id, call.index);
                if (!call.is_custom) json.key("name").string(call.name);
                json.key(call.is_custom ? "input" : "arguments").string(call.arguments);
            });
        item_frame("response.output_item.done", call, "completed", out);
        calls_.erase(calls_.begin() + (&call - calls_.data()));
    }

    /// An item that only a whole body had, as the events it would have had.
    void whole_item(const std::string& item, std::string& out) {
        for (std::string_view type : {"response.output_item.added", "response.output_item.done"})
            frame(type, out, [&](wire::JsonWriter& json) {
                json.key("output_index").number(output_.size()).key("item").raw(item);
            });
        output_.push_back(item);
    }

    void foreign_event(std::string_view type, const std::string& json, std::string& out) {
        const bool is_added = type == "response.output_item.added";
        if (is_added || type == "response.output_item.done") keep_foreign_item(json, is_added, out);
        if (type.find_first_of("\r\n") == std::string_view::npos)
            out.append("event: ").append(type).push_back('\n');
        out.append("data: ").append(json).append("\n\n");
        ++sequence_;
    }

    /// The place of another item in `output`.
    void keep_foreign_item(std::string_view json, bool is_added, std::string& out) {
        arena_.reset();
        const std::string_view copy = padded_copy(json, arena_);
        EventView event;
        if (event.read(copy, copy.size() + wire::kPadding, arena_) || event.item.text.empty()) return;
        std::string item(event.item.text);
        auto known = std::find_if(foreign_.rbegin(), foreign_.rend(),
                                  [&](const auto& entry) { return entry.first == event.output_index; });
        if (!is_added && known != foreign_.rend()) {
            output_[known->second] = std::move(item);
            foreign_.erase(std::next(known).base());
            return;
        }
        close_said(out);
        if (is_added) {
            foreign_.emplace_back(event.output_index, output_.size());
        } else {
            frame("response.output_item.added", out, [&](wire::JsonWriter& writer) {
                writer.key("output_index").number(output_.size()).key("item").raw(item);
            });
        }
        output_.push_back(std::move(item));
    }

    // --- frames ---

    template <typename Write>
    void frame(std::string_view type, std::string& out, Write write_fields) {
        out.append("event: ").append(type).append("\ndata: ");
        wire::JsonWriter json(out);
        json.begin_object().key("type").string(type).key("sequence_number").number(sequence_++);
        write_fields(json);
        json.end_object();
        out.append("\n\n");
    }

    static wire::JsonWriter& place(wire::JsonWriter& json, std::string_view id, std::size_t index) {
        return json.key("item_id").string(id).key("output_index").number(index);
    }

    /// `output_item.added` takes the item's place in the output, `.done` fills it.
    template <typename Item>
    void item_frame(std::string_view type, const Item& item, std::string_view status, std::string& out) {
        std::string text;
        wire::JsonWriter writer(text);
        write_item(writer, item, status);
        frame(type, out, [&](wire::JsonWriter& json) {
            json.key("output_index").number(item.index).key("item").raw(text);
        });
        if (item.index == output_.size())
            output_.emplace_back();
        else
            output_[item.index] = std::move(text);
    }

    void content_frame(std::string_view type, std::string& out) {
        const OpenMessage& item = *message_;
        frame(type, out, [&](wire::JsonWriter& json) {
            place(json, item.id, item.index).key("content_index").number(item.parts.size() - 1);
            write_part(json.key("part"), item.parts.back().is_refusal, item.parts.back().text);
        });
    }

    void part_frame(std::string_view type, const OpenReasoning& item, std::string& out) {
        frame(type, out, [&](wire::JsonWriter& json) {
            place(json, item.id, item.index).key("summary_index").number(0).key("part").begin_object();
            json.key("type").string("summary_text").key("text").string(item.text).end_object();
        });
    }

    void response_frame(std::string_view type, const ResponseObject& response, std::string& out) {
        frame(type, out,
              [&](wire::JsonWriter& json) { write_response(json.key("response"), facts_, ids_, response); });
    }

    AnswerFacts facts_;
    AnswerIds ids_;
    bool is_own_;
    bool opened_ = false;
    bool ended_ = false;
    bool refused_ = false;
    std::uint64_t sequence_ = 0;
    std::vector<std::string> output_;  // each item's JSON, empty while it is open
    std::optional<OpenMessage> message_;
    std::optional<OpenReasoning> reasoning_;
    std::vector<OpenCall> calls_;
    // Items that we do not model: their output_index on the wire, their place in output_.
    std::vector<std::pair<std::optional<std::uint64_t>, std::size_t>> foreign_;
    ItemFields fields_;  // of the item that comes next
    bool next_is_custom_ = false;
    std::string logprobs_;  // of the text that comes next
    wire::TextArena arena_;
};

}  // namespace

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts) {
    return std::make_unique<Encoder>(std::move(facts));
}

}  // namespace sluice::adapters::openai_responses
