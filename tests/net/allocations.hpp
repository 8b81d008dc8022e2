// Counts the program's heap allocations: this replaces operator new.
#pragma once

#include <cstddef>

namespace sluice::net::test {

std::size_t allocations() noexcept;

}  // namespace sluice::net::test
