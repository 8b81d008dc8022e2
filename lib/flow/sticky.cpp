#include "flow/sticky.hpp"

namespace sluice::flow {

Sticky::Sticky(Duration time, std::size_t max_entries) : time_(time), max_entries_(max_entries) {}

std::optional<std::size_t> Sticky::leg(std::uint64_t key, TimePoint now) {
    drop_ended(now);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    return found->second->leg;
}

void Sticky::remember(std::uint64_t key, std::size_t leg, TimePoint now) {
    drop_ended(now);
    forget(key);
    while (entries_.size() >= max_entries_)
        forget(entries_.front().key);
    by_key_[key] = entries_.emplace(entries_.end(), key, leg, now + time_);
}

void Sticky::forget(std::uint64_t key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    entries_.erase(found->second);
    by_key_.erase(found);
}

// All last equally long, so the first ones end first.
void Sticky::drop_ended(TimePoint now) {
    while (!entries_.empty() && entries_.front().end <= now)
        forget(entries_.front().key);
}

}  // namespace sluice::flow
