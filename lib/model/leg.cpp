#include "model/leg.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace sluice {

std::optional<LegFailure> failure_of(Result<TokenStream>& opened) {
    std::optional<LegFailure> failure;
    if (!opened) {
        failure.emplace().error = std::move(opened).error();
    } else if (const Failure* failed = opened->peeked()->as<Failure>()) {
        failure.emplace().error = failed->error();
        failure->usage = opened->usage();
        failure->earlier.assign(opened->attempts().begin(), opened->attempts().end());
    }
    return failure;
}

asio::awaitable<std::optional<TokenStream>> try_leg(const BoundModel& leg, const Request& request,
                                                    const CallContext& context,
                                                    std::optional<LegFailure>& failure) {
    Result<TokenStream> opened = co_await leg.open(request, context);
    if (opened) co_await opened->peek();
    failure = failure_of(opened);
    if (!failure) co_return std::move(*opened);
    if (opened) co_await opened->close();
    co_return std::nullopt;
}

Attempt record_of(const ModelSpec& leg, const LegFailure& failure, Duration duration) {
    Attempt record;
    // A leg that is a combinator is called by its primary's name, and another of its parts may have failed.
    const bool is_named = !failure.error.provider.empty();
    record.provider = is_named ? failure.error.provider : leg.provider_id;
    record.model = is_named ? failure.error.model : leg.id;
    record.error = failure.error;
    record.usage = failure.usage;
    record.duration = duration;
    return record;
}

void append_attempts(std::vector<Attempt>& attempts, LegFailure failure, Attempt record) {
    std::move(failure.earlier.begin(), failure.earlier.end(), std::back_inserter(attempts));
    if (const auto inner = record.error.attempts) {
        attempts.insert(attempts.end(), inner->begin(), inner->end());
    } else {
        attempts.push_back(std::move(record));
    }
}

ErrorInfo exhausted(const std::vector<Attempt>& attempts) {
    const Attempt& last = last_failed(attempts);
    const bool asked = last.outcome == Attempt::Outcome::failed;
    ErrorInfo error(
        asked ? ErrorKind::all_providers_failed : ErrorKind::no_provider_available, last.error.phase,
        asked ? "every provider of the chain failed; the last error was: " + describe(last.error)
              : "no provider of the chain could be asked; the last one was " + last.error.message);
    error.provider = attempts.front().provider;
    error.model = attempts.front().model;
    for (const Attempt& attempt : attempts) {
        const auto& hint = attempt.error.retry_after;
        if (hint && (!error.retry_after || *hint < *error.retry_after)) error.retry_after = hint;
    }
    return error;
}

ErrorInfo with_attempts(ErrorInfo error, std::vector<Attempt> attempts) {
    const bool is_summary =
        error.kind == ErrorKind::all_providers_failed || error.kind == ErrorKind::no_provider_available;
    if (attempts.size() > 1 || is_summary)
        error.attempts = std::make_shared<const std::vector<Attempt>>(std::move(attempts));
    return error;
}

bool budget_is_spent(const ErrorInfo& error) noexcept {
    return error.kind == ErrorKind::provider_timeout && error.phase == Phase::total;
}

}  // namespace sluice
