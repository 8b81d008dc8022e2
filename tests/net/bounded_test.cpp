#include "net/bounded.hpp"

#include "net/signal.hpp"
#include "turns.hpp"

#include <asio/error.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>

using namespace std::chrono_literals;
using sluice::net::BoundedEnd;
using sluice::net::BoundedOutcome;
using sluice::net::Signal;
using sluice::net::test::Task;

namespace {

asio::awaitable<void> immediate() {
    co_return;
}

asio::awaitable<void> broken() {
    throw std::runtime_error("hook");
    co_return;
}

asio::awaitable<void> hang(std::shared_ptr<bool> ended) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    Signal never(executor);
    const bool woken = co_await never.wait();
    BOOST_TEST(!woken);
    *ended = true;
}

// Ignores its first cancellation, as a badly behaved hook may.
asio::awaitable<void> stubborn(std::shared_ptr<Signal> release, std::shared_ptr<bool> ended) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await release->wait();
    *ended = true;
}

asio::awaitable<void> bounded(asio::awaitable<void> work, sluice::Duration limit,
                              std::optional<BoundedOutcome>& into) {
    BoundedOutcome outcome =
        co_await sluice::net::run_bounded(std::move(work), sluice::system_clock(), limit);
    into = std::move(outcome);
}

struct Fixture {
    asio::io_context context;
    std::optional<BoundedOutcome> outcome;
    std::shared_ptr<bool> ended = std::make_shared<bool>(false);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(run_bounded, Fixture)

BOOST_AUTO_TEST_CASE(says_that_the_work_completed) {
    Task task(context, bounded(immediate(), sluice::Duration::max(), outcome));
    BOOST_TEST(task.finish());
    BOOST_TEST((outcome->end == BoundedEnd::completed));
    BOOST_TEST(!outcome->thrown);
}

BOOST_AUTO_TEST_CASE(hands_back_what_the_work_threw) {
    Task task(context, bounded(broken(), 1h, outcome));
    BOOST_TEST(task.finish());
    BOOST_TEST((outcome->end == BoundedEnd::threw));
    BOOST_CHECK_THROW(std::rethrow_exception(outcome->thrown), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(cancels_the_work_when_time_is_up) {
    Task task(context, bounded(hang(ended), 1ms, outcome));
    BOOST_TEST(task.finish());
    BOOST_TEST((outcome->end == BoundedEnd::timed_out));
    context.restart();
    context.run();  // ends, because nothing is left behind
    BOOST_TEST(*ended);
}

BOOST_AUTO_TEST_CASE(does_not_wait_for_work_that_ignores_cancellation) {
    const auto release = std::make_shared<Signal>(context.get_executor());
    Task task(context, bounded(stubborn(release, ended), 1ms, outcome));
    BOOST_TEST(task.finish());
    BOOST_TEST((outcome->end == BoundedEnd::timed_out));
    BOOST_TEST(!*ended);
    release->notify();
    context.restart();
    context.run();
    BOOST_TEST(*ended);
}

BOOST_AUTO_TEST_CASE(the_callers_cancellation_cancels_the_work_and_is_thrown) {
    Task task(context, bounded(hang(ended), 1h, outcome));
    task.turn();
    task.cancel();
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST((task.error() == std::error_code(asio::error::operation_aborted)));
    BOOST_TEST(*ended);
    BOOST_TEST(!outcome.has_value());
}

BOOST_AUTO_TEST_CASE(work_still_running_dies_with_its_context) {
    auto own = std::make_unique<asio::io_context>();
    auto task = std::make_unique<Task>(*own, bounded(hang(ended), 1h, outcome));
    task->turn();
    own.reset();
    BOOST_TEST(!*ended);
    BOOST_TEST(ended.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
