// Events as a Gemini stream, an answer or an error as a body: what Google's SDKs read (PROTOCOLS sections 6
// and 12).
#include "adapters/error_answer.hpp"
#include "adapters/gemini/answer_writer.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/gemini/error_object.hpp"

#include <simdjson.h>

#include <algorithm>

namespace sluice::adapters::gemini {
namespace {

class Encoder final : public StreamEncoder {
  public:
    explicit Encoder(AnswerFacts facts) : answer_(std::move(facts)) {}

    void open(std::string&) override {}  // every chunk says what the stream is

    void encode(const StreamEvent& event, std::string& out) override {
        if (ended_) return;
        choice_ = event.choice();
        if (choice_ != 0 && std::find(others_.begin(), others_.end(), choice_) == others_.end())
            others_.push_back(choice_);
        std::visit([&](const auto& what) { write(what, out); }, event.what());
    }

  private:
    struct Call {
        std::uint32_t choice, index;
        std::string id, name, arguments, signature;
    };

    void write(const TextDelta& delta, std::string& out) {
        write_text(delta.text, delta.signature, false, out);
    }
    void write(const RefusalDelta& delta, std::string& out) {
        refused_ |= choice_ == 0;
        write_text(delta.text, {}, false, out);
    }
    void write(const ReasoningDelta& delta, std::string& out) {
        // Redacted data would come back without the mark, and then its provider refuses it.
        if (!delta.redacted) write_text(delta.text, delta.signature, true, out);
    }
    void write_text(std::string_view text, std::string_view signature, bool is_thought, std::string& out) {
        if (text.empty() && signature.empty()) return;
        write_part([&](wire::JsonWriter& json) { answer_.write_text(text, signature, is_thought, json); },
                   out);
    }

    void write(const ToolCallStart& start, std::string&) {
        calls_.push_back({choice_,
                          start.index,
                          std::string(start.id),
                          std::string(start.name),
                          {},
                          std::string(start.signature)});
    }
    void write(const ToolCallDelta& delta, std::string&) {
        const auto call = find_call(delta.index);
        if (call != calls_.end()) call->arguments += delta.arguments;
    }
    void write(const ToolCallEnd& end, std::string& out) {
        const auto call = find_call(end.index);
        if (call == calls_.end()) return;
        write_call(*call, out);
        calls_.erase(call);
    }
    void write_call(const Call& call, std::string& out) {
        write_part(
            [&](wire::JsonWriter& json) {
                answer_.write_call({call.id, call.name, call.arguments, call.signature}, json);
            },
            out);
    }
    std::vector<Call>::iterator find_call(std::uint32_t index) {
        return std::find_if(calls_.begin(), calls_.end(),
                            [&](const Call& call) { return call.choice == choice_ && call.index == index; });
    }

    /// Puts the field back where the decoder found it. Only Gemini's own have a place here.
    void write(const Extension& extension, std::string& out) {
        if (!answer_.is_ours() || !wire::is_json(extension.json)) return;
        const std::string value = on_one_line(extension.json);
        std::string_view name = extension.name;
        const auto take = [&](std::string_view prefix) {
            const bool found = name.starts_with(prefix);
            if (found) name.remove_prefix(prefix.size());
            return found;
        };
        if (name == "content.parts") return write_part([&](wire::JsonWriter& json) { json.raw(value); }, out);
        if (take("content.parts.functionCall."))
            return write_part(
                [&](wire::JsonWriter& json) {
                    json.begin_object().key("functionCall").begin_object();
                    json.key(name).raw(value).end_object().end_object();
                },
                out);
        if (take("content.parts."))
            return write_part(
                [&](wire::JsonWriter& json) {
                    json.begin_object().key("text").string("").key(name).raw(value).end_object();
                },
                out);
        if (take("content."))
            return write_candidate(
                [&](wire::JsonWriter& json) {
                    json.key("content").begin_object().key(name).raw(value).end_object();
                },
                out);
        if (take("candidate."))
            return write_candidate([&](wire::JsonWriter& json) { json.key(name).raw(value); }, out);
        take("response.");
        if (name == "promptFeedback") note_block(value);
        write_chunk([&](wire::JsonWriter& json) { json.key(name).raw(value); }, std::nullopt, out);
    }

