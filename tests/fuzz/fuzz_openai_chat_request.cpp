// Any bytes as a client's request. What parses is encoded or fails typed, and what was encoded parses to a
// request that encodes to the same bytes, whichever service it is for.
#include "adapters/openai_chat/dialect.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

Result<adapters::ParsedRequest> parse(std::string_view body) {
    return adapters::openai_chat::dialect().parse_request(
        adapters::ClientRequest("/v1/chat/completions", body));
}

Result<adapters::EncodedRequest> encode(const adapters::ParsedRequest& parsed, std::string_view service) {
    const ModelSpec spec("acme", parsed.model);
    adapters::Target target(spec);
    target.quirks = adapters::quirks_of(service);
    target.origin = "openai_chat@acme";
    return adapters::openai_chat::dialect().encode(parsed.request, target);
}

void require_typed(const ErrorInfo& error) {
    require(error.kind == ErrorKind::provider_bad_request && error.phase == Phase::prepare);
    require(!error.message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = parse(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!parsed.has_value()) {
        require_typed(parsed.error());
        return 0;
    }
    for (const char* service : {"openai", "mistral", "openrouter", "deepseek", "gemini-openai"}) {
        const auto first = encode(*parsed, service);
        if (!first.has_value()) {
            require_typed(first.error());
            continue;
        }
        require(wire::is_json(first->body));
        const auto again = parse(first->body);
        require(again.has_value());
        const auto second = encode(*again, service);
        require(second.has_value() && second->body == first->body);
    }
    return 0;
}
