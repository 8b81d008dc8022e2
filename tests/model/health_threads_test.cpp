// A target's health is one state for all threads: one loop probes, and requests of several threads ask and
// report. For the thread sanitizer.
#include <sluice/health.hpp>
#include <sluice/testing/scripted_provider.hpp>

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kThreads = 3;
constexpr std::size_t kOutages = 100;

/// Its probes always fail; its requests, which go to the scripted providers, always succeed. So the loop's
/// thread takes it down, and the others bring it back.
class SickTarget final : public ModelTarget {
  public:
    explicit SickTarget(const Provider& provider) : provider_(provider), spec_("alpha", "a") {}
    const Provider& provider() const noexcept override { return provider_; }
    const ModelSpec& spec() const noexcept override { return spec_; }
    asio::awaitable<Result<TokenStream>> open(const Request&, const CallContext&) const override {
        co_return ErrorInfo(ErrorKind::provider_unavailable, Phase::prepare, "test");
    }
    bool can_probe(ProbeKind) const noexcept override { return true; }
    asio::awaitable<Result<void>> probe(ProbeKind, TimePoint, const AttemptEvents&) const override {
        co_return ErrorInfo(ErrorKind::provider_overloaded, Phase::headers, "test");
    }

  private:
    const Provider& provider_;
    ModelSpec spec_;
};

/// What the listener heard. Not guarded: the events of one target come one after another, whatever thread
/// they come from.
struct Heard {
    std::size_t downs = 0;
    std::size_t recoveries = 0;
    bool in_order = true;
    std::atomic<bool> enough{false};

    void hear(const AttemptEvent& event) {
        if (event.as<TargetDown>()) in_order &= downs++ == recoveries;
        if (event.as<TargetRecovered>()) {
            in_order &= ++recoveries == downs;
            if (recoveries == kOutages) enough = true;
        }
    }
};

asio::awaitable<void> ask_as_last_resort(BoundModel model) {
    CallContext context;
    context.last_resort = true;
    const Request request("hi");
    Result<TokenStream> opened = co_await model.open(request, context);
    if (opened) co_await opened->peek();
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_state_for_the_loop_and_for_requests_on_other_threads) {
    Heard heard;
    asio::io_context probing;
    const testing::ScriptedProvider owner("alpha", Runtime());
    HealthCheckOptions options;
    options.target.kind = ProbeKind::tcp;
    options.target.interval = 1ms;
    options.target.unhealthy_threshold = 1;
    options.target.healthy_threshold = 2;
    options.events = [&](const AttemptEvent& event) { heard.hear(event); };
    HealthChecks checks(probing.get_executor(), options);
    checks.watch(BoundModel(std::make_shared<SickTarget>(owner.provider())));
    checks.start();

    auto keep_running = asio::make_work_guard(probing);
    std::vector<std::thread> threads;
    threads.emplace_back([&] { probing.run(); });
    threads.emplace_back([&] { probing.run(); });  // a context may have several threads
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            asio::io_context context{1};
            testing::ScriptedProvider provider("alpha", Runtime());
            provider.script("a", testing::Script().text("pong").finish());
            const HealthCheckedBoundModel model(provider.model("a"), checks);
            const Needs needs;
            const std::shared_ptr<Clock> clock = system_clock();
            while (!heard.enough) {
                (void)checks.status();
                if (!model.target()->refusal(needs, clock->now())) {
                    std::this_thread::yield();
                    continue;
                }
                asio::co_spawn(context, ask_as_last_resort(model), [](std::exception_ptr) {});
                context.restart();
                context.run();
            }
        });
    }
    for (std::size_t i = 2; i < threads.size(); ++i)
        threads[i].join();
    asio::io_context waiting{1};  // whoever waits for the end has a thread of his own
    asio::co_spawn(waiting, checks.stop(), [](std::exception_ptr) {});
    waiting.run();
    keep_running.reset();
    threads[0].join();
    threads[1].join();

    BOOST_TEST(heard.in_order);
    BOOST_TEST(heard.recoveries >= kOutages);
    BOOST_TEST(heard.downs - heard.recoveries <= 1U);
    BOOST_TEST(checks.status().at(0).healthy);  // nobody looks any more
}
