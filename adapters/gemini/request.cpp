#include "adapters/gemini/dialect.hpp"

namespace sluice::adapters::gemini {

Result<EncodedRequest> encode_request(const Request&, const Target&) {
    return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, "not yet");
}

}  // namespace sluice::adapters::gemini
