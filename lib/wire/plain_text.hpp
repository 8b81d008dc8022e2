// How far a text is printable ASCII that stands for itself in a JSON string, eight bytes at a time: nearly
// all keys are nothing else, and most texts.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::wire {

/// How many of the eight bytes at `at` come before the first that is not plain.
inline std::size_t plain_of_eight(const char* at) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    constexpr std::uint64_t kHighs = 0x8080808080808080;
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof eight);
    if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
    // A byte of a difference is zero, or has its high bit set, only where the byte is what is looked for, or
    // above one that is: the lowest such bit is right.
    const std::uint64_t quote = eight ^ (kOnes * '"');
    const std::uint64_t slash = eight ^ (kOnes * '\\');
    const std::uint64_t special = (eight - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes) | eight;
    return static_cast<std::size_t>(std::countr_zero(special & kHighs)) / 8;
}

/// Whether it stands for itself, whatever is beside it.
constexpr bool is_plain(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

/// How many bytes at the front of `text` are plain.
inline std::size_t plain_front(std::string_view text) noexcept {
    std::size_t at = 0;
    if (text.size() < 8) {
        while (at < text.size() && is_plain(text[at]))
            ++at;
        return at;
    }
    const std::size_t last = text.size() - 8;
    for (; at < last; at += 8) {
        const std::size_t plain = plain_of_eight(text.data() + at);
        if (plain < 8) return at + plain;
    }
    return last + plain_of_eight(text.data() + last);  // may overlap with what was looked at
}

/// Whether it is nothing else.
inline bool is_plain(std::string_view text) noexcept {
    return plain_front(text) == text.size();
}

}  // namespace sluice::wire
