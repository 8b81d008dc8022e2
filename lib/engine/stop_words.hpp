// Words that say nothing about a topic: grammar, the words people talk to assistants with, and words that fit
// everywhere. English, and the grammar of German, French, Spanish, Portuguese and Italian where that hides no
// English word.
#pragma once

#include <string_view>

namespace sluice::engine {

/// `word` in lower case, as TextSymbols has it.
bool is_stop_word(std::string_view word) noexcept;

}  // namespace sluice::engine
