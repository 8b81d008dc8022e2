// Long conversations and goals: what is shortened and when, drift, loops (rows A10, C22, C25; B17).
#include "engine_world.hpp"

#include <sluice/context.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::test;
using sluice::testing::Script;

namespace {

ErrorInfo too_long(Tokens window) {
    ErrorInfo error(ErrorKind::context_length_exceeded, Phase::headers, "scripted");
    if (window != 0) error.context_window = window;
    return error;
}

ModelSpec sized(const char* provider, const char* id, Tokens window) {
    ModelSpec spec(provider, id);
    spec.context_window = window;
    return spec;
}

/// The worker has a small window, the orchestrator a larger one.
EngineOptions windows(EngineWorld& world, Tokens fast, Tokens slow) {
    EngineOptions options = world.options();
    options.registry.add(sized("gemini", "gemini-3-flash-preview", fast));
    options.registry.add(sized("openai", "gpt-4o", slow));
    options.context.reserve_for_answer = 16;
    return options;
}

std::string words(std::size_t count, const std::string& word) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += word + " ";
    return text;
}

SessionOptions long_history(std::size_t turns) {
    SessionOptions options;
    for (std::size_t turn = 0; turn < turns; ++turn) {
        options.history.emplace_back(Role::user, "Question " + std::to_string(turn) + " " + words(20, "why"));
        options.history.emplace_back(Role::assistant,
                                     "Answer " + std::to_string(turn) + " " + words(20, "so"));
    }
    return options;
}

RunOptions fast() {
    RunOptions options;
    options.system(System::system1);
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conversation)

