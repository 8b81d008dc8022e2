// Where threads meet: one provider and one chain used by several io_contexts at once, and one io_context run
// by several threads. Meant for ThreadSanitizer; the simulator runs on a thread of its own.
#include <sluice/fallback.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace sluice;

namespace {

constexpr int kThreads = 4;
constexpr int kRequests = 8;

class SimulatorThread {
  public:
    SimulatorThread()
        : simulator_(context_.get_executor()),
          base_url_(simulator_.listen()),
          thread_([this] { context_.run(); }) {}
    SimulatorThread(const SimulatorThread&) = delete;
    ~SimulatorThread() {
        context_.stop();
        thread_.join();
    }
    const std::string& base_url() const { return base_url_; }

  private:
    asio::io_context context_{1};
    testing::Simulator simulator_;
    std::string base_url_;
    std::thread thread_;
};

asio::awaitable<int> ask(BoundModel model) {
    int answered = 0;
    for (int i = 0; i < kRequests; ++i) {
        const AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
        answered += answer.provider_id == "second" && !answer.text().empty();
    }
    co_return answered;
}

FallbackBoundModel chain(const std::string& base_url, std::atomic<int>& failovers) {
    const OpenAI first{{.id = "first", .base_url = base_url}};
    const OpenAI second{{.id = "second", .base_url = base_url}};
    FallbackOptions options;
    options.on_failover = [&failovers](const Failover&) { ++failovers; };
    return FallbackBoundModel({first.model("sim-503"), second.model("sim-ok")}, options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(one_chain_serves_a_context_per_thread) {
    const SimulatorThread simulator;
    std::atomic<int> failovers{0};
    std::atomic<int> answered{0};
    const FallbackBoundModel model = chain(simulator.base_url(), failovers);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            asio::io_context context{1};
            for (int stream = 0; stream < 2; ++stream) {
                asio::co_spawn(context, ask(model), [&](std::exception_ptr error, int count) {
                    if (!error) answered += count;
                });
            }
            context.run();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(answered.load() == kThreads * 2 * kRequests);
    BOOST_TEST(failovers.load() == kThreads * 2 * kRequests);
}

BOOST_AUTO_TEST_CASE(one_context_is_run_by_several_threads) {
    const SimulatorThread simulator;
    std::atomic<int> failovers{0};
    std::atomic<int> answered{0};
    const FallbackBoundModel model = chain(simulator.base_url(), failovers);
    asio::io_context context{kThreads};
    for (int i = 0; i < kThreads; ++i) {
        asio::co_spawn(asio::make_strand(context), ask(model), [&](std::exception_ptr error, int count) {
            if (!error) answered += count;
        });
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&] { context.run(); });
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(answered.load() == kThreads * kRequests);
    BOOST_TEST(failovers.load() == kThreads * kRequests);
}

BOOST_AUTO_TEST_SUITE_END()
