#include "adapters/error_answer.hpp"

#include <algorithm>

namespace sluice::adapters {

int status_for_client(const ErrorInfo& error) noexcept {
    switch (error.kind) {
        case ErrorKind::rate_limited:
        case ErrorKind::quota_exhausted:
            return 429;
        case ErrorKind::provider_overloaded:
        case ErrorKind::no_provider_available:
            return 503;
        case ErrorKind::provider_timeout:
            return 504;
        case ErrorKind::context_length_exceeded:
        case ErrorKind::content_filtered:
            return 400;
        case ErrorKind::provider_bad_request:
            return error.status == 413 || error.status == 422 ? error.status : 400;
        case ErrorKind::model_not_found:
            return 404;
        case ErrorKind::provider_error:
        case ErrorKind::provider_unavailable:
        case ErrorKind::stream_truncated:
        case ErrorKind::all_providers_failed:
        case ErrorKind::provider_auth_failed:
            return 502;
    }
    return 500;
}

std::string message_for_client(const ErrorInfo& error) {
    std::string text = error.message.empty() ? std::string(class_name(error.kind)) : error.message;
    if (!error.provider_message.empty()) text.append(": ").append(error.provider_message);
    return text;
}

EncodedError error_answer(const ErrorInfo& error, int status, std::string body) {
    EncodedError answer;
    answer.status = status;
    answer.headers.emplace_back("content-type", "application/json");
    if (error.retry_after) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(
            std::max(*error.retry_after, std::chrono::milliseconds(0)));
        answer.headers.emplace_back("retry-after", std::to_string(seconds.count()));
    }
    // Official clients ask again after any 429 and 5xx; this header stops them (PROTOCOLS section 12).
    if ((status == 429 || status >= 500) && !can_retry_same_target(error))
        answer.headers.emplace_back("x-should-retry", "false");
    answer.body = std::move(body);
    return answer;
}

}  // namespace sluice::adapters
