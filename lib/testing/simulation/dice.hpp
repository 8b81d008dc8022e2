// What is drawn from a seed. The same draws for the same seed on every platform, which the distributions of
// the standard library do not promise.
#pragma once

#include <sluice/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace sluice::testing::simulation {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}

    /// SplitMix64.
    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    /// 0 to `end` - 1; `end` is not zero. (Its bias is far below anything that matters here.)
    std::size_t below(std::size_t end) noexcept { return static_cast<std::size_t>(next() % end); }
    std::size_t between(std::size_t low, std::size_t high) noexcept { return low + below(high - low + 1); }
    bool chance(unsigned percent) noexcept { return below(100) < percent; }
    /// Whole milliseconds.
    std::chrono::milliseconds time(std::chrono::milliseconds low, std::chrono::milliseconds high) noexcept {
        const auto span = static_cast<std::size_t>((high - low).count());
        return low + std::chrono::milliseconds(static_cast<std::int64_t>(below(span + 1)));
    }
    template <typename T>
    T pick(std::initializer_list<T> from) noexcept {
        return *(from.begin() + below(from.size()));
    }
    /// A seed for dice of their own.
    std::uint64_t fork() noexcept { return next(); }

  private:
    std::uint64_t state_;
};

}  // namespace sluice::testing::simulation
