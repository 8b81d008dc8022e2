#include "providers.hpp"

#include "commands.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::string_view kSimulator = "sim";

struct KnownService {
    std::string_view id;
    std::string_view base_url;
    bool needs_key;
};

// Services that speak OpenAI Chat Completions (PROTOCOLS section 7), and the default ports of local servers.
constexpr std::array kServices{
    KnownService{"openai", "https://api.openai.com/v1", true},
    KnownService{"cerebras", "https://api.cerebras.ai/v1", true},
    KnownService{"dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", true},
    KnownService{"deepseek", "https://api.deepseek.com", true},
    KnownService{"groq", "https://api.groq.com/openai/v1", true},
    KnownService{"llamacpp", "http://localhost:8080/v1", false},
    KnownService{"mistral", "https://api.mistral.ai/v1", true},
    KnownService{"ollama", "http://localhost:11434/v1", false},
    KnownService{"openrouter", "https://openrouter.ai/api/v1", true},
    KnownService{"perplexity", "https://api.perplexity.ai", true},
    KnownService{"vllm", "http://localhost:8000/v1", false},
    KnownService{"xai", "https://api.x.ai/v1", true},
    KnownService{"zai", "https://api.z.ai/api/paas/v4", true},
};

const KnownService* find_service(std::string_view id) {
    const auto found = std::find_if(kServices.begin(), kServices.end(),
                                    [&](const KnownService& service) { return service.id == id; });
    return found == kServices.end() ? nullptr : &*found;
}

/// "my-gpu", "_API_KEY": "MY_GPU_API_KEY".
std::string variable_name(std::string_view id, std::string_view suffix) {
    std::string name;
    for (const char c : id) {
        const bool is_lower = c >= 'a' && c <= 'z';
        const bool is_other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += is_lower ? static_cast<char>(c - 'a' + 'A') : is_other ? c : '_';
    }
    return name.append(suffix);
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

}  // namespace

Providers::Providers(const std::vector<std::string>& base_url_flags,
                     const std::vector<std::string>& key_flags, std::function<std::string()> start_simulator)
    : base_urls_(parse_pairs("--base-url", base_url_flags, "", "provider=url")),
      key_variables_(parse_pairs("--key", key_flags,
                                 "env:", "provider=env:NAME (a key itself would show in the process list)")),
      start_simulator_(std::move(start_simulator)) {}

BoundModel Providers::model(std::string_view target) {
    const std::size_t slash = target.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == target.size())
        throw UsageError("--model: expected provider/model, got \"" + std::string(target) + "\"");
    return provider(std::string(target.substr(0, slash))).model(std::string(target.substr(slash + 1)));
}

std::string Providers::known_ids() {
    std::string ids(kSimulator);
    for (const KnownService& service : kServices)
        ids.append(", ").append(service.id);
    return ids;
}

OpenAI& Providers::provider(const std::string& id) {
    const auto made = providers_.find(id);
    if (made != providers_.end()) return made->second;
    OpenAIOptions options;
    options.id = id;
    options.base_url = base_url_of(id);
    options.api_key = key_of(id);
    try {
        return providers_.emplace(id, OpenAI(std::move(options))).first->second;
    } catch (const std::invalid_argument& error) {
        throw UsageError(id + ": " + error.what());
    }
}

std::string Providers::base_url_of(const std::string& id) const {
    const auto flag = base_urls_.find(id);
    if (flag != base_urls_.end()) return flag->second;
    const std::string variable = variable_name(id, "_BASE_URL");
    std::string url = env_or(variable.c_str(), "");
    if (!url.empty()) return url;
    if (id == kSimulator) return start_simulator_();
    if (const KnownService* service = find_service(id)) return std::string(service->base_url);
    throw UsageError("provider \"" + id + "\" is not known; give --base-url " + id + "=URL or set " +
                     variable + " (known: " + known_ids() + ")");
}

std::string Providers::key_of(const std::string& id) {
    const auto flag = key_variables_.find(id);
    const std::string variable = flag != key_variables_.end() ? flag->second : variable_name(id, "_API_KEY");
    std::string key = env_or(variable.c_str(), "");
    if (!key.empty()) return key;
    if (flag != key_variables_.end())
        throw UsageError("--key " + id + "=env:" + variable + ": that variable is not set");
    const KnownService* service = find_service(id);
    if (service != nullptr && service->needs_key) missing_keys_.push_back(variable);
    return key;
}

}  // namespace sluice::cli