// Issue: "ContextLengthExceeded handled by the larger-window leg before trimming"
BOOST_AUTO_TEST_CASE(the_leg_with_the_larger_window_is_asked_before_anything_is_left_out) {
    EngineWorld world;
    world.fast_does(Script().fail_open(too_long(1'000)));
    world.slow_answers("from the large one");
    const Engine engine(windows(world, 1'000, 100'000));
    Session session = agent_of(engine).start_session(long_history(10));
    const Reply reply = world.run(session.run(kSimple, fast()));
    BOOST_TEST(reply.content == "from the large one");
    BOOST_TEST(reply.metadata.trimmed_messages == 0U);
    BOOST_TEST(world.openai.requests().back().messages().size() == 21U);
}

BOOST_AUTO_TEST_CASE(when_it_fits_nobody_the_oldest_turns_are_left_out_of_what_is_sent) {
    EngineWorld world;
    world.fast_does(Script().fail_open(too_long(1'000)));
    world.fast_does(says("fits now"));
    world.openai.script("gpt-4o", Script().fail_open(too_long(1'000)));
    world.openai.script("gpt-4o", says("fits now"));
    const Engine engine(windows(world, 1'000, 1'000));
    Session session = agent_of(engine, true).start_session(long_history(40));
    const Reply reply = world.run(session.run(kSimple, fast()));
    BOOST_TEST(reply.content == "fits now");
    BOOST_TEST(reply.metadata.trimmed_messages > 0U);
    BOOST_TEST(session.dual_process_stats().total_decisions == 0U);  // forced, and asked again: no decision
    const std::vector<Message>& sent = world.gemini.requests().back().messages();
    BOOST_TEST(sent.size() == 81U - reply.metadata.trimmed_messages);
    BOOST_TEST(lines(sent).back() == "user: What is 2 + 2?");
    BOOST_TEST(lines(sent).front().substr(0, 16) == "user: Question 0");  // the goal stays
    Request last;
    for (const Message& message : sent)
        last.message(message);
    BOOST_TEST(estimate_tokens(last, "") <= 1'000U);
    BOOST_TEST(session.history().size() == 82U);  // nothing is forgotten

    // The next turn does not begin with what is known to be too long... for the same turn only.
    const Reply next = world.run(session.run("And 3 + 3?", fast()));
    BOOST_TEST(next.content == "fits now");
}

BOOST_AUTO_TEST_CASE(a_window_that_is_known_to_be_too_small_is_not_even_asked) {
    EngineWorld world;
    world.fast_does(says("fits"));
    world.slow_answers("fits");
    const Engine engine(windows(world, 400, 400));
    Session session = agent_of(engine).start_session(long_history(40));
    const Reply reply = world.run(session.run(kSimple, fast()));
    BOOST_TEST(reply.content == "fits");
    BOOST_TEST(reply.metadata.trimmed_messages > 0U);
    BOOST_TEST(world.gemini.calls() + world.openai.calls() == 1U);
    BOOST_REQUIRE(!reply.metadata.attempts.empty());
    BOOST_TEST((reply.metadata.attempts.front().skip_reason == SkipReason::window_too_small));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_made_to_fit_is_the_providers_error_after_a_few_tries) {
    EngineWorld world;
    world.fast_does(Script().fail_open(too_long(0)));
    world.openai.script("gpt-4o", Script().fail_open(too_long(0)));
    EngineOptions options = world.options();
    options.registry = ModelRegistry();  // no window is known
    options.context.max_trims = 2;
    const Engine engine(options);
    Session session = agent_of(engine).start_session(long_history(40));
    BOOST_CHECK_THROW(world.run(session.run(kSimple, fast())), ProviderError);
    BOOST_TEST(world.gemini.calls() == 3U);
    BOOST_TEST(session.history().size() == 80U);
    const std::vector<Request>& asked = world.gemini.requests();
    BOOST_TEST(asked[1].messages().size() < asked[0].messages().size());
    BOOST_TEST(asked[2].messages().size() < asked[1].messages().size());

    options.context.max_trims = 0;
    Session strict = agent_of(Engine(options)).start_session(long_history(40));
    const std::size_t before = world.gemini.calls();
    BOOST_CHECK_THROW(world.run(strict.run(kSimple, fast())), ProviderError);
    BOOST_TEST(world.gemini.calls() == before + 1);

    // One message that is too long by itself: nothing can go.
    Session single = agent_of(engine).start_session();
    const std::size_t calls = world.gemini.calls();
    BOOST_CHECK_THROW(world.run(single.run(kSimple, fast())), ProviderError);
    BOOST_TEST(world.gemini.calls() == calls + 1);
}

BOOST_AUTO_TEST_CASE(a_tool_loop_goes_on_with_what_fitted) {
    EngineWorld world;
    world.fast_does(Script().fail_open(too_long(1'000)));
    world.fast_does(calls("c1", "t", "{}"));
    world.fast_does(says("done"));
    EngineOptions options = windows(world, 1'000, 1'000);
    options.fallback_models = {};
    options.implicit_failover = false;
    const Engine engine(options);
    AgentOptions agent;
    agent.name = "demo";
    agent.tools = {AgentTool(Tool("t", "", ""), [](const ToolCallPart&) { return std::string("42"); })};
    Session session = engine.create_agent(agent).start_session(long_history(40));
    const Reply reply = world.run(session.run(kSimple, fast()));
    BOOST_TEST(reply.content == "done");
    BOOST_TEST(reply.metadata.steps_taken == 2U);
    BOOST_TEST(world.gemini.calls() == 3U);
    BOOST_TEST(lines(world.gemini.requests().back().messages()).back() == "tool: c1=42");
}

// A10
BOOST_AUTO_TEST_CASE(goal_and_drift_are_measured_and_drift_asks_the_slow_model) {
    EngineWorld world;
    world.gemini.script(
        "gemini-3-flash-preview",
        says("A week in Japan in April: three days in Tokyo, then a hotel in Kyoto near the temples."));
    world.gemini.script("gemini-3-flash-preview",
                        says("Cricket is played with a bat and a ball by eleven players."));
    world.gemini.script("gemini-3-flash-preview",
                        says("The offside rule in football concerns the second last defender."));
    world.slow_answers("Back to business.");
    const Engine engine(world.options());
    SessionOptions with_goal;
    with_goal.goal = "Plan a week in Japan in April, with a hotel in Kyoto";
    Session session = agent_of(engine, true).start_session(with_goal);
    const Reply first = world.run(session.run("A week in Japan in April, with a hotel in Kyoto", fast()));
    BOOST_REQUIRE(first.metadata.drift_score.has_value());
    BOOST_TEST(*first.metadata.drift_score < 0.4);
    BOOST_TEST(*first.metadata.goal_progress > 0.5);
    world.run(session.run("Tell me about cricket players and bats", fast()));
    const Reply away = world.run(session.run("Football offside rules for defenders", fast()));
    BOOST_TEST(*away.metadata.drift_score > 0.4);
    const Reply escalated = world.run(session.run("And tennis?"));
    BOOST_TEST((escalated.metadata.system == System::system2));
    BOOST_REQUIRE(!escalated.metadata.routing_reasons.empty());
    BOOST_TEST(escalated.metadata.routing_reasons.front().substr(0, 11) == "goal_drift(");

    // The first message of a chat is a guess at its goal: measured, and no reason to spend more.
    Session chat = agent_of(engine, true).start_session();
    world.run(chat.run("A week in Japan in April, with a hotel in Kyoto", fast()));
    world.run(chat.run("Tell me about cricket players and bats", fast()));
    const Reply told = world.run(chat.run("Football offside rules for defenders", fast()));
    BOOST_TEST(told.metadata.drift_score.has_value());
    BOOST_TEST((world.run(chat.run("And tennis?")).metadata.system == System::system1));

    Session untracked = agent_of(engine, false).start_session();
    RunOptions slow;
    slow.system(System::system2);
    BOOST_TEST(!world.run(untracked.run(kSimple, slow)).metadata.drift_score.has_value());
}

BOOST_AUTO_TEST_CASE(a_loop_is_reported) {
    EngineWorld world;
    world.fast_does(says("I do not know."));
    const Engine engine(world.options());
    Session session = agent_of(engine, true).start_session();
    Reply reply;
    for (int turn = 0; turn < 3; ++turn) {
        BOOST_TEST(!reply.metadata.loop_detected);
        reply = world.run(session.run("Where is my order number " + std::to_string(turn), fast()));
    }
    BOOST_TEST(reply.metadata.loop_detected);
    BOOST_TEST(reply.metadata.loop == "repeated_answer");
}

BOOST_AUTO_TEST_SUITE_END()
