#include "adapters/openai_responses/dialect.hpp"

namespace sluice::adapters::openai_responses {

Result<EncodedRequest> encode_request(const Request&, const Target&) {
    return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, "not yet");
}

}  // namespace sluice::adapters::openai_responses
