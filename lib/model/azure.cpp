#include <sluice/azure.hpp>

#include "model/common_options.hpp"

#include <algorithm>

namespace sluice {
namespace {

bool is_host_label(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
}

ApiProviderOptions to_api(AzureOpenAIOptions from) {
    if (from.resource.empty() == from.base_url.empty())
        throw std::invalid_argument("resource: give either it or base_url");
    if (!is_host_label(from.resource))
        throw std::invalid_argument(
            "resource: it is the first part of the host name only; give an address as base_url");
    if (from.base_url.empty()) from.base_url = "https://" + from.resource + ".openai.azure.com";
    ApiProviderOptions to = common_options("azure", from);
    to.api_key = std::move(from.api_key);
    to.access_token = std::move(from.access_token);
    to.api_version = std::move(from.api_version);
    to.dialect = from.api == OpenAIApi::responses ? "openai_responses" : "openai_chat";
    return to;
}

}  // namespace

AzureOpenAI::AzureOpenAI(AzureOpenAIOptions options) : ApiProvider(to_api(std::move(options))) {}

}  // namespace sluice
