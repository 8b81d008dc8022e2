#include "net/task_group.hpp"

#include <sluice/log.hpp>

#include "net/signal.hpp"
#include "turns.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using sluice::net::Signal;
using sluice::net::TaskGroup;

namespace {

// What a task has come to; shared with it, because it may outlive the test's own variables.
struct Record {
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};  // however
};
using Shared = std::shared_ptr<Record>;

struct Count {
    explicit Count(Shared into) : record(std::move(into)) { ++record->begun; }
    Count(const Count&) = delete;
    ~Count() { ++record->ended; }
    Shared record;
};

asio::awaitable<void> forever(Shared record) {
    const Count count(std::move(record));
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> until(Shared record, Signal& signal) {
    const Count count(std::move(record));
    co_await signal.wait();
}

asio::awaitable<void> wait_for(TaskGroup& group, bool& done) {
    co_await group.wait();
    done = true;
}

asio::awaitable<void> stop(TaskGroup& group, bool& done) {
    co_await group.stop();
    done = true;
}

asio::awaitable<void> fail(bool with_a_number) {
    if (with_a_number) throw 7;
    throw std::runtime_error("it broke");
    co_return;
}

struct Fixture {
    asio::io_context context;
    Shared record = std::make_shared<Record>();
    bool done = false;

    void turn() {
        context.restart();
        context.poll();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(net_task_group, Fixture)

BOOST_AUTO_TEST_CASE(a_task_never_begins_inside_spawn) {
    TaskGroup group;
    asio::post(context, [&] {
        group.spawn(context.get_executor(), forever(record));
        BOOST_TEST(record->begun == 0);
        BOOST_TEST(group.running() == 1U);
    });
    turn();
    BOOST_TEST(record->begun == 1);
    group.cancel_all();
    turn();
    BOOST_TEST(record->ended == 1);
    BOOST_TEST(group.running() == 0U);
}

BOOST_AUTO_TEST_CASE(one_is_cancelled_and_the_others_go_on) {
    TaskGroup group;
    const auto first = group.spawn(context.get_executor(), forever(record));
    group.spawn(context.get_executor(), forever(record));
    turn();
    first->cancel();
    first->cancel();
    turn();
    BOOST_TEST(record->ended == 1);
    BOOST_TEST(group.running() == 1U);
    first->cancel();  // of a task that has ended
    turn();
    BOOST_TEST(group.running() == 1U);
    group.cancel_all();
    turn();
    BOOST_TEST(group.running() == 0U);
}

BOOST_AUTO_TEST_CASE(a_task_that_is_cancelled_before_it_began_does_not_begin) {
    TaskGroup group;
    group.spawn(context.get_executor(), forever(record))->cancel();
    turn();
    BOOST_TEST(record->begun == 0);
    BOOST_TEST(group.running() == 0U);
}

BOOST_AUTO_TEST_CASE(wait_completes_when_all_have_ended) {
    TaskGroup group;
    Signal a(context.get_executor());
    Signal b(context.get_executor());
    group.spawn(context.get_executor(), until(record, a));
    group.spawn(context.get_executor(), until(record, b));
    sluice::net::test::Task waiter(context, wait_for(group, done));
    bool also_done = false;
    sluice::net::test::Task another(context, wait_for(group, also_done));
    waiter.turn();
    a.notify();
    waiter.turn();
    BOOST_TEST(!done);
    b.notify();
    waiter.turn();
    BOOST_TEST(done);
    BOOST_TEST(also_done);
    done = false;
    sluice::net::test::Task nobody_left(context, wait_for(group, done));
    nobody_left.turn();
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(cancelling_a_wait_cancels_no_task) {
    TaskGroup group;
    group.spawn(context.get_executor(), forever(record));
    sluice::net::test::Task waiter(context, wait_for(group, done));
    waiter.turn();
    waiter.cancel();
    waiter.turn();
    BOOST_TEST(waiter.done());
    BOOST_TEST((waiter.error() == asio::error::operation_aborted));
    BOOST_TEST(group.running() == 1U);
    group.cancel_all();
    turn();
    BOOST_TEST(group.running() == 0U);
}

BOOST_AUTO_TEST_CASE(stop_ends_all_and_lets_none_begin) {
    TaskGroup group;
    group.spawn(context.get_executor(), forever(record));
    group.spawn(context.get_executor(), forever(record));
    turn();
    sluice::net::test::Task stopper(context, stop(group, done));
    stopper.turn();
    BOOST_TEST(done);
    BOOST_TEST(record->ended == 2);
    BOOST_TEST(!group.spawn(context.get_executor(), forever(record)).has_value());
    turn();
    BOOST_TEST(record->begun == 2);
}

BOOST_AUTO_TEST_CASE(beyond_its_limit_a_group_spawns_nothing) {
    TaskGroup group(1);
    BOOST_TEST(group.spawn(context.get_executor(), forever(record)).has_value());
    BOOST_TEST(!group.spawn(context.get_executor(), forever(record)).has_value());
    group.cancel_all();
    turn();
    BOOST_TEST(group.spawn(context.get_executor(), forever(record)).has_value());
}

BOOST_AUTO_TEST_CASE(the_destructor_cancels_and_does_not_wait) {
    std::optional<sluice::net::Task> task;
    {
        TaskGroup group;
        task = group.spawn(context.get_executor(), forever(record));
        turn();
    }
    BOOST_TEST(record->ended == 0);
    turn();
    BOOST_TEST(record->begun == 1);
    BOOST_TEST(record->ended == 1);
    task->cancel();  // of nothing
    turn();
}

BOOST_AUTO_TEST_CASE(a_context_may_die_before_its_tasks) {
    TaskGroup group;
    {
        asio::io_context dies_early;
        group.spawn(dies_early.get_executor(), forever(record));
        group.spawn(dies_early.get_executor(), forever(record));
        sluice::net::test::Task waiter(dies_early, wait_for(group, done));
        dies_early.poll();
    }
    BOOST_TEST(record->ended == 2);
    BOOST_TEST(group.running() == 0U);
    BOOST_TEST(!done);
}

BOOST_AUTO_TEST_CASE(what_a_task_throws_is_logged_and_swallowed) {
    std::vector<std::string> lines;
    sluice::set_log_sink([&](sluice::LogLevel, std::string_view line) { lines.emplace_back(line); });
    TaskGroup group;
    group.spawn(context.get_executor(), fail(false));
    group.spawn(context.get_executor(), fail(true));
    group.spawn(context.get_executor(), forever(record));
    turn();
    group.cancel_all();  // no error
    turn();
    sluice::set_log_sink({});
    BOOST_TEST(group.running() == 0U);
    const std::vector<std::string> expected{
        "a background task threw, and ended: it broke",
        "a background task threw something that is no std::exception, and ended"};
    BOOST_TEST(lines == expected, boost::test_tools::per_element());
}

// Tasks of two loops, spawned and stopped from a third thread.
BOOST_AUTO_TEST_CASE(a_group_serves_several_threads) {
    asio::io_context other;
    const auto keep = asio::make_work_guard(context);
    const auto keep_other = asio::make_work_guard(other);
    std::thread runs([this] { context.run(); });
    std::thread runs_other([&] { other.run(); });
    TaskGroup group;
    constexpr int kRounds = 200;
    for (int i = 0; i < kRounds; ++i) {
        const auto task = group.spawn(context.get_executor(), forever(record));
        group.spawn(other.get_executor(), forever(record));
        if (i % 2 == 0) task->cancel();
        if (i % 50 == 0) group.cancel_all();
    }
    asio::co_spawn(other, group.stop(), asio::use_future).get();
    BOOST_TEST(group.running() == 0U);
    BOOST_TEST(record->begun == record->ended);
    context.stop();
    other.stop();
    runs.join();
    runs_other.join();
}

BOOST_AUTO_TEST_SUITE_END()
