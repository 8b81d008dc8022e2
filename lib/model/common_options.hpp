// What the options of every provider class have in common.
#pragma once

#include <sluice/api_provider.hpp>

#include <stdexcept>
#include <utility>

namespace sluice {

/// Takes these members out of `from`, one of the public structs.
template <typename Options>
ApiProviderOptions common_options(std::string service, Options& from) {
    if (from.id.empty())
        throw std::invalid_argument("id: a provider needs a name for errors, attempts and bills");
    ApiProviderOptions to;
    to.service = std::move(service);
    to.id = std::move(from.id);
    to.base_url = std::move(from.base_url);
    to.headers = std::move(from.headers);
    to.deadlines = from.deadlines;
    to.limits = from.limits;
    to.pool = from.pool;
    to.runtime = std::move(from.runtime);
    return to;
}

}  // namespace sluice
