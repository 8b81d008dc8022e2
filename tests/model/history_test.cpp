// One history over several providers: a tool loop that changes its provider in the middle, in every pair of
// dialects. What each is asked is what it can understand, and proofs go back to who made them only.
#include <sluice/sluice.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace sluice;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator simulator{context.get_executor(), runtime};

    World() {
        simulator.listen(*network, Origin(false, "sim.test", 80));
        simulator.on_model("calls", [](std::size_t, std::string_view) {
            testing::SimulatedAnswer answer;
            answer.reasoning = {"The user wants ", "the weather."};
            answer.signature = "cHJvb2Ytb2YtcmVhc29uaW5n";
            answer.tool_calls = {testing::SimulatedToolCall("call_1", "weather", R"({"city":"Oslo"})"),
                                 testing::SimulatedToolCall("call_2", "weather", R"({"city":"Lima"})")};
            answer.finish_reason = "tool_calls";
            return answer;
        });
    }

    /// A provider of that dialect, and of a trust domain of its own.
    BoundModel model(const std::string& dialect, std::string name) {
        const ApiProvider provider({.service = "local",
                                    .id = "at-" + dialect,
                                    .base_url = simulator.base_url(dialect),
                                    .dialect = dialect,
                                    .runtime = runtime});
        return provider.model(std::move(name));
    }
    AssistantMessage ask(const BoundModel& who, const Request& request) {
        return test::run(context, *clock, who.generate(request));
    }
    const std::string& last_body() const { return simulator.requests().back().body; }
};

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

const std::vector<std::string>& dialects() {
    static const std::vector<std::string> all{"openai_chat", "openai_responses", "anthropic", "gemini"};
    return all;
}

/// The history after the first provider has asked for two tools, and was answered.
Request after_the_calls(World& world, const std::string& first) {
    Request request;
    request.system("Be brief.").user("Weather in Oslo and Lima?").max_tokens(256);
    request.tool(Tool("weather", "The weather of a city.",
                      R"({"type":"object","properties":{"city":{"type":"string"}}})"));
    const AssistantMessage answer = world.ask(world.model(first, "calls"), request);
    BOOST_TEST((answer.stop_reason == StopReason::tool_calls));
    BOOST_TEST(answer.tool_calls().size() == 2U);
    request.message(answer.to_message());
    for (const ToolCallPart& call : answer.tool_calls())
        request.tool_result(call.id, "{\"celsius\":21}");
    return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history)

BOOST_AUTO_TEST_CASE(a_tool_loop_may_end_at_another_provider_than_it_began) {
    for (const std::string& first : dialects()) {
        for (const std::string& second : dialects()) {
            BOOST_TEST_CONTEXT(first << " then " << second) {
                World world;
                const Request request = after_the_calls(world, first);
                const AssistantMessage answer = world.ask(world.model(second, "m"), request);
                BOOST_TEST(answer.text() == "The capital of Mongolia is Ulaanbaatar.");
                BOOST_TEST(answer.provider_id == "at-" + second);
                for (const char* part :
                     {"Be brief.", "Weather in Oslo and Lima?", "weather", "Oslo", "Lima", "celsius"})
                    BOOST_TEST(holds(world.last_body(), part), part);
                // Another's proof is neither sent nor lost in silence.
                if (first != second) {
                    BOOST_TEST(!holds(world.last_body(), "cHJvb2Ytb2YtcmVhc29uaW5n"));
                    if (first == "anthropic") BOOST_TEST(!answer.warnings.empty());
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_provider_that_comes_back_into_the_loop_gets_its_own_proofs_back) {
    for (const std::string other : {"openai_chat", "openai_responses", "gemini"}) {
        BOOST_TEST_CONTEXT("over " << other) {
            World world;
            Request request = after_the_calls(world, "anthropic");
            const AssistantMessage between = world.ask(world.model(other, "calls"), request);
            request.message(between.to_message());
            for (const ToolCallPart& call : between.tool_calls())
                request.tool_result(call.id, "{\"celsius\":22}");
            const AssistantMessage answer = world.ask(world.model("anthropic", "m"), request);
            BOOST_TEST(answer.text() == "The capital of Mongolia is Ulaanbaatar.");
            BOOST_TEST(holds(world.last_body(), "cHJvb2Ytb2YtcmVhc29uaW5n"));
            BOOST_TEST(holds(world.last_body(), "The user wants the weather."));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_failover_inside_the_loop_is_the_same_to_the_caller) {
    World world;
    const Request request = after_the_calls(world, "anthropic");
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel chain({world.model("anthropic", "sim-529"), world.model("gemini", "sim-429"),
                                    world.model("openai_responses", "m")},
                                   options);
    const AssistantMessage answer = world.ask(chain, request);
    BOOST_TEST(answer.provider_id == "at-openai_responses");
    BOOST_TEST(answer.text() == "The capital of Mongolia is Ulaanbaatar.");
}

BOOST_AUTO_TEST_SUITE_END()
