// ASCII-only text helpers for machine-made text; locales never matter here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::adapters {

constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_alnum(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}
constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

inline std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = to_lower(c);
    return out;
}

/// Lower case, letters and digits only: "API_KEY_INVALID", "api-key-invalid" and "ApiKeyInvalid" are the same
/// code.
inline std::string squeeze(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (char c : text)
        if (is_alnum(c)) out.push_back(to_lower(c));
    return out;
}

inline bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

}  // namespace sluice::adapters
