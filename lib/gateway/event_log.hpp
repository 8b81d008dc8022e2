// Where events go: the most recent ones in memory, all of them as JSON lines in a file that rotates.
// Appending never waits for the disk: one thread writes, a fraction of a second behind, and what it cannot
// take is counted, not waited for.
#pragma once

#include <sluice/gateway_config.hpp>

#include "gateway/record.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

/// Which events. Absent and empty: any.
struct EventFilter {
    EventFilter() = default;
    std::optional<std::size_t> last;     ///< The newest so many of what matches.
    std::optional<std::uint64_t> after;  ///< Only later ones than this number (EventLog::Entry::number).
    std::optional<std::chrono::system_clock::time_point> since;
    std::string target;
    std::string model;  ///< Requested or answering.
    std::string policy;
    std::string outcome;
    std::optional<bool> failover;
};

/// Whether an event, as to_json() wrote it, is one of those. `last` and `after` are not looked at.
bool matches(std::string_view json, const EventFilter& filter);

/// Any thread.
class EventLog {
  public:
    /// Throws std::system_error when the file cannot be opened.
    explicit EventLog(EventsConfig config);
    EventLog(const EventLog&) = delete;
    /// Writes what is left.
    ~EventLog();

    void append(const RequestRecord& record);

    struct Entry {
        std::uint64_t number = 0;  ///< From 1, in order of append().
        std::string json;
    };
    /// Oldest first. An `after` beyond last_number() is of an earlier run, and all of this one is later.
    std::vector<Entry> recent(const EventFilter& filter) const;
    std::uint64_t last_number() const noexcept;

    /// Returns when everything appended so far is in the file, or the disk has refused it.
    void flush();
    /// After somebody has moved the file away (SIGUSR1).
    void reopen();
    /// Events that the file has not got: the queue was full, or the disk.
    std::uint64_t dropped() const noexcept;

  private:
    class State;
    std::unique_ptr<State> state_;
};

/// The events of a file and of its rotated predecessors that match, oldest first, each one line of JSON. What
/// is no event is left out: a last line that is not complete, one that a crash cut off. Throws
/// std::system_error when `file` cannot be read.
std::vector<std::string> read_events(const std::string& file, const EventFilter& filter);

/// "last=5&target=openai&failover=true&since=2026-11-20T10:00:00Z": as /admin/events and the command line
/// have it. `error` says what is wrong with one that is.
std::optional<EventFilter> parse_event_filter(std::string_view query, std::string& error);

}  // namespace sluice::gateway
