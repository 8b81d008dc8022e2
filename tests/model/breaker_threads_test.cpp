// Breakers that several threads share. Meant for ThreadSanitizer.
#include <sluice/breaker.hpp>

#include "model/breaker_registry.hpp"
#include "model/breaker_world.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr int kThreads = 4;

// Moved by whoever likes, read by everybody.
class SharedClock final : public Clock {
  public:
    TimePoint now() const noexcept override { return TimePoint(Duration(now_.load())); }
    std::unique_ptr<Timer> make_timer(asio::any_io_executor, std::function<void()>) override {
        throw std::logic_error("breakers set no timers");
    }
    void advance(Duration by) { now_ += by.count(); }

  private:
    std::atomic<Duration::rep> now_{Duration(1h).count()};
};

struct Counts {
    std::atomic<int> opened{0};
    std::atomic<int> half_opened{0};
    std::atomic<int> closed{0};
};

BreakerOptions options(const std::shared_ptr<SharedClock>& clock, Counts& counts) {
    BreakerOptions options;
    options.failures = 3;
    options.auth_open_for = 7s;
    options.runtime = Runtime(clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1));
    options.events = [&counts](const AttemptEvent& event) {
        const auto* change = event.as<BreakerChanged>();
        if (change->to == BreakerState::open) ++counts.opened;
        if (change->to == BreakerState::half_open) ++counts.half_opened;
        if (change->to == BreakerState::closed) ++counts.closed;
    };
    return options;
}

template <typename Work>
void in_threads(Work work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back(work, i);
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(breaker_threads)

BOOST_AUTO_TEST_CASE(never_more_probes_than_allowed_and_every_place_comes_back) {
    const auto clock = std::make_shared<SharedClock>();
    Counts counts;
    const auto registry = std::make_shared<BreakerRegistry>(options(clock, counts));
    std::atomic<int> probing{0};
    std::atomic<int> most{0};
    in_threads([&](int thread) {
        // Half of the threads on one model, half on another of the same account.
        const BreakerGate gate(registry, "alpha", ModelSpec("alpha", thread % 2 ? "small" : "large"));
        const std::shared_ptr<Entropy> dice = seeded_entropy(std::uint64_t(thread) + 1);
        for (int i = 0; i < 20'000; ++i) {
            if (dice->next() % 8 == 0) clock->advance(Duration(std::chrono::milliseconds(500)));
            BreakerGate::Passage passage;
            if (gate.enter(false, passage)) continue;
            const bool is_probe = passage.account.is_probe;
            if (is_probe) {
                const int now = ++probing;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);)
                    continue;
                std::this_thread::yield();
                --probing;
            }
            const std::uint64_t how = dice->next() % 16;
            if (how < 10) gate.on_begun(passage);
            if (how < 8) {
                gate.on_finished(passage);
            } else if (how < 10) {
                gate.on_neutral(passage);
            } else {
                const ErrorKind kind =
                    how == 15 ? ErrorKind::provider_auth_failed : ErrorKind::provider_overloaded;
                gate.on_failed(passage, ErrorInfo(kind, Phase::headers, "test"));
            }
        }
    });
    // An account's half-open state is left through its only probe.
    BOOST_TEST(most.load() == 1);
    BOOST_TEST(counts.opened.load() > 10);
    BOOST_TEST(counts.closed.load() > 10);
    BOOST_TEST(counts.opened.load() >= counts.half_opened.load());

    // Nobody holds a place: after the longest wait everything can be asked, and recovers.
    clock->advance(Duration(1h));
    for (const char* model : {"small", "large"}) {
        const BreakerGate gate(registry, "alpha", ModelSpec("alpha", model));
        BreakerGate::Passage passage;
        BOOST_REQUIRE(!gate.enter(false, passage).has_value());
        gate.on_begun(passage);
        gate.on_finished(passage);
    }
    for (const BreakerStatus& status : registry->snapshot())
        BOOST_TEST((status.state == BreakerState::closed));
}

BOOST_AUTO_TEST_CASE(models_of_several_threads_share_their_state) {
    const auto clock = std::make_shared<SharedClock>();
    Counts counts;
    const Breakers breakers(options(clock, counts));
    std::atomic<int> refused{0};
    std::atomic<std::size_t> asked{0};
    in_threads([&](int) {
        // Each thread has a loop and a provider of its own; only the breakers are common.
        asio::io_context context{1};
        const auto own_time = std::make_shared<testing::VirtualClock>();
        const Runtime runtime(own_time, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1));
        testing::ScriptedProvider provider("alpha", runtime);
        provider.script("m", testing::Script().fail_open(ErrorKind::provider_overloaded));
        const BreakerBoundModel model(provider.model("m"), breakers);
        for (int i = 0; i < 200; ++i) {
            const std::string outcome = test::run(context, *own_time, test::outcome_of(model));
            refused += outcome == "NoProviderAvailable";
            static_cast<void>(breakers.snapshot());
        }
        asked += provider.calls();
    });
    BOOST_TEST(counts.opened.load() == 1);
    // Besides the three that open it, each other thread may have been on its way already.
    BOOST_TEST(asked.load() >= 3U);
    BOOST_TEST(asked.load() <= 3U + kThreads - 1);
    BOOST_TEST(std::size_t(refused.load()) == 200U * kThreads - asked.load());
}

BOOST_AUTO_TEST_SUITE_END()
