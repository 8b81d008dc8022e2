// Anthropic Messages.
//
//   sluice::Anthropic anthropic{{.api_key = sluice::env_or("ANTHROPIC_API_KEY", "")}};
//   sluice::BoundModel model = anthropic.model("claude-opus-4-8");
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/env.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct AnthropicOptions {
    std::string id = "anthropic";
    /// Sent as "x-api-key".
    std::string api_key = {};
    /// Instead of a key: an OAuth token, sent as a bearer token.
    AccessToken auth_token = {};
    /// As Anthropic's own SDKs take it, or with "/v1": "/v1/messages" is asked for either way.
    std::string base_url = "https://api.anthropic.com";
    /// anthropic-version: "2023-06-01" or "2026-10-21", which knows no sampling parameters.
    std::string version = "2023-06-01";
    /// Joined into anthropic-beta.
    std::vector<std::string> betas = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

class Anthropic : public ApiProvider {
  public:
    /// Throws std::invalid_argument as ApiProvider does.
    explicit Anthropic(AnthropicOptions options);
};

}  // namespace sluice
