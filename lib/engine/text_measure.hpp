// What of a text tokenizers tell apart, counted. A dialect's weights make tokens of it (token_scale.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::engine {

enum class Trait : std::uint8_t {
    word,         // a run of Latin letters, split where a capital follows a small one
    long_word,    // letters of a word beyond the sixth
    accented,     // Latin letters beyond ASCII, counted on top of their word
    digit_group,  // three digits, or what is left of a number
    digit,
    mark,              // runs of ASCII punctuation
    more_marks,        // their marks beyond the first
    line_break,        // runs of white space with a line's end in them
    break_after_mark,  // of these, those behind punctuation: mostly one token with it
    gap,               // two spaces or more, also as indentation
    cyrillic,          // from here: characters
    greek,
    hebrew,
    arabic,
    indic,
    thai,
    kana,
    ideograph,
    hangul,
    symbol,
    emoji,
    joiner,     // what combines characters, or varies them
    rare,       // bytes of the characters of all other scripts
    malformed,  // bytes that are no UTF-8
};
inline constexpr std::size_t kTraits = static_cast<std::size_t>(Trait::malformed) + 1;

using TextMeasure = std::array<std::uint64_t, kTraits>;

TextMeasure measure(std::string_view text) noexcept;

}  // namespace sluice::engine
