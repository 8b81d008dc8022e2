// Turns: routing, failover, history, figures (rows A10-A27, A32, B11-B17, C17, C18, decisions 1, 4, 10, 11).
#include "engine_world.hpp"

#include <sluice/log.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <algorithm>
#include <stdexcept>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using sluice::testing::Script;

namespace {

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

asio::awaitable<std::string> streamed(Session& session, Prompt prompt) {
    std::string text;
    std::size_t terminals = 0;
    TurnStream turn = co_await session.stream(std::move(prompt));
    while (const StreamEvent* event = co_await turn.next()) {
        if (const auto* delta = event->as<TextDelta>()) text += delta->text;
        if (const auto* failure = event->as<Failure>())
            text += "!" + std::string(class_name(failure->error().kind));
        terminals += event->is_terminal();
    }
    const StreamEvent* after = co_await turn.next();
    BOOST_TEST((after == nullptr));
    BOOST_TEST(terminals == 1U);
    co_return text;
}

std::vector<std::string> attempts_of(const TurnMetadata& turn) {
    std::vector<std::string> all;
    for (const TurnAttempt& attempt : turn.attempts) {
        all.push_back(attempt.provider + " " + std::string(to_string(attempt.outcome)) +
                      (attempt.error ? " " + std::string(class_name(*attempt.error)) : "") +
                      (attempt.skip_reason ? " " + std::string(to_string(*attempt.skip_reason)) : ""));
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(session)

// A13-A21: the tutorial's two turns
BOOST_AUTO_TEST_CASE(a_simple_question_goes_to_the_worker_and_a_riddle_to_the_orchestrator) {
    EngineWorld world;
    world.both_answer("Nine.", "Four.");
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session("demo_user");
    BOOST_TEST(session.user_id() == "demo_user");
    BOOST_TEST(session.id().substr(0, 5) == "sess_");
    BOOST_TEST(session.id().size() == 21U);
    BOOST_TEST(session.dual_process_stats().system2_ratio == 0.0);  // A20

    const Reply simple = world.run(session.run(kSimple));
    BOOST_TEST(simple.content == "Four.");
    BOOST_TEST((simple.stop_reason == StopReason::stop));
    BOOST_TEST(simple.session_id == session.id());
    BOOST_TEST(simple.metadata.model_used == "gemini-3-flash-preview");
    BOOST_TEST(simple.metadata.provider == "gemini");
    BOOST_TEST((simple.metadata.system == System::system1));
    BOOST_TEST(simple.metadata.routing_reasons.empty());
    BOOST_TEST(!simple.metadata.failover);
    BOOST_TEST((simple.metadata.tokens_used == Tokens{15}));
    BOOST_TEST(simple.metadata.steps_taken == 1U);

    const Reply riddle = world.run(session.run(kRiddle));
    BOOST_TEST(riddle.content == "Nine.");
    BOOST_TEST(riddle.metadata.model_used == "gpt-4o");
    BOOST_TEST((riddle.metadata.system == System::system2));
    BOOST_TEST(riddle.metadata.routing_reasons == list({"requires_thinking(reasoning)"}),
               boost::test_tools::per_element());

    const DualProcessStats stats = session.dual_process_stats();
    BOOST_TEST(stats.system1_count == 1U);
    BOOST_TEST(stats.system2_count == 1U);
    BOOST_TEST(stats.system2_ratio == 0.5);
    BOOST_TEST(engine.dual_process_stats().total_decisions == 2U);

    // B15: the second model was told all that the first was.
    const Request& asked = world.openai.requests().back();
    BOOST_TEST(lines(asked.messages()) ==
                   list({"user: What is 2 + 2?", "assistant: Four.", std::string("user: ") + kRiddle}),
               boost::test_tools::per_element());
    BOOST_TEST(lines(session.history()).size() == 4U);

    const SessionStats closed = world.run(session.close());
    BOOST_TEST(closed.turns == 2U);
    BOOST_TEST(closed.total_tokens == 30U);
}

// A21: one decision a turn, whatever fails over inside it; A14, B11
BOOST_AUTO_TEST_CASE(a_failover_is_no_decision_and_is_told) {
    EngineWorld world;
    world.slow_answers();
    world.fast_does(Script().fail_open(ErrorKind::provider_overloaded));
    std::vector<std::string> failovers;
    EngineOptions options = world.options();
    options.on_failover = [&failovers](const Failover& what) {
        failovers.push_back(what.failed.id + " to " + (what.next ? what.next->id : "none"));
    };
    const Engine engine(options);
    Session session = agent_of(engine).start_session();
    const Reply reply = world.run(session.run(kSimple));
    BOOST_TEST(reply.content == "from gpt-4o");
    BOOST_TEST(reply.metadata.model_used == "gpt-4o");
    BOOST_TEST(reply.metadata.model_requested == "gemini-3-flash-preview");
    BOOST_TEST(reply.metadata.failover);
    BOOST_TEST((reply.metadata.system == System::system1));
    BOOST_TEST(attempts_of(reply.metadata) == list({"gemini failed ProviderOverloaded", "openai answered"}),
               boost::test_tools::per_element());
    BOOST_TEST(failovers == list({"gemini-3-flash-preview to gpt-4o"}), boost::test_tools::per_element());
    BOOST_TEST(session.dual_process_stats().total_decisions == 1U);
    BOOST_TEST(session.stats().failovers == 1U);
    // A failover that worked is no error in the last step.
    const Reply next = world.run(session.run("What is the capital of France?"));
    BOOST_TEST((next.metadata.system == System::system1));
}

// Decision 4: streamed or not, the same decisions
BOOST_AUTO_TEST_CASE(run_and_stream_decide_alike) {
    const std::vector<std::pair<std::string, Script>> firsts{
        {"answers", says("fast")},
        {"fails to open", Script().fail_open(ErrorKind::rate_limited)},
        {"fails first", Script().fail(ErrorKind::provider_unavailable)},
        {"bad key", Script().fail_open(ErrorKind::provider_auth_failed)},
        {"bad request", Script().fail_open(ErrorKind::provider_bad_request)},
        {"fails in the middle", Script().text("fa").fail(ErrorKind::stream_truncated)},
    };
    for (const auto& [what, script] : firsts) {
        for (const char* prompt : {kSimple, kRiddle}) {
            BOOST_TEST_CONTEXT(what << ": " << prompt) {
                std::string told[2];
                for (const bool stream : {false, true}) {
                    EngineWorld world;
                    world.slow_answers("slow");
                    world.fast_does(script);
                    std::string record;
                    EngineOptions options = world.options();
                    options.on_turn = [&record](const TurnRecord& turn) {
                        record += std::string(to_string(turn.metadata.system)) + " " +
                                  std::to_string(static_cast<int>(turn.end)) + " " + turn.metadata.model_used;
                        for (const std::string& line : attempts_of(turn.metadata))
                            record += ", " + line;
                    };
                    const Engine engine(options);
                    Session session = agent_of(engine).start_session();
                    std::string text;
                    try {
                        text = stream ? world.run(streamed(session, prompt))
                                      : world.run(session.run(prompt)).content;
                    } catch (const ProviderError& error) {
                        text = "!" + std::string(class_name(error.kind()));
                    }
                    // What was shown before a stream failed is the one thing that differs.
                    if (const std::size_t at = text.find('!'); at != std::string::npos) text.erase(0, at);
                    told[stream] =
                        text + ": " + record + " history " + std::to_string(session.history().size());
                }
                BOOST_TEST(told[0] == told[1]);
            }
        }
    }
}

// A26, decision 1: a bad key
BOOST_AUTO_TEST_CASE(a_bad_key_moves_on_is_not_tried_again_and_is_logged_as_an_error) {
    EngineWorld world;
    world.slow_answers();
    world.fast_does(Script().fail_open(ErrorKind::provider_auth_failed));
    std::vector<std::string> log;
    set_log_sink([&log](LogLevel level, std::string_view line) {
        if (level == LogLevel::error) log.emplace_back(line);
    });
    EngineOptions options = world.options();
    options.retry.attempts = 3;
    const Engine engine(options);
    Session session = agent_of(engine).start_session();
    const Reply first = world.run(session.run(kSimple));
    const Reply second = world.run(session.run(kSimple));
    set_log_sink({});
    BOOST_TEST(first.content == "from gpt-4o");
    BOOST_TEST(attempts_of(first.metadata) == list({"gemini failed ProviderAuthFailed", "openai answered"}),
               boost::test_tools::per_element());
    BOOST_TEST(attempts_of(second.metadata) == list({"gemini skipped breaker_open", "openai answered"}),
               boost::test_tools::per_element());
    BOOST_TEST(world.gemini.calls() == 1U);
    BOOST_REQUIRE(log.size() == 1U);
    BOOST_TEST(holds(log[0], "provider gemini rejects its key"));
}

// A07, C18: exhaustion is one typed error with every attempt, and the turn is taken back
BOOST_AUTO_TEST_CASE(a_turn_that_nobody_answers_is_taken_back_and_the_next_one_is_for_the_slow_model) {
    EngineWorld world;
    world.fast_does(Script().fail_open(ErrorKind::provider_timeout));
    world.openai.script("gpt-4o", Script().fail_open(ErrorKind::provider_overloaded));
    world.openai.script("gpt-4o", says("from gpt-4o"));
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    try {
        world.run(session.run(kSimple));
        BOOST_ERROR("somebody answered");
    } catch (const AllProvidersFailed& error) {
        BOOST_TEST(error.attempts().size() == 2U);
    }
    BOOST_TEST(session.history().empty());
    BOOST_TEST(session.stats().failed_turns == 1U);
    const Reply next = world.run(session.run(kSimple));
    BOOST_TEST((next.metadata.system == System::system2));
    BOOST_TEST(next.metadata.routing_reasons == list({"error_in_last_step"}),
               boost::test_tools::per_element());
    BOOST_TEST(lines(session.history()) == list({"user: What is 2 + 2?", "assistant: from gpt-4o"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stream_that_fails_in_the_middle_says_so_in_band_and_is_taken_back) {
    EngineWorld world;
    world.slow_answers();
    world.fast_does(Script().text("Fo").fail(ErrorKind::stream_truncated));
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    BOOST_TEST(world.run(streamed(session, kSimple)) == "Fo!StreamTruncated");
    BOOST_TEST(session.history().empty());
    BOOST_TEST(world.openai.calls() == 0U);  // C06: not retried
    RunOptions again;
    again.system(System::system1);
    BOOST_CHECK_THROW(world.run(session.run(kSimple, again)), StreamTruncated);
    BOOST_TEST(session.history().empty());
}

// A12
BOOST_AUTO_TEST_CASE(a_second_turn_at_the_same_time_is_a_typed_error) {
    EngineWorld world;
    world.both_answer();
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    const auto both_at_once = [](Session& one) -> asio::awaitable<std::string> {
        TurnStream turn = co_await one.stream(kSimple);
        std::string caught;
        try {
            co_await one.run(kSimple);
        } catch (const SessionBusy& busy) {
            caught = busy.what();
        }
        try {
            co_await one.close();
        } catch (const SessionBusy&) {
            caught += " and close";
        }
        try {
            one.history();
        } catch (const SessionBusy&) {
            caught += " and history";
        }
        BOOST_CHECK_THROW(turn.reply(), std::logic_error);
        while (const StreamEvent* event = co_await turn.next())
            BOOST_TEST(!event->is<Failure>());
        caught += "; " + turn.reply().content;
        co_return caught;
    };
    const std::string caught = world.run(both_at_once(session));
    BOOST_TEST(holds(caught, "a second turn while a turn is under way"));
    BOOST_TEST(holds(caught, " and close and history; from gemini"));
    BOOST_TEST(session.stats().turns == 1U);
    BOOST_TEST(session.stats().failed_turns == 0U);
}

// A27
BOOST_AUTO_TEST_CASE(closing_twice_gives_the_same_and_nothing_runs_afterwards) {
    EngineWorld world;
    world.both_answer();
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    world.run(session.run(kSimple));
    const SessionStats first = world.run(session.close());
    const SessionStats second = world.run(session.close());
    BOOST_TEST(to_json(first) == to_json(second));
    BOOST_TEST(first.turns == 1U);
    BOOST_TEST(first.total_tokens == 15U);
    BOOST_TEST(first.id == session.id());
    BOOST_CHECK_THROW(world.run(session.run(kSimple)), SessionClosed);
    BOOST_CHECK_THROW(world.run(streamed(session, kSimple)), SessionClosed);
    BOOST_TEST(session.history().size() == 2U);
}

// A11: sessions share no conversation
BOOST_AUTO_TEST_CASE(sessions_know_nothing_of_each_other) {
    EngineWorld world;
    world.both_answer();
    const Engine engine(world.options());
    const Agent agent = agent_of(engine);
    Session one = agent.start_session("a");
    Session other = agent.start_session("b");
    BOOST_TEST(one.id() != other.id());
    world.run(one.run(kSimple));
    world.run(other.run(kSimple));
    BOOST_TEST(world.gemini.requests().back().messages().size() == 1U);
    BOOST_TEST(one.dual_process_stats().total_decisions == 1U);
    BOOST_TEST(engine.dual_process_stats().total_decisions == 2U);
}

// A15: everything that took time is in it; per attempt apart
BOOST_AUTO_TEST_CASE(latency_counts_failed_attempts_too) {
    EngineWorld world;
    world.fast_does(Script().delay(200ms).fail(ErrorKind::provider_unavailable));
    world.openai.script("gpt-4o", Script().delay(112ms).text("late").finish());
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    const Reply reply = world.run(session.run(kSimple));
    BOOST_TEST(reply.metadata.latency_ms == 312.0);
    BOOST_REQUIRE(reply.metadata.attempts.size() == 2U);
    BOOST_TEST((reply.metadata.attempts[0].duration == 200ms));
    BOOST_TEST((reply.metadata.attempts[1].duration == 112ms));
    BOOST_TEST((reply.metadata.attempts[1].first_event == Duration(112ms)));
    // B12: nobody has told, so nothing is made up.
    BOOST_TEST(!reply.metadata.tokens_used.has_value());
    BOOST_TEST(!session.stats().cost.has_value());
    BOOST_TEST(session.stats().average_latency_ms == 312.0);
}

// A27, B14, C21: what failed attempts have cost counts
BOOST_AUTO_TEST_CASE(tokens_and_cost_are_those_of_all_attempts) {
    EngineWorld world;
    world.openai.script("gpt-4o", says("good"));
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    const Reply reply = world.run(session.run(kRiddle));
    // 10 tokens at $2.50 and 5 at $10 a million
    BOOST_TEST((reply.metadata.cost == PicoUsd(10 * 2'500'000 + 5 * 10'000'000)));
    BOOST_TEST(to_string(*reply.metadata.cost) == "$0.000075");
    const SessionStats stats = session.stats();
    BOOST_TEST((stats.cost == reply.metadata.cost));
    BOOST_TEST(stats.input_tokens == 10U);
    BOOST_TEST(stats.output_tokens == 5U);
    BOOST_REQUIRE(stats.models.size() == 1U);
    BOOST_TEST(stats.models[0].provider == "openai");
    BOOST_TEST(stats.models[0].answered == 1U);
}

// B09, decision 10: nothing leaves a residency
BOOST_AUTO_TEST_CASE(residency_is_never_crossed_by_a_failover) {
    EngineWorld world;
    world.openai.script("gpt-4o", says("from the cloud"));
    world.local.script("llama3.1:8b", Script().fail_open(ErrorKind::provider_unavailable));
    world.local.script("llama3.1:8b", says("from home"));
    EngineOptions options = world.options();
    options.providers = {{"openai", world.bound(world.openai)}, {"local", world.bound(world.local)}};
    options.providers[1].second.tags = {"local"};
    options.worker_model = "llama3.1:8b";
    options.fallback_models = {};
    options.worker.residency = {"local"};
    const Engine engine(options);
    Session session = agent_of(engine).start_session();
    // System 1 may not leave the house, although there is an implicit candidate in the cloud.
    BOOST_CHECK_THROW(world.run(session.run(kSimple)), ProviderUnavailable);
    BOOST_TEST(world.openai.calls() == 0U);
    // System 2 may.
    BOOST_TEST(world.run(session.run(kRiddle)).content == "from the cloud");
    // But not when the turn forbids it: the orchestrator is passed over, and the worker's model is asked.
    CallOptions at_home;
    at_home.residency("local");
    RunOptions private_turn;
    private_turn.call(at_home);
    world.clock->advance(world.context, std::chrono::minutes(10));
    const Reply reply = world.run(session.run(kRiddle, private_turn));
    BOOST_TEST(reply.content == "from home");
    BOOST_TEST(world.openai.calls() == 1U);
    BOOST_TEST(attempts_of(reply.metadata) == list({"openai skipped residency", "local answered"}),
               boost::test_tools::per_element());
    // And with nobody left it is a typed error.
    CallOptions nowhere;
    nowhere.residency("mars");
    RunOptions impossible;
    impossible.call(nowhere);
    BOOST_CHECK_THROW(world.run(session.run(kSimple, impossible)), NoProviderAvailable);
}

BOOST_AUTO_TEST_CASE(a_session_may_never_leave_its_residency) {
    EngineWorld world;
    world.openai.script("gpt-4o", says("from the cloud"));
    world.local.script("llama3.1:8b", says("from home"));
    EngineOptions options = world.options();
    options.providers = {{"openai", world.bound(world.openai)}, {"local", world.bound(world.local)}};
    options.providers[1].second.tags = {"local"};
    options.worker_model = "llama3.1:8b";
    options.fallback_models = {};
    const Engine engine(options);
    SessionOptions at_home;
    at_home.residency = {"local"};
    Session session = agent_of(engine).start_session(at_home);
    BOOST_TEST(world.run(session.run(kSimple)).content == "from home");
    BOOST_TEST(world.run(session.run(kRiddle)).content ==
               "from home");  // what was said is not told the cloud
    BOOST_TEST(world.openai.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(a_stream_may_be_collected) {
    EngineWorld world;
    world.both_answer();
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    const auto collected = [](Session& one) -> asio::awaitable<Reply> {
        TurnStream turn = co_await one.stream(kSimple);
        co_return co_await turn.collect();
    };
    const Reply reply = world.run(collected(session));
    BOOST_TEST(reply.content == "from gemini");
    BOOST_TEST(reply.metadata.model_used == "gemini-3-flash-preview");
}

BOOST_AUTO_TEST_CASE(a_session_may_stay_with_who_answered) {
    EngineWorld world;
    world.fast_does(Script().fail_open(ErrorKind::provider_overloaded));
    world.fast_does(says("from gemini"));
    world.slow_answers();
    EngineOptions options = world.options();
    options.stickiness.by = Stickiness::By::conversation;
    const Engine engine(options);
    Session session = agent_of(engine).start_session();
    BOOST_TEST(world.run(session.run(kSimple)).content == "from gpt-4o");
    BOOST_TEST(world.run(session.run(kSimple)).content == "from gpt-4o");
    Session other = agent_of(engine).start_session();
    BOOST_TEST(world.run(other.run(kSimple)).content == "from gemini");
}

// B07: one model in both roles
BOOST_AUTO_TEST_CASE(one_model_in_both_roles_still_counts_decisions) {
    EngineWorld world;
    world.gemini.script("gemini-2.5-flash", says("one and only"));
    EngineOptions options = world.options();
    options.orchestrator_model = options.worker_model = "gemini-2.5-flash";
    options.fallback_models = {};
    const Engine engine(options);
    BOOST_TEST(engine.effective_chain(System::system1).models.size() == 1U);
    Session session = agent_of(engine).start_session();
    world.run(session.run(kSimple));
    world.run(session.run(kRiddle));
    BOOST_TEST(session.dual_process_stats().system1_count == 1U);
    BOOST_TEST(session.dual_process_stats().system2_count == 1U);
}

// A09, A11, A32: who hears of a turn
BOOST_AUTO_TEST_CASE(a_turn_is_recorded_with_agent_session_and_user) {
    EngineWorld world;
    world.both_answer();
    std::vector<std::string> records;
    std::size_t events = 0;
    EngineOptions options = world.options();
    options.events = AttemptEvents([&events](const AttemptEvent&) { ++events; });
    options.on_turn = [&records](const TurnRecord& turn) {
        records.push_back(std::string(turn.agent) + " " + std::string(turn.session) + " " +
                          std::string(turn.user) + " " + turn.metadata.model_used);
        throw std::runtime_error("a hook that throws");
    };
    const Engine engine(options);
    SessionOptions who;
    who.id = "conversation-1";
    who.user_id = "user-17";
    Session session = agent_of(engine).start_session(who);
    world.run(session.run(kSimple));
    BOOST_TEST(records == list({"demo conversation-1 user-17 gemini-3-flash-preview"}),
               boost::test_tools::per_element());
    BOOST_TEST(events >= 3U);
    BOOST_TEST(!world.gemini.requests().back().options().end_user.has_value());  // not told by default

    options.on_turn = {};
    options.send_user_id = true;
    Session told = agent_of(Engine(options)).start_session(who);
    world.run(told.run(kSimple));
    BOOST_TEST((world.gemini.requests().back().options().end_user == "user-17"));
}

BOOST_AUTO_TEST_CASE(roles_and_agents_say_how_is_asked) {
    EngineWorld world;
    world.both_answer();
    EngineOptions options = world.options();
    options.worker.temperature = 0.2;
    options.worker.max_tokens = 100;
    options.orchestrator.reasoning_effort = "high";
    options.orchestrator.reasoning_budget = 2048;
    const Engine engine(options);
    AgentOptions agent;
    agent.name = "demo";
    agent.system_prompt = "Be brief.";
    Session session = engine.create_agent(agent).start_session();
    world.run(session.run(kSimple));
    const Request& fast = world.gemini.requests().back();
    BOOST_TEST((fast.options().temperature == 0.2));
    BOOST_TEST((fast.options().max_tokens == 100U));
    BOOST_TEST(!fast.options().reasoning_effort.has_value());
    BOOST_TEST(lines(fast.messages()).front() == "system: Be brief.");
    agent.max_tokens = 50;
    Session other = engine.create_agent(agent).start_session();
    world.run(other.run(kRiddle));
    const Request& slow = world.openai.requests().back();
    BOOST_TEST((slow.options().reasoning_effort == "high"));
    BOOST_TEST((slow.options().reasoning_budget == 2048U));
    BOOST_TEST((slow.options().max_tokens == 50U));
    BOOST_TEST(!slow.options().temperature.has_value());
}

BOOST_AUTO_TEST_CASE(signals_come_from_the_turn_or_from_the_application) {
    EngineWorld world;
    world.both_answer();
    EngineOptions options = world.options();
    std::size_t asked = 0;
    options.routing.signals = [&asked](std::string_view prompt) {
        BOOST_TEST(prompt == kSimple);
        ++asked;
        RoutingSignals signals;
        signals.surprise_magnitude = 0.8;
        return signals;
    };
    const Engine engine(options);
    Session session = agent_of(engine).start_session();
    BOOST_TEST(world.run(session.run(kSimple)).metadata.routing_reasons == list({"high_surprise(0.80)"}),
               boost::test_tools::per_element());
    RoutingSignals calm;
    RunOptions own;
    own.signals(calm);
    BOOST_TEST((world.run(session.run(kSimple, own)).metadata.system == System::system1));
    BOOST_TEST(asked == 1U);

    RunOptions forced;
    forced.system(System::system2);
    const Reply reply = world.run(session.run(kSimple, forced));
    BOOST_TEST(reply.metadata.model_used == "gpt-4o");
    BOOST_TEST(session.dual_process_stats().total_decisions == 2U);
}

// Cancellation is nobody's failure, and leaves a session that can go on.
BOOST_AUTO_TEST_CASE(a_cancelled_turn_is_taken_back) {
    EngineWorld world;
    world.slow_answers();
    world.fast_does(Script().text("Fo").hang());
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    asio::co_spawn(world.context, session.run(kSimple),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&thrown](std::exception_ptr error, const Reply&) { thrown = error; }));
    world.clock->advance(world.context, 1s);
    BOOST_CHECK_THROW(session.history(), SessionBusy);
    stop.emit(asio::cancellation_type::terminal);
    world.clock->advance(world.context, 0s);
    BOOST_REQUIRE((thrown != nullptr));
    BOOST_CHECK_THROW(std::rethrow_exception(thrown), std::system_error);
    BOOST_TEST(session.history().empty());
    BOOST_TEST(world.openai.calls() == 0U);
    const SessionStats stats = session.stats();
    BOOST_TEST(stats.failed_turns == 1U);
    BOOST_REQUIRE(stats.models.size() == 1U);
    BOOST_TEST(stats.models[0].abandoned == 1U);
    RunOptions slow;
    slow.system(System::system2);
    BOOST_TEST(world.run(session.run(kSimple, slow)).content == "from gpt-4o");
}

BOOST_AUTO_TEST_CASE(a_dropped_stream_is_taken_back) {
    EngineWorld world;
    world.both_answer();
    const Engine engine(world.options());
    Session session = agent_of(engine).start_session();
    const auto drop = [](Session& one) -> asio::awaitable<void> {
        TurnStream turn = co_await one.stream(kSimple);
        const StreamEvent* first = co_await turn.next();
        BOOST_TEST(first->is<TextDelta>());
        BOOST_TEST((turn.system() == System::system1));
        BOOST_TEST(turn.routing_reasons().empty());
    };
    world.run(drop(session));
    BOOST_TEST(session.history().empty());
    BOOST_TEST(world.run(session.run(kSimple)).content == "from gemini");
    BOOST_TEST(session.history().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_session_outlives_its_engine_and_may_be_moved) {
    EngineWorld world;
    world.both_answer();
    std::optional<Session> session;
    {
        const Engine engine(world.options());
        Session made = agent_of(engine).start_session();
        session.emplace(std::move(made));
    }
    BOOST_TEST(world.run(session->run(kSimple)).content == "from gemini");
}

BOOST_AUTO_TEST_CASE(a_session_may_begin_with_what_was_said_before) {
    EngineWorld world;
    world.both_answer();
    const Engine engine(world.options());
    SessionOptions before;
    before.history = {Message(Role::user, "Hello"), Message(Role::assistant, "Hi")};
    Session session = agent_of(engine).start_session(before);
    world.run(session.run(kSimple));
    BOOST_TEST(lines(world.gemini.requests().back().messages()) ==
                   list({"user: Hello", "assistant: Hi", "user: What is 2 + 2?"}),
               boost::test_tools::per_element());

    const auto refused = [&engine](std::vector<Message> history) {
        SessionOptions options;
        options.history = std::move(history);
        BOOST_CHECK_THROW(agent_of(engine).start_session(options), std::invalid_argument);
    };
    refused({Message(Role::assistant, "Hi")});
    refused({Message(Role::system, "Be brief.")});
    refused({Message(Role::user, "Hello"), Message(Role::assistant, {ToolCallPart("1", "add", "{}")})});
    refused({Message(Role::user, "Hello"), Message(Role::tool, {ToolResultPart("1", "2")})});
}

BOOST_AUTO_TEST_CASE(the_history_is_bounded_and_keeps_the_goal) {
    EngineWorld world;
    world.both_answer();
    EngineOptions options = world.options();
    options.context.max_messages = 16;
    const Engine engine(options);
    Session session = agent_of(engine, true).start_session();
    RunOptions fast;
    fast.system(System::system1);
    for (int turn = 0; turn < 40; ++turn) {
        world.run(session.run("Turn " + std::to_string(turn), fast));
        BOOST_TEST(session.history().size() <= 16U);
        BOOST_TEST(lines(session.history()).front() == "user: Turn 0");
        BOOST_TEST(lines(session.history()).at(session.history().size() - 2) ==
                   "user: Turn " + std::to_string(turn));
    }
}

BOOST_AUTO_TEST_CASE(metadata_and_statistics_as_json) {
    EngineWorld world;
    world.slow_answers();
    world.fast_does(Script().fail_open(ErrorKind::rate_limited));
    const Engine engine(world.options());
    SessionOptions who;
    who.id = "s";
    Session session = agent_of(engine).start_session(who);
    const Reply reply = world.run(session.run(kSimple));
    BOOST_TEST(
        to_json(reply.metadata) ==
        R"({"model_used":"gpt-4o","provider":"openai","model_requested":"gemini-3-flash-preview","failover":true,)"
        R"("system":"system1","routing_reasons":[],"latency_ms":0,"tokens_used":15,"input_tokens":10,)"
        R"("cached_input_tokens":null,"cache_write_tokens":null,"output_tokens":5,"reasoning_tokens":null,)"
        R"("cost_usd":"0.000075","attempts":[{"provider":"gemini","model":"gemini-3-flash-preview","outcome":"failed",)"
        R"("error":"RateLimited","skip_reason":null,"latency_ms":0,"first_event_ms":null,"input_tokens":null,)"
        R"("cached_input_tokens":null,"cache_write_tokens":null,"output_tokens":null,"reasoning_tokens":null,)"
        R"("cost_usd":null},{"provider":"openai","model":"gpt-4o","outcome":"answered","error":null,"skip_reason":null,)"
        R"("latency_ms":0,"first_event_ms":0,"input_tokens":10,"cached_input_tokens":null,"cache_write_tokens":null,)"
        R"("output_tokens":5,"reasoning_tokens":null,"cost_usd":"0.000075"}],"goal_progress":null,"drift_score":null,)"
        R"("loop_detected":false,"loop":null,"steps_taken":1,"tools_called":[],"trimmed_messages":0,"warnings":[]})");
    const std::string stats = to_json(world.run(session.close()));
    BOOST_TEST(holds(stats, R"("turns":1,"failed_turns":0,"total_tokens":15)"), stats);
    BOOST_TEST(holds(stats, R"("dual_process":{"system1_count":1,"system2_count":0,"system2_ratio":0)"),
               stats);
    BOOST_TEST(
        holds(stats, R"({"provider":"gemini","model":"gemini-3-flash-preview","answered":0,"failed":1)"),
        stats);
}

BOOST_AUTO_TEST_SUITE_END()
