// What mirroring decides: whether a request is drawn, and whether two texts say the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::flow {

/// `draw` is 64 uniform bits; `rate` is from 0 (never) to 1 (always).
bool is_drawn(double rate, std::uint64_t draw) noexcept;

/// Equal but for the amount of white space (ASCII) between words and at the ends.
bool same_words(std::string_view a, std::string_view b) noexcept;
/// The same JSON value, whatever the order of keys, white space, escapes and notation of numbers; of a key
/// that is there twice, both values count, in their order. Texts that are no JSON, or nest deeper than 1000
/// levels, are the same when they are equal byte for byte.
bool same_json(std::string_view a, std::string_view b);

}  // namespace sluice::flow
