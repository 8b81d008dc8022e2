// What is written down while a world runs, for the checker to judge: what the servers did, what the attempts'
// events said, what each caller saw.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/event.hpp>
#include <sluice/testing/simulator.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing::simulation {

/// The content of an answer as one string: pieces of one kind are joined, however they were cut.
class Transcript {
  public:
    void add(const StreamEvent& event);
    void add(char kind, std::string_view text);
    /// A new tool call.
    void begin_tool(std::string_view name);
    const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
    char kind_ = '\0';
};

/// One request that reached a server, and what it was answered.
struct Exchange {
    Exchange() = default;
    enum class End : std::uint8_t { finish, error, cut, silence };

    std::size_t provider = 0;
    std::size_t number = 0;  ///< Of the server's answers, from 1.
    std::string model;
    std::uint32_t call = 0;
    std::uint32_t attempt = 0;
    TimePoint at;
    SimulatedAnswer answer;
    std::string content;  ///< What a client can get of it, as a Transcript.
    End end = End::finish;
    ErrorKind kind = ErrorKind::provider_error;  ///< Of End::error.
    std::optional<Tokens> output;                ///< What its usage tells, if it is told.
    bool is_clean = true;  ///< Its pieces are written as they are made: no pings, no broken frames.
};

/// One attempt, by its events.
struct AttemptRecord {
    AttemptRecord() = default;
    enum class End : std::uint8_t { running, succeeded, failed, abandoned };

    std::uint32_t number = 0;
    Purpose purpose = Purpose::answer;
    std::string provider;
    std::string model;
    TimePoint started;
    TimePoint ended;
    End end = End::running;
    std::size_t ends = 0;  ///< Closing events: one, when all is well.
    std::size_t first_events = 0;
    ErrorInfo error;
    AttemptFigures figures;
    std::size_t leased_at_start = 0;  ///< Connections in use, all calls together.
    std::size_t allowed_at_start = 0;
};

/// Anything else that a call's events said.
struct CallNote {
    CallNote() = default;
    std::string what;  ///< name_of(event)
    Purpose purpose = Purpose::answer;
    std::string provider;
    std::string model;
    TimePoint at;
    std::uint32_t after_attempt = 0;  ///< Attempts started before it.
    Duration delay{0};
    std::optional<ErrorInfo> error;
    std::optional<SkipReason> reason;
};

/// What a caller plans to do with its call.
struct CallPlan {
    CallPlan() = default;
    enum class Reading : std::uint8_t { next, batches, generate };

    TimePoint start;
    std::size_t tree = 0;
    Reading reading = Reading::next;
    bool throwing = false;  ///< stream() instead of try_stream().
    std::optional<std::chrono::milliseconds> total;
    std::optional<std::uint32_t> max_attempts;
    std::string residency;
    std::optional<PicoUsd> max_cost;
    std::string conversation;
    std::size_t prompt_bytes = 0;
    std::optional<Duration> cancel_after;  ///< From its start...
    std::size_t cancel_turns = 0;          ///< ...and so many turns of the loop later.
    std::size_t drop_after = SIZE_MAX;     ///< Events (or batches), then the stream is dropped...
    bool closes = false;                   ///< ...or closed first.
    Duration slowness{0};                  ///< Between two reads.
};

/// What happened to a call.
struct CallRecord {
    CallRecord() = default;
    enum class Outcome : std::uint8_t {
        running,
        answered,
        failed_midway,
        refused,
        cancelled,
        dropped,
        broken
    };

    std::uint32_t number = 0;
    CallPlan plan;
    TimePoint deadline = kNever;     ///< As the call's options say it.
    Duration slack{0};               ///< Hooks may hold it up so long beyond it.
    std::uint64_t max_attempts = 1;  ///< As explain() foretells.
    TimePoint started;
    TimePoint ended;
    std::optional<TimePoint> cancelled;
    std::size_t turns_after_cancel = 0;
    Outcome outcome = Outcome::running;
    bool has_stream = false;
    std::uint32_t attempts_at_stream = 0;  ///< Started when the caller got the stream.
    std::size_t open_at_stream = 0;
    Transcript heard;
    std::string raw;
    bool has_raw = false;
    std::size_t events = 0;
    std::size_t terminals = 0;
    std::size_t events_after_terminal = 0;
    bool ends_for_ever = true;
    std::optional<Finish> finish;
    std::optional<ErrorInfo> error;
    std::string answer_provider;
    std::string answer_model;
    std::string response_id;
    std::vector<Attempt> earlier;
    std::optional<Usage> usage;
    std::string thrown;  ///< What no caller should ever catch.
    std::deque<AttemptRecord> attempts;
    std::vector<CallNote> notes;
    std::vector<std::string> complaints;  ///< Found out on the way.
};

std::string_view to_string(CallRecord::Outcome outcome) noexcept;

}  // namespace sluice::testing::simulation
