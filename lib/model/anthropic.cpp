#include <sluice/anthropic.hpp>

#include "model/common_options.hpp"

namespace sluice {
namespace {

ApiProviderOptions to_api(AnthropicOptions from) {
    if (!from.api_key.empty() && !from.auth_token.empty())
        throw std::invalid_argument("auth_token: give it or api_key, not both");
    if (from.version.empty()) throw std::invalid_argument("version: it is empty");
    ApiProviderOptions to = common_options("anthropic", from);
    to.api_key = std::move(from.api_key);
    to.access_token = std::move(from.auth_token);
    to.api_version = std::move(from.version);
    std::string betas;
    for (const std::string& beta : from.betas)
        betas.append(betas.empty() ? "" : ",").append(beta);
    if (!betas.empty()) to.headers.emplace_back("anthropic-beta", std::move(betas));
    return to;
}

}  // namespace

Anthropic::Anthropic(AnthropicOptions options) : ApiProvider(to_api(std::move(options))) {}

}  // namespace sluice
