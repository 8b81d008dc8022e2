// Any bytes as a client's Responses request. What parses is encoded, or refused with a typed error; what was
// encoded parses, and is encoded to the same bytes.
#include "adapters/openai_responses/dialect.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const adapters::Dialect& dialect = adapters::openai_responses::dialect();
    const ModelSpec model("acme", "m-1");
    adapters::Target target(model);
    target.origin = "openai_responses@acme";

    auto parsed = dialect.parse_request({"/responses", {reinterpret_cast<const char*>(data), size}});
    if (!parsed) {
        require(parsed.error().kind == ErrorKind::provider_bad_request && !parsed.error().message.empty());
        return 0;
    }
    auto encoded = dialect.encode(parsed->request, target);
    if (!encoded) {
        require(encoded.error().kind == ErrorKind::provider_bad_request);
        return 0;
    }
    require(wire::is_json(encoded->body));
    auto again = dialect.parse_request({"/responses", encoded->body});
    // simdjson reads numbers of 64 bits at most and no depth beyond its own.
    if (!again) return 0;
    require(again->stream);
    auto second = dialect.encode(again->request, target);
    require(second.has_value());
    require(second->body == encoded->body);
    return 0;
}
