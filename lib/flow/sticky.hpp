// Which leg a chain, or a conversation, begins with for a while, because it answered when the first choice
// did not. No clock; guarded by whoever shares it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

namespace sluice::flow {

/// Keys are numbers, such as hashes of conversation ids: an entry has one size, and no id is kept. When two
/// share a key, one begins with the other's leg, which works.
class Sticky {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// An entry lasts for `time`. At most `max_entries` (at least 1): the one set longest ago goes first.
    Sticky(Duration time, std::size_t max_entries);

    std::optional<std::size_t> leg(std::uint64_t key, TimePoint now);
    /// From now on for the whole time, whatever it was before.
    void remember(std::uint64_t key, std::size_t leg, TimePoint now);
    void forget(std::uint64_t key);
    std::size_t size() const noexcept { return entries_.size(); }

  private:
    struct Entry {
        Entry(std::uint64_t which, std::size_t to, TimePoint until) : key(which), leg(to), end(until) {}
        std::uint64_t key;
        std::size_t leg;
        TimePoint end;
    };
    void drop_ended(TimePoint now);

    Duration time_;
    std::size_t max_entries_;
    std::list<Entry> entries_;  // in the order in which they end
    std::unordered_map<std::uint64_t, std::list<Entry>::iterator> by_key_;
};

}  // namespace sluice::flow
