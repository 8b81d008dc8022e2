// Why bytes could not be understood. Values only: the caller adds provider, model, status and phase.
#pragma once

#include <system_error>

namespace sluice::wire {

enum class WireError {
    line_too_long = 1,     ///< One SSE line is longer than the event limit.
    event_too_large,       ///< One SSE event exceeds the event limit.
    held_too_large,        ///< More metadata than the held limit, and still no event.
    stream_too_large,      ///< The whole body exceeds the stream limit.
    bad_status_line,       ///< Not an HTTP/1.x response.
    bad_header,            ///< A header field that HTTP does not allow.
    head_too_large,        ///< Status line and fields exceed the head limit.
    bad_chunk,             ///< A chunk size or delimiter that HTTP does not allow.
    bad_framing,           ///< Contradictory or unsupported Content-Length / Transfer-Encoding.
    body_truncated,        ///< The connection ended before the body was complete.
    bad_encoding,          ///< The body's gzip or deflate coding is broken.
    unsupported_encoding,  ///< A Content-Encoding we did not ask for.
    body_too_large,        ///< A body exceeds its limit, after decompression.
    bad_request_field,     ///< A request field with CR, LF, NUL or another byte HTTP does not allow.
};

/// Category "sluice.wire"; message() says what happened and, where there is a limit, which one to raise.
const std::error_category& wire_category() noexcept;
std::error_code make_error_code(WireError error) noexcept;

}  // namespace sluice::wire

template <>
struct std::is_error_code_enum<sluice::wire::WireError> : std::true_type {};
