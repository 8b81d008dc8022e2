// Who a request is: its id, and its place in a trace (W3C Trace Context, CONVENTIONS of the field).
#pragma once

#include <sluice/entropy.hpp>

#include "wire/http_response.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::gateway {

/// The client's x-request-id if it is one that may stand in a header and a log (at most 128 letters, digits
/// and
/// ._:-), else "req_" and 24 hexadecimal digits.
std::string request_id_for(const wire::HeaderList& headers, Entropy& dice);

struct Trace {
    Trace() = default;
    std::string id;      ///< 32 hexadecimal digits.
    std::string parent;  ///< The client's span; empty for a trace that begins here.
    std::string state;   ///< Its tracestate, unchanged.
    unsigned flags = 3;  ///< Sampled, random id.
};

/// A traceparent that is valid is continued; otherwise a new trace begins, and the tracestate is dropped.
Trace trace_of(const wire::HeaderList& headers, Entropy& dice);
/// A traceparent for a new span of that trace.
std::string traceparent(const Trace& trace, Entropy& dice);

/// 26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random ones. In order of time.
std::string ulid(std::chrono::system_clock::time_point when, Entropy& dice);

}  // namespace sluice::gateway
