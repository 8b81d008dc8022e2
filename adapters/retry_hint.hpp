// How long a provider asks us to wait, in every form of PROTOCOLS section 11.
#pragma once

#include "wire/http_response.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::adapters {

/// From retry-after-ms, retry-after (integer or float seconds, or an HTTP date, read against the answer's own Date field
/// because no clock is at hand here and the two then agree), and, for a 429 or 503
/// without either, the x-ratelimit-reset-* headers that are exhausted. Contradictory hints: the longest positive one wins.
/// Negative and absurd values (over a day) are clamped to [0, 24 h]; garbage is ignored.
std::optional<std::chrono::milliseconds> retry_hint_from_headers(const wire::HeaderList& headers, int status);
/// From text: "Please try again in 1m2.5s", "retry in 48.9s", "try again in 644ms".
std::optional<std::chrono::milliseconds> retry_hint_from_text(std::string_view text);
/// A duration string: Go style ("1h2m3s", "6m0s", "644ms", "1.2s"), protobuf ("34.4s"), or a bare number of seconds.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// IMF-fixdate, RFC 850 or asctime (RFC 9110 section 5.6.7).
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);

}  // namespace sluice::adapters
