// What a failed exchange is called: transport errors and deadlines as ErrorInfo, in our own words. The host
// is named; a path, a key or a byte of the answer never is.
#pragma once

#include <sluice/connector.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/error.hpp>

#include <system_error>

namespace sluice::net {

/// No connection to `origin`.
ErrorInfo connect_failure(const Origin& origin, std::error_code error);
/// The request could not be written.
ErrorInfo send_failure(std::error_code error);
/// No response head, for a transport or a wire error. `started`: some of it came.
ErrorInfo head_failure(std::error_code error, bool started);
/// No whole body, for a transport or a wire error.
ErrorInfo body_failure(std::error_code error, Phase phase);
/// A deadline ran out. `in_grace`: after the finish reason.
ErrorInfo timeout_failure(Phase phase, const Deadlines& limits, bool in_grace);

}  // namespace sluice::net
