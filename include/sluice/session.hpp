// A conversation with an agent: turns, each of which routes itself to the fast or the slow model, fails over
// when it must, and runs the tools that the model calls.
//
//   sluice::Session session = agent.start_session("user-17");
//   sluice::Reply reply = co_await session.run("Where is my order #1234?");
//   std::cout << reply.content << " (by " << reply.metadata.model_used << ")\n";
//
//   sluice::TurnStream turn = co_await session.stream("And when will it come?");
//   while (const sluice::StreamEvent* event = co_await turn.next())
//       if (auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
//
//   sluice::SessionStats stats = co_await session.close();
//
// run() and stream() take the same decisions. One turn at a time: a second one is SessionBusy. A session
// lives on one executor; its statistics may be read from any thread. docs/sessions.md.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/dual_process.hpp>
#include <sluice/event.hpp>
#include <sluice/message.hpp>
#include <sluice/money.hpp>
#include <sluice/usage.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A session was used in a way that it does not allow. No provider's failure.
class SessionError : public std::logic_error {
    using std::logic_error::logic_error;
};
/// Another turn is under way.
class SessionBusy : public SessionError {
    using SessionError::SessionError;
};
/// After close().
class SessionClosed : public SessionError {
    using SessionError::SessionError;
};
/// The model goes on calling tools beyond ToolLimits. What the turn has done stays in the history.
class ToolLimitReached : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// How a call of a tool went.
enum class ToolOutcome : std::uint8_t {
    ok,
    failed,         ///< Its function threw.
    timed_out,      ///< ToolLimits::call_time.
    unknown_tool,   ///< The model has made it up.
    bad_arguments,  ///< They are no JSON; the function was not called.
    too_large,      ///< ToolLimits::max_result.
};
/// "ok", "failed", ...: the enumerator's name.
std::string_view to_string(ToolOutcome outcome) noexcept;

struct ToolUse {
    ToolUse() = default;
    std::string id;
    std::string name;
    ToolOutcome outcome = ToolOutcome::ok;
    std::chrono::nanoseconds duration{0};
    std::string error;  ///< What its function threw. May quote a conversation, so it is never logged.
};

/// One request to one real model, or one that was deliberately not made.
struct TurnAttempt {
    TurnAttempt() = default;
    enum class Outcome : std::uint8_t { answered, failed, abandoned, skipped };
    std::string provider;
    std::string model;
    Outcome outcome = Outcome::answered;
    std::optional<ErrorKind> error;         ///< Of a failed one.
    std::optional<SkipReason> skip_reason;  ///< Of a skipped one.
    std::chrono::nanoseconds duration{0};
    std::optional<std::chrono::nanoseconds> first_event;
    std::optional<Usage>
        usage;  ///< Absent is unknown; a failed attempt may have cost something all the same.
    std::optional<PicoUsd> cost;  ///< Absent is unknown.
};
/// "answered", "failed", ...: the enumerator's name.
std::string_view to_string(TurnAttempt::Outcome outcome) noexcept;

/// How a turn went.
struct TurnMetadata {
    TurnMetadata() = default;

    std::string model_used;       ///< Who really answered (the last time, when there were tool calls).
    std::string provider;         ///< Whose model that is.
    std::string model_requested;  ///< That the role's chain begins with.
    bool failover = false;        ///< Another model than the first of the chain answered.
    System system = System::system1;
    std::vector<std::string> routing_reasons;  ///< Why System 2: "high_novelty(0.82)". Empty for System 1.

    /// The whole turn, in milliseconds: failed attempts, pauses and tools included.
    double latency_ms = 0;
    /// Input and output of all attempts that reported them. Absent: who answered reported none.
    std::optional<Tokens> tokens_used;
    Usage usage;                  ///< The same by class.
    std::optional<PicoUsd> cost;  ///< Of all attempts; absent when that of one that answered is unknown.
    std::vector<TurnAttempt> attempts;  ///< In order of their ends; skipped ones in between.

