// The character at the front of a text, whatever bytes it is made of.
//
//   for (Utf8Front front; !text.empty(); text.remove_prefix(front.size)) {
//       front = utf8_front(text);
//       if (front.valid) look_at(front.character);
//   }
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::wire {

struct Utf8Front {
    std::size_t size = 0;  ///< Bytes, never 0.
    bool valid = false;
    char32_t character = 0xFFFD;  ///< U+FFFD when it is not valid.
};

/// `text` is not empty. What is ill-formed is taken as a maximal subpart (Unicode 3.9, table 3-8): what a
/// decoder replaces by a single U+FFFD, and never less than one byte.
inline Utf8Front utf8_front(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {1, true, lead};
    std::size_t size = 0;
    unsigned char second_low = 0x80,
                  second_high = 0xBF;  // narrowed where overlong forms, surrogates or > U+10FFFF lie
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        if (lead == 0xE0) second_low = 0xA0;
        if (lead == 0xED) second_high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        if (lead == 0xF0) second_low = 0x90;
        if (lead == 0xF4) second_high = 0x8F;
    } else {
        return {1};
    }
    if (text.size() < 2 || byte(1) < second_low || byte(1) > second_high) return {1};
    char32_t character = (lead & (0xFFu >> (size + 1))) << 6 | (byte(1) & 0x3Fu);
    for (std::size_t i = 2; i < size; ++i) {
        if (i == text.size() || (byte(i) & 0xC0) != 0x80) return {i};
        character = character << 6 | (byte(i) & 0x3Fu);
    }
    return {size, true, character};
}

}  // namespace sluice::wire
