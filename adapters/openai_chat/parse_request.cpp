#include "adapters/openai_chat/dialect.hpp"

namespace sluice::adapters::openai_chat {

Result<ParsedRequest> parse_request(const ClientRequest&) {
    return ErrorInfo(ErrorKind::provider_bad_request, Phase::prepare, "not yet");
}

}  // namespace sluice::adapters::openai_chat
