#include <sluice/openai.hpp>

#include "model/common_options.hpp"

namespace sluice {
namespace {

ApiProviderOptions to_api(OpenAIOptions from) {
    ApiProviderOptions to = common_options("openai", from);
    to.api_key = std::move(from.api_key);
    to.dialect = from.api == OpenAIApi::responses ? "openai_responses" : "openai_chat";
    if (!from.organization.empty())
        to.headers.emplace_back("openai-organization", std::move(from.organization));
    if (!from.project.empty()) to.headers.emplace_back("openai-project", std::move(from.project));
    return to;
}

}  // namespace

OpenAI::OpenAI(OpenAIOptions options) : ApiProvider(to_api(std::move(options))) {}

}  // namespace sluice
