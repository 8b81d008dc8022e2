#include "adapters/anthropic/dialect.hpp"

namespace sluice::adapters::anthropic {

Result<ParsedRequest> parse_request(const ClientRequest&) {
    return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, "not yet");
}

}  // namespace sluice::adapters::anthropic
