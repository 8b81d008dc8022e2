// One leg of a combinator: opened, looked at until its first answer, and recorded. What the gate, the
// selection, the retry and the hedge have in common.
#pragma once

#include <sluice/bound_model.hpp>

#include "model/call_state.hpp"

#include <optional>
#include <vector>

namespace sluice {

/// A leg that did not make it: why, and what it is known to have used.
struct LegFailure {
    LegFailure() = default;
    ErrorInfo error;
    std::optional<Usage> usage;
    /// Of a leg that is a combinator itself: what it had recorded before this end.
    std::vector<Attempt> earlier;
};

/// What stands against a leg that was opened and peeked: it could not be opened, or its first answer is a
/// Failure. Takes the error out of `opened`; its stream, if it has one, is still to be closed.
std::optional<LegFailure> failure_of(Result<TokenStream>& opened);

/// Opens `leg` and looks at its first answer. However it fails, it comes out as the same typed error, and the
/// leg has been closed before this completes. Then `failure` is set. All arguments live until then. Throws on
/// cancellation only.
asio::awaitable<std::optional<TokenStream>> try_leg(const BoundModel& leg, const Request& request,
                                                    const CallContext& context,
                                                    std::optional<LegFailure>& failure);

/// The record of a leg that failed.
Attempt record_of(const ModelSpec& leg, const LegFailure& failure, Duration duration);
/// Appends what the leg itself had recorded, and then its end: `record`, or what that one sums up.
void append_attempts(std::vector<Attempt>& attempts, LegFailure failure, Attempt record);

/// AllProvidersFailed for `attempts`, which it does not take; NoProviderAvailable when nobody was asked. Not
/// empty. `retry_after` is the smallest of them.
ErrorInfo exhausted(const std::vector<Attempt>& attempts);
/// `error` with `attempts`, if they say more than the error itself.
ErrorInfo with_attempts(ErrorInfo error, std::vector<Attempt> attempts);

/// The request's total deadline ran out: no leg can help.
bool budget_is_spent(const ErrorInfo& error) noexcept;

}  // namespace sluice
