// An engine over four scripted providers, in virtual time.
#pragma once

#include <sluice/engine.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

/// 10 tokens in and 5 out, for 15 in all.
inline Usage some_usage() {
    Usage usage;
    usage.input = 10;
    usage.output = 5;
    return usage;
}

inline testing::Script says(const std::string& text) {
    return testing::Script().text(text).finish(StopReason::stop, some_usage());
}
inline testing::Script calls(const std::string& id, const std::string& tool, const std::string& arguments) {
    return testing::Script().tool_call(id, tool, arguments).finish(StopReason::tool_calls, some_usage());
}

struct EngineWorld {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    testing::ScriptedProvider openai{"openai", runtime};
    testing::ScriptedProvider gemini{"gemini", runtime};
    testing::ScriptedProvider anthropic{"anthropic", runtime};
    testing::ScriptedProvider local{"local", runtime};

    EngineProvider bound(testing::ScriptedProvider& provider) {
        EngineProvider options;
        options.bind = [&provider](ModelSpec spec) { return provider.model(std::move(spec)); };
        return options;
    }
    /// The tutorial's: gpt-4o thinks, gemini-3-flash-preview works, and each stands in for the other. Asks
    /// once at each.
    EngineOptions options() {
        EngineOptions options;
        options.providers = {{"openai", bound(openai)}, {"gemini", bound(gemini)}};
        options.orchestrator_model = "gpt-4o";
        options.worker_model = "gemini-3-flash-preview";
        options.fallback_models = {"gpt-4o", "gemini-3-flash-preview"};
        options.retry.attempts = 1;
        options.runtime = runtime;
        return options;
    }
    void both_answer(const std::string& slow = "from gpt-4o", const std::string& fast = "from gemini") {
        openai.script("gpt-4o", says(slow));
        gemini.script("gemini-3-flash-preview", says(fast));
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }

    ~EngineWorld() {
        for (const testing::ScriptedProvider* provider : {&openai, &gemini, &anthropic, &local})
            BOOST_TEST(provider->running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

inline Agent agent_of(const Engine& engine, bool goal_tracking = false) {
    AgentOptions options;
    options.name = "demo";
    options.goal_tracking = goal_tracking;
    return engine.create_agent(std::move(options));
}

/// "user: What is 2 + 2?", "assistant: 4", "assistant: call_1 add({})", "tool: call_1=4"
inline std::vector<std::string> lines(const std::vector<Message>& messages) {
    std::vector<std::string> all;
    for (const Message& message : messages) {
        std::string& line = all.emplace_back(std::string(to_string(message.role)) + ":");
        for (const Part& part : message.parts) {
            if (const auto* text = std::get_if<TextPart>(&part)) line += " " + text->text;
            if (const auto* call = std::get_if<ToolCallPart>(&part))
                line += " " + call->id + " " + call->name + "(" + call->arguments + ")";
            if (const auto* result = std::get_if<ToolResultPart>(&part))
                line += " " + result->tool_call_id + (result->is_error ? "!" : "=") + result->content;
        }
    }
    return all;
}

inline std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

inline constexpr const char* kSimple = "What is 2 + 2?";
inline constexpr const char* kRiddle =
    "A farmer has 17 sheep. All but 9 die. How many sheep does the farmer have left? Explain your reasoning "
    "step "
    "by step.";

}  // namespace sluice::test
