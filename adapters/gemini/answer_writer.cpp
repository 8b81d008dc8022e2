#include "adapters/gemini/answer_writer.hpp"

#include "adapters/ascii.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/gemini/finish_reason.hpp"
#include "adapters/origin.hpp"

#include <algorithm>

namespace sluice::adapters::gemini {

AnswerWriter::AnswerWriter(AnswerFacts facts)
    : facts_(std::move(facts)), is_ours_(dialect_of(facts_.origin) == kName) {
    if (facts_.response_id.empty()) facts_.response_id = "sluice-" + std::to_string(facts_.created);
}

void AnswerWriter::write_signature(std::string_view signature, wire::JsonWriter& json) const {
    if (!signature.empty())
        json.key("thoughtSignature").string(signature_for_client(signature, facts_.origin, kName));
}

void AnswerWriter::write_text(std::string_view text, std::string_view signature, bool is_thought,
                              wire::JsonWriter& json) const {
    json.begin_object().key("text").string(text);
    if (is_thought) json.key("thought").boolean(true);
    write_signature(signature, json);
    json.end_object();
}

void AnswerWriter::write_call(const WholeCall& call, wire::JsonWriter& json) const {
    json.begin_object().key("functionCall").begin_object();
    if (!call.id.empty()) json.key("id").string(call.id);
    json.key("name").string(call.name);
    const std::string_view arguments = trim(call.arguments);
    if (arguments.starts_with('{') && wire::is_json(arguments))
        json.key("args").raw(on_one_line(arguments));
    else if (!arguments.empty())
        json.key("args").begin_object().key("INVALID_JSON").string(call.arguments).end_object();
    json.end_object();
    write_signature(call.signature, json);
    json.end_object();
}

void AnswerWriter::write_usage(const Usage& usage, wire::JsonWriter& json) const {
    json.begin_object();
    if (usage.input) json.key("promptTokenCount").number(*usage.input);
    if (usage.cached_input) json.key("cachedContentTokenCount").number(*usage.cached_input);
    if (usage.output)  // without the thoughts
        json.key("candidatesTokenCount")
            .number(*usage.output - std::min(*usage.output, usage.reasoning.value_or(0)));
    if (usage.reasoning) json.key("thoughtsTokenCount").number(*usage.reasoning);
    if (usage.input && usage.output) json.key("totalTokenCount").number(*usage.input + *usage.output);
    json.end_object();
}

void AnswerWriter::write_tail(const std::optional<Usage>& usage, wire::JsonWriter& json) const {
    if (usage && facts_.include_usage) write_usage(*usage, json.key("usageMetadata"));
    if (!facts_.model.empty()) json.key("modelVersion").string(facts_.model);
    json.key("responseId").string(facts_.response_id);
}

std::string_view AnswerWriter::finish_reason(StopReason reason, std::string_view raw_reason) const noexcept {
    return is_ours_ && !raw_reason.empty() ? raw_reason : finish_reason_of(reason);
}

std::string on_one_line(std::string_view json) {
    std::string line(json);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
}

}  // namespace sluice::adapters::gemini
