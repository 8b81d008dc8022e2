// Asks a model for a completion of next to nothing, to see whether it works: the probe that every model can
// answer.
#pragma once

#include <sluice/bound_model.hpp>

namespace sluice {

/// Reads the answer to its end, so that its usage is known; a failure in its middle is a failed probe.
/// `target`, a real model, and `events` live until it completes. Throws on cancellation only.
asio::awaitable<Result<void>> probe_completion(const ModelTarget& target, Tokens max_tokens,
                                               TimePoint deadline, const AttemptEvents& events);

}  // namespace sluice
