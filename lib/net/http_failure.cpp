#include "net/http_failure.hpp"

#include <string>

#include "net/failure_codes.hpp"
#include "wire/error.hpp"

namespace sluice::net {
namespace {

std::string within(Deadlines::Limit limit) {
    return " within " + std::to_string(limit.count()) + " ms";
}

std::string timeout_text(Phase phase, const Deadlines& limits, bool in_grace) {
    if (in_grace && phase == Phase::idle)
        return "no end of the stream after its finish reason" + within(limits.grace);
    switch (phase) {
        case Phase::connect:
            return "no connection" + within(limits.connect);
        case Phase::headers:
            return "no response head" + within(limits.headers);
        case Phase::first_event:
            return "no first event" + within(limits.first_event);
        case Phase::idle:
            return "no further content" + within(limits.idle);
        case Phase::leg:
            return "attempt not over" + within(limits.leg);
        default:
            return "the request's time is used up";
    }
}

bool is_truncation(std::error_code error) noexcept {
    return error.category() != wire::wire_category() || error == wire::WireError::body_truncated;
}

}  // namespace

ErrorInfo connect_failure(const Origin& origin, std::error_code error) {
    const std::string where = origin.host + ":" + std::to_string(origin.port);
    std::string what = "could not connect to " + where + ": " + error.message();
    if (error == ConnectError::resolve_failed) what = "could not resolve " + origin.host;
    if (error == ConnectError::connect_failed) what = where + " refused the connection or cannot be reached";
    if (error == ConnectError::tls_failed) what = "TLS handshake with " + where + " failed";
    if (error == ConnectError::certificate_rejected) what = "certificate of " + where + " was rejected";
    if (error == ConnectError::proxy_refused) what = "proxy refused to connect to " + where;
    ErrorInfo failure(ErrorKind::provider_unavailable, Phase::connect, std::move(what));
    // Told apart by machines too: it is the one failure to connect that waiting never mends.
    if (error == ConnectError::tls_failed || error == ConnectError::certificate_rejected)
        failure.code = kTlsCode;
    return failure;
}

ErrorInfo send_failure(std::error_code error) {
    return ErrorInfo(ErrorKind::provider_unavailable, Phase::send,
                     "connection lost while sending the request: " + error.message());
}

ErrorInfo head_failure(std::error_code error, bool started) {
    std::string what = error.message();
    if (is_truncation(error)) {
        what = started ? "connection lost within the response head" : "connection lost before an answer";
        if (error != wire::WireError::body_truncated) what += ": " + error.message();
    }
    ErrorInfo failure(ErrorKind::provider_unavailable, Phase::headers, std::move(what));
    if (!is_truncation(error)) failure.code = kProtocolCode;
    return failure;
}

ErrorInfo body_failure(std::error_code error, Phase phase) {
    if (error == wire::WireError::body_truncated)
        return ErrorInfo(ErrorKind::stream_truncated, phase, error.message());
    if (is_truncation(error))
        return ErrorInfo(ErrorKind::stream_truncated, phase,
                         "connection lost within the answer: " + error.message());
    return ErrorInfo(ErrorKind::provider_unavailable, phase, error.message());
}

ErrorInfo timeout_failure(Phase phase, const Deadlines& limits, bool in_grace) {
    return ErrorInfo(ErrorKind::provider_timeout, phase, timeout_text(phase, limits, in_grace));
}

}  // namespace sluice::net
