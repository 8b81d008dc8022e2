// What the gateway itself says no to: an HTTP status with a body in the words of the client's dialect.
#pragma once

#include "gateway/reply.hpp"

#include <string_view>

namespace sluice::gateway {

/// `dialect` is a dialect's name, or empty: then OpenAI's shape, which the most clients can read. `code` is a
/// machine's word ("invalid_api_key"). 401, 403, 404, 405, 408, 413, 415, 429, 431, 500, 501, 503 and 505.
HttpAnswer refusal(std::string_view dialect, int status, std::string_view code, std::string_view message);

/// The dialect that a path belongs to, by what it begins with; empty when it is none's.
std::string_view dialect_of_path(std::string_view path) noexcept;

}  // namespace sluice::gateway
