// What the simulator knows of a request: who speaks which dialect, to which model, and what was said.
#pragma once

#include <sluice/testing/simulator.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "testing/simulated_route.hpp"
#include "wire/http_response.hpp"

namespace sluice::testing {

struct SimulatedRequest {
    SimulatedRequest() = default;
    SimulatedRequest(Route where, std::string api_key)
        : route(std::move(where)), model(route.model), key(std::move(api_key)) {}

    Route route;
    std::string model;
    std::string key;
    bool stream = false;
    bool include_usage = false;
    std::string last_user_text;     ///< Of the last message of the user; its text parts joined.
    std::size_t prompt_tokens = 0;  ///< A rough count: what the usage reports.

    Protocol protocol() const noexcept { return route.protocol; }
    /// Reads the body as its dialect does, and insists on what that dialect's provider insists on. Returns
    /// what is wrong with it.
    std::optional<SimulatedError> parse(std::string_view path, std::string_view body,
                                        const wire::HeaderList& headers);
};

/// The key, from where that dialect has it.
std::string key_of(Protocol protocol, const wire::HeaderList& headers, std::string_view query);

}  // namespace sluice::testing
