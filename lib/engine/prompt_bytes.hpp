// What one byte of a prompt is to a reader of words, and how words are hashed: shared by the index of the
// lexicons, which is built when it is compiled, and the reader, which runs for every prompt.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::engine {

// Anything above is part of a word, and itself in lower case.
inline constexpr std::uint8_t kGap = 0;   // between words
inline constexpr std::uint8_t kStop = 1;  // also ends a phrase
inline constexpr std::uint8_t kMark = 2;  // the first byte of a character of several bytes that may be a gap

/// An underscore joins, so that `plan_id` is not about a plan; an apostrophe and a hyphen separate, so that
/// "Python's" is about Python and "step-by-step" is a phrase.
constexpr std::array<std::uint8_t, 256> make_byte_kinds() {
    std::array<std::uint8_t, 256> kinds{};
    for (std::size_t byte = 0x80; byte < 256; ++byte)
        kinds[byte] = static_cast<std::uint8_t>(byte);
    for (std::uint8_t letter = 'a'; letter <= 'z'; ++letter)
        kinds[letter] = kinds[static_cast<std::size_t>(letter - 'a' + 'A')] = letter;
    for (std::uint8_t digit = '0'; digit <= '9'; ++digit)
        kinds[digit] = digit;
    kinds['_'] = '_';
    for (const char stop : std::string_view(".!?;:"))
        kinds[static_cast<unsigned char>(stop)] = kStop;
    kinds[0xc2] = kinds[0xe2] = kMark;
    return kinds;
}
inline constexpr std::array<std::uint8_t, 256> kByteKinds = make_byte_kinds();

constexpr std::uint8_t kind_of(char byte) {
    return kByteKinds[static_cast<unsigned char>(byte)];
}

/// How many bytes of a gap begin at a byte of the kind kMark: U+0080 to U+00BF (no-break space, guillemets)
/// and U+2000 to U+207F (dashes, curly quotes, ellipsis). 0: it is part of a word.
constexpr std::size_t long_gap(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    if (byte(at) == 0xc2U) return continues(at + 1) ? 2 : 0;
    return (byte(at + 1) & 0xfeU) == 0x80U && continues(at + 2) ? 3 : 0;
}

/// Cheap by the byte. Letters and digits have seven bits, so up to nine of them are all kept; words are
/// compared where it matters.
struct WordHash {
    std::uint64_t state = 0;
    constexpr void add(std::uint8_t kind) { state = std::rotl(state, 7) ^ kind; }
    constexpr std::uint32_t value() const {
        return static_cast<std::uint32_t>((state * 0x9e37'79b9'7f4a'7c15U) >> 32U);
    }
};

}  // namespace sluice::engine
