#include "adapters/anthropic/dialect.hpp"

namespace sluice::adapters::anthropic {

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts) {
    return nullptr;
}

}  // namespace sluice::adapters::anthropic
