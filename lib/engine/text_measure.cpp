#include "engine/text_measure.hpp"

#include <algorithm>

#include "wire/utf8.hpp"

namespace sluice::engine {
namespace {

// In order. What is in none of them is Trait::rare.
struct Range {
    char32_t last;
    Trait trait;
};
constexpr std::array kRanges{
    Range{0x7F, Trait::mark},        Range{0x9F, Trait::rare},         Range{0xBF, Trait::symbol},
    Range{0x24F, Trait::accented},   Range{0x2FF, Trait::rare},        Range{0x36F, Trait::joiner},
    Range{0x3FF, Trait::greek},      Range{0x52F, Trait::cyrillic},    Range{0x58F, Trait::rare},
    Range{0x5FF, Trait::hebrew},     Range{0x6FF, Trait::arabic},      Range{0x74F, Trait::rare},
    Range{0x77F, Trait::arabic},     Range{0x8FF, Trait::rare},        Range{0xDFF, Trait::indic},
    Range{0xEFF, Trait::thai},       Range{0x10FF, Trait::rare},       Range{0x11FF, Trait::hangul},
    Range{0x1DFF, Trait::rare},      Range{0x1EFF, Trait::accented},   Range{0x1FFF, Trait::greek},
    Range{0x200A, Trait::symbol},    Range{0x200F, Trait::joiner},     Range{0x25FF, Trait::symbol},
    Range{0x27BF, Trait::emoji},     Range{0x2BFF, Trait::symbol},     Range{0x2DFF, Trait::rare},
    Range{0x2E7F, Trait::symbol},    Range{0x2FFF, Trait::ideograph},  Range{0x303F, Trait::kana},
    Range{0x30FF, Trait::kana},      Range{0x318F, Trait::hangul},     Range{0x31FF, Trait::kana},
    Range{0x9FFF, Trait::ideograph}, Range{0xABFF, Trait::rare},       Range{0xD7FF, Trait::hangul},
    Range{0xF8FF, Trait::rare},      Range{0xFAFF, Trait::ideograph},  Range{0xFDFF, Trait::arabic},
    Range{0xFE0F, Trait::joiner},    Range{0xFE6F, Trait::symbol},     Range{0xFEFF, Trait::arabic},
    Range{0xFFEF, Trait::kana},      Range{0x1EFFF, Trait::rare},      Range{0x1FAFF, Trait::emoji},
    Range{0x1FFFF, Trait::rare},     Range{0x3FFFF, Trait::ideograph}, Range{0xDFFFF, Trait::rare},
    Range{0xE0FFF, Trait::joiner},   Range{0x10FFFF, Trait::rare},
};

Trait trait_of(char32_t c) noexcept {
    return std::lower_bound(kRanges.begin(), kRanges.end(), c,
                            [](const Range& range, char32_t at) { return range.last < at; })
        ->trait;
}

constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_letter(char c) noexcept {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr bool is_mark(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x80 && !is_letter(c) && !is_digit(c) && !is_space(c);
}

// Cuts a text as tokenizers do before they look for what they know.
class Measuring {
  public:
    explicit Measuring(std::string_view text) noexcept : text_(text) {}

    TextMeasure all() noexcept {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_letter(c))
                word();
            else if (is_space(c))
                space();
            else if (is_digit(c))
                number();
            else if (static_cast<unsigned char>(c) < 0x80)
                marks();
            else
                beyond_ascii();
        }
        return measure_;
    }

  private:
    void count(Trait trait, std::uint64_t by = 1) noexcept {
        measure_[static_cast<std::size_t>(trait)] += by;
        before_ = trait;
    }
    template <typename Belongs>
    std::size_t run(Belongs belongs) noexcept {
        const std::size_t from = at_;
        while (at_ < text_.size() && belongs(text_[at_]))
            ++at_;
        return at_ - from;
    }

    // Ends where a capital follows a small letter: "maxTokens" is two.
    void word() noexcept {
        const bool goes_on = before_ == Trait::accented;
        std::size_t letters = run([](char c) { return is_letter(c) && !is_lower(c); });
        letters += run(is_lower);
        if (!goes_on) count(Trait::word);
        if (letters > kWordLetters || goes_on)
            count(Trait::long_word, goes_on ? letters : letters - kWordLetters);
        before_ = Trait::word;
    }
    void number() noexcept {
        const std::size_t digits = run(is_digit);
        count(Trait::digit, digits);
        count(Trait::digit_group, (digits + 2) / 3);
    }
    void marks() noexcept {
        const std::size_t marks = run(is_mark);
        count(Trait::more_marks, marks - 1);
        count(Trait::mark);
    }
    void space() noexcept {
        const Trait behind = before_;
        const std::size_t from = at_;
        const std::size_t size = run(is_space);
        const std::size_t line = text_.substr(from, size).find_last_of("\n\r");
        const bool is_break = line != std::string_view::npos;
        if (is_break) count(behind == Trait::mark ? Trait::break_after_mark : Trait::line_break);
        // One space belongs to the word behind it.
        if (size - (is_break ? line + 1 : 0) > 1) count(Trait::gap);
        before_ = Trait::gap;
    }
    void beyond_ascii() noexcept {
        const wire::Utf8Front front = wire::utf8_front(text_.substr(at_));
        at_ += front.size;
        if (!front.valid) return count(Trait::malformed, front.size);
        const Trait trait = trait_of(front.character);
        if (trait == Trait::accented && before_ != Trait::word && before_ != Trait::accented)
            count(Trait::word);
        count(trait, trait == Trait::rare ? front.size : 1);
    }

    static constexpr std::size_t kWordLetters = 6;

    std::string_view text_;
    std::size_t at_ = 0;
    Trait before_ = Trait::gap;
    TextMeasure measure_{};
};

}  // namespace

TextMeasure measure(std::string_view text) noexcept {
    return Measuring(text).all();
}

}  // namespace sluice::engine
