#include "adapters/gemini/dialect.hpp"

namespace sluice::adapters::gemini {

Result<ParsedRequest> parse_request(const ClientRequest&) {
    return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, "not yet");
}

}  // namespace sluice::adapters::gemini
