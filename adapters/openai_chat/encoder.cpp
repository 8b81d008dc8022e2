// Events as a stream of chunks, for a client (PROTOCOLS sections 3.1 to 3.5).
#include "adapters/openai_chat/answer_parts.hpp"
#include "adapters/openai_chat/dialect.hpp"
#include "adapters/origin.hpp"

#include <algorithm>
#include <optional>

namespace sluice::adapters::openai_chat {
namespace {

class Encoder final : public StreamEncoder {
  public:
    explicit Encoder(AnswerFacts facts)
        : facts_(std::move(facts)), is_own_(dialect_of(facts_.origin) == kName) {
        wire::JsonWriter json(head_);
        json.begin_object().key("id").string(
            facts_.response_id.empty() ? "chatcmpl-" + std::to_string(facts_.created) : facts_.response_id);
        json.key("object").string("chat.completion.chunk").key("created").number(facts_.created);
        json.key("model").string(facts_.model).key("choices").begin_array();
    }

    void open(std::string& out) override {
        if (opened_) return;
        opened_ = true;
        choice_at(0, out);
    }

    void encode(const StreamEvent& event, std::string& out) override {
        if (ended_) return;
        if (const auto* failure = event.as<Failure>()) return fail(failure->error(), out);
        open(out);
        ChoiceState& choice = choice_at(event.choice(), out);
        std::visit([&](const auto& what) { write(what, choice, out); }, event.what());
    }

  private:
    struct ChoiceState {
        explicit ChoiceState(std::uint32_t i) : index(i) {}
        std::uint32_t index;
        std::uint32_t reasoning_block = 0;
        std::optional<std::uint32_t> last_call;
        std::vector<std::uint32_t> calls_without_arguments;
        bool finished = false;
    };

    /// Its first chunk says the role, as OpenAI's does.
    ChoiceState& choice_at(std::uint32_t index, std::string& out) {
        for (ChoiceState& choice : choices_)
            if (choice.index == index) return choice;
        ChoiceState& choice = choices_.emplace_back(index);
        write_delta(choice, out, [](wire::JsonWriter& json) {
            json.key("role").string("assistant").key("content").string("");
        });
        return choice;
    }

    /// A chunk of one choice. `write_fields` writes the members of its delta, `choice_fields` those beside
    /// it.
    template <typename DeltaFields>
    void write_delta(const ChoiceState& choice, std::string& out, DeltaFields write_fields) {
        begin_choice(choice, out);
        wire::JsonWriter json(out);
        json.begin_object();
        write_fields(json);
        json.end_object();
        out.append(R"(,"finish_reason":null}]})").append("\n\n");
    }

    void begin_choice(const ChoiceState& choice, std::string& out) {
        out.append("data: ").append(head_).append(R"({"index":)").append(std::to_string(choice.index));
        out.append(R"(,"delta":)");
    }

    void write(const TextDelta& delta, ChoiceState& choice, std::string& out) {
        write_delta(choice, out, [&](wire::JsonWriter& json) {
            json.key("content").string(delta.text);
            write_thought_signature(for_client(delta.signature), json);
        });
    }

    /// The text under the name that most clients know. Signatures, and for a foreign answer, which may bring
    /// one at the end, the text of each part too, go as OpenRouter's `reasoning_details`: a client that
    /// gives them back gives back whole parts.
    void write(const ReasoningDelta& delta, ChoiceState& choice, std::string& out) {
        write_delta(choice, out, [&](wire::JsonWriter& json) {
            if (!delta.text.empty()) json.key("reasoning_content").string(delta.text);
            if (is_own_ && delta.signature.empty() && delta.id.empty() && !delta.redacted) return;
            const std::string signature = for_client(delta.signature);
            json.key("reasoning_details").begin_array();
            write_reasoning_detail({delta.text, signature, delta.id, delta.redacted, choice.reasoning_block},
                                   json);
            json.end_array();
        });
        if (!delta.signature.empty()) ++choice.reasoning_block;
    }

    void write(const RefusalDelta& delta, ChoiceState& choice, std::string& out) {
        write_delta(choice, out, [&](wire::JsonWriter& json) { json.key("refusal").string(delta.text); });
    }

    void write(const ToolCallStart& start, ChoiceState& choice, std::string& out) {
        write_delta(choice, out, [&](wire::JsonWriter& json) {
            json.key("tool_calls").begin_array().begin_object().key("index").number(start.index);
            json.key("id").string(start.id).key("type").string("function");
            json.key("function").begin_object().key("name").string(start.name);
            json.key("arguments").string("").end_object();
            write_thought_signature(for_client(start.signature), json);
            json.end_object().end_array();
        });
        choice.last_call = start.index;
        choice.calls_without_arguments.push_back(start.index);
    }

