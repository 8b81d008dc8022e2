// The snippets of docs/engine.md and docs/sessions.md that no example has.
#include <sluice/sluice.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

using sluice::testing::SimulatedAnswer;

/// The services at their own addresses, played by simulators in virtual time.
struct World {
    asio::io_context context{1};
    std::shared_ptr<sluice::testing::VirtualClock> clock = std::make_shared<sluice::testing::VirtualClock>();
    std::shared_ptr<sluice::testing::MemoryNetwork> network =
        std::make_shared<sluice::testing::MemoryNetwork>();
    sluice::Runtime runtime{clock, network, sluice::seeded_entropy(1)};
    sluice::testing::Simulator openai{context.get_executor(), runtime};
    sluice::testing::Simulator gemini{context.get_executor(), runtime};

    World() {
        openai.listen(*network, sluice::Origin(true, "api.openai.com", 443));
        gemini.listen(*network, sluice::Origin(true, "generativelanguage.googleapis.com", 443));
    }
    std::string run(asio::awaitable<std::string> work) {
        std::string result;
        asio::co_spawn(context, std::move(work), [&result](std::exception_ptr error, std::string text) {
            if (error) std::rethrow_exception(error);
            result = std::move(text);
        });
        clock->run(context);
        return result;
    }
};

sluice::EngineOptions two_providers(const World& world) {
    sluice::EngineOptions options{
        .providers = {{"openai", {.api_key = sluice::env_or("OPENAI_API_KEY", "sk-...")}},
                      {"gemini", {.api_key = sluice::env_or("GEMINI_API_KEY", "AIza...")}}},
        .orchestrator_model = "gpt-4o",
        .worker_model = "gemini-3-flash-preview",
        .fallback_models = {"gpt-4o", "gemini-3-flash-preview"}};
    options.runtime = world.runtime;
    return options;
}

/// What std::cout was told since.
class Printed {
  public:
    Printed() : before_(std::cout.rdbuf(text_.rdbuf())) {}
    Printed(const Printed&) = delete;
    Printed& operator=(const Printed&) = delete;
    ~Printed() { std::cout.rdbuf(before_); }
    std::string text() const { return text_.str(); }

  private:
    std::ostringstream text_;
    std::streambuf* before_;
};

asio::awaitable<std::string> first_turn(sluice::EngineOptions options) {
    const Printed printed;
    sluice::Engine engine{options};
    sluice::Agent agent = engine.create_agent({.name = "demo", .system_prompt = "You are helpful."});
    sluice::Session session = agent.start_session("demo_user");

    sluice::Reply reply = co_await session.run("Capital of Mongolia?");
    std::cout << reply.content << " (by " << reply.metadata.model_used << ")\n";
    co_return printed.text();
}

asio::awaitable<std::string> of_one_turn(sluice::Session& session) {
    std::string text = "Is this clause binding?";
    sluice::RoutingSignals signals;
    signals.enterprise_safety = 0.9;
    sluice::Reply reply = co_await session.run(text, sluice::RunOptions().signals(signals));

    sluice::Reply quick = co_await session.run(
        "In one word?", sluice::RunOptions()
                            .system(sluice::System::system1)
                            .call(sluice::CallOptions().total(std::chrono::seconds(10))));
    co_return reply.metadata.routing_reasons.at(0) + ", " + quick.metadata.model_used;
}

std::string look_up(const sluice::ToolCallPart& call) {
    return "{\"answer to\":\"" + call.id + "\"}";
}

asio::awaitable<std::string> results_by_hand(sluice::Session& session) {
    sluice::Reply reply = co_await session.run("How warm is it in Ulaanbaatar?");
    while (!reply.tool_calls.empty()) {
        std::vector<sluice::ToolResultPart> results;
        for (const sluice::ToolCallPart& call : reply.tool_calls)
            results.emplace_back(call.id, look_up(call));
        sluice::Reply next = co_await session.submit(std::move(results));
        reply = std::move(next);
    }
    co_return reply.content;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engine_snippets)

BOOST_AUTO_TEST_CASE(ten_lines_to_start) {
    World world;
    BOOST_TEST(world.run(first_turn(two_providers(world))) ==
               "The capital of Mongolia is Ulaanbaatar. (by gemini-3-flash-preview)\n");
    BOOST_TEST(world.openai.requests().empty());
}

BOOST_AUTO_TEST_CASE(the_same_written_by_hand) {
    World world;
    const sluice::Engine engine(two_providers(world));
    const sluice::Runtime& runtime = world.runtime;
    const std::string openai_key = "sk-...", gemini_key = "AIza...";

    sluice::OpenAI openai{{.api_key = openai_key, .runtime = runtime}};
    sluice::Gemini gemini{{.api_key = gemini_key, .runtime = runtime}};
    sluice::ModelRegistry known = sluice::ModelRegistry::built_in();
    sluice::Breakers breakers{{.runtime = runtime}};
    auto guarded = [&](const sluice::BoundModel& model) {
        return sluice::RetryBoundModel(sluice::BreakerBoundModel(model, breakers), {.runtime = runtime});
    };
    sluice::FallbackBoundModel system2{{guarded(openai.model(*known.find("gpt-4o"))),
                                        guarded(gemini.model(*known.find("gemini-3-flash-preview")))},
                                       {.trigger_errors = sluice::triggers::with_auth(), .runtime = runtime}};

    BOOST_TEST(explain(system2).text == explain(engine.chain(sluice::System::system2)).text);
    BOOST_TEST_MESSAGE(engine.explain());
}

BOOST_AUTO_TEST_CASE(what_holds_for_one_turn) {
    World world;
    const sluice::Engine engine(two_providers(world));
    sluice::Session session = engine.create_agent({.name = "demo"}).start_session();
    BOOST_TEST(world.run(of_one_turn(session)) == "high_safety(0.90), gemini-3-flash-preview");
}

BOOST_AUTO_TEST_CASE(a_tool_without_a_function) {
    World world;
    world.gemini.on_model("gemini-3-flash-preview", [](std::size_t turn, std::string_view) {
        SimulatedAnswer answer;
        if (turn == 0) {
            answer.tool_calls.emplace_back("call_1", "get_weather", "{}");
            answer.finish_reason = "tool_calls";
        } else {
            answer.tokens = {"21", " degrees."};
        }
        return answer;
    });
    const sluice::Engine engine(two_providers(world));
    sluice::AgentOptions options{.name = "demo"};
    options.tools = {sluice::Tool("get_weather", "The weather of a city.", R"({"type":"object"})")};
    sluice::Session session = engine.create_agent(options).start_session();
    BOOST_TEST(world.run(results_by_hand(session)) == "21 degrees.");
}

BOOST_AUTO_TEST_SUITE_END()
