#include "adapters/gemini/error_object.hpp"

#include "adapters/error_answer.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>

namespace sluice::adapters::gemini {
namespace {

std::string_view status_word(int status) noexcept {
    switch (status) {
        case 404:
            return "NOT_FOUND";
        case 429:
            return "RESOURCE_EXHAUSTED";
        case 503:
            return "UNAVAILABLE";
        case 504:
            return "DEADLINE_EXCEEDED";
        default:
            return status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
    }
}

/// What status and status word leave open, for ErrorInfo.reason. Empty: nothing.
std::string_view reason_of(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::rate_limited:
            return "RATE_LIMIT_EXCEEDED";
        case ErrorKind::quota_exhausted:
            return "INSUFFICIENT_QUOTA";
        case ErrorKind::provider_overloaded:
        case ErrorKind::no_provider_available:
            return "OVERLOADED";
        case ErrorKind::context_length_exceeded:
            return "CONTEXT_LENGTH_EXCEEDED";
        case ErrorKind::provider_auth_failed:
            return "AUTHENTICATION_ERROR";
        case ErrorKind::model_not_found:
            return "MODEL_NOT_FOUND";
        case ErrorKind::content_filtered:
            return "CONTENT_FILTERED";
        default:
            return {};
    }
}

/// A protobuf Duration: "48s", "1.500s".
std::string duration(std::chrono::milliseconds delay) {
    const std::int64_t whole = std::max<std::int64_t>(delay.count(), 0);
    std::string text = std::to_string(whole / 1000);
    if (whole % 1000 != 0) text.append(".").append(std::to_string(1000 + whole % 1000).substr(1));
    return text.append("s");
}

std::string message_of(const ErrorInfo& error) {
    std::string text = message_for_client(error);
    if (error.kind == ErrorKind::context_length_exceeded && error.tokens_in && error.context_window)
        text.append(" The input token count (" + std::to_string(*error.tokens_in) +
                    ") exceeds the maximum number of tokens allowed (" +
                    std::to_string(*error.context_window) + ").");
    return text;
}

}  // namespace

std::string error_object(const ErrorInfo& error, int status) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object().key("error").begin_object();
    json.key("code").number(status).key("message").string(message_of(error));
    json.key("status").string(status_word(status));
    const std::string_view reason = reason_of(error.kind);
    if (!reason.empty() || error.retry_after) {
        json.key("details").begin_array();
        if (!reason.empty()) {
            json.begin_object().key("@type").string("type.googleapis.com/google.rpc.ErrorInfo");
            json.key("reason").string(reason).key("domain").string("sluice").end_object();
        }
        if (error.retry_after) {
            json.begin_object().key("@type").string("type.googleapis.com/google.rpc.RetryInfo");
            json.key("retryDelay").string(duration(*error.retry_after)).end_object();
        }
        json.end_array();
    }
    json.end_object().end_object();
    return out;
}

}  // namespace sluice::adapters::gemini
