#include "adapters/gemini/dialect.hpp"

namespace sluice::adapters::gemini {

std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts) {
    return nullptr;
}

}  // namespace sluice::adapters::gemini
