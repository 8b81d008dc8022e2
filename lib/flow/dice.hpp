// What the decisions make of the 64 random bits that they are given.
#pragma once

#include <cstdint>

namespace sluice::flow {

/// Uniform in [0, 1).
constexpr double fraction(std::uint64_t dice) noexcept {
    return static_cast<double>(dice >> 11) * 0x1p-53;
}

}  // namespace sluice::flow
