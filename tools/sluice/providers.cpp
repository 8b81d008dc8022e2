#include "providers.hpp"

#include "commands.hpp"

#include "adapters/services.hpp"

#include <sluice/env.hpp>
#include <sluice/vertex.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::string_view kSimulator = "sim";

enum class Setting { key, token, base_url, api_version, project, location };

/// What follows the provider's id in the name of its variable.
std::string_view suffix_of(Setting setting) {
    constexpr std::array<std::string_view, 6> kSuffixes{"_API_KEY",     "_ACCESS_TOKEN", "_BASE_URL",
                                                        "_API_VERSION", "_PROJECT",      "_LOCATION"};
    return kSuffixes[static_cast<std::size_t>(setting)];
}

struct OtherName {
    std::string_view service;
    Setting setting;
    const char* variable;
};

// Variables that the services' own tools read, where these are called otherwise.
constexpr std::array kOtherNames{
    OtherName{"anthropic", Setting::token, "ANTHROPIC_AUTH_TOKEN"},
    OtherName{"azure", Setting::key, "AZURE_OPENAI_API_KEY"},
    OtherName{"azure", Setting::token, "AZURE_OPENAI_AD_TOKEN"},
    OtherName{"azure", Setting::base_url, "AZURE_OPENAI_ENDPOINT"},
    OtherName{"azure", Setting::api_version, "AZURE_OPENAI_API_VERSION"},
    OtherName{"azure", Setting::api_version, "OPENAI_API_VERSION"},
    OtherName{"databricks", Setting::key, "DATABRICKS_TOKEN"},
    OtherName{"gemini", Setting::key, "GOOGLE_API_KEY"},
    OtherName{"gemini-openai", Setting::key, "GEMINI_API_KEY"},
    OtherName{"gemini-openai", Setting::key, "GOOGLE_API_KEY"},
    OtherName{"qwen", Setting::key, "DASHSCOPE_API_KEY"},
    OtherName{"vertex", Setting::project, "GOOGLE_CLOUD_PROJECT"},
    OtherName{"vertex", Setting::location, "GOOGLE_CLOUD_LOCATION"},
};

/// "my-gpu", "_API_KEY": "MY_GPU_API_KEY".
std::string variable_name(std::string_view id, Setting setting) {
    std::string name;
    for (const char c : id) {
        const bool is_lower = c >= 'a' && c <= 'z';
        const bool is_other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += is_lower ? static_cast<char>(c - 'a' + 'A') : is_other ? c : '_';
    }
    return name.append(suffix_of(setting));
}

/// The first variable that is set: by the id, by the service's own name for what the id is an alias of, by
/// what its tools call it.
std::string from_environment(const std::string& id, Setting setting) {
    std::string value = env_or(variable_name(id, setting).c_str(), "");
    const adapters::Service* service = adapters::find_service(id);
    if (!value.empty() || service == nullptr) return value;
    value = env_or(variable_name(service->name, setting).c_str(), "");
    for (const OtherName& other : kOtherNames)
        if (value.empty() && other.service == service->name && other.setting == setting)
            value = env_or(other.variable, "");
    return value;
}

bool is_service(const std::string& id, std::string_view name) {
    const adapters::Service* service = adapters::find_service(id);
    return service != nullptr && service->name == name;
}

std::map<std::string, std::string> parse_pairs(std::string_view flag, const std::vector<std::string>& values,
                                               std::string_view prefix, std::string_view form) {
    std::map<std::string, std::string> pairs;
    for (const std::string_view value : values) {
        const std::size_t equals = value.find('=');
        const std::string_view right =
            equals == std::string_view::npos ? std::string_view() : value.substr(equals + 1);
        // The value is not shown: someone may have put a key there.
        if (equals == 0 || right.size() <= prefix.size() || !right.starts_with(prefix))
            throw UsageError(std::string(flag) + ": expected " + std::string(form));
        pairs[std::string(value.substr(0, equals))] = right.substr(prefix.size());
    }
    return pairs;
}

std::string find_or_empty(const std::map<std::string, std::string>& pairs, const std::string& id) {
    const auto found = pairs.find(id);
    return found == pairs.end() ? std::string() : found->second;
}

}  // namespace

