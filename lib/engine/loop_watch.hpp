// Whether things repeat: the last `repeats` of them the same, or the last few in a cycle of several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace sluice::engine {

class LoopWatch {
  public:
    /// Cycles of at most `max_cycle` things. Keeps `repeats` * `max_cycle` of them.
    LoopWatch(std::size_t repeats, std::size_t max_cycle) : repeats_(repeats), max_cycle_(max_cycle) {}

    /// The length of the cycle that `next` completes, 1 for the same thing again; absent for none. A loop
    /// that goes on is told again with each thing.
    std::optional<std::size_t> add(std::uint64_t next);

  private:
    bool repeats_with(std::size_t length) const;

    std::size_t repeats_;
    std::size_t max_cycle_;
    std::deque<std::uint64_t> last_;
};

}  // namespace sluice::engine
