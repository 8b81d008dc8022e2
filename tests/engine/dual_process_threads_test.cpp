// One router that several threads ask. Meant for ThreadSanitizer.
#include <sluice/dual_process.hpp>
#include <sluice/minimax.hpp>
#include <sluice/nash_router.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace sluice;

namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kRounds = 5000;

template <typename Work>
void in_threads(Work work) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
        threads.emplace_back(work, i);
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(routing_threads)

BOOST_AUTO_TEST_CASE(no_decision_is_lost_and_every_snapshot_is_whole) {
    DualProcessRouter router;
    std::atomic<std::size_t> wrong{0};
    in_threads([&](std::size_t thread) {
        RoutingSignals drifts;
        drifts.goal_drift = 0.5 + double(thread) / 100;
        const std::vector<std::string> own{"goal_drift(0.5" + std::to_string(thread) + ")"};
        for (std::size_t i = 0; i < kRounds; ++i) {
            wrong += router.decide("What is 2 + 2?").system != System::system1;
            wrong += router.decide("What is 2 + 2?", drifts).reasons != own;
            const DualProcessStats stats = router.stats();
            wrong += stats.total_decisions != stats.system1_count + stats.system2_count;
            // Somebody's last one, and not half of it.
            const std::vector<std::string> reasons = router.last_escalation_reasons();
            wrong += reasons.size() != 1 || reasons[0].size() != own[0].size();
        }
    });
    BOOST_TEST(wrong.load() == 0U);
    const DualProcessStats stats = router.stats();
    BOOST_TEST(stats.system1_count == kThreads * kRounds);
    BOOST_TEST(stats.system2_count == kThreads * kRounds);
    BOOST_TEST(stats.system2_ratio == 0.5);
}

BOOST_AUTO_TEST_CASE(learning_and_asking_at_once) {
    NashRouter router;
    MinimaxGuard guard;
    std::atomic<std::size_t> wrong{0};
    in_threads([&](std::size_t thread) {
        const std::string model = "model-" + std::to_string(thread);
        for (std::size_t i = 0; i < kRounds / 10; ++i) {
            NashOutcome outcome;
            outcome.quality = double(thread + 1) / kThreads;
            wrong += !router.update(model, TaskType::coding, outcome);
            if (i % 16 == 0) router.iterate(2);
            wrong += !router.best_model(TaskType::coding).has_value();
            guard.set_worst_loss(model, outcome.quality);
            wrong += guard.worst_loss(model) != outcome.quality;
            wrong += !guard.choose({{model, 0.5}}, 0.9).has_value();
        }
    });
    BOOST_TEST(wrong.load() == 0U);
    BOOST_TEST(router.best_model(TaskType::coding).value() == "model-" + std::to_string(kThreads - 1));
    BOOST_TEST(router.assignment(TaskType::coding).size() == kThreads);
}

BOOST_AUTO_TEST_SUITE_END()
