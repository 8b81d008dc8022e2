// Numbers, times and sizes as they are written in a configuration.
#pragma once

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::gateway {

/// All of `text` as a number, or false.
template <class Number>
bool parse_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// "500ms", "1.5 s", "2m", "1h", "1d" in milliseconds. Absent for anything else, also without a unit.
std::optional<double> parse_time(std::string_view text);
/// "512B", "64KiB", "32 MiB", "1GiB" in bytes.
std::optional<double> parse_bytes(std::string_view text);

/// "30s", "1500ms", "0": the largest unit in which it is whole.
std::string text_of(std::chrono::milliseconds time);
/// The shortest text that reads back as the same.
std::string text_of(double number);

}  // namespace sluice::gateway
