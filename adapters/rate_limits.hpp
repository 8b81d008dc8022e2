// Rate-limit header fields of every provider as typed values (PROTOCOLS section 11).
#pragma once

#include <sluice/rate_limit.hpp>

#include "wire/http_response.hpp"

#include <vector>

namespace sluice::adapters {

/// One entry a window, in the order of the fields; at most kMaxRateLimits. Fields that make no sense are
/// skipped.
std::vector<RateLimit> read_rate_limits(const wire::HeaderList& headers);

inline constexpr std::size_t kMaxRateLimits = 32;

}  // namespace sluice::adapters
