// Numbers from 0 to 1: refused where they are options, put right where they are measurements.
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::engine {

/// The nearer end for what lies outside, `unknown` for what is not a number.
inline double fraction_or(double value, double unknown) noexcept {
    return std::isnan(value) ? unknown : std::clamp(value, 0.0, 1.0);
}

/// Throws std::invalid_argument that names the field unless `value` is from 0 to 1.
inline void require_fraction(std::string_view field, double value) {
    if (!(value >= 0 && value <= 1))  // so that NaN is refused too
        throw std::invalid_argument(std::string(field) + ": must be from 0 to 1, not " +
                                    std::to_string(value));
}

}  // namespace sluice::engine
