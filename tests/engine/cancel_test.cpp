// A turn cancelled at every suspension point: nothing runs on, the history is one that providers take, and
// the session goes on.
#include "engine_world.hpp"

#include <sluice/testing/simulator.hpp>

#include "net/pool.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <set>
#include <system_error>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator simulator{context.get_executor(), runtime};

    // Fails over in its first step, calls a tool that takes time, and answers in its second.
    Session session() {
        simulator.listen(*network, Origin(false, "sim.test", 80));
        simulator.on_model("steps", [](std::size_t, std::string_view body) {
            testing::SimulatedAnswer answer;
            if (body.find("weather: 21") != std::string_view::npos) {
                answer.tokens = {"It is ", "21."};
                return answer;
            }
            answer.tokens = {"Let me ", "see."};
            answer.tool_calls = {testing::SimulatedToolCall("call_1", "weather", "{}"),
                                 testing::SimulatedToolCall("call_2", "weather", "{}")};
            answer.finish_reason = "tool_calls";
            return answer;
        });
        EngineProvider provider;
        provider.service = "openai";
        provider.base_url = simulator.base_url("openai_chat");
        EngineOptions options;
        options.providers = {{"one", provider}, {"other", provider}};
        options.worker_model = "one/sim-503";
        options.orchestrator_model = "other/steps";
        options.routing.warm_orchestrator = true;
        options.retry.attempts = 1;
        options.runtime = runtime;
        AgentOptions agent;
        agent.name = "demo";
        const std::shared_ptr<Clock> time = clock;
        agent.tools = {
            AgentTool(Tool("weather", "", ""), [time](const ToolCallPart&) -> asio::awaitable<std::string> {
                co_await sleep_for(*time, 1s);
                co_return std::string("weather: 21");
            })};
        return Engine(std::move(options)).create_agent(std::move(agent)).start_session();
    }
    std::size_t leased() { return net::Pool::of(context.get_executor())->stats().leased; }
};

/// Every call has its result and every result its call, but for calls at the very end.
bool is_legal(const std::vector<Message>& messages) {
    std::set<std::string> open;
    for (const Message& message : messages) {
        if (message.role != Role::tool && !open.empty()) return false;
        for (const Part& part : message.parts) {
            if (const auto* call = std::get_if<ToolCallPart>(&part)) open.insert(call->id);
            if (const auto* result = std::get_if<ToolResultPart>(&part))
                if (open.erase(result->tool_call_id) == 0) return false;
        }
    }
    return open.empty() && (messages.empty() || messages.front().role == Role::user);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancelled_turns)

BOOST_AUTO_TEST_CASE(a_turn_may_be_cancelled_at_every_suspension_point) {
    bool finished = false;
    std::set<std::size_t> lengths;
    std::size_t points = 0;
    for (; !finished && points < 2'000; ++points) {
        World world;
        Session session = world.session();
        asio::cancellation_signal cancel;
        bool done = false;
        std::exception_ptr thrown;
        asio::co_spawn(
            world.context, session.run(kSimple),
            asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, const Reply&) {
                done = true;
                thrown = error;
            }));
        for (std::size_t step = 0; step < points && !done; ++step) {
            world.context.restart();
            if (world.context.poll_one() == 0) world.clock->advance(world.context, 100ms);
        }
        finished = done;
        if (done) break;
        cancel.emit(asio::cancellation_type::terminal);
        world.context.restart();
        world.context.poll();
        BOOST_REQUIRE_MESSAGE(done, "not over after point " << points);
        BOOST_REQUIRE((thrown != nullptr));
        BOOST_CHECK_THROW(std::rethrow_exception(thrown), std::system_error);
        BOOST_TEST(is_legal(session.history()));
        lengths.insert(session.history().size());

        // The session goes on as if that had been a user's change of mind.
        RunOptions slow;
        slow.system(System::system2);
        const Reply reply = test::run(world.context, *world.clock, session.run("And now?", slow));
        BOOST_TEST(reply.content == "It is 21.");
        BOOST_TEST(is_legal(session.history()));
        test::run(world.context, *world.clock, session.close());
        BOOST_TEST(world.leased() == 0U);
    }
    BOOST_TEST(finished);
    BOOST_TEST(points >= 20U);
    // It was cancelled before any tool had run, and after.
    BOOST_TEST(lengths.count(0) == 1U);
    BOOST_TEST(lengths.size() >= 2U);
}

BOOST_AUTO_TEST_SUITE_END()
