// What a session is, behind its handle: its history, its figures, and who may use it just now.
#pragma once

#include <sluice/agent.hpp>
#include <sluice/goal.hpp>
#include <sluice/session.hpp>

#include "engine/engine_state.hpp"
#include "net/task_group.hpp"

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

class SessionState {
  public:
    SessionState(std::shared_ptr<EngineState> engine, std::shared_ptr<const AgentOptions> agent,
                 SessionOptions options);

    EngineState& engine() noexcept { return *engine_; }
    const AgentOptions& agent() const noexcept { return *agent_; }
    const std::shared_ptr<const AgentOptions>& shared_agent() const noexcept { return agent_; }
    const std::string& id() const noexcept { return options_.id; }
    const std::string& user_id() const noexcept { return options_.user_id; }
    const std::vector<std::string>& residency() const noexcept { return options_.residency; }
    const Clock& clock() const noexcept { return *engine_->runtime().clock; }

    /// Begins a turn. Throws SessionBusy or SessionClosed.
    void enter();
    void leave() noexcept { busy_ = false; }
    /// The same, without beginning one.
    void check_idle(std::string_view what) const;
    std::uint64_t turns() const;

    // --- during a turn, on its executor ---

    std::vector<Message>& messages() noexcept { return messages_; }
    /// Place of the message that says what the conversation is for, if that is one.
    std::optional<std::size_t> goal_message() const noexcept { return goal_message_; }
    /// The calls of the last message that wait for their results; empty when none do.
    std::vector<ToolCallPart> open_calls() const;
    /// Opens the slow model's connection, meanwhile.
    void warm_orchestrator(const asio::any_io_executor& executor);
    RoutingSignals with_own_signals(RoutingSignals signals) const;
    void count_decision(System system);
    /// Absent without goal tracking.
    std::optional<GoalState> observe(std::string_view user, const std::string& answer,
                                     const std::vector<ToolCallPart>& calls);
    /// A turn has ended. `in_error`: so the next one is for the slow model.
    void account(const TurnMetadata& turn, TurnRecord::End end, const ErrorInfo* error, bool in_error);
    /// Forgets the oldest turns beyond the limit.
    void bound_history();

    asio::awaitable<void> stop() { return tasks_.stop(); }
    bool closed() const noexcept { return closed_; }
    void set_closed() noexcept { closed_ = true; }

    // --- any thread ---

    DualProcessStats dual_process() const;
    SessionStats stats() const;

  private:
    ModelUse& use_of(const TurnAttempt& attempt);
    void add_attempt(const TurnAttempt& attempt);

    const std::shared_ptr<EngineState> engine_;
    const std::shared_ptr<const AgentOptions> agent_;
    SessionOptions options_;
    std::vector<Message> messages_;
    std::optional<std::size_t> goal_message_;
    std::optional<GoalTracker> goal_;
    double drift_ = 0;
    bool error_in_last_step_ = false;
    bool busy_ = false;
    bool closed_ = false;

    mutable std::mutex mutex_;  // guards what follows
    SessionStats figures_;
    double total_latency_ms_ = 0;
    std::uint64_t system1_ = 0;
    std::uint64_t system2_ = 0;

    net::TaskGroup tasks_{4};  // last: what still runs ends before the rest goes
};

}  // namespace sluice
