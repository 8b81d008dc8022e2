// What users write first. g++ 12 destroys some temporaries twice when their statement awaits; everything here
// is safe, which AddressSanitizer would tell at -O0 and at -O2 (docs/await-rule.md).
#include "engine_world.hpp"

#include <asio/this_coro.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::test;
using sluice::testing::Script;

namespace {

// Longer than what a string keeps inside of itself, so that a second destruction frees memory twice.
const std::string kLong = "What is the capital of the country whose capital is Ulaanbaatar?";

asio::awaitable<std::string> temporaries_in_the_call(Session& session, Session& other) {
    Reply reply = co_await session.run("What is the capital of Mongolia, and nothing else?");
    std::string all = reply.content;

    co_await session.run(kLong);
    co_await session.run(kLong + " And nothing else.");
    co_await session.run(std::string_view(kLong));
    co_await session.run(Prompt(std::string(kLong)));

    Reply slow = co_await session.run(kLong, RunOptions().system(System::system2));
    all += ", " + slow.content;
    RoutingSignals much;
    much.enterprise_safety = 0.9;
    Reply at_stake = co_await session.run(kLong, RunOptions().signals(much));
    all += ", " + at_stake.metadata.routing_reasons.at(0);
    co_await session.run(kLong + "?", RunOptions()
                                          .system(System::system1)
                                          .signals(RoutingSignals())
                                          .call(CallOptions().max_total_attempts(3).conversation(kLong)));

    TurnStream turn = co_await other.stream(kLong + "?", RunOptions().system(System::system1));
    while (const StreamEvent* event = co_await turn.next())
        if (const auto* delta = event->as<TextDelta>()) all += ", " + std::string(delta->text);
    all += ", " + turn.reply().metadata.model_used;

    if (SessionStats stats = co_await session.close(); stats.turns == 8) all += ", closed";
    co_return all;
}

asio::awaitable<Reply> handed_through(Session session, std::string text) {
    co_return co_await session.run(std::move(text), RunOptions().call(CallOptions().conversation(kLong)));
}

// The handle is gone while the turn runs; the turn holds the session.
asio::awaitable<std::string> handles_that_are_temporaries(const Engine& engine, Agent agent) {
    Reply one = co_await agent.start_session("a user with a long opaque identification").run(kLong);
    Reply other = co_await Agent(agent).start_session().run(kLong, RunOptions().system(System::system2));
    AssistantMessage direct = co_await engine.model("openai/gpt-4o").generate(Request().user(kLong));
    AssistantMessage chained = co_await engine.chain(System::system1).generate(kLong);
    co_return one.content + ", " + other.content + ", " + direct.text() + ", " + chained.text();
}

asio::awaitable<std::string> errors_and_images(Session& session) {
    std::vector<Part> parts;
    parts.emplace_back(TextPart(kLong));
    parts.emplace_back(ImagePart::from_url("https://example.test/the-picture-of-a-city.png"));
    Reply seen = co_await session.run(Prompt(std::move(parts)), RunOptions().system(System::system2));
    std::string all = seen.content;
    try {
        co_await session.run(kLong, RunOptions().call(CallOptions().residency("nowhere, and that is far")));
    } catch (const NoProviderAvailable& error) {
        all += ", " + std::string(class_name(error.kind()));
    }
    co_return all;
}

asio::awaitable<std::string> results_by_hand(Session& session) {
    Reply reply = co_await session.run(kLong);
    while (!reply.tool_calls.empty()) {
        std::vector<ToolResultPart> results;
        for (const ToolCallPart& call : reply.tool_calls)
            results.emplace_back(call.id, R"({"capital":"Ulaanbaatar, as it has been called since 1924"})");
        Reply next = co_await session.submit(std::move(results), RunOptions().system(System::system1));
        reply = std::move(next);
    }
    co_return reply.content;
}

asio::awaitable<std::string> one_result(Session& session) {
    Reply asks = co_await session.run(kLong);
    Reply reply = co_await session.submit(
        ToolResultPart(asks.tool_calls.at(0).id, "Ulaanbaatar, as it has been called since 1924"));
    co_return reply.content;
}

Agent agent_with_a_tool(const Engine& engine, ToolFunction function = {}) {
    AgentOptions options;
    options.name = "demo";
    options.tools = {AgentTool(Tool("look_up", "Looks it up.", R"({"type":"object"})"), std::move(function))};
    return engine.create_agent(std::move(options));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shapes)

BOOST_AUTO_TEST_CASE(prompts_and_options_may_be_temporaries) {
    EngineWorld world;
    world.both_answer("slow", "fast");
    const Engine engine(world.options());
    const Agent agent = agent_of(engine);
    Session session = agent.start_session();
    Session other = agent.start_session();
    BOOST_TEST(world.run(temporaries_in_the_call(session, other)) ==
               "fast, slow, high_safety(0.90), fast, gemini-3-flash-preview, closed");
}

BOOST_AUTO_TEST_CASE(sessions_agents_and_models_may_be_temporaries) {
    EngineWorld world;
    world.both_answer("slow", "fast");
    const Engine engine(world.options());
    BOOST_TEST(world.run(handles_that_are_temporaries(engine, agent_of(engine))) == "fast, slow, slow, fast");
    BOOST_TEST(world.run(handed_through(agent_of(engine).start_session(), kLong)).content == "fast");
}

BOOST_AUTO_TEST_CASE(errors_and_images_in_ordinary_code) {
    EngineWorld world;
    world.both_answer("a city", "fast");
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    BOOST_TEST(world.run(errors_and_images(session)) == "a city, NoProviderAvailable");
}

BOOST_AUTO_TEST_CASE(results_are_given_by_hand) {
    EngineWorld world;
    world.slow_answers("slow");
    for (int time = 0; time < 2; ++time) {
        world.fast_does(calls("call_1", "look_up", "{}"));
        world.fast_does(says("Ulaanbaatar."));
    }
    const Engine engine(world.options());
    Session session = agent_with_a_tool(engine).start_session();
    BOOST_TEST(world.run(results_by_hand(session)) == "Ulaanbaatar.");
    Session other = agent_with_a_tool(engine).start_session();
    BOOST_TEST(world.run(one_result(other)) == "Ulaanbaatar.");
}

BOOST_AUTO_TEST_CASE(tools_are_lambdas_functions_and_coroutines) {
    const std::string wisdom = "Ulaanbaatar, as it has been called since 1924";
    const auto answer = [&](ToolFunction function) {
        EngineWorld world;
        world.slow_answers("slow");
        world.fast_does(calls("call_1", "look_up", "{}"));
        world.fast_does(says("Ulaanbaatar."));
        const Engine engine(world.options());
        Session session = agent_with_a_tool(engine, std::move(function)).start_session();
        const Reply reply = world.run(session.run(kLong));
        BOOST_TEST((reply.metadata.tools_called.at(0).outcome == ToolOutcome::ok));
        return lines(session.history()).at(2);
    };
    BOOST_TEST(answer([](const ToolCallPart&) { return "text"; }) == "tool: call_1=text");
    BOOST_TEST(answer([wisdom](const ToolCallPart&) { return wisdom; }) == "tool: call_1=" + wisdom);
    const auto later = [&wisdom](const ToolCallPart& call) -> asio::awaitable<std::string> {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        BOOST_TEST((executor != asio::any_io_executor()));
        co_return call.id + " " + wisdom;
    };
    BOOST_TEST(answer(later) == "tool: call_1=call_1 " + wisdom);
}

BOOST_AUTO_TEST_SUITE_END()
