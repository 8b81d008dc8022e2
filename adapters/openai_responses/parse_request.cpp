#include "adapters/openai_responses/dialect.hpp"

namespace sluice::adapters::openai_responses {

Result<ParsedRequest> parse_request(const ClientRequest&) {
    return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, "not yet");
}

}  // namespace sluice::adapters::openai_responses
