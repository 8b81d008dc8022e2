// A whole answer, and an error, as HTTP bodies.
#include "adapters/error_answer.hpp"
#include "adapters/openai_responses/dialect.hpp"
#include "adapters/openai_responses/output.hpp"
#include "adapters/origin.hpp"

namespace sluice::adapters::openai_responses {
namespace {

class AnswerWriter {
  public:
    AnswerWriter(const AssistantMessage& answer, const AnswerFacts& facts)
        : answer_(answer), facts_(facts), ids_(facts) {}

    std::string write() {
        for (const Part& part : answer_.parts)
            std::visit([this](const auto& what) { add(what); }, part);
        close_message();
        const bool is_own = dialect_of(facts_.origin) == kName;
        std::string body;
        wire::JsonWriter json(body);
        write_response(json, facts_, ids_,
                       {ending_of(answer_.stop_reason, answer_.raw_stop_reason, is_own, refused_), output_,
                        &answer_.usage});
        return body;
    }

  private:
    void add(const TextPart& part) {
        if (!part.text.empty()) say(false, part.text);
        if (!part.signature.empty()) add_proof(kTextProofId, part.signature);
    }
    void add(const RefusalPart& part) {
        refused_ = true;
        say(true, part.text);
    }
    void add(const ReasoningPart& part) {
        close_message();
        ReasoningItem item;
        item.id =
            part.id.empty() ? ids_.item(part.redacted ? kRedactedId : kReasoningId, output_.size()) : part.id;
        item.text = part.text;
        item.signature = for_client(part.signature);
        add_item(item);
    }
    void add(const ToolCallPart& part) {
        close_message();
        if (!part.signature.empty()) add_proof(kCallProofId, part.signature);
        CallItem item;
        item.id = ids_.item(kCallId, output_.size());
        item.call_id = part.id;
        item.name = part.name;
        item.arguments = part.arguments.empty() ? "{}" : part.arguments;
        add_item(item);
    }
    void add(const NativePart& part) {
        if (part.dialect != kName || !wire::is_json(part.json)) return;
        close_message();
        output_.push_back(part.json);
    }
    void add(const ImagePart&) {}  // an answer of this dialect cannot hold these
    void add(const ToolResultPart&) {}

    void say(bool is_refusal, const std::string& text) { message_.parts.push_back({is_refusal, text}); }

    void close_message() {
        if (message_.parts.empty()) return;
        message_.id = ids_.item(kMessageId, output_.size());
        add_item(message_);
        message_ = {};
    }

    void add_proof(std::string_view id_prefix, const Signature& signature) {
        close_message();
        ReasoningItem item;
        item.id = ids_.item(id_prefix, output_.size());
        item.signature = for_client(signature);
        add_item(item);
    }

    std::string for_client(const Signature& signature) const {
        return signature_for_client(signature.value,
                                    signature.origin.empty() ? facts_.origin : signature.origin, kName);
    }

    template <typename Item>
    void add_item(const Item& item) {
        wire::JsonWriter json(output_.emplace_back());
        write_item(json, item, "completed");
    }

    const AssistantMessage& answer_;
    const AnswerFacts& facts_;
    AnswerIds ids_;
    MessageItem message_;
    bool refused_ = false;
    std::vector<std::string> output_;
};

}  // namespace

std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts) {
    return AnswerWriter(answer, facts).write();
}

EncodedError encode_error(const ErrorInfo& error) {
    std::string body;
    wire::JsonWriter json(body);
    write_error(json.begin_object().key("error"), error);
    json.end_object();
    return error_answer(error, status_for_client(error), std::move(body));
}

}  // namespace sluice::adapters::openai_responses