    void write(const ToolCallDelta& delta, ChoiceState& choice, std::string& out) {
        write_arguments(delta.index, delta.arguments, choice, out);
        if (!delta.arguments.empty()) std::erase(choice.calls_without_arguments, delta.index);
    }

    /// Clients parse the arguments as JSON, and "" is none. A server of this dialect may send it all the
    /// same.
    void write(const ToolCallEnd& end, ChoiceState& choice, std::string& out) {
        if (std::erase(choice.calls_without_arguments, end.index) > 0 && !is_own_)
            write_arguments(end.index, "{}", choice, out);
    }

    void write_arguments(std::uint32_t index, std::string_view arguments, ChoiceState& choice,
                         std::string& out) {
        write_delta(choice, out, [&](wire::JsonWriter& json) {
            json.key("tool_calls").begin_array().begin_object().key("index").number(index);
            json.key("function").begin_object().key("arguments").string(arguments);
            json.end_object().end_object().end_array();
        });
    }

    /// Where the decoder (chunk.cpp) found it: its name is the path of the field.
    void write(const Extension& extension, ChoiceState& choice, std::string& out) {
        constexpr std::string_view kToolCall = "delta.tool_calls.", kDelta = "delta.", kChoice = "choice.";
        if (!is_own_) return;
        const std::string_view name = extension.name;
        if (name == "choice.finish" && extension.json.starts_with('"')) {
            begin_choice(choice, out);
            out.append(R"({},"finish_reason":)").append(extension.json).append("}]}\n\n");
            choice.finished = true;
        } else if (name.starts_with(kToolCall)) {
            write_delta(choice, out, [&](wire::JsonWriter& json) {
                json.key("tool_calls").begin_array().begin_object();
                json.key("index").number(choice.last_call.value_or(0));
                json.key(name.substr(kToolCall.size())).raw(extension.json);
                json.end_object().end_array();
            });
        } else if (name == "delta.content" && extension.json.starts_with('{')) {
            write_delta(choice, out, [&](wire::JsonWriter& json) {  // a part of a kind we do not know
                json.key("content").begin_array().raw(extension.json).end_array();
            });
        } else if (name.starts_with(kDelta)) {
            write_delta(choice, out, [&](wire::JsonWriter& json) {
                json.key(name.substr(kDelta.size())).raw(extension.json);
            });
        } else {
            begin_choice(choice, out);
            const bool of_choice = name.starts_with(kChoice) || name == "logprobs";
            std::string field = "\"";
            wire::append_escaped(field, name.starts_with(kChoice) ? name.substr(kChoice.size()) : name);
            field.append("\":").append(extension.json);
            out.append("{}");
            if (of_choice) out.append(",").append(field);
            out.append(R"(,"finish_reason":null}])");
            if (!of_choice) out.append(",").append(field);
            out.append("}\n\n");
        }
    }

    void write(const Finish& end, ChoiceState&, std::string& out) {
        ended_ = true;
        for (const ChoiceState& choice : choices_) {
            if (choice.index == 0)
                write_finish(choice, finish_word(end.reason, end.raw_reason, is_own_), out);
            else if (!choice.finished && !is_own_)
                write_finish(choice, choice.last_call ? "tool_calls" : "stop", out);
        }
        if (facts_.include_usage && end.usage) {
            out.append("data: ").append(head_).append(R"(],"usage":)");
            wire::JsonWriter json(out);
            write_usage(*end.usage, json);
            out.append("}\n\n");
        }
        out.append("data: [DONE]\n\n");
    }

    void write(const Failure&, ChoiceState&, std::string&) {}

    void write_finish(const ChoiceState& choice, std::string_view word, std::string& out) {
        if (word.empty()) return;
        begin_choice(choice, out);
        out.append(R"({},"finish_reason":")");
        wire::append_escaped(out, word);
        out.append("\"}]}\n\n");
    }

    void fail(const ErrorInfo& error, std::string& out) {
        ended_ = true;
        out.append(R"(data: {"error":)");
        wire::JsonWriter json(out);
        write_error(error, json);
        out.append("}\n\n");
    }

    std::string for_client(std::string_view signature) const {
        return signature_for_client(signature, facts_.origin, kName);
    }

    AnswerFacts facts_;
    bool is_own_;
    std::string head_;  // of every chunk, up to its choices
    std::vector<ChoiceState> choices_;
    bool opened_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts) {
    return std::make_unique<Encoder>(std::move(facts));
}

}  // namespace sluice::adapters::openai_chat
