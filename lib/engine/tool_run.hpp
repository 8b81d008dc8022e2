// Runs a tool that a model has called: bounded in time and size, and whatever goes wrong becomes a result
// that the model is told.
#pragma once

#include <sluice/agent.hpp>
#include <sluice/clock.hpp>
#include <sluice/message.hpp>
#include <sluice/session.hpp>

#include <asio/awaitable.hpp>

#include <memory>

namespace sluice {

/// Null when the agent has no such tool.
const AgentTool* find_tool(const AgentOptions& agent, std::string_view name) noexcept;

/// `use`, which outlives it, tells how it went. Cancellation of the caller cancels the function and is thrown
/// as operation_aborted; nothing else is thrown.
asio::awaitable<ToolResultPart> run_tool(std::shared_ptr<const AgentOptions> agent, ToolCallPart call,
                                         std::shared_ptr<Clock> clock, ToolUse& use);

}  // namespace sluice
