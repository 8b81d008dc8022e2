// Who a request is: its id, and its place in a trace (W3C Trace Context, CONVENTIONS of the field).
#pragma once

#include <sluice/bound_model.hpp>
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

/// The trace of a valid traceparent is continued; otherwise a new one begins, and the tracestate is dropped.
TraceContext trace_of(const wire::HeaderList& headers, Entropy& dice);

/// "evt_" and a ULID, 26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random ones. In order
/// of time.
std::string event_id(std::chrono::system_clock::time_point when, Entropy& dice);

}  // namespace sluice::gateway
