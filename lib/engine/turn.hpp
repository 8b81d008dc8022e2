// One turn of a session: decides who is asked, asks, runs the tools that are called, asks again, and writes
// the history. What run() and stream() share, so that they cannot decide differently.
#pragma once

#include <sluice/context.hpp>
#include <sluice/session.hpp>

#include "engine/attempt_recorder.hpp"
#include "engine/session_state.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

class Turn {
  public:
    Turn(std::shared_ptr<SessionState> session, RunOptions options);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    /// Gives the turn up unless it has ended.
    ~Turn();

    /// Takes the session, decides, and opens the first step. Once. Afterwards error() tells when nobody could
    /// be asked.
    asio::awaitable<void> begin(Prompt prompt);
    asio::awaitable<void> begin_with(std::vector<ToolResultPart> results);
    /// As TurnStream::next().
    asio::awaitable<const StreamEvent*> next();

    /// Of a turn that failed; null otherwise.
    const ErrorInfo* error() const noexcept { return error_ ? &*error_ : nullptr; }
    /// The whole answer is here.
    bool answered() const noexcept { return state_ == State::answered; }
    const Reply& reply() const noexcept { return reply_; }

  private:
    enum class State : std::uint8_t { idle, running, answered, failed, given_up };

    TurnMetadata& figures() noexcept { return reply_.metadata; }
    void enter();
    void decide(std::string_view prompt, bool after_tools);
    asio::awaitable<void> open_step();
    asio::awaitable<const StreamEvent*> next_event();
    const StreamEvent* shown(const StreamEvent& event);

    Request request_of(std::vector<Message> messages) const;
    Request next_request();
    CallOptions call_options();
    Trimmed trimmed(Tokens budget) const;
    Tokens window_for(const ErrorInfo& error) const;
    /// Lowers the budget of what is sent. False when that could not help, or nothing more can go.
    bool shorten(const ErrorInfo& error);

    void check_results(const std::vector<ToolResultPart>& results) const;
    bool take_step();
    asio::awaitable<void> run_tools();
    void check_tool_limits() const;

    void settle_history();
    void succeed();
    void fail(ErrorInfo error);
    void give_up(bool in_error) noexcept;
    void end(State how, bool in_error);
    void sum_up();

    const std::shared_ptr<SessionState> session_;
    const RunOptions options_;
    State state_ = State::idle;
    bool over_ = false;  // the terminal event was handed out, or there will be none
    std::shared_ptr<AttemptRecorder> recorder_ = std::make_shared<AttemptRecorder>();
    TimePoint started_;
    std::size_t first_message_ = 0;  // of the history, that is this turn's
    std::string user_text_;
    TaskProfile profile_;
    std::optional<BoundModel> chain_;
    std::optional<TokenStream> stream_;
    MessageBuilder builder_;
    std::optional<AssistantMessage> answer_;  // of the last step
    std::vector<ToolCallPart> calls_;         // that are to be run
    std::vector<ToolCallPart> called_;        // in the whole turn
    std::uint32_t rounds_ = 0;
    bool tools_ran_ = false;
    std::uint32_t index_base_ = 0;   // of tool calls, over all steps
    std::uint32_t index_limit_ = 0;  // the first that is free
    std::optional<Tokens> budget_;   // of what is sent, once it was too long
    std::optional<ErrorInfo> error_;
    std::optional<StreamEvent> event_;  // one that had to be changed, or made
    Reply reply_;
};

}  // namespace sluice