    /// Absent without goal tracking. From 0 to 1.
    std::optional<double> goal_progress;
    std::optional<double> drift_score;
    bool loop_detected = false;
    std::string loop;  ///< What loops: "repeated_answer", ... Empty otherwise.

    std::uint32_t steps_taken = 0;  ///< Times that a model was asked: 1, and one for each round of tools.
    std::vector<ToolUse> tools_called;
    std::size_t trimmed_messages = 0;   ///< Left out of what was sent, because it did not fit.
    std::vector<std::string> warnings;  ///< What could not be carried to who answered, one sentence each.
};
/// One JSON object, keys as the members are named.
std::string to_json(const TurnMetadata& metadata);

/// What a turn came to.
struct Reply {
    Reply() = default;
    std::string content;    ///< All text of the last answer.
    std::string reasoning;  ///< Of the last answer.
    std::string refusal;
    /// Calls of tools without a function: answer them with Session::submit().
    std::vector<ToolCallPart> tool_calls;
    StopReason stop_reason = StopReason::unknown;
    std::string session_id;
    TurnMetadata metadata;
};

/// What the user says: text, or parts (images).
class Prompt {
  public:
    Prompt(const char* text) : Prompt(std::string(text)) {}
    Prompt(std::string_view text) : Prompt(std::string(text)) {}
    Prompt(std::string text);
    explicit Prompt(std::vector<Part> parts) : parts_(std::move(parts)) {}
    const std::vector<Part>& parts() const& noexcept { return parts_; }
    std::vector<Part> parts() && noexcept { return std::move(parts_); }
    /// All text parts, joined by line breaks.
    std::string text() const;

  private:
    std::vector<Part> parts_;
};

/// What holds for one turn.
class RunOptions {
  public:
    RunOptions() = default;
    /// What the caller knows of the turn. What the session finds out itself (an error in the last step,
    /// drift) is added.
    RunOptions& signals(RoutingSignals what) &;
    /// Does not ask the router; such a turn is not counted as a decision.
    RunOptions& system(System which) &;
    /// Limits, residency, listeners of each request that the turn makes. `conversation` is the session's id
    /// unless it is set.
    RunOptions& call(CallOptions options) &;
    RunOptions&& signals(RoutingSignals what) && { return std::move(signals(what)); }
    RunOptions&& system(System which) && { return std::move(system(which)); }
    RunOptions&& call(CallOptions options) && { return std::move(call(std::move(options))); }

    const std::optional<RoutingSignals>& signals() const noexcept { return signals_; }
    std::optional<System> system() const noexcept { return system_; }
    const CallOptions& call() const noexcept { return call_; }

  private:
    std::optional<RoutingSignals> signals_;
    std::optional<System> system_;
    CallOptions call_;
};

struct SessionOptions {
    std::string user_id = {};
    /// Empty: "sess_" and 16 hexadecimal digits.
    std::string id = {};
    /// What the conversation is for. Empty: its first message is taken for it, and drift from that sends no
    /// turn to the orchestrator.
    std::string goal = {};
    /// What was said before. System messages are the agent's, and not taken.
    std::vector<Message> history = {};
    /// Tags that every target of this session must have, whichever role a turn is for: what was said at home
    /// is not told elsewhere.
    std::vector<std::string> residency = {};
};

/// What one model has done in a session.
struct ModelUse {
    ModelUse() = default;
    std::string provider;
    std::string model;
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t abandoned = 0;
    std::uint64_t skipped = 0;
};

