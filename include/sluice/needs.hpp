// What a request needs of the model that serves it, and what keeps a model from serving it. Filters ask
// before they select; a need that is not met is a recorded reason, not a failed attempt.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/request.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct Needs {
    Needs() = default;
    bool tools = false;
    bool vision = false;
    bool json_schema = false;
    /// Estimated tokens of the request, on the low side (four bytes of text a token, nothing for images): a
    /// model is passed over only when the request cannot fit.
    Tokens input = 0;
    /// The request's own limit of its answer; absent when it sets none.
    std::optional<Tokens> max_output;
    /// Tags that a target must have, all of them.
    std::vector<std::string> residency;
    /// What one attempt may cost.
    std::optional<PicoUsd> max_cost;
};

/// What can be seen in the request itself: tools, images, a JSON schema, its size.
Needs needs_of(const Request& request);

/// Why `model` cannot serve what `needs` says; absent when it can. What is not known about a model does not
/// speak against it.
std::optional<SkipReason> unmet(const ModelSpec& model, const Needs& needs) noexcept;

/// What one attempt costs: the estimated input and, as output, the request's own limit or the model's, or
/// else 1024 tokens. Absent when the price is not known.
std::optional<PicoUsd> estimated_cost(const ModelSpec& model, const Needs& needs) noexcept;

/// Why a target should not be asked now.
struct Refusal {
    Refusal(SkipReason why) : reason(why) {}
    Refusal(SkipReason why, std::chrono::nanoseconds wait) : reason(why), retry_after(wait) {}
    SkipReason reason;
    /// Until it may be asked again; zero when that is not known.
    std::chrono::nanoseconds retry_after{0};
};

}  // namespace sluice
