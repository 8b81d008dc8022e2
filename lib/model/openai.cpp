#include <sluice/openai.hpp>

#include "adapters/openai_chat/dialect.hpp"
#include "model/http_provider.hpp"

#include <cstdlib>

namespace sluice {
namespace {

HttpProviderOptions to_http(OpenAIOptions options) {
    HttpProviderOptions http;
    http.id = std::move(options.id);
    http.base_url = std::move(options.base_url);
    http.headers = std::move(options.headers);
    if (!options.api_key.empty()) http.headers.emplace_back("authorization", "Bearer " + options.api_key);
    if (!options.organization.empty())
        http.headers.emplace_back("openai-organization", std::move(options.organization));
    if (!options.project.empty()) http.headers.emplace_back("openai-project", std::move(options.project));
    http.quirks = adapters::quirks_of("openai");
    http.secret = std::move(options.api_key);
    http.deadlines = options.deadlines;
    http.limits = options.limits;
    http.pool = options.pool;
    http.runtime = std::move(options.runtime);
    return http;
}

}  // namespace

class OpenAI::Impl : public HttpProvider {
  public:
    using HttpProvider::HttpProvider;
};

OpenAI::OpenAI(OpenAIOptions options)
    : impl_(std::make_shared<const Impl>(to_http(std::move(options)), adapters::openai_chat::dialect())) {}

BoundModel OpenAI::model(std::string id) const {
    return model(ModelSpec(std::string(), std::move(id)));
}
BoundModel OpenAI::model(ModelSpec spec) const {
    return bind_model(impl_, std::move(spec));
}
const Provider& OpenAI::provider() const noexcept {
    return *impl_;
}

std::string env_or(const char* name, std::string_view fallback) {
    const char* value = std::getenv(name);
    return std::string(value && *value ? std::string_view(value) : fallback);
}

}  // namespace sluice
