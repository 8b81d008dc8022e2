// OpenAI Chat Completions and everything compatible with it (PROTOCOLS sections 3 and 7).
#pragma once

#include "adapters/dialect.hpp"

namespace sluice::adapters::openai_chat {

/// Stateless; one for the process.
const Dialect& dialect();

}  // namespace sluice::adapters::openai_chat
