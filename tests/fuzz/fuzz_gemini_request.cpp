// Any bytes as a client's Gemini request. What parses also encodes, or fails typed; and what was encoded
// reads back to the same body.
#include "adapters/gemini/dialect.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

Result<adapters::ParsedRequest> parse(std::string_view body) {
    return adapters::gemini::dialect().parse_request(
        adapters::ClientRequest("/v1beta/models/m:streamGenerateContent", body));
}

Result<adapters::EncodedRequest> encode(const Request& request) {
    const ModelSpec spec("google", "m");
    adapters::Target target(spec);
    target.origin = "gemini@google";
    return adapters::gemini::dialect().encode(request, target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = parse({reinterpret_cast<const char*>(data), size});
    if (!parsed.has_value()) {
        require(parsed.error().kind == ErrorKind::provider_bad_request && !parsed.error().message.empty());
        return 0;
    }
    const auto encoded = encode(parsed->request);
    if (!encoded.has_value()) {
        require(encoded.error().kind == ErrorKind::provider_bad_request && !encoded.error().message.empty());
        return 0;
    }
    require(wire::is_json(encoded->body));
    const auto again = parse(encoded->body);
    require(again.has_value());
    const auto twice = encode(again->request);
    require(twice.has_value() && twice->body == encoded->body);
    return 0;
}
