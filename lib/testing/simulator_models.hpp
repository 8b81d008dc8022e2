// Which answer the simulator gives by the model's name: the built-in models, and "sim:..." scripts.
#pragma once

#include <sluice/testing/simulator.hpp>

#include <cstddef>
#include <span>
#include <string_view>

#include "testing/simulated_request.hpp"

namespace sluice::testing {

/// What an answer may depend on.
struct Asked {
    Asked(const SimulatedRequest& what, std::size_t which) : request(what), turn(which) {}
    const SimulatedRequest& request;
    std::size_t turn;  ///< Earlier requests for this model at this simulator.
};

struct BuiltInModel {
    std::string_view name;
    std::string_view sentence;
    SimulatedAnswer (*answer)(const Asked& asked);
};

std::span<const BuiltInModel> built_in_models() noexcept;

/// A built-in model or a "sim:" script; 404 for another name that starts with "sim-" (a typing error), else
/// as "sim-ok".
SimulatedAnswer answer_by_name(const Asked& asked);

/// "status=503,delay_first=200ms,...": docs/simulator.md. What cannot be understood gets a 400 that says so.
SimulatedAnswer answer_by_script(std::string_view script, const Asked& asked);

/// The canned answer of "sim-ok".
SimulatedAnswer canned_answer();
/// Those of "sim-reasoning", "sim-tools" and "sim-refusal".
SimulatedAnswer thoughtful_answer();
SimulatedAnswer tool_answer();
SimulatedAnswer refusing_answer();
SimulatedAnswer failure(SimulatedError error);
/// The kind of error that such a status mostly means, with that status.
SimulatedError error_of_status(int status);

/// Whether this key is one that is rejected everywhere.
bool is_bad_key(std::string_view key) noexcept;

}  // namespace sluice::testing