Providers::Providers(const ProviderFlags& flags,
                     std::function<std::string(std::string_view dialect)> start_simulator)
    : base_url_option_(flags.base_url_option),
      base_urls_(parse_pairs(base_url_option_, flags.base_urls, "", "provider=url")),
      key_variables_(parse_pairs("--key", flags.keys,
                                 "env:", "provider=env:NAME (a key itself would show in the process list)")),
      dialects_(parse_pairs("--dialect", flags.dialects, "", "provider=dialect")),
      start_simulator_(std::move(start_simulator)) {}

BoundModel Providers::model(std::string_view target) {
    const std::size_t slash = target.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == target.size())
        throw UsageError("--model: expected provider/model, got \"" + std::string(target) + "\"");
    return provider(std::string(target.substr(0, slash))).model(std::string(target.substr(slash + 1)));
}

std::string Providers::known_ids() {
    std::string ids(kSimulator);
    for (const adapters::Service& service : adapters::services())
        ids.append(", ").append(service.name);
    return ids;
}

std::vector<std::string> Providers::in_environment() {
    std::vector<std::string> ids;
    for (const adapters::Service& service : adapters::services()) {
        const std::string id(service.name);
        const auto has = [&id](Setting setting) { return !from_environment(id, setting).empty(); };
        const bool has_place = has(Setting::base_url);
        const bool has_key = has(Setting::key) || has(Setting::token);
        const bool needs_place = service.base_url.empty() && !(id == "vertex" && has(Setting::project));
        if (has_place || (has_key && !needs_place)) ids.push_back(id);
    }
    return ids;
}

ApiProvider& Providers::provider(const std::string& id) {
    const auto made = providers_.find(id);
    if (made != providers_.end()) return made->second;
    try {
        return providers_.emplace(id, make(id)).first->second;
    } catch (const std::invalid_argument& error) {
        throw UsageError(id + ": " + error.what());
    }
}

ApiProvider Providers::make(const std::string& id) {
    ApiProviderOptions options = options_of(id);
    if (!is_service(id, "vertex") || options.base_url) return ApiProvider(std::move(options));
    VertexOptions vertex;
    vertex.id = id;
    vertex.project = from_environment(id, Setting::project);
    const std::string location = from_environment(id, Setting::location);
    if (!location.empty()) vertex.location = location;
    vertex.access_token = options.api_key.empty() ? std::move(options.access_token) : options.api_key;
    if (vertex.project.empty())
        throw UsageError(id + ": set " + variable_name(id, Setting::project) + " (or GOOGLE_CLOUD_PROJECT)");
    return Vertex(std::move(vertex));
}

ApiProviderOptions Providers::options_of(const std::string& id) {
    ApiProviderOptions options;
    options.service = id;
    options.id = id;
    options.dialect = find_or_empty(dialects_, id);
    const adapters::Service* service = adapters::find_service(id);
    std::string url = base_url_of(id);
    if (url.empty() && service == nullptr)
        throw UsageError("provider \"" + id + "\" is not known; give " + base_url_option_ + " " + id +
                         "=URL or set " + variable_name(id, Setting::base_url) + " (known: " + known_ids() +
                         ")");
    if (!url.empty()) options.base_url = std::move(url);
    if (is_service(id, "azure") || is_service(id, "anthropic"))
        options.api_version = from_environment(id, Setting::api_version);
    find_credential(id, options);
    return options;
}

std::string Providers::base_url_of(const std::string& id) const {
    std::string url = find_or_empty(base_urls_, id);
    if (url.empty()) url = from_environment(id, Setting::base_url);
    if (!url.empty() || id != kSimulator) return url;
    const std::string dialect = find_or_empty(dialects_, id);
    return start_simulator_(dialect.empty() ? "openai_chat" : dialect);
}

void Providers::find_credential(const std::string& id, ApiProviderOptions& options) {
    const std::string named = find_or_empty(key_variables_, id);
    if (!named.empty()) {
        options.api_key = env_or(named.c_str(), "");
        if (options.api_key.empty())
            throw UsageError("--key " + id + "=env:" + named + ": that variable is not set");
        return;
    }
    options.api_key = from_environment(id, Setting::key);
    if (options.api_key.empty()) options.access_token = AccessToken(from_environment(id, Setting::token));
    if (!options.api_key.empty() || !options.access_token.empty()) return;
    const adapters::Service* service = adapters::find_service(id);
    if (service != nullptr && service->auth != adapters::Auth::none)
        missing_keys_.push_back(variable_name(id, service->name == "vertex" ? Setting::token : Setting::key));
}

}  // namespace sluice::cli
