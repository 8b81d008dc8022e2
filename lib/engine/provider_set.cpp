#include "engine/provider_set.hpp"

#include <sluice/api_provider.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sluice {
namespace {

// What people call a service, and the service whose models are served there.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kFamilies{{{"azure", "openai"},
                                                                                  {"google", "gemini"},
                                                                                  {"vertex", "gemini"},
                                                                                  {"gemini-openai", "gemini"},
                                                                                  {"claude", "anthropic"},
                                                                                  {"ollama", "local"},
                                                                                  {"vllm", "local"},
                                                                                  {"llamacpp", "local"},
                                                                                  {"gpustack", "local"}}};

std::string_view family_of(std::string_view service) noexcept {
    for (const auto& [name, family] : kFamilies)
        if (name == service) return family;
    return service;
}

ApiProviderOptions api_options(const std::string& name, const EngineProvider& from, const Runtime& runtime) {
    ApiProviderOptions to;
    to.service = from.service.empty() ? name : from.service;
    to.id = name;
    to.api_key = from.api_key;
    to.access_token = from.access_token;
    to.base_url = from.base_url;
    to.dialect = from.dialect;
    to.api_version = from.api_version;
    to.trust_domain = from.trust_domain;
    to.headers = from.headers;
    to.deadlines = from.deadlines;
    to.limits = from.limits;
    to.pool = from.pool;
    to.runtime = runtime;
    return to;
}

std::function<BoundModel(ModelSpec)> binder(const std::string& name, const EngineProvider& from,
                                            const Runtime& runtime) {
    if (from.bind) return from.bind;
    try {
        ApiProvider provider(api_options(name, from, runtime));
        return [provider](ModelSpec spec) { return provider.model(std::move(spec)); };
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("Engine: provider \"" + name + "\": " + error.what());
    }
}

}  // namespace

ProviderSet::ProviderSet(const EngineOptions& options) : registry_(options.registry) {
    if (options.providers.empty()) throw std::invalid_argument("Engine: providers: register at least one");
    for (const auto& [name, from] : options.providers) {
        if (name.empty()) throw std::invalid_argument("Engine: providers: a provider needs a name");
        if (named(name))
            throw std::invalid_argument("Engine: providers: \"" + name + "\" is registered twice");
        Registered& to = providers_.emplace_back();
        to.name = name;
        to.family = family_of(from.service.empty() ? name : from.service);
        to.models = from.models;
        to.default_model = from.default_model;
        to.tags = from.tags;
        to.bind = binder(name, from, options.runtime);
    }
    for (const auto& [model, provider] : options.model_providers) {
        if (!named(provider))
            throw std::invalid_argument("Engine: model_providers: \"" + model + "\" is given to \"" +
                                        provider + "\", which is not registered; there are " + names());
        model_providers_.emplace(model, provider);
    }
}

std::optional<std::size_t> ProviderSet::named(std::string_view name) const {
    for (std::size_t at = 0; at < providers_.size(); ++at)
        if (providers_[at].name == name) return at;
    return std::nullopt;
}

// One that is called so, before one of that kind.
std::optional<std::size_t> ProviderSet::of_family(std::string_view family) const {
    if (const std::optional<std::size_t> namesake = named(family)) return namesake;
    for (std::size_t at = 0; at < providers_.size(); ++at)
        if (providers_[at].family == family) return at;
    return std::nullopt;
}

std::optional<std::size_t> ProviderSet::who_lists(std::string_view id) const {
    for (std::size_t at = 0; at < providers_.size(); ++at) {
        const Registered& provider = providers_[at];
        if (provider.default_model == id) return at;
        if (std::find(provider.models.begin(), provider.models.end(), id) != provider.models.end()) return at;
    }
    return std::nullopt;
}

std::optional<ModelPlace> ProviderSet::find(std::string_view id) const {
    if (id.empty()) return std::nullopt;
    const std::size_t slash = id.find('/');
    if (slash != std::string_view::npos && slash + 1 < id.size()) {
        if (const std::optional<std::size_t> provider = named(id.substr(0, slash)))
            return ModelPlace{*provider, std::string(id.substr(slash + 1)), false};
    }
    std::optional<std::size_t> provider;
    if (const auto mapped = model_providers_.find(id); mapped != model_providers_.end())
        provider = named(mapped->second);
    const ModelSpec* const known_model = registry_.find(id);
    if (!provider && known_model) provider = of_family(known_model->provider_id);
    if (const std::string_view family = ModelRegistry::service_by_name(id); !provider && !family.empty())
        provider = of_family(family);
    if (!provider) provider = who_lists(id);
    const bool named_nowhere = !provider && !(known_model && known_model->provider_id == "local");
    if (!provider) provider = of_family("local");
    if (!provider) return std::nullopt;
    return ModelPlace{*provider, std::string(id), named_nowhere};
}

std::optional<ModelPlace> ProviderSet::default_model(std::size_t provider) const {
    const Registered& from = providers_[provider];
    if (!from.default_model.empty()) return ModelPlace{provider, from.default_model, false};
    if (!from.models.empty()) return ModelPlace{provider, from.models.front(), false};
    return std::nullopt;
}

BoundModel ProviderSet::bind(const ModelPlace& place) const {
    const Registered& provider = providers_[place.provider];
    ModelSpec spec;
    if (const ModelSpec* known = registry_.find(place.model)) spec = *known;
    spec.provider_id = provider.name;
    spec.id = place.model;
    spec.tags.insert(spec.tags.end(), provider.tags.begin(), provider.tags.end());
    return provider.bind(std::move(spec));
}

std::string ProviderSet::names() const {
    std::string all;
    for (const Registered& provider : providers_)
        all.append(all.empty() ? "" : ", ").append(provider.name);
    return all;
}

}  // namespace sluice
