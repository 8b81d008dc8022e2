// OpenAI, by Chat Completions or by Responses, and servers that take the same requests.
//
//   sluice::OpenAI openai{{.api_key = sluice::env_or("OPENAI_API_KEY", "")}};
//   sluice::BoundModel model = openai.model("gpt-5");
//
// For other services that speak these dialects, ApiProvider knows in what they differ.
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/env.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// Which of OpenAI's two interfaces is used. `responses` gives reasoning back to the model between the turns
/// of a tool loop.
enum class OpenAIApi : std::uint8_t { chat, responses };

struct OpenAIOptions {
    /// The name in errors, attempts and bills. Must not be empty.
    std::string id = "openai";
    /// Empty: no Authorization header is sent. Anything else is sent as a bearer token, to this base_url
    /// only.
    std::string api_key = {};
    /// With or without a trailing slash; "/chat/completions" or "/responses" is appended.
    std::string base_url = "https://api.openai.com/v1";
    std::string organization = {};  ///< OpenAI-Organization
    std::string project = {};       ///< OpenAI-Project
    OpenAIApi api = OpenAIApi::chat;
    /// See ApiProviderOptions::headers.
    std::vector<std::pair<std::string, std::string>> headers = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

class OpenAI : public ApiProvider {
  public:
    /// Throws std::invalid_argument as ApiProvider does.
    explicit OpenAI(OpenAIOptions options);
};

}  // namespace sluice
