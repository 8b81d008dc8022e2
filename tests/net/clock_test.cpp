#include <sluice/clock.hpp>

#include "turns.hpp"

#include <asio/error.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace std::chrono_literals;
using sluice::net::test::Task;

BOOST_AUTO_TEST_SUITE(system_clock)

namespace {

struct Alarm {
    asio::io_context context;
    int rings = 0;
    sluice::TimePoint rang_at;
    std::unique_ptr<sluice::Timer> timer = sluice::system_clock()->make_timer(
        context.get_executor(), [this] { ++rings, rang_at = sluice::system_clock()->now(); });
};

}  // namespace

BOOST_AUTO_TEST_CASE(rings_once_at_its_time_and_never_inside_arm) {
    Alarm alarm;
    const sluice::TimePoint when = sluice::system_clock()->now() + 2ms;
    alarm.timer->arm(sluice::system_clock()->now() - 1s);
    BOOST_TEST(alarm.rings == 0);
    alarm.context.run();
    BOOST_TEST(alarm.rings == 1);
    alarm.timer->arm(when);
    alarm.context.restart();
    alarm.context.run();
    BOOST_TEST(alarm.rings == 2);
    BOOST_TEST((alarm.rang_at >= when));
}

BOOST_AUTO_TEST_CASE(the_last_setting_counts) {
    Alarm alarm;
    const sluice::TimePoint now = sluice::system_clock()->now();
    alarm.timer->arm(now + 1ms);
    alarm.timer->arm(now + 4ms);  // later: keeps the wait and looks again
    alarm.context.run();
    BOOST_TEST(alarm.rings == 1);
    BOOST_TEST((alarm.rang_at >= now + 4ms));

    alarm.timer->arm(now + 1h);
    alarm.timer->arm(now);  // earlier: replaces the wait
    alarm.context.restart();
    alarm.context.run();
    BOOST_TEST(alarm.rings == 2);
}

BOOST_AUTO_TEST_CASE(disarmed_it_is_silent_and_lets_the_loop_end) {
    Alarm alarm;
    const sluice::TimePoint now = sluice::system_clock()->now();
    alarm.timer->arm(now + 1h);
    alarm.timer->disarm();
    alarm.context.run();
    alarm.timer->arm(now - 1ms);  // due, its handler queued, and then disarmed
    alarm.timer->disarm();
    alarm.context.restart();
    alarm.context.run();
    alarm.timer->arm(sluice::kNever);
    alarm.context.restart();
    alarm.context.run();
    BOOST_TEST(alarm.rings == 0);
    alarm.timer->arm(now);
    alarm.context.restart();
    alarm.context.run();
    BOOST_TEST(alarm.rings == 1);
}

BOOST_AUTO_TEST_CASE(destroyed_it_is_silent) {
    Alarm alarm;
    alarm.timer->arm(sluice::system_clock()->now() - 1ms);
    alarm.timer.reset();
    alarm.context.run();
    BOOST_TEST(alarm.rings == 0);
}

BOOST_AUTO_TEST_CASE(the_callback_may_arm_and_destroy_its_timer) {
    asio::io_context context;
    int rings = 0;
    std::unique_ptr<sluice::Timer> timer;
    timer = sluice::system_clock()->make_timer(context.get_executor(), [&] {
        if (++rings < 3)
            timer->arm(sluice::system_clock()->now());
        else
            timer.reset();
    });
    timer->arm(sluice::system_clock()->now());
    context.run();
    BOOST_TEST(rings == 3);
    BOOST_TEST(!timer);
}

BOOST_AUTO_TEST_CASE(a_timer_may_outlive_its_context) {
    std::unique_ptr<sluice::Timer> timer;
    {
        asio::io_context context;
        timer = sluice::system_clock()->make_timer(context.get_executor(),
                                                   [] { BOOST_ERROR("rang without a loop"); });
        timer->arm(sluice::system_clock()->now() + 1h);
        timer.reset();
    }
    BOOST_TEST(!timer);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sleeping)

BOOST_AUTO_TEST_CASE(sleeps_until_its_time) {
    asio::io_context context;
    const std::shared_ptr<sluice::Clock> clock = sluice::system_clock();
    const sluice::TimePoint start = clock->now();
    Task task(context, sluice::sleep_for(*clock, 2ms));
    BOOST_TEST(task.finish());
    BOOST_TEST((clock->now() >= start + 2ms));
}

BOOST_AUTO_TEST_CASE(cancellation_ends_it_within_one_turn) {
    asio::io_context context;
    const std::shared_ptr<sluice::Clock> clock = sluice::system_clock();
    Task task(context, sluice::sleep_for(*clock, sluice::Duration::max()));
    task.turn();
    BOOST_TEST(!task.done());
    task.cancel();
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST((task.error() == std::error_code(asio::error::operation_aborted)));
}

BOOST_AUTO_TEST_SUITE_END()
