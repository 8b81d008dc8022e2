#include "adapters/dialect.hpp"

#include <array>

namespace sluice::adapters {

std::string_view request_id_of(const wire::HeaderList& headers) noexcept {
    // The provider's own name first: gateways in between add an x-request-id of theirs.
    static constexpr std::array<std::string_view, 8> kNames = {
        "request-id",       "apim-request-id",  "x-generation-id",   "x-kong-request-id",
        "x-amzn-requestid", "x-amz-request-id", "x-groq-request-id", "x-request-id"};
    for (std::string_view name : kNames)
        if (auto value = headers.find(name)) return *value;
    return {};
}

}  // namespace sluice::adapters
