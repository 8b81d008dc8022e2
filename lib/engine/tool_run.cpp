#include "engine/tool_run.hpp"

#include <sluice/log.hpp>

#include "net/bounded.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace sluice {
namespace {

// Shared with a function that overruns its time and is left behind.
struct Run {
    Run(std::shared_ptr<const AgentOptions> whose, const AgentTool& what, ToolCallPart which)
        : agent(std::move(whose)), tool(what), call(std::move(which)) {}
    const std::shared_ptr<const AgentOptions> agent;  // owns `tool`
    const AgentTool& tool;
    const ToolCallPart call;
    std::string result;
};

asio::awaitable<void> call_function(std::shared_ptr<Run> run) {
    std::string result = co_await run->tool.function.async()(run->call);
    run->result = std::move(result);
}

asio::awaitable<net::BoundedOutcome> call_bounded(std::shared_ptr<Run> run, std::shared_ptr<Clock> clock) {
    if (run->tool.function.async()) {
        asio::awaitable<void> work = call_function(run);
        co_return co_await net::run_bounded(std::move(work), std::move(clock),
                                            run->agent->tool_limits.call_time);
    }
    net::BoundedOutcome outcome;
    try {
        run->result = run->tool.function.plain()(run->call);
    } catch (...) {
        outcome.end = net::BoundedEnd::threw;
        outcome.thrown = std::current_exception();
    }
    co_return outcome;
}

// What the model hears of it. Other exceptions may tell what is none of its business.
std::string words_of(const std::exception_ptr& thrown, ToolUse& use) {
    try {
        std::rethrow_exception(thrown);
    } catch (const ToolFailure& failure) {
        use.error = failure.what();
        return use.error;
    } catch (const std::exception& error) {
        use.error = error.what();
    } catch (...) {
        use.error = "something that is no std::exception";
    }
    log(LogLevel::error, "tool \"" + use.name + "\" threw (ToolUse::error has the text)");
    return "The tool failed.";
}

}  // namespace

const AgentTool* find_tool(const AgentOptions& agent, std::string_view name) noexcept {
    const auto found = std::find_if(agent.tools.begin(), agent.tools.end(),
                                    [name](const AgentTool& tool) { return tool.tool.name == name; });
    return found == agent.tools.end() ? nullptr : &*found;
}

asio::awaitable<ToolResultPart> run_tool(std::shared_ptr<const AgentOptions> agent, ToolCallPart call,
                                         std::shared_ptr<Clock> clock, ToolUse& use) {
    use.id = call.id;
    use.name = call.name;
    ToolResultPart result(call.id, std::string());
    result.is_error = true;
    const AgentTool* tool = find_tool(*agent, call.name);
    if (tool == nullptr) {
        use.outcome = ToolOutcome::unknown_tool;
        result.content = "There is no tool of that name.";
        co_return result;
    }
    if (!call.arguments_are_json) {
        use.outcome = ToolOutcome::bad_arguments;
        result.content = "The arguments are not valid JSON.";
        co_return result;
    }
    if (call.arguments.empty()) call.arguments = "{}";

    const ToolLimits& limits = agent->tool_limits;
    const TimePoint started = clock->now();
    const std::shared_ptr<Run> run = std::make_shared<Run>(agent, *tool, std::move(call));
    const net::BoundedOutcome outcome = co_await call_bounded(run, clock);
    use.duration = clock->now() - started;
    if (outcome.end == net::BoundedEnd::threw) {
        use.outcome = ToolOutcome::failed;
        result.content = words_of(outcome.thrown, use);
    } else if (outcome.end == net::BoundedEnd::timed_out) {
        use.outcome = ToolOutcome::timed_out;
        result.content = "The tool did not end in time.";
    } else if (run->result.size() > limits.max_result) {
        use.outcome = ToolOutcome::too_large;
        result.content = "The result is too large (" + std::to_string(run->result.size()) +
                         " bytes, at most " + std::to_string(limits.max_result) + "). Ask for less.";
    } else {
        use.outcome = ToolOutcome::ok;
        result.content = std::move(run->result);
        result.is_error = false;
    }
    co_return result;
}

}  // namespace sluice
