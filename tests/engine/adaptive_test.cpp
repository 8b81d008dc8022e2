// What is off by default: the slow model's connection opened early, learned order, the minimax guard.
#include "engine_world.hpp"

#include <sluice/testing/simulator.hpp>

#include <string>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using sluice::testing::Script;

namespace {

struct NetworkWorld {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator fast{context.get_executor(), runtime};
    testing::Simulator slow{context.get_executor(), runtime};

    Engine engine(bool warm) {
        EngineOptions options;
        EngineProvider at_fast;
        at_fast.service = "openai";
        at_fast.base_url = fast.listen(*network, Origin(false, "fast.test", 80));
        EngineProvider at_slow = at_fast;
        at_slow.base_url = slow.listen(*network, Origin(false, "slow.test", 80));
        options.providers = {{"fast", at_fast}, {"slow", at_slow}};
        options.worker_model = "fast/sim-ok";
        options.orchestrator_model = "slow/sim-ok";
        options.routing.warm_orchestrator = warm;
        options.runtime = runtime;
        return Engine(std::move(options));
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(adaptive)

BOOST_AUTO_TEST_CASE(the_slow_models_connection_is_opened_while_the_fast_one_answers) {
    for (const bool warm : {false, true}) {
        BOOST_TEST_CONTEXT("warm: " << warm) {
            NetworkWorld world;
            const Engine engine = world.engine(warm);
            Session session = agent_of(engine).start_session();
            BOOST_TEST(world.run(session.run(kSimple)).metadata.provider == "fast");
            BOOST_TEST(world.slow.connections() == (warm ? 1U : 0U));
            BOOST_TEST(world.slow.requests().empty());
            // A second turn of the same kind opens no second one.
            world.run(session.run(kSimple));
            BOOST_TEST(world.slow.connections() == (warm ? 1U : 0U));
            // And the turn that needs it finds it open.
            BOOST_TEST(world.run(session.run(kRiddle)).metadata.provider == "slow");
            BOOST_TEST(world.slow.connections() == 1U);
            BOOST_TEST(world.slow.requests().size() == 1U);
            world.run(session.close());
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_early_connection_that_fails_or_hangs_harms_nobody) {
    for (const bool hangs : {false, true}) {
        BOOST_TEST_CONTEXT("hangs: " << hangs) {
            NetworkWorld world;
            const Engine engine = world.engine(true);
            Session session = agent_of(engine).start_session();
            // The worker's connection is there before the faults are.
            world.run(session.run(kSimple));
            testing::NetworkFaults faults;
            if (hangs)
                faults.stall_open = true;
            else
                faults.open_error = std::make_error_code(std::errc::connection_refused);
            const Engine other = world.engine(true);
            world.network->set_faults(faults);
            Session second = agent_of(other).start_session();
            const auto began = world.clock->now();
            if (hangs) {
                // Leaves at once, and what hangs is stopped with the session.
                const auto turn_and_close = [](Session& one) -> asio::awaitable<std::string> {
                    Reply reply = co_await one.run(kSimple);
                    co_await one.close();
                    co_return reply.metadata.provider;
                };
                BOOST_TEST(world.run(turn_and_close(second)) == "fast");
                BOOST_TEST((world.clock->now() - began < 1s));
            } else {
                BOOST_TEST(world.run(second.run(kSimple)).metadata.provider == "fast");
            }
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(learned_order_asks_the_better_fallback_first_and_is_off_by_default) {
    for (const bool learned : {false, true}) {
        BOOST_TEST_CONTEXT("learned: " << learned) {
            EngineWorld world;
            world.fast_does(
                Script().fail_open(ErrorKind::provider_bad_request));  // no trigger: breakers stay closed
            const Script slow = Script().delay(30s).text("slow").finish(StopReason::stop, some_usage());
            world.openai.script("gpt-4o", slow);
            world.openai.script("gpt-4o", Script().fail_open(ErrorKind::provider_bad_request));
            world.openai.script("gpt-4o", slow);
            world.anthropic.script("claude-opus-4-6", says("quick"));
            EngineOptions options = world.options();
            options.providers.emplace_back("anthropic", world.bound(world.anthropic));
            options.fallback_models = {"gpt-4o", "claude-opus-4-6"};
            options.trigger_errors = triggers::any_error();
            options.routing.learned = learned;
            options.routing.nash.cost_weight = 0;
            const Engine engine(options);
            Session session = agent_of(engine).start_session();
            RunOptions fast;
            fast.system(System::system1);
            // It has to see both before it can prefer one.
            BOOST_TEST(world.run(session.run(kSimple, fast)).metadata.provider == "openai");
            BOOST_TEST(world.run(session.run(kSimple, fast)).metadata.provider == "anthropic");
            BOOST_TEST(world.run(session.run(kSimple, fast)).metadata.provider ==
                       (learned ? "anthropic" : "openai"));
            BOOST_TEST(session.stats().weights_json.empty() == !learned);
        }
    }
}

BOOST_AUTO_TEST_CASE(where_much_is_at_stake_who_can_do_least_harm_is_asked_first) {
    EngineWorld world;
    world.both_answer("careful", "bold");
    EngineOptions options = world.options();
    options.routing.worst_case_loss = {{"gpt-4o", 0.9}, {"gemini-3-flash-preview", 0.1}};
    const Engine engine(options);
    Session session = agent_of(engine).start_session();
    const auto answer_at = [&world, &session](double safety) {
        RoutingSignals signals;
        signals.enterprise_safety = safety;
        RunOptions how;
        how.signals(signals);
        how.system(System::system2);
        const Reply reply = world.run(session.run(kSimple, how));
        BOOST_TEST(!reply.metadata.failover);  // it was the first of the chain for this turn
        return reply.content;
    };
    BOOST_TEST(answer_at(0.3) == "careful");  // the orchestrator, as configured
    BOOST_TEST(answer_at(0.7) == "careful");  // strictly above the threshold
    BOOST_TEST(answer_at(1.0) == "bold");     // loses least
}

BOOST_AUTO_TEST_SUITE_END()
