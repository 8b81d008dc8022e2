// Figures as Composition::settings tells them to people.
#pragma once

#include <chrono>
#include <string>

namespace sluice {

/// "500 ms", "30 s", "10 min".
inline std::string in_words(std::chrono::milliseconds time) {
    const auto count = time.count();
    if (count % 1000 != 0) return std::to_string(count) + " ms";
    return count != 0 && count % 60'000 == 0 ? std::to_string(count / 60'000) + " min"
                                             : std::to_string(count / 1000) + " s";
}

/// "2", "1.5".
inline std::string in_words(double number) {
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

}  // namespace sluice
