// Any bytes as the body of a Messages request. What parses encodes, or fails with a typed error; what was
// encoded parses, and encodes to the same bytes again.
#include "adapters/anthropic/dialect.hpp"
#include "wire/json_reader.hpp"

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
    const adapters::Dialect& dialect = adapters::anthropic::dialect();
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const ModelSpec model("anthropic", "claude");
    for (std::string_view version : {"2023-06-01", "2026-10-21"}) {
        adapters::Target target(model);
        target.origin = "anthropic@anthropic";
        target.api_version = version;
        auto parsed = dialect.parse_request(adapters::ClientRequest("/v1/messages", body));
        if (!parsed) {
            require(parsed.error().kind == ErrorKind::provider_bad_request &&
                    !parsed.error().message.empty());
            return 0;
        }
        auto encoded = dialect.encode(parsed->request, target);
        if (!encoded) {
            require(encoded.error().kind == ErrorKind::provider_bad_request);
            continue;
        }
        require(wire::is_json(encoded->body));
        auto again = dialect.parse_request(adapters::ClientRequest("/v1/messages", encoded->body));
        require(again.has_value());
        auto second = dialect.encode(again->request, target);
        require(second.has_value() && second->body == encoded->body);
    }
    return 0;
}
