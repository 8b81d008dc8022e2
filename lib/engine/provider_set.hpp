// The engine's providers by name, and which of them serves a model.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/engine.hpp>
#include <sluice/model_registry.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A model and the place of its provider in the order of registration.
struct ModelPlace {
    std::size_t provider = 0;
    std::string model;
    bool guessed = false;  ///< Nobody names it: it is asked where everything may be.
    bool same_target(const ModelPlace& other) const noexcept {
        return provider == other.provider && model == other.model;
    }
};

class ProviderSet {
  public:
    /// Throws std::invalid_argument as Engine does.
    explicit ProviderSet(const EngineOptions& options);

    /// Who serves `id`, by the first rule that says so: "provider/model" with a registered name, or
    /// EngineOptions::model_providers; the registry; what it is called like; a provider that lists it; a
    /// provider that is `local`. An id may itself have slashes and colons.
    std::optional<ModelPlace> find(std::string_view id) const;
    /// Of the provider at that place: its default model, or the first that it lists.
    std::optional<ModelPlace> default_model(std::size_t provider) const;
    BoundModel bind(const ModelPlace& place) const;

    std::size_t size() const noexcept { return providers_.size(); }
    /// "openai, gemini"
    std::string names() const;

  private:
    struct Registered {
        std::string name;
        std::string family;  // the service whose models it serves: "openai" also for Azure
        std::vector<std::string> models;
        std::string default_model;
        std::vector<std::string> tags;
        std::function<BoundModel(ModelSpec)> bind;
    };

    std::optional<std::size_t> named(std::string_view name) const;
    std::optional<std::size_t> of_family(std::string_view family) const;
    std::optional<std::size_t> who_lists(std::string_view id) const;

    std::vector<Registered> providers_;
    std::map<std::string, std::string, std::less<>> model_providers_;
    ModelRegistry registry_;
};

}  // namespace sluice
