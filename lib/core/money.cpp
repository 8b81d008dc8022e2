#include <sluice/money.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace sluice {
namespace {

__extension__ typedef __int128 Wide;  // exact for every product and sum below
constexpr std::int64_t kPicoPerMicro = 1'000'000;
constexpr std::int64_t kPicoPerUsd = 1'000'000'000'000;

PicoUsd saturated(Wide pico) {
    constexpr Wide high = std::numeric_limits<std::int64_t>::max();
    constexpr Wide low = std::numeric_limits<std::int64_t>::min();
    return PicoUsd(static_cast<std::int64_t>(pico > high ? high : pico < low ? low : pico));
}

}  // namespace

PicoUsd PicoUsd::from_micro_usd(std::int64_t micro) {
    return saturated(Wide(micro) * kPicoPerMicro);
}
PicoUsd operator+(PicoUsd a, PicoUsd b) {
    return saturated(Wide(a.pico_) + b.pico_);
}
PicoUsd operator-(PicoUsd a, PicoUsd b) {
    return saturated(Wide(a.pico_) - b.pico_);
}
PicoUsd operator*(PicoUsd unit, Tokens tokens) {
    // 63 bits by 64 bits is the one product here that 128 signed bits hold exactly.
    return saturated(Wide(unit.pico_) * Wide(tokens));
}

std::string to_string(PicoUsd amount) {
    const bool negative = amount.count() < 0;
    const auto magnitude =
        negative ? std::uint64_t(0) - std::uint64_t(amount.count()) : std::uint64_t(amount.count());
    std::string fraction = std::to_string(magnitude % std::uint64_t(kPicoPerUsd));
    fraction.insert(0, 12 - fraction.size(), '0');
    while (fraction.size() > 2 && fraction.back() == '0')
        fraction.pop_back();
    return std::string(negative ? "-$" : "$") + std::to_string(magnitude / std::uint64_t(kPicoPerUsd)) + "." +
           fraction;
}

PicoUsd Price::per_million(std::string_view usd) {
    // USD per million tokens is micro-USD per token, so six decimal places make whole pico-USD.
    std::int64_t whole = 0;
    std::int64_t places = -1;
    bool digits = false;
    for (const char c : usd) {
        if (c == '.' && places < 0) {
            places = 0;
        } else if (c >= '0' && c <= '9' && places < 6 && whole < std::int64_t{1'000'000'000'000}) {
            whole = whole * 10 + (c - '0');
            digits = true;
            if (places >= 0) ++places;
        } else {
            digits = false;
            break;
        }
    }
    if (!digits)
        throw std::invalid_argument("a price per million tokens is a plain decimal with at most six places");
    for (std::int64_t i = places < 0 ? 0 : places; i < 6; ++i)
        whole *= 10;
    return PicoUsd(whole);
}

std::optional<PicoUsd> cost_of(const Usage& usage, const Price& price) {
    if (!usage.input || !usage.output || !price.input || !price.output) return std::nullopt;
    // Cached tokens are part of the input; a report that says otherwise is clamped rather than billed below
    // zero.
    const Tokens cached = std::min(usage.cached_input.value_or(0), *usage.input);
    const Tokens written = std::min(usage.cache_write.value_or(0), *usage.input - cached);
    const Tokens plain = *usage.input - cached - written;
    return *price.input * plain + price.cached_input.value_or(*price.input) * cached +
           price.cache_write.value_or(*price.input) * written + *price.output * *usage.output;
}

}  // namespace sluice
