#include "gateway/answer_error.hpp"

#include <sluice/attempt.hpp>

#include "gateway/pass_through.hpp"

#include <algorithm>
#include <optional>

namespace sluice::gateway {
namespace {

bool is_about_the_request(ErrorKind kind) noexcept {
    return kind == ErrorKind::context_length_exceeded || is_a(kind, ErrorKind::provider_bad_request);
}

std::vector<const ErrorInfo*> failures(const ErrorInfo& error) {
    std::vector<const ErrorInfo*> failed;
    if (!error.attempts) return failed;
    for (const Attempt& attempt : *error.attempts)
        if (attempt.outcome == Attempt::Outcome::failed) failed.push_back(&attempt.error);
    return failed;
}

template <typename Test>
bool all(const std::vector<const ErrorInfo*>& errors, Test test) {
    return !errors.empty() && std::all_of(errors.begin(), errors.end(),
                                          [&](const ErrorInfo* error) { return test(error->kind); });
}

std::optional<std::chrono::milliseconds> shortest_wait(const std::vector<const ErrorInfo*>& errors) {
    std::optional<std::chrono::milliseconds> shortest;
    for (const ErrorInfo* error : errors)
        if (error->retry_after)
            shortest = std::min(shortest.value_or(*error->retry_after), *error->retry_after);
    return shortest;
}

}  // namespace

ErrorInfo error_for_client(const ErrorInfo& error, std::chrono::milliseconds retry_when_unknown) {
    ErrorInfo told = error;
    if (error.kind == ErrorKind::no_provider_available) {
        if (!told.retry_after || told.retry_after->count() <= 0) told.retry_after = retry_when_unknown;
        return told;
    }
    if (error.kind != ErrorKind::all_providers_failed) return told;
    const std::vector<const ErrorInfo*> failed = failures(error);
    if (all(failed, is_about_the_request)) {
        told = *failed.back();
        told.attempts = error.attempts;
    } else if (all(failed, [](ErrorKind kind) { return is_a(kind, ErrorKind::rate_limited); })) {
        const bool is_money = all(failed, [](ErrorKind kind) { return kind == ErrorKind::quota_exhausted; });
        told.kind = is_money ? ErrorKind::quota_exhausted : ErrorKind::rate_limited;
        told.retry_after = shortest_wait(failed);
    } else if (all(failed, [](ErrorKind kind) { return kind == ErrorKind::provider_timeout; })) {
        told.kind = ErrorKind::provider_timeout;
    } else {
        told.retry_after = shortest_wait(failed);
    }
    return told;
}

HttpAnswer error_answer(const adapters::Dialect& dialect, const ErrorInfo& error, std::string_view metadata) {
    adapters::EncodedError encoded = dialect.encode_error(error);
    HttpAnswer answer(encoded.status, pass_document(encoded.body, PassThroughOptions(), metadata));
    for (auto& [name, value] : encoded.headers) {
        if (name == "content-type")
            answer.content_type = std::move(value);
        else
            answer.headers.add(name, value);
    }
    return answer;
}

}  // namespace sluice::gateway
