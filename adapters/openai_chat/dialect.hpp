// OpenAI Chat Completions and everything compatible with it (PROTOCOLS sections 3 and 7).
#pragma once

#include "adapters/dialect.hpp"

namespace sluice::adapters::openai_chat {

/// Stateless; one for the process.
const Dialect& dialect();

/// The request body. `max_tokens` goes out as `max_completion_tokens` to the providers "openai" and "azure",
/// whose reasoning models insist on it, and as `max_tokens` to all others, of which few know the new name.
Result<EncodedRequest> encode_request(const Request& request, const ModelSpec& model);

}  // namespace sluice::adapters::openai_chat
