// Text as a word filter sees it: one case, one kind of space, and a mark at every edge of a word. Lists and
// texts go through the same door, so "Kill  YOURSELF" is found by "kill yourself", and "skill" by neither.
//
//   "Kill  yourself!"   becomes   ^kill^ ^yourself^!        (^ is kEdge)
//
// Incremental: a text may be cut anywhere, within a character too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::wire {

/// No text has it: control characters count as spaces.
inline constexpr char kEdge = '\x01';

enum class CharClass : std::uint8_t {
    other,  ///< Punctuation, symbols, and before and after a text.
    space,
    word,     ///< Letters and digits.
    between,  ///< Of scripts without spaces between words: an edge on both sides.
    ignored,  ///< Soft hyphens, joiners, and other things that cannot be seen.
};

struct Folded {
    char32_t character;
    CharClass kind;
};

/// Lower case of ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic, and ASCII for its full-width forms.
Folded fold(char32_t character) noexcept;

/// Calls `step` with each byte of what the text becomes, in UTF-8.
class TextSymbols {
  public:
    template <typename Step>
    void feed(std::string_view text, Step&& step) {
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x80 && missing_ == 0) {
                const Ascii folded = kAscii[byte];
                if (enter(folded.kind, step)) step(folded.character);
            } else {
                decode(byte, step);
            }
        }
    }
    /// The text is over.
    template <typename Step>
    void end(Step&& step) {
        if (missing_ != 0) malformed(step);
        if (is_word(last_)) step(kEdge);
        *this = TextSymbols();
    }

  private:
    struct Ascii {
        char character;
        CharClass kind;
    };
    static const std::array<Ascii, 128> kAscii;

    static constexpr bool is_word(CharClass kind) noexcept {
        return kind == CharClass::word || kind == CharClass::between;
    }

    // False when the character itself is not to be told.
    template <typename Step>
    bool enter(CharClass kind, Step& step) {
        if (kind == CharClass::ignored || (kind == CharClass::space && last_ == CharClass::space))
            return false;
        const bool is_edge = kind != last_ ? is_word(kind) || is_word(last_) : kind == CharClass::between;
        if (is_edge) step(kEdge);
        last_ = kind;
        return true;
    }

    template <typename Step>
    void decode(unsigned char byte, Step& step) {
        if (missing_ != 0) {
            if ((byte & 0xC0) == 0x80) {
                partial_ = partial_ << 6 | (byte & 0x3Fu);
                if (--missing_ == 0) tell(partial_, step);
                return;
            }
            malformed(step);
            if (byte < 0x80) {
                if (enter(kAscii[byte].kind, step)) step(kAscii[byte].character);
                return;
            }
        }
        if (byte >= 0xC2 && byte <= 0xDF) {
            partial_ = byte & 0x1Fu;
            missing_ = 1;
        } else if (byte >= 0xE0 && byte <= 0xEF) {
            partial_ = byte & 0x0Fu;
            missing_ = 2;
        } else if (byte >= 0xF0 && byte <= 0xF4) {
            partial_ = byte & 0x07u;
            missing_ = 3;
        } else {
            malformed(step);
        }
    }

    template <typename Step>
    void malformed(Step& step) {
        missing_ = 0;
        tell(0xFFFD, step);
    }

    template <typename Step>
    void tell(char32_t character, Step& step) {
        const Folded folded = fold(character);
        if (!enter(folded.kind, step)) return;
        const auto low = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
        const char32_t c = folded.character;
        if (c < 0x80) {
            step(static_cast<char>(c));
        } else if (c < 0x800) {
            step(static_cast<char>(0xC0 | c >> 6));
            step(low(c));
        } else if (c < 0x10000) {
            step(static_cast<char>(0xE0 | c >> 12));
            step(low(c >> 6));
            step(low(c));
        } else {
            step(static_cast<char>(0xF0 | (c >> 18 & 7)));
            step(low(c >> 12));
            step(low(c >> 6));
            step(low(c));
        }
    }

    char32_t partial_ = 0;
    std::uint8_t missing_ = 0;  // continuation bytes of a character that has begun
    CharClass last_ = CharClass::other;
};

}  // namespace sluice::wire
