#include "adapters/openai_responses/dialect.hpp"

namespace sluice::adapters::openai_responses {

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts) {
    return nullptr;
}
std::string encode_answer(const AssistantMessage&, const AnswerFacts&) {
    return {};
}
EncodedError encode_error(const ErrorInfo&) {
    return {};
}

}  // namespace sluice::adapters::openai_responses
