#include "engine/loop_watch.hpp"

namespace sluice::engine {

std::optional<std::size_t> LoopWatch::add(std::uint64_t next) {
    last_.push_back(next);
    if (last_.size() > repeats_ * max_cycle_) last_.pop_front();
    for (std::size_t length = 1; length <= max_cycle_; ++length)
        if (repeats_with(length)) return length;
    return std::nullopt;
}

bool LoopWatch::repeats_with(std::size_t length) const {
    const std::size_t needed = repeats_ * length;
    if (last_.size() < needed) return false;
    for (std::size_t at = last_.size() - needed; at + length < last_.size(); ++at)
        if (last_[at] != last_[at + length]) return false;
    return true;
}

}  // namespace sluice::engine
