#include "adapters/openai_chat/dialect.hpp"

namespace sluice::adapters::openai_chat {

std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts) {
    return nullptr;
}
std::string encode_answer(const AssistantMessage&, const AnswerFacts&) {
    return {};
}
EncodedError encode_error(const ErrorInfo&) {
    return {};
}

}  // namespace sluice::adapters::openai_chat
