// How long a provider asks us to wait, in every form of PROTOCOLS section 11.
#pragma once

#include "wire/http_response.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::adapters {

/// retry-after-ms and retry-after (integer or float seconds, a duration, or an HTTP date, read against the
/// answer's own Date field because no clock is at hand here and the two then agree). Contradictory hints: the
/// longest one wins. Every hint of this header is clamped to [0, 24 h]; garbage is ignored.
std::optional<std::chrono::milliseconds> retry_after_from_headers(const wire::HeaderList& headers);
/// For a 429 or 503, the reset time of those rate-limit windows whose `...remaining...` field says 0. A
/// weaker hint than the others: it tells when the window is full again, not when the next request fits.
std::optional<std::chrono::milliseconds> limit_reset_from_headers(const wire::HeaderList& headers,
                                                                  int status);
/// The first of the two above that says something.
std::optional<std::chrono::milliseconds> retry_hint_from_headers(const wire::HeaderList& headers, int status);
/// From text: "Please try again in 1m2.5s", "retry in 48.9s", "retry after 26 seconds".
std::optional<std::chrono::milliseconds> retry_hint_from_text(std::string_view text);
/// A duration string: Go style ("1h2m3s", "6m0s", "644ms", "1.2s"), protobuf ("34.4s"), or a bare number of
/// seconds. Fractions of a millisecond are rounded up.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// A reset field of a rate limit: a duration, an RFC 3339 time, or an epoch in seconds or milliseconds; times
/// are read against the answer's Date.
std::optional<std::chrono::milliseconds> parse_reset(std::string_view text, const wire::HeaderList& headers);
/// IMF-fixdate, RFC 850 or asctime (RFC 9110 section 5.6.7).
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);
/// RFC 3339, as in Anthropic's rate-limit fields: "2026-01-31T12:00:00Z", with optional fraction and offset.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace sluice::adapters
