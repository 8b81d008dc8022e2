// Azure OpenAI: a deployment's name is the model's id.
//
//   sluice::AzureOpenAI azure{{.api_key = key, .resource = "my-resource"}};
//   sluice::BoundModel model = azure.model("my-deployment");
#pragma once

#include <sluice/openai.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct AzureOpenAIOptions {
    std::string id = "azure";
    /// Sent as "api-key".
    std::string api_key = {};
    /// Instead of a key: a Microsoft Entra ID token, sent as a bearer token.
    AccessToken access_token = {};
    /// "my-resource" of https://my-resource.openai.azure.com. Either this or `base_url`.
    std::string resource = {};
    /// "https://my-resource.openai.azure.com", or with a path of its own.
    std::string base_url = {};
    /// "2024-10-21": /openai/deployments/<model>/chat/completions?api-version=2024-10-21, the older
    /// interface. Empty: /openai/v1.
    std::string api_version = {};
    OpenAIApi api = OpenAIApi::chat;
    std::vector<std::pair<std::string, std::string>> headers = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

class AzureOpenAI : public ApiProvider {
  public:
    /// Throws std::invalid_argument as ApiProvider does, and unless exactly one of resource and base_url is
    /// given.
    explicit AzureOpenAI(AzureOpenAIOptions options);
};

}  // namespace sluice
