// What is known about models by their ids: which service makes them, window, abilities, list price. An id
// that is not here works all the same; then nothing is known about it.
//
//   sluice::ModelRegistry registry = sluice::ModelRegistry::built_in();
//   sluice::ModelSpec mine("local", "llama3.1:8b");
//   mine.context_window = 32'768;                       // as your server is configured
//   registry.add(mine);
//   const sluice::ModelSpec* known = registry.find("gpt-4o");
//
// List prices change, and contracts differ: what you are billed by is what you add() yourself.
#pragma once

#include <sluice/model_spec.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class ModelRegistry {
  public:
    /// Empty.
    ModelRegistry() = default;
    /// The models that the documentation and the examples name. `provider_id` is the service's name
    /// ("openai"). No price where none is sure; no window where the server's owner sets it.
    static ModelRegistry built_in();

    /// Adds what is known of `spec.id`, or replaces it. Throws std::invalid_argument for an empty id.
    ModelRegistry& add(ModelSpec spec);
    /// By the exact id; null when it is not known. Valid until the next add().
    const ModelSpec* find(std::string_view id) const noexcept;
    /// In order of their ids.
    const std::vector<ModelSpec>& models() const noexcept { return models_; }

    /// The service whose models are named like that: "claude-" anthropic, "gemini-" gemini, "gpt-",
    /// "chatgpt-" and "o" with a digit openai. Empty for any other id.
    static std::string_view service_by_name(std::string_view id) noexcept;

  private:
    std::vector<ModelSpec> models_;  // sorted by id
};

}  // namespace sluice
