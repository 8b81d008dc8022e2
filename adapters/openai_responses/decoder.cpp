#include "adapters/openai_responses/dialect.hpp"

namespace sluice::adapters::openai_responses {

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts) {
    return nullptr;
}

}  // namespace sluice::adapters::openai_responses
