// One engine for several threads, each with an io_context and sessions of its own; somebody reads the figures
// meanwhile. Meant for ThreadSanitizer.
#include <sluice/engine.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace sluice;

namespace {

constexpr int kThreads = 4;
constexpr int kTurns = 6;

Engine engine_at(const std::string& base_url) {
    EngineProvider provider;
    provider.service = "openai";
    provider.base_url = base_url;
    EngineOptions options;
    options.providers = {{"first", provider}, {"second", provider}};
    options.worker_model = "first/sim-503";
    options.orchestrator_model = "second/sim-ok";
    options.retry.attempts = 1;
    options.routing.learned = true;
    options.routing.warm_orchestrator = true;
    return Engine(std::move(options));
}

asio::awaitable<int> converse(Agent agent) {
    Session session = agent.start_session();
    int answered = 0;
    for (int turn = 0; turn < kTurns; ++turn) {
        const Reply reply = co_await session.run("What is 2 + 2?");
        answered += reply.metadata.provider == "second";
    }
    const SessionStats stats = co_await session.close();
    co_return stats.turns == kTurns ? answered : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engine_threads)

BOOST_AUTO_TEST_CASE(one_engine_serves_a_context_per_thread) {
    asio::io_context far{1};
    testing::Simulator simulator(far.get_executor());
    const Engine engine = engine_at(simulator.listen());
    std::thread server([&far] { far.run(); });
    AgentOptions options;
    options.name = "demo";
    const Agent agent = engine.create_agent(std::move(options));

    std::atomic<int> answered{0};
    std::atomic<int> running{kThreads};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            asio::io_context context{1};
            asio::co_spawn(context, converse(agent), [&](std::exception_ptr error, int count) {
                if (!error) answered += count;
            });
            context.run();
            --running;
        });
    }
    std::uint64_t seen = 0;
    while (running.load() > 0) {
        const DualProcessStats stats = engine.dual_process_stats();
        BOOST_TEST(stats.total_decisions >= seen);
        seen = stats.total_decisions;
        std::this_thread::yield();
    }
    for (std::thread& thread : threads)
        thread.join();
    far.stop();
    server.join();
    BOOST_TEST(answered.load() == kThreads * kTurns);
    BOOST_TEST(engine.dual_process_stats().total_decisions == kThreads * kTurns);
}

// A session's own figures, from another thread than its turns'.
BOOST_AUTO_TEST_CASE(the_figures_of_a_session_may_be_read_from_anywhere) {
    asio::io_context far{1};
    testing::Simulator simulator(far.get_executor());
    const Engine engine = engine_at(simulator.listen());
    std::thread server([&far] { far.run(); });
    AgentOptions options;
    options.name = "demo";
    Session session = engine.create_agent(std::move(options)).start_session();

    std::atomic<bool> over{false};
    std::thread worker([&] {
        asio::io_context context{1};
        const auto turns = [&session]() -> asio::awaitable<void> {
            for (int turn = 0; turn < kTurns; ++turn)
                co_await session.run("What is 2 + 2?");
        };
        asio::co_spawn(context, turns, [&over](std::exception_ptr) { over = true; });
        context.run();
    });
    std::uint64_t turns = 0;
    while (!over) {
        const SessionStats stats = session.stats();
        BOOST_TEST(stats.turns >= turns);
        BOOST_TEST(session.dual_process_stats().total_decisions >= stats.dual_process.total_decisions);
        turns = stats.turns;
        std::this_thread::yield();
    }
    worker.join();
    far.stop();
    server.join();
    BOOST_TEST(session.stats().turns == kTurns);
}

BOOST_AUTO_TEST_SUITE_END()
