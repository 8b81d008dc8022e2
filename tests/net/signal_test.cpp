#include "net/signal.hpp"

#include "turns.hpp"

#include <asio/this_coro.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>

using sluice::net::Signal;
using sluice::net::test::Task;

namespace {

asio::awaitable<void> wait_into(Signal& signal, std::optional<bool>& result, bool throwing = true) {
    co_await asio::this_coro::throw_if_cancelled(throwing);
    const bool notified = co_await signal.wait();
    result = notified;
}

// Waits twice: the second wait begins after the cancellation that ended the first.
asio::awaitable<void> wait_twice(Signal& signal, std::optional<bool>& first, std::optional<bool>& second) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const bool a = co_await signal.wait();
    first = a;
    const bool b = co_await signal.wait();
    second = b;
}

asio::awaitable<void> wait_out_into(Signal& signal, int& cancels, std::optional<bool>& result) {
    const bool undisturbed = co_await signal.wait_out([&cancels] { ++cancels; });
    result = undisturbed;
}

asio::awaitable<void> wait_out_after_a_cancellation(Signal& signal, int& cancels,
                                                    std::optional<bool>& result) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await signal.wait();
    const bool undisturbed = co_await signal.wait_out([&cancels] { ++cancels; });
    result = undisturbed;
}

struct Fixture {
    asio::io_context context;
    Signal signal{context.get_executor()};
    std::optional<bool> result;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(net_signal, Fixture)

BOOST_AUTO_TEST_CASE(wakes_its_waiter_on_the_loop) {
    Task task(context, wait_into(signal, result));
    task.turn();
    BOOST_TEST(!task.done());
    signal.notify();
    BOOST_TEST(!task.done());
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST(result.value());
}

BOOST_AUTO_TEST_CASE(remembers_one_notification_and_uses_it_up) {
    signal.notify();
    signal.notify();
    Task first(context, wait_into(signal, result));
    first.turn();
    BOOST_TEST(first.done());
    BOOST_TEST(result.value());
    result.reset();
    Task second(context, wait_into(signal, result));
    second.turn();
    BOOST_TEST(!second.done());
    signal.notify();
    second.turn();
    BOOST_TEST(result.value());
}

BOOST_AUTO_TEST_CASE(cancellation_is_false_and_not_an_exception) {
    for (const bool throwing : {true, false}) {
        result.reset();
        Task task(context, wait_into(signal, result, throwing));
        task.turn();
        task.cancel();
        task.turn();
        BOOST_TEST(task.done());
        BOOST_TEST(!task.error());
        BOOST_TEST(!result.value());
    }
}

BOOST_AUTO_TEST_CASE(a_wait_that_begins_after_the_cancellation_does_not_hang) {
    std::optional<bool> second;
    Task task(context, wait_twice(signal, result, second));
    task.turn();
    task.cancel();
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST(!result.value());
    BOOST_TEST(!second.value());
}

BOOST_AUTO_TEST_CASE(a_notification_wins_over_a_cancellation_in_the_same_turn) {
    Task task(context, wait_into(signal, result));
    task.turn();
    signal.notify();
    task.cancel();
    task.turn();
    BOOST_TEST(result.value());
}

BOOST_AUTO_TEST_CASE(wait_out_is_a_wait) {
    int cancels = 0;
    Task task(context, wait_out_into(signal, cancels, result));
    task.turn();
    BOOST_TEST(!task.done());
    signal.notify();
    task.turn();
    BOOST_TEST(result.value());
    task.cancel();
    BOOST_TEST(cancels == 0);  // nothing of it is left in the coroutine's slot
    signal.notify();
    result.reset();
    Task remembered(context, wait_out_into(signal, cancels, result));
    remembered.turn();
    BOOST_TEST(result.value());
}

BOOST_AUTO_TEST_CASE(cancellation_does_not_end_wait_out) {
    int cancels = 0;
    Task task(context, wait_out_into(signal, cancels, result));
    task.turn();
    task.cancel();
    BOOST_TEST(cancels == 1);
    task.turn();
    BOOST_TEST(!task.done());
    signal.notify();
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST(!task.error());
    BOOST_TEST(!result.value());
}

BOOST_AUTO_TEST_CASE(wait_out_after_a_cancellation_tells_at_once) {
    int cancels = 0;
    Task task(context, wait_out_after_a_cancellation(signal, cancels, result));
    task.turn();
    task.cancel();
    task.turn();
    BOOST_TEST(cancels == 1);
    BOOST_TEST(!task.done());
    signal.notify();
    task.turn();
    BOOST_TEST(!result.value());
}

BOOST_AUTO_TEST_SUITE_END()
