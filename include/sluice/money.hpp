// Money as integers. One pico-USD is 1e-12 USD: fine enough for a cached token at $0.0075 per million
// (7.5 nano-USD) and wide enough for 9.2 million USD in 64 bits. Binary floats never hold money here.
#pragma once

#include <sluice/usage.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// An amount in pico-USD. Arithmetic saturates instead of overflowing.
class PicoUsd {
  public:
    constexpr PicoUsd() = default;
    constexpr explicit PicoUsd(std::int64_t pico) : pico_(pico) {}
    /// 1.25 USD is PicoUsd::from_micro_usd(1'250'000).
    static PicoUsd from_micro_usd(std::int64_t micro);

    constexpr std::int64_t count() const { return pico_; }
    friend PicoUsd operator+(PicoUsd a, PicoUsd b);
    friend PicoUsd operator-(PicoUsd a, PicoUsd b);
    /// Price of one token times a number of tokens.
    friend PicoUsd operator*(PicoUsd unit, Tokens tokens);
    friend constexpr auto operator<=>(PicoUsd, PicoUsd) = default;

  private:
    std::int64_t pico_ = 0;
};

/// "$0.000012345" with as many digits as it takes, at least two.
std::string to_string(PicoUsd amount);

/// List price of a model, per token. A class without a price is priced as its base class
/// (cached input and cache writes as input); unknown input or output makes the cost unknown.
struct Price {
    std::optional<PicoUsd> input;
    std::optional<PicoUsd> cached_input;
    std::optional<PicoUsd> cache_write;
    std::optional<PicoUsd> output;

    /// Vendors quote micro-USD exactly in USD per million tokens: $2.50 per million is per_million("2.50").
    /// Throws std::invalid_argument for anything but a plain decimal with at most six places.
    static PicoUsd per_million(std::string_view usd);
};

/// What `usage` costs at `price`. Absent when a needed count or price is unknown: never a guess, never zero.
std::optional<PicoUsd> cost_of(const Usage& usage, const Price& price);

}  // namespace sluice