    void note_block(const std::string& feedback) {
        simdjson::dom::parser parser;
        std::string_view reason;
        if (parser.parse(feedback)["blockReason"].get(reason) == simdjson::SUCCESS) block_reason_ = reason;
    }

    void write(const Finish& finish, std::string& out) {
        ended_ = true;
        for (const Call& call : calls_) {
            choice_ = call.choice;
            write_call(call, out);
        }
        // Every candidate has its end; that of a foreign one beyond the first is not told.
        for (std::uint32_t other : others_) {
            if (answer_.is_ours()) break;
            choice_ = other;
            write_candidate([](wire::JsonWriter& json) { json.key("finishReason").string("STOP"); }, out);
        }
        choice_ = 0;
        StopReason reason = finish.reason;
        if (refused_ && reason == StopReason::stop) reason = StopReason::content_filter;
        // A blocked prompt has no candidates.
        if (!block_reason_.empty() && finish.raw_reason == block_reason_)
            return write_chunk([](wire::JsonWriter&) {}, finish.usage, out);
        const std::string_view word = answer_.finish_reason(reason, finish.raw_reason);
        write_candidate(
            [&](wire::JsonWriter& json) {
                json.key("content").begin_object().key("parts").begin_array();
                answer_.write_text("", "", false, json);
                json.end_array().key("role").string("model").end_object();
                json.key("finishReason").string(word);
            },
            out, finish.usage);
    }

    void write(const Failure& failure, std::string& out) {
        ended_ = true;
        const ErrorInfo& error = failure.error();
        out.append("data: ").append(error_object(error, status_for_client(error))).append("\r\n\r\n");
    }

    template <typename Write>
    void write_part(Write write_it, std::string& out) {
        write_candidate(
            [&](wire::JsonWriter& json) {
                json.key("content").begin_object().key("parts").begin_array();
                write_it(json);
                json.end_array().key("role").string("model").end_object();
            },
            out);
    }
    template <typename Write>
    void write_candidate(Write write_it, std::string& out, const std::optional<Usage>& usage = {}) {
        write_chunk(
            [&](wire::JsonWriter& json) {
                json.key("candidates").begin_array().begin_object();
                write_it(json);
                json.key("index").number(choice_).end_object().end_array();
            },
            usage, out);
    }
    template <typename Write>
    void write_chunk(Write write_it, const std::optional<Usage>& usage, std::string& out) {
        out.append("data: ");
        wire::JsonWriter json(out);
        json.begin_object();
        write_it(json);
        answer_.write_tail(usage, json);
        json.end_object();
        out.append("\r\n\r\n");
    }

    AnswerWriter answer_;
    std::vector<Call> calls_;  // begun and not ended
    std::uint32_t choice_ = 0;
    std::vector<std::uint32_t> others_;  // candidates beyond the first
    std::string block_reason_;
    bool refused_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts) {
    return std::make_unique<Encoder>(std::move(facts));
}

std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts) {
    const AnswerWriter writer(facts);
    std::string out;
    wire::JsonWriter json(out);
    StopReason reason = answer.stop_reason;
    json.begin_object().key("candidates").begin_array().begin_object();
    json.key("content").begin_object().key("parts").begin_array();
    for (const Part& part : answer.parts) {
        if (const auto* text = std::get_if<TextPart>(&part)) {
            writer.write_text(text->text, text->signature.value, false, json);
        } else if (const auto* thought = std::get_if<ReasoningPart>(&part)) {
            if (!thought->redacted) writer.write_text(thought->text, thought->signature.value, true, json);
        } else if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
            writer.write_text(refusal->text, "", false, json);
            if (reason == StopReason::stop) reason = StopReason::content_filter;
        } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
            writer.write_call({call->id, call->name, call->arguments, call->signature.value}, json);
        } else if (const auto* native = std::get_if<NativePart>(&part)) {
            if (native->dialect == kName) json.raw(native->json);
        }
    }
    json.end_array().key("role").string("model").end_object();
    json.key("finishReason").string(writer.finish_reason(reason, answer.raw_stop_reason));
    json.key("index").number(0).end_object().end_array();
    writer.write_tail(answer.usage, json);
    json.end_object();
    return out;
}

EncodedError encode_error(const ErrorInfo& error) {
    const int status = status_for_client(error);
    return error_answer(error, status, error_object(error, status));
}

}  // namespace sluice::adapters::gemini
