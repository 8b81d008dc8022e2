// Whole answers and errors, for a client that did not ask for a stream (PROTOCOLS sections 3.4 and 3.6).
#include "adapters/error_answer.hpp"
#include "adapters/openai_chat/answer_parts.hpp"
#include "adapters/openai_chat/dialect.hpp"
#include "adapters/origin.hpp"

namespace sluice::adapters::openai_chat {
namespace {

template <typename P>
std::vector<const P*> parts_of(const AssistantMessage& answer) {
    std::vector<const P*> found;
    for (const Part& part : answer.parts)
        if (const P* one = std::get_if<P>(&part)) found.push_back(one);
    return found;
}

void write_text(std::string_view name, std::string_view text, wire::JsonWriter& json) {
    json.key(name);
    if (text.empty())
        json.null();
    else
        json.string(text);
}

class Answer {
  public:
    Answer(const AssistantMessage& answer, const AnswerFacts& facts)
        : answer_(answer), facts_(facts), is_own_(dialect_of(facts.origin) == kName), json_(out_) {}

    std::string encode() && {
        json_.begin_object().key("id").string(
            facts_.response_id.empty() ? "chatcmpl-" + std::to_string(facts_.created) : facts_.response_id);
        json_.key("object").string("chat.completion").key("created").number(facts_.created);
        json_.key("model").string(facts_.model);
        json_.key("choices").begin_array().begin_object().key("index").number(0);
        write_message();
        const std::string_view word = finish_word(answer_.stop_reason, answer_.raw_stop_reason, is_own_);
        json_.key("logprobs").null();
        write_text("finish_reason", word, json_);
        json_.end_object().end_array();
        if (answer_.usage) {
            json_.key("usage");
            write_usage(*answer_.usage, json_);
        }
        json_.end_object();
        return std::move(out_);
    }

  private:
    void write_message() {
        json_.key("message").begin_object().key("role").string("assistant");
        write_text("content", answer_.text(), json_);
        write_text("refusal", answer_.refusal(), json_);
        write_reasoning();
        Signature of_text;  // one place for all the text: the last one counts, as Gemini sends one at the end
        for (const TextPart* text : parts_of<TextPart>(answer_))
            if (!text->signature.empty()) of_text = text->signature;
        write_thought_signature(for_client(of_text), json_);
        write_calls();
        json_.end_object();
    }

    void write_reasoning() {
        const std::string text = answer_.reasoning();
        if (!text.empty()) json_.key("reasoning_content").string(text);
        const std::vector<const ReasoningPart*> parts = parts_of<ReasoningPart>(answer_);
        bool plain = true;
        for (const ReasoningPart* part : parts)
            plain &= part->signature.empty() && part->id.empty();
        if (plain) return;
        json_.key("reasoning_details").begin_array();
        for (std::uint32_t block = 0; const ReasoningPart* part : parts) {
            const std::string signature = for_client(part->signature);
            write_reasoning_detail({part->text, signature, part->id, part->redacted, block++}, json_);
        }
        json_.end_array();
    }

    void write_calls() {
        const std::vector<const ToolCallPart*> calls = parts_of<ToolCallPart>(answer_);
        if (calls.empty()) return;
        json_.key("tool_calls").begin_array();
        for (const ToolCallPart* call : calls) {
            json_.begin_object().key("id").string(call->id).key("type").string("function");
            json_.key("function").begin_object().key("name").string(call->name);
            json_.key("arguments").string(call->arguments.empty() ? "{}" : call->arguments).end_object();
            write_thought_signature(for_client(call->signature), json_);
            json_.end_object();
        }
        json_.end_array();
    }

    std::string for_client(const Signature& signature) const {
        return signature_for_client(signature.value,
                                    signature.origin.empty() ? facts_.origin : signature.origin, kName);
    }

    const AssistantMessage& answer_;
    const AnswerFacts& facts_;
    bool is_own_;
    std::string out_;
    wire::JsonWriter json_;
};

}  // namespace

std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts) {
    return Answer(answer, facts).encode();
}

EncodedError encode_error(const ErrorInfo& error) {
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object().key("error");
    write_error(error, json);
    json.end_object();
    return error_answer(error, status_for_client(error), std::move(body));
}

}  // namespace sluice::adapters::openai_chat
