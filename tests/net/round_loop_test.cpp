#include <sluice/round_loop.hpp>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>

using namespace std::chrono_literals;
using sluice::RoundLoop;
using sluice::RoundOptions;

namespace {

// `steps` timers one after the other: as many wake-ups, unless the machine stands still in between.
void chain(asio::steady_timer& timer, int steps, int& done) {
    timer.expires_after(200us);
    timer.async_wait([&timer, steps, &done](std::error_code) {
        ++done;
        if (steps > 1) chain(timer, steps - 1, done);
    });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(round_loop)

BOOST_AUTO_TEST_CASE(runs_everything_and_returns_when_out_of_work) {
    asio::io_context context{1};
    int ran = 0;
    std::function<void()> again = [&] {
        if (++ran < 100) asio::post(context, again);
    };
    asio::post(context, again);
    BOOST_TEST(RoundLoop(context).run() == 100U);
    BOOST_TEST(ran == 100);
}

BOOST_AUTO_TEST_CASE(holds_rounds_back_under_load_and_loses_none) {
    asio::io_context context{1};
    asio::steady_timer timer(context);
    int done = 0;
    chain(timer, 40, done);
    RoundOptions eager;
    eager.load = 10s;  // everything is load
    RoundLoop loop(context, eager);
    loop.run();
    BOOST_TEST(done == 40);
    BOOST_TEST(loop.rounds() > 1U);
    BOOST_TEST(loop.held() > 0U);
    BOOST_TEST(loop.held() < loop.rounds());  // not after the first round, which has none before it
}

BOOST_AUTO_TEST_CASE(never_holds_when_told_not_to) {
    asio::io_context context{1};
    asio::steady_timer timer(context);
    int done = 0;
    chain(timer, 50, done);
    RoundOptions never;
    never.hold = 0us;
    RoundLoop loop(context, never);
    loop.run();
    BOOST_TEST(done == 50);
    BOOST_TEST(loop.held() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_comes_out_and_the_loop_can_go_on) {
    asio::io_context context{1};
    bool ran = false;
    asio::post(context, [] { throw std::runtime_error("handler"); });
    asio::post(context, [&] { ran = true; });
    RoundLoop loop(context);
    BOOST_CHECK_THROW(loop.run(), std::runtime_error);
    loop.run();
    BOOST_TEST(ran);
}

BOOST_AUTO_TEST_SUITE_END()
