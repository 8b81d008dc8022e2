#include "wire/text_symbols.hpp"

#include <algorithm>

namespace sluice::wire {
namespace {

struct Range {
    char32_t first;
    char32_t last;
    CharClass kind;
};

// What above ASCII is no letter or digit. In order. Coarse by design: an odd symbol that counts as a letter
// costs a match at worst.
constexpr std::array kRanges{
    Range{0x80, 0x9F, CharClass::space},  // C1 controls
    Range{0xA0, 0xA0, CharClass::space},
    Range{0xA1, 0xA9, CharClass::other},
    Range{0xAB, 0xAC, CharClass::other},
    Range{0xAD, 0xAD, CharClass::ignored},  // soft hyphen
    Range{0xAE, 0xB1, CharClass::other},
    Range{0xB4, 0xB4, CharClass::other},
    Range{0xB6, 0xB8, CharClass::other},
    Range{0xBB, 0xBB, CharClass::other},
    Range{0xBF, 0xBF, CharClass::other},
    Range{0xD7, 0xD7, CharClass::other},
    Range{0xF7, 0xF7, CharClass::other},
    Range{0x34F, 0x34F, CharClass::ignored},
    Range{0x61C, 0x61C, CharClass::ignored},
    Range{0xE00, 0xEFF, CharClass::between},    // Thai, Lao
    Range{0x1000, 0x109F, CharClass::between},  // Myanmar
    Range{0x1680, 0x1680, CharClass::space},
    Range{0x1780, 0x17FF, CharClass::between},  // Khmer
    Range{0x2000, 0x200A, CharClass::space},
    Range{0x200B, 0x200F, CharClass::ignored},  // zero width, and directions
    Range{0x2010, 0x2027, CharClass::other},
    Range{0x2028, 0x2029, CharClass::space},
    Range{0x202A, 0x202E, CharClass::ignored},
    Range{0x202F, 0x202F, CharClass::space},
    Range{0x2030, 0x205E, CharClass::other},
    Range{0x205F, 0x205F, CharClass::space},
    Range{0x2060, 0x206F, CharClass::ignored},
    Range{0x20A0, 0x20CF, CharClass::other},  // currencies
    Range{0x2190, 0x245F, CharClass::other},  // arrows, mathematics, technical
    Range{0x2500, 0x2BFF, CharClass::other},  // boxes to dingbats and stars
    Range{0x3000, 0x3000, CharClass::space},
    Range{0x3001, 0x3004, CharClass::other},
    Range{0x3005, 0x3007, CharClass::between},
    Range{0x3008, 0x3030, CharClass::other},
    Range{0x3031, 0x9FFF, CharClass::between},  // kana and ideographs; Hangul has spaces, and is elsewhere
    Range{0xE000, 0xF8FF, CharClass::other},
    Range{0xF900, 0xFAFF, CharClass::between},
    Range{0xFE00, 0xFE0F, CharClass::ignored},  // variation selectors
    Range{0xFE10, 0xFE6F, CharClass::other},
    Range{0xFEFF, 0xFEFF, CharClass::ignored},
    Range{0xFF5F, 0xFF65, CharClass::other},
    Range{0xFF66, 0xFF9F, CharClass::between},
    Range{0xFFE0, 0xFFFF, CharClass::other},
    Range{0x1F000, 0x1FAFF, CharClass::other},  // emoji
    Range{0x20000, 0x323AF, CharClass::between},
    Range{0xE0000, 0xE0FFF, CharClass::ignored},
    Range{0xF0000, 0x1FFFFF, CharClass::other},
};

CharClass class_of(char32_t c) noexcept {
    const auto* range = std::lower_bound(kRanges.begin(), kRanges.end(), c,
                                         [](const Range& known, char32_t at) { return known.last < at; });
    return range != kRanges.end() && range->first <= c ? range->kind : CharClass::word;
}

constexpr bool is_between(char32_t c, char32_t first, char32_t last) noexcept {
    return c >= first && c <= last;
}

// Pairs of an upper and a lower letter, the upper one even or odd (Unicode, CaseFolding.txt).
constexpr char32_t lower_latin_a(char32_t c) noexcept {
    if (c == 0x130) return 'i';
    if (c == 0x178) return 0xFF;
    if (c == 0x17F) return 's';
    if (c == 0x131 || c == 0x138 || c == 0x149) return c;
    const bool upper_is_odd = is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17E);
    return (c % 2 == 1) == upper_is_odd ? c + 1 : c;
}

constexpr char32_t lower(char32_t c) noexcept {
    if (is_between(c, 'A', 'Z')) return c + 0x20;
    if (c < 0x80) return c;
    if (is_between(c, 0xC0, 0xDE) && c != 0xD7) return c + 0x20;
    if (is_between(c, 0x100, 0x17F)) return lower_latin_a(c);
    if (is_between(c, 0x391, 0x3A9)) return c + 0x20;
    if (c == 0x3C2) return 0x3C3;  // final sigma
    if (is_between(c, 0x410, 0x42F)) return c + 0x20;
    if (is_between(c, 0x400, 0x40F)) return c + 0x50;
    if (c == 0x2018 || c == 0x2019 || c == 0x02BC) return '\'';  // as keyboards and typesetters have it
    if (c == 0x2010 || c == 0x2011) return '-';
    return c;
}

constexpr CharClass ascii_class(char32_t c) noexcept {
    if (c <= ' ' || c == 0x7F) return CharClass::space;
    const bool is_word = is_between(c, '0', '9') || is_between(c, 'A', 'Z') || is_between(c, 'a', 'z');
    return is_word ? CharClass::word : CharClass::other;
}

}  // namespace

constexpr std::array<TextSymbols::Ascii, 128> TextSymbols::kAscii = [] {
    std::array<Ascii, 128> table{};
    for (char32_t c = 0; c < table.size(); ++c) {
        const CharClass kind = ascii_class(c);
        table[c] = {kind == CharClass::space ? ' ' : static_cast<char>(lower(c)), kind};
    }
    return table;
}();

Folded fold(char32_t character) noexcept {
    if (is_between(character, 0xFF01, 0xFF5E)) character -= 0xFF01 - 0x21;  // full-width ASCII
    const char32_t c = lower(character);
    if (c < 0x80) {
        const CharClass kind = ascii_class(c);
        return {kind == CharClass::space ? U' ' : c, kind};
    }
    const CharClass kind = class_of(c);
    return {kind == CharClass::space ? U' ' : c, kind};
}

}  // namespace sluice::wire
