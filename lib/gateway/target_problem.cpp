// Asks the library itself whether it could make a provider of a target, so that there is one truth about
// addresses, dialects and headers. Apart from the rest of lint, which has no need of the model floor.
#include "gateway/lint_config.hpp"

#include <sluice/api_provider.hpp>

#include <stdexcept>

namespace sluice::gateway {

std::optional<std::string> problem_of(const TargetConfig& target) {
    ApiProviderOptions options;
    options.service = target.provider;
    options.id = target.id;
    options.base_url = target.base_url;
    options.dialect = target.dialect;
    options.api_version = target.api_version;
    options.headers = target.headers;
    // Any will do: what a header may not be beside a key is found with one.
    if (target.secret.from != SecretRef::From::none) options.api_key = "key";
    try {
        const ApiProvider provider(std::move(options));
        return std::nullopt;
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

}  // namespace sluice::gateway
