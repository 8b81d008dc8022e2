#include <sluice/engine.hpp>

#include <sluice/explain.hpp>

#include "engine/engine_state.hpp"

#include <set>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

[[noreturn]] void refuse(const AgentOptions& agent, const std::string& why) {
    throw std::invalid_argument("create_agent: " + (agent.name.empty() ? "" : "\"" + agent.name + "\": ") +
                                why);
}

void check(const AgentOptions& agent) {
    if (agent.name.empty()) refuse(agent, "an agent needs a name");
    std::set<std::string_view> names;
    for (const AgentTool& tool : agent.tools) {
        if (tool.tool.name.empty()) refuse(agent, "a tool needs a name");
        if (!names.insert(tool.tool.name).second)
            refuse(agent, "there are two tools \"" + tool.tool.name + "\"");
    }
    const ToolLimits& limits = agent.tool_limits;
    if (limits.max_rounds == 0) refuse(agent, "tool_limits.max_rounds must be at least 1");
    if (limits.max_calls == 0) refuse(agent, "tool_limits.max_calls must be at least 1");
    if (limits.max_result == 0) refuse(agent, "tool_limits.max_result must be at least 1");
    if (limits.call_time <= std::chrono::milliseconds(0))
        refuse(agent, "tool_limits.call_time must be positive");
    GoalTracker(agent.goal);  // throws for options that make no sense
}

std::string explained(const RoleChain& role, std::string_view title) {
    std::string text(title);
    text += ": ";
    for (std::size_t leg = 0; leg < role.leaves.size(); ++leg) {
        const ModelSpec& spec = role.leaves[leg].spec();
        if (leg > 0) text += ", then ";
        text.append(spec.provider_id).append("/").append(spec.id);
        if (leg >= role.configured) text += " (implicit)";
    }
    return text + '\n' + explain(role.chain).text;
}

}  // namespace

Engine::Engine(EngineOptions options) : state_(std::make_shared<EngineState>(std::move(options))) {}

Agent Engine::create_agent(AgentOptions options) const {
    check(options);
    return Agent(state_, std::make_shared<const AgentOptions>(std::move(options)));
}

BoundModel Engine::model(std::string_view id) const {
    return state_->model(id);
}

const BoundModel& Engine::chain(System system) const {
    return state_->chain(system).chain;
}

EffectiveChain Engine::effective_chain(System system) const {
    return state_->chain(system).effective();
}

std::string Engine::explain() const {
    return explained(state_->chain(System::system1), "System 1 (worker)") +
           explained(state_->chain(System::system2), "System 2 (orchestrator)");
}

DualProcessStats Engine::dual_process_stats() const {
    return state_->router().stats();
}

Breakers Engine::breakers() const {
    return state_->breakers();
}

}  // namespace sluice
