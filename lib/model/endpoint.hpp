// A service's options as people write them, made into what a provider needs: where the paths of its dialect
// begin, which header takes the key, which quirks hold.
#pragma once

#include <sluice/api_provider.hpp>

#include "model/http_provider.hpp"

namespace sluice {

struct Endpoint {
    HttpProviderOptions options;
    const adapters::Dialect& dialect;
};

/// Throws std::invalid_argument as ApiProvider's constructor does.
Endpoint make_endpoint(ApiProviderOptions from);

}  // namespace sluice
