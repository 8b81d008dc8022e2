// What is known about a model: who serves it, how large its window is, what it can do, what it costs.
#pragma once

#include <sluice/money.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// What a model can do. Unknown models are given the benefit of the doubt (everything on).
struct Capabilities {
    bool tools = true;
    bool vision = true;
    bool json_schema = true;
    bool reasoning = true;
};

struct ModelSpec {
    ModelSpec() = default;
    ModelSpec(std::string provider, std::string model)
        : provider_id(std::move(provider)), id(std::move(model)) {}

    std::string provider_id;
    std::string id;
    /// Tokens; absent when unknown.
    std::optional<Tokens> context_window;
    std::optional<Tokens> max_output;
    Capabilities capabilities;
    Price price;
    /// Where it runs and what it is fit for, in your own words ("local", "eu"): CallOptions::residency
    /// demands them.
    std::vector<std::string> tags;
};

}  // namespace sluice
