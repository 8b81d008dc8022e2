// The transform_context hook, where the request meets the model that gets it.
#pragma once

#include <sluice/bound_model.hpp>

#include <optional>

namespace sluice {

/// The request to send to `target`: `request` itself, or, when there is a hook, what it made of a copy, which
/// is kept in `changed`. What the hook throws is a ProviderBadRequest of phase prepare.
Result<const Request*> fit_request(const TransformContext& hook, const ModelSpec& target,
                                   const Request& request, std::optional<Request>& changed);

}  // namespace sluice
