// Tools: what runs, what the model is told, what ends the turn (rows A13, B05, B15, C20).
#include "engine_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using sluice::testing::Script;

namespace {

Tool declared(const std::string& name) {
    return Tool(name, "A tool.", R"({"type":"object"})");
}

Agent agent_with(const Engine& engine, std::vector<AgentTool> tools, ToolLimits limits = {}) {
    AgentOptions options;
    options.name = "demo";
    options.goal_tracking = false;
    options.tools = std::move(tools);
    options.tool_limits = limits;
    return engine.create_agent(std::move(options));
}

std::vector<std::string> uses(const TurnMetadata& turn) {
    std::vector<std::string> all;
    for (const ToolUse& use : turn.tools_called)
        all.push_back(use.name + " " + std::string(to_string(use.outcome)));
    return all;
}

// Until it is cancelled.
asio::awaitable<std::string> hang(const ToolCallPart&) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer never(executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return std::string("never");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tools)

BOOST_AUTO_TEST_CASE(a_tool_runs_and_the_model_is_asked_again_with_its_result) {
    EngineWorld world;
    world.fast_does(Script()
                        .text("Let me see.")
                        .tool_call("c1", "add", R"({"a":2,"b":2})")
                        .finish(StopReason::tool_calls, some_usage()));
    world.fast_does(says("It is 4."));
    const Engine engine(world.options());
    std::vector<std::string> asked;
    const auto add = [&asked](const ToolCallPart& call) {
        asked.push_back(call.id + " " + call.arguments);
        return std::string("4");
    };
    Session session = agent_with(engine, {AgentTool(declared("add"), add)}).start_session();
    const Reply reply = world.run(session.run(kSimple));
    BOOST_TEST(reply.content == "It is 4.");
    BOOST_TEST(asked == list({R"(c1 {"a":2,"b":2})"}), boost::test_tools::per_element());
    BOOST_TEST(reply.tool_calls.empty());
    BOOST_TEST(reply.metadata.steps_taken == 2U);
    BOOST_TEST(uses(reply.metadata) == list({"add ok"}), boost::test_tools::per_element());
    BOOST_TEST((reply.metadata.tokens_used == Tokens{30}));
    BOOST_TEST(lines(session.history()) ==
                   list({"user: What is 2 + 2?", R"(assistant: Let me see. c1 add({"a":2,"b":2}))",
                         "tool: c1=4", "assistant: It is 4."}),
               boost::test_tools::per_element());
    // One decision for the whole turn, and the tools are offered each time.
    BOOST_TEST(session.dual_process_stats().total_decisions == 1U);
    BOOST_TEST(world.gemini.requests().back().tools().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_coroutine_may_take_its_time) {
    EngineWorld world;
    world.fast_does(calls("c1", "slow", ""));
    world.fast_does(says("done"));
    const Engine engine(world.options());
    std::shared_ptr<Clock> clock = world.clock;
    const auto slow = [clock](const ToolCallPart& call) -> asio::awaitable<std::string> {
        BOOST_TEST(call.arguments == "{}");  // none at all stand for these
        co_await sleep_for(*clock, 20s);
        co_return std::string("late");
    };
    Session session = agent_with(engine, {AgentTool(declared("slow"), slow)}).start_session();
    const Reply reply = world.run(session.run(kSimple));
    BOOST_TEST(reply.content == "done");
    BOOST_TEST(reply.metadata.latency_ms == 20'000.0);
    BOOST_TEST((reply.metadata.tools_called.at(0).duration == 20s));
    BOOST_TEST(lines(session.history()).at(2) == "tool: c1=late");
}

// Whatever goes wrong, the model is told, and the next turn is for the slow model.
BOOST_AUTO_TEST_CASE(a_call_that_fails_is_a_result_that_says_so) {
    struct Row {
        const char* what;
        Script step;
        ToolFunction function;
        const char* outcome;
        const char* told;
    };
    const auto throws_later = [](const ToolCallPart&) -> asio::awaitable<std::string> {
        throw ToolFailure("No such order.");
        co_return std::string();
    };
    const std::vector<Row> rows{
        {"tells the model why", calls("c", "t", "{}"),
         [](const ToolCallPart&) -> std::string { throw ToolFailure("No such order."); }, "t failed",
         "tool: c!No such order."},
        {"the same from a coroutine", calls("c", "t", "{}"), throws_later, "t failed",
         "tool: c!No such order."},
        {"throws", calls("c", "t", "{}"),
         [](const ToolCallPart&) -> std::string { throw std::runtime_error("password=hunter2"); }, "t failed",
         "tool: c!The tool failed."},
        {"hangs", calls("c", "t", "{}"), hang, "t timed_out", "tool: c!The tool did not end in time."},
        {"made up", calls("c", "other", "{}"), [](const ToolCallPart&) { return std::string("x"); },
         "other unknown_tool", "tool: c!There is no tool of that name."},
        {"no JSON", calls("c", "t", R"({"a":)"), [](const ToolCallPart&) { return std::string("x"); },
         "t bad_arguments", "tool: c!The arguments are not valid JSON."},
        {"too large", calls("c", "t", "{}"), [](const ToolCallPart&) { return std::string(101, 'x'); },
         "t too_large", "tool: c!The result is too large (101 bytes, at most 100). Ask for less."},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.what) {
            EngineWorld world;
            world.fast_does(row.step);
            world.fast_does(says("sorry"));
            world.slow_answers();
            const Engine engine(world.options());
            ToolLimits limits;
            limits.max_result = 100;
            limits.call_time = 5s;
            Session session =
                agent_with(engine, {AgentTool(declared("t"), row.function)}, limits).start_session();
            const Reply reply = world.run(session.run(kSimple));
            BOOST_TEST(reply.content == "sorry");
            BOOST_TEST(uses(reply.metadata) == list({row.outcome}), boost::test_tools::per_element());
            BOOST_TEST(lines(session.history()).at(2) == row.told);
            const Reply next = world.run(session.run(kSimple));
            BOOST_TEST(next.metadata.routing_reasons == list({"error_in_last_step"}),
                       boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(parallel_calls_are_answered_together_and_in_order) {
    EngineWorld world;
    world.fast_does(Script()
                        .tool_call("c1", "t", R"({"n":1})")
                        .tool_call("c2", "t", R"({"n":2})")
                        .finish(StopReason::tool_calls, some_usage()));
    world.fast_does(says("both"));
    const Engine engine(world.options());
    const auto echo = [](const ToolCallPart& call) { return call.arguments; };
    Session session = agent_with(engine, {AgentTool(declared("t"), echo)}).start_session();
    BOOST_TEST(world.run(session.run(kSimple)).content == "both");
    BOOST_TEST(lines(session.history()).at(2) == R"(tool: c1={"n":1} c2={"n":2})");
}

BOOST_AUTO_TEST_CASE(a_stream_shows_calls_numbered_over_all_steps_and_one_end) {
    EngineWorld world;
    world.fast_does(calls("c1", "t", "{}"));
    world.fast_does(calls("c2", "t", "{}"));
    world.fast_does(says("end"));
    const Engine engine(world.options());
    const auto echo = [](const ToolCallPart& call) { return call.arguments; };
    Session session = agent_with(engine, {AgentTool(declared("t"), echo)}).start_session();
    const auto shown = [](Session& one) -> asio::awaitable<std::string> {
        std::string told;
        TurnStream turn = co_await one.stream(kSimple);
        while (const StreamEvent* event = co_await turn.next()) {
            if (const auto* start = event->as<ToolCallStart>())
                told += std::to_string(start->index) + std::string(start->id) + " ";
            if (const auto* piece = event->as<ToolCallDelta>())
                told += "d" + std::to_string(piece->index) + " ";
            if (const auto* stop = event->as<ToolCallEnd>()) told += "e" + std::to_string(stop->index) + " ";
            if (const auto* text = event->as<TextDelta>()) told += std::string(text->text) + " ";
            if (event->is_terminal()) told += "terminal";
        }
        told += " " + turn.reply().content;
        co_return told;
    };
    BOOST_TEST(world.run(shown(session)) == "0c1 d0 e0 1c2 d1 e1 end terminal end");
}

BOOST_AUTO_TEST_CASE(limits_end_the_turn_and_what_tools_have_done_stays_said) {
    const auto echo = [](const ToolCallPart&) { return std::string("again"); };
    {
        EngineWorld world;
        world.fast_does(calls("c", "t", "{}"));  // for ever
        world.slow_answers();
        const Engine engine(world.options());
        ToolLimits limits;
        limits.max_rounds = 2;
        Session session = agent_with(engine, {AgentTool(declared("t"), echo)}, limits).start_session();
        BOOST_CHECK_THROW(world.run(session.run(kSimple)), ToolLimitReached);
        BOOST_TEST(world.gemini.calls() == 3U);
        BOOST_TEST(
            lines(session.history()) == list({"user: What is 2 + 2?", "assistant: c t({})", "tool: c=again",
                                              "assistant: c t({})", "tool: c=again", "assistant: c t({})",
                                              "tool: c!The call was given up before it ended."}),
            boost::test_tools::per_element());
        BOOST_TEST(session.stats().failed_turns == 1U);
        // And the conversation goes on.
        BOOST_TEST(world.run(session.run(kSimple)).content == "from gpt-4o");
    }
    {
        EngineWorld world;
        Script many;
        for (int call = 0; call < 3; ++call)
            many.tool_call("c" + std::to_string(call), "t", "{}");
        world.fast_does(many.finish(StopReason::tool_calls, some_usage()));
        const Engine engine(world.options());
        ToolLimits limits;
        limits.max_calls = 2;
        Session session = agent_with(engine, {AgentTool(declared("t"), echo)}, limits).start_session();
        BOOST_CHECK_THROW(world.run(session.run(kSimple)), ToolLimitReached);
        BOOST_TEST(session.history().empty());  // nothing has run
    }
}

// B15: the provider changes in the middle of a tool loop
BOOST_AUTO_TEST_CASE(a_tool_loop_survives_a_switch_of_provider) {
    EngineWorld world;
    world.fast_does(calls("c1", "t", "{}"));
    world.fast_does(Script().fail_open(ErrorKind::provider_unavailable));
    world.slow_answers("from the other one");
    const Engine engine(world.options());
    const auto echo = [](const ToolCallPart&) { return std::string("42"); };
    Session session = agent_with(engine, {AgentTool(declared("t"), echo)}).start_session();
    const Reply reply = world.run(session.run(kSimple));
    BOOST_TEST(reply.content == "from the other one");
    BOOST_TEST(reply.metadata.failover);
    BOOST_TEST(lines(world.openai.requests().back().messages()) ==
                   list({"user: What is 2 + 2?", "assistant: c1 t({})", "tool: c1=42"}),
               boost::test_tools::per_element());
    BOOST_TEST(session.dual_process_stats().total_decisions == 1U);
}

BOOST_AUTO_TEST_CASE(a_turn_that_fails_after_its_tools_have_run_stays_in_the_history) {
    EngineWorld world;
    world.fast_does(calls("c1", "t", "{}"));
    world.fast_does(Script().fail_open(ErrorKind::provider_bad_request));
    const Engine engine(world.options());
    const auto echo = [](const ToolCallPart&) { return std::string("42"); };
    Session session = agent_with(engine, {AgentTool(declared("t"), echo)}).start_session();
    BOOST_CHECK_THROW(world.run(session.run(kSimple)), ProviderBadRequest);
    BOOST_TEST(
        lines(session.history()) == list({"user: What is 2 + 2?", "assistant: c1 t({})", "tool: c1=42"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_turn_that_is_cancelled_while_a_tool_runs_says_so_in_the_history) {
    EngineWorld world;
    world.fast_does(Script()
                        .tool_call("c1", "quick", "{}")
                        .tool_call("c2", "slow", "{}")
                        .finish(StopReason::tool_calls, some_usage()));
    world.slow_answers();
    const Engine engine(world.options());
    const auto quick = [](const ToolCallPart&) { return std::string("1"); };
    Session session =
        agent_with(engine, {AgentTool(declared("quick"), quick), AgentTool(declared("slow"), hang)})
            .start_session();
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    asio::co_spawn(world.context, session.run(kSimple),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&thrown](std::exception_ptr error, const Reply&) { thrown = error; }));
    world.clock->advance(world.context, 1s);
    stop.emit(asio::cancellation_type::terminal);
    world.clock->advance(world.context, 0s);
    BOOST_CHECK_THROW(std::rethrow_exception(thrown), std::system_error);
    BOOST_TEST(lines(session.history()).at(2) == "tool: c1=1 c2!The call was given up before it ended.");
    RunOptions other;
    other.system(System::system2);
    BOOST_TEST(world.run(session.run(kSimple, other)).content == "from gpt-4o");
}

// A tool without a function is the caller's
BOOST_AUTO_TEST_CASE(calls_without_a_function_are_the_callers_to_answer) {
    EngineWorld world;
    world.fast_does(Script()
                        .tool_call("c1", "ask_a_human", "{}")
                        .tool_call("c2", "ask_a_human", "{}")
                        .finish(StopReason::tool_calls, some_usage()));
    world.fast_does(says("thanks"));
    const Engine engine(world.options());
    Session session = agent_with(engine, {AgentTool(declared("ask_a_human"))}).start_session();
    const Reply asked = world.run(session.run(kSimple));
    BOOST_TEST((asked.stop_reason == StopReason::tool_calls));
    BOOST_REQUIRE(asked.tool_calls.size() == 2U);
    BOOST_TEST(session.stats().turns == 0U);

    BOOST_CHECK_THROW(world.run(session.run(kSimple)), SessionError);
    BOOST_CHECK_THROW(world.run(session.submit({ToolResultPart("c1", "yes")})), SessionError);
    BOOST_CHECK_THROW(world.run(session.submit({ToolResultPart("c1", "yes"), ToolResultPart("x", "no")})),
                      SessionError);
    BOOST_TEST(world.gemini.calls() == 1U);

    const Reply reply = world.run(session.submit({ToolResultPart("c2", "no"), ToolResultPart("c1", "yes")}));
    BOOST_TEST(reply.content == "thanks");
    BOOST_TEST((reply.metadata.system == System::system1));  // B05
    BOOST_TEST(session.stats().turns == 1U);
    BOOST_TEST(lines(session.history()).at(2) == "tool: c2=no c1=yes");
    BOOST_CHECK_THROW(world.run(session.submit({ToolResultPart("c1", "yes")})), SessionError);
}

BOOST_AUTO_TEST_CASE(calls_that_were_cut_off_are_nobodys) {
    EngineWorld world;
    world.fast_does(
        Script().text("I will").tool_call("c1", "t", R"({"a":)").finish(StopReason::length, some_usage()));
    world.fast_does(says("again"));
    const Engine engine(world.options());
    Session session = agent_with(engine, {AgentTool(declared("t"))}).start_session();
    const Reply cut = world.run(session.run(kSimple));
    BOOST_TEST((cut.stop_reason == StopReason::length));
    BOOST_TEST(cut.tool_calls.empty());
    BOOST_TEST(lines(session.history()).back() == "assistant: I will");
    BOOST_TEST(world.run(session.run(kSimple)).content == "again");
}

BOOST_AUTO_TEST_SUITE_END()
