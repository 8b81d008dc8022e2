// What of an error every dialect tells a client in the same way.
#pragma once

#include "adapters/dialect.hpp"

#include <string>

namespace sluice::adapters {

/// The HTTP status a client of OpenAI's manners expects for that kind: 429, 503, 504, 400, 404, ... (never
/// the provider's 401 or 403 as such: that is our key's trouble, and a 502 to the client). Anthropic has 529
/// too.
int status_for_client(const ErrorInfo& error) noexcept;
/// Our words, and the provider's behind them where it gave some. The client wrote the prompt that these may
/// quote.
std::string message_for_client(const ErrorInfo& error);
/// `status`, content-type, retry-after (whole seconds, rounded up) and x-should-retry for that error, around
/// `body`.
EncodedError error_answer(const ErrorInfo& error, int status, std::string body);

}  // namespace sluice::adapters
