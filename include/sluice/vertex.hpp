// Gemini models on Google Cloud Vertex AI.
//
//   sluice::Vertex vertex{{.project = "my-project", .location = "global", .access_token = current_token}};
//   sluice::BoundModel model = vertex.model("gemini-3-flash");
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/env.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct VertexOptions {
    std::string id = "vertex";
    std::string project = {};
    /// "global", "europe-west4", ...
    std::string location = "global";
    /// An OAuth access token of Google Cloud: they last an hour, so that a service gives a function.
    AccessToken access_token = {};
    /// Empty: Google's, made of location and project. Otherwise up to and including ".../publishers/google".
    std::string base_url = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

class Vertex : public ApiProvider {
  public:
    /// Throws std::invalid_argument as ApiProvider does, and for a project or location that is not one.
    explicit Vertex(VertexOptions options);
};

}  // namespace sluice
