#include "adapters/anthropic/dialect.hpp"

namespace sluice::adapters::anthropic {

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts) {
    return nullptr;
}
std::string encode_answer(const AssistantMessage&, const AnswerFacts&) {
    return {};
}
EncodedError encode_error(const ErrorInfo&) {
    return {};
}

}  // namespace sluice::adapters::anthropic
