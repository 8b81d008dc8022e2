// The words of a text that say what it is about, as hashes: one case, endings off, words without content
// left out. Of scripts without spaces between words, pairs of characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::engine {

using Word = std::uint64_t;

struct ContentWords {
    std::vector<Word> words;           ///< In order, as often as they are said.
    std::vector<std::size_t> clauses;  ///< Where in `words` each clause ends; none is empty.
};

/// Of the first `limit` bytes. Malformed UTF-8 separates words.
ContentWords content_words(std::string_view text, std::size_t limit);

/// A hash of the text as it reads: case, white space and punctuation make no difference. 0 when there is
/// nothing but these. Of the first `limit` bytes and of the size of what is beyond.
Word wording(std::string_view text, std::size_t limit);

}  // namespace sluice::engine
