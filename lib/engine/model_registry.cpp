#include <sluice/model_registry.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

struct Known {
    std::string_view id;
    std::string_view service;
    Tokens window;      // 0: the server's owner sets it
    Tokens max_output;  // 0: not known
    Capabilities can;
    // USD per million tokens, as the service lists them; empty: not known to us.
    std::string_view input;
    std::string_view cached;
    std::string_view output;
};

constexpr Capabilities kAll{true, true, true, true};
constexpr Capabilities kNoReasoning{true, true, true, false};
constexpr Capabilities kTextOnly{true, false, false, false};

constexpr std::array kKnown{
    Known{"gpt-4", "openai", 8'192, 8'192, kTextOnly, "30", "", "60"},
    Known{"gpt-4o", "openai", 128'000, 16'384, kNoReasoning, "2.50", "1.25", "10"},
    Known{"gpt-4o-mini", "openai", 128'000, 16'384, kNoReasoning, "0.15", "0.075", "0.60"},
    Known{"gpt-5", "openai", 400'000, 128'000, kAll, "1.25", "0.125", "10"},
    Known{"claude-3-sonnet-20240229", "anthropic", 200'000, 4'096, {true, true, false, false}, "3", "", "15"},
    Known{"claude-sonnet-4-20250514", "anthropic", 200'000, 64'000, kAll, "3", "0.30", "15"},
    Known{"claude-opus-4-6", "anthropic", 200'000, 128'000, kAll, "5", "0.50", "25"},
    Known{"claude-opus-4-8", "anthropic", 200'000, 0, kAll, "", "", ""},
    Known{"gemini-2.5-flash", "gemini", 1'048'576, 65'536, kAll, "0.30", "", "2.50"},
    Known{"gemini-3-flash-preview", "gemini", 1'048'576, 65'536, kAll, "0.50", "", "3"},
    Known{"llama3.1:8b", "local", 0, 0, {true, false, true, false}, "", "", ""},
};

std::optional<PicoUsd> price(std::string_view per_million) {
    if (per_million.empty()) return std::nullopt;
    return Price::per_million(per_million);
}

ModelSpec spec_of(const Known& known) {
    ModelSpec spec{std::string(known.service), std::string(known.id)};
    if (known.window != 0) spec.context_window = known.window;
    if (known.max_output != 0) spec.max_output = known.max_output;
    spec.capabilities = known.can;
    spec.price.input = price(known.input);
    spec.price.cached_input = price(known.cached);
    spec.price.output = price(known.output);
    return spec;
}

auto place_of(const std::vector<ModelSpec>& models, std::string_view id) {
    return std::lower_bound(models.begin(), models.end(), id,
                            [](const ModelSpec& spec, std::string_view wanted) { return spec.id < wanted; });
}

}  // namespace

ModelRegistry ModelRegistry::built_in() {
    ModelRegistry registry;
    for (const Known& known : kKnown)
        registry.add(spec_of(known));
    return registry;
}

ModelRegistry& ModelRegistry::add(ModelSpec spec) {
    if (spec.id.empty()) throw std::invalid_argument("ModelRegistry::add: a model needs an id");
    const auto place = place_of(models_, spec.id);
    const auto at = static_cast<std::size_t>(place - models_.begin());
    if (place != models_.end() && place->id == spec.id)
        models_[at] = std::move(spec);
    else
        models_.insert(place, std::move(spec));
    return *this;
}

const ModelSpec* ModelRegistry::find(std::string_view id) const noexcept {
    const auto place = place_of(models_, id);
    return place != models_.end() && place->id == id ? &*place : nullptr;
}

std::string_view ModelRegistry::service_by_name(std::string_view id) noexcept {
    if (id.starts_with("claude-")) return "anthropic";
    if (id.starts_with("gemini-")) return "gemini";
    if (id.starts_with("gpt-") || id.starts_with("chatgpt-")) return "openai";
    if (id.size() >= 2 && id[0] == 'o' && id[1] >= '0' && id[1] <= '9') return "openai";
    return {};
}

}  // namespace sluice
