// The Gemini API of Google AI Studio. For Google Cloud, vertex.hpp.
//
//   sluice::Gemini gemini{{.api_key = sluice::env_or("GEMINI_API_KEY", "")}};
//   sluice::BoundModel model = gemini.model("gemini-3-flash");
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/env.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct GeminiOptions {
    std::string id = "gemini";
    /// Sent as "x-goog-api-key", never in the URL, where it would end up in logs.
    std::string api_key = {};
    /// "/models/<model>:streamGenerateContent" is appended; without a path of its own, after "/v1beta".
    std::string base_url = "https://generativelanguage.googleapis.com/v1beta";
    std::vector<std::pair<std::string, std::string>> headers = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

class Gemini : public ApiProvider {
  public:
    /// Throws std::invalid_argument as ApiProvider does.
    explicit Gemini(GeminiOptions options);
};

}  // namespace sluice
