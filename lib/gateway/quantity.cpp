#include "gateway/quantity.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace sluice::gateway {
namespace {

struct Unit {
    std::string_view name;
    double size;
};
constexpr std::array<Unit, 5> kTimeUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> kByteUnits{
    {{"B", 1}, {"KiB", 1024}, {"MiB", 1024.0 * 1024}, {"GiB", 1024.0 * 1024 * 1024}}};

/// A number and a unit, a space between them or not.
std::optional<double> parse_quantity(std::string_view text, std::span<const Unit> units) {
    const std::size_t end = text.find_first_not_of("0123456789.");
    double number = 0;
    if (end == std::string_view::npos || !parse_number(text.substr(0, end), number)) return std::nullopt;
    text.remove_prefix(end);
    while (text.starts_with(' '))
        text.remove_prefix(1);
    for (const Unit& unit : units)
        if (unit.name == text) return number * unit.size;
    return std::nullopt;
}

}  // namespace

std::optional<double> parse_time(std::string_view text) {
    return parse_quantity(text, kTimeUnits);
}
std::optional<double> parse_bytes(std::string_view text) {
    return parse_quantity(text, kByteUnits);
}

std::string text_of(std::chrono::milliseconds time) {
    const std::int64_t ms = time.count();
    if (ms == 0) return "0";
    if (ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
    if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
    if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
    return std::to_string(ms) + "ms";
}

std::string text_of(double number) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return std::string(digits.data(), error == std::errc() ? end : digits.data());
}

}  // namespace sluice::gateway
