// How often this program has asked for memory: every operator new is counted (bench/allocations.cpp).
#pragma once

#include <cstddef>

namespace bench {

std::size_t allocations() noexcept;

}  // namespace bench
