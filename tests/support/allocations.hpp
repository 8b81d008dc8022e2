// How often this program has asked for memory: allocations.cpp replaces operator new, all of it, and counts.
#pragma once

#include <cstddef>

namespace sluice::test {

std::size_t allocations() noexcept;

}  // namespace sluice::test
