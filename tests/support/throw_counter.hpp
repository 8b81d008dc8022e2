// How many exceptions this program has thrown (throw_counter.cpp stands in for the runtime's throw).
#pragma once

#include <cstddef>

namespace sluice::test {

std::size_t exceptions_thrown() noexcept;

}  // namespace sluice::test
