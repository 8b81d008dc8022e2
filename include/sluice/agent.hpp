// Who a conversation is with: a name, a system prompt, and tools that are coroutines of yours. A cheap,
// immutable template; any number of sessions are started from it, on any thread.
//
//   sluice::Agent agent = engine.create_agent({.name = "support",
//                                              .system_prompt = "You help customers.",
//                                              .tools = {{look_up_order_tool, look_up_order}}});
//   sluice::Session session = agent.start_session("user-17");
//   sluice::Reply reply = co_await session.run("Where is my order #1234?");
//
// docs/engine.md has the whole picture, docs/sessions.md what a turn is.
#pragma once

#include <sluice/goal.hpp>
#include <sluice/message.hpp>
#include <sluice/request.hpp>
#include <sluice/session.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

/// Thrown by a tool whose failure the model is to be told in these words, so that it can do something about
/// it. Of anything else that a tool throws the model hears only that the tool failed.
class ToolFailure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What runs when the model calls a tool: a plain callable, or one that returns asio::awaitable. Both take
/// `const ToolCallPart&`, valid until it completes, and give the result as text (mostly JSON).
class ToolFunction {
  public:
    ToolFunction() = default;
    template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, ToolFunction> &&
             std::is_invocable_v<F&, const ToolCallPart&>) ToolFunction(F callable) {
        if constexpr (std::is_convertible_v<std::invoke_result_t<F&, const ToolCallPart&>, std::string>)
            plain_ = std::move(callable);
        else
            async_ = std::move(callable);
    }
    explicit operator bool() const noexcept { return plain_ || async_; }
    const std::function<std::string(const ToolCallPart&)>& plain() const noexcept { return plain_; }
    const std::function<asio::awaitable<std::string>(const ToolCallPart&)>& async() const noexcept {
        return async_;
    }

  private:
    std::function<std::string(const ToolCallPart&)> plain_;
    std::function<asio::awaitable<std::string>(const ToolCallPart&)> async_;
};

struct AgentTool {
    AgentTool() = default;
    /// Without a function, calls of the tool end the turn and are the caller's to answer: Session::submit().
    AgentTool(Tool what, ToolFunction how = {}) : tool(std::move(what)), function(std::move(how)) {}
    Tool tool;
    ToolFunction function;
};

/// How much a turn may do with tools.
struct ToolLimits {
    /// How often in one turn the model may be asked again with the results of its calls. At least 1.
    std::uint32_t max_rounds = 8;
    /// Calls in one turn. At least 1.
    std::uint32_t max_calls = 32;
    /// One call of a function; then it is cancelled, and the model is told so. Positive.
    std::chrono::milliseconds call_time = std::chrono::seconds(30);
    /// Bytes of one result. A larger one is not cut: the model is told to ask for less.
    std::size_t max_result = std::size_t{256} << 10;
};

struct AgentOptions {
    /// Names it in events and statistics (gen_ai.agent.name). Not empty.
    std::string name;
    std::string system_prompt = {};
    /// Measures each turn against the goal: TurnMetadata::goal_progress and drift_score. Drift from a goal
    /// that was given (SessionOptions::goal) is a reason to ask the orchestrator; drift from a conversation's
    /// first message, which may have been small talk, is only told. docs/goals.md.
    bool goal_tracking = true;
    GoalOptions goal = {};
    std::vector<AgentTool> tools = {};
    ToolLimits tool_limits = {};
    /// Of each answer; absent leaves it to the model.
    std::optional<std::uint32_t> max_tokens = {};
    std::optional<ResponseFormat> response_format = {};
    /// Tags that every target of this agent must have: no turn of it leaves them.
    std::vector<std::string> residency = {};
};

/// The engine's own.
class EngineState;

/// A cheap shared handle; keeps alive what it needs of its engine.
class Agent {
  public:
    /// `user_id` goes to TurnRecord, and to a provider only with EngineOptions::send_user_id.
    Session start_session(std::string user_id = {}) const;
    /// Throws std::invalid_argument for a history that is no conversation (an orphaned tool result, an open
    /// call).
    Session start_session(SessionOptions options) const;
    const AgentOptions& options() const noexcept { return *options_; }

  private:
    friend class Engine;
    Agent(std::shared_ptr<EngineState> engine, std::shared_ptr<const AgentOptions> options);
    std::shared_ptr<EngineState> engine_;
    std::shared_ptr<const AgentOptions> options_;
};

}  // namespace sluice