struct SessionStats {
    SessionStats() = default;
    std::string id;
    std::uint64_t turns = 0;         ///< From a user's message to an answer.
    std::uint64_t failed_turns = 0;  ///< That ended with an error, or were given up.
    /// Input and output of all attempts that reported them, those of failed ones included.
    Tokens total_tokens = 0;
    Tokens input_tokens = 0;
    Tokens output_tokens = 0;
    std::optional<PicoUsd> cost;    ///< Absent when that of an attempt that answered is unknown.
    std::uint64_t failovers = 0;    ///< Turns that another model than the first of their chain answered.
    double average_latency_ms = 0;  ///< Of the turns; 0 when there was none.
    DualProcessStats dual_process;
    std::vector<ModelUse> models;  ///< In order of their first attempt.
    std::string weights_json;      ///< Of learned routing; empty when it is off.
};
std::string to_json(const SessionStats& stats);

/// The session's own.
class SessionState;
class Turn;

/// The events of a turn: of its answer, and of the steps with tool calls before it. One terminal event, the
/// last one, as in a TokenStream; the Finish of a step that only called tools is not shown. Dropping it gives
/// the turn up, as cancelling run() does.
class TurnStream {
  public:
    TurnStream(TurnStream&&) noexcept;
    TurnStream& operator=(TurnStream&&) noexcept;
    ~TurnStream();

    /// The next event, or nullptr after the terminal one. Valid until the next call. Runs the tools that were
    /// called, so it may take as long as they do. Indices of tool calls count on over all steps. Cancellation
    /// throws asio::system_error(operation_aborted); ToolLimitReached as run().
    asio::awaitable<const StreamEvent*> next();
    /// Reads to the end. Throws as Session::run() does.
    asio::awaitable<Reply> collect();
    /// After nullptr, of a turn that did not fail; before: std::logic_error. Its content is the last answer's
    /// text; the events have shown that of every step.
    const Reply& reply() const;
    /// Which model was chosen, and why.
    System system() const noexcept;
    const std::vector<std::string>& routing_reasons() const noexcept;

  private:
    friend class Session;
    explicit TurnStream(std::unique_ptr<Turn> turn);
    std::unique_ptr<Turn> turn_;
};

/// Movable; the conversation ends with it.
class Session {
  public:
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    /// One turn. Throws the provider's typed class when nobody could answer (error.hpp), ToolLimitReached,
    /// SessionBusy, SessionClosed, SessionError while calls wait for submit(), and
    /// asio::system_error(operation_aborted) when cancelled. A turn that fails is taken back, so that it may
    /// simply be run again; but once tools have run in it, it stays in the history as far as it came.
    asio::awaitable<Reply> run(Prompt prompt);
    asio::awaitable<Reply> run(Prompt prompt, RunOptions options);
    /// The same as it comes. Throws like run() when there is no first event.
    asio::awaitable<TurnStream> stream(Prompt prompt);
    asio::awaitable<TurnStream> stream(Prompt prompt, RunOptions options);
    /// Goes on after a reply with tool_calls: one result for each of them, else SessionError.
    asio::awaitable<Reply> submit(std::vector<ToolResultPart> results);
    asio::awaitable<Reply> submit(std::vector<ToolResultPart> results, RunOptions options);
    /// The result of the only call: safe to write as a temporary inside of a co_await, where several in
    /// braces are not (docs/await-rule.md).
    asio::awaitable<Reply> submit(ToolResultPart result);
    asio::awaitable<Reply> submit(ToolResultPart result, RunOptions options);

    /// Ends the session and stops what it has running. Again, and it gives the same. SessionBusy during a
    /// turn.
    asio::awaitable<SessionStats> close();

    const std::string& id() const noexcept;
    const std::string& user_id() const noexcept;
    /// What was said so far, without the system prompt. During a turn SessionBusy.
    const std::vector<Message>& history() const;
    /// Any thread.
    DualProcessStats dual_process_stats() const;
    SessionStats stats() const;

  private:
    friend class Agent;
    explicit Session(std::shared_ptr<SessionState> state);
    static asio::awaitable<TurnStream> open_turn(std::shared_ptr<SessionState> state, Prompt prompt,
                                                 RunOptions options);
    std::shared_ptr<SessionState> state_;
};

}  // namespace sluice
