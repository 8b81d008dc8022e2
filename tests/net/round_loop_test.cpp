#include <sluice/round_loop.hpp>

#include "net/arrivals.hpp"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;
using sluice::RoundLoop;
using sluice::RoundOptions;

namespace {

// As many wake-ups one after the other, each with something to read for the next one of `connections`.
class Wakeups {
  public:
    Wakeups(asio::io_context& context, std::size_t connections)
        : timer_(context),
          arrivals_(sluice::net::Arrivals::of(context.get_executor())),
          connections_(connections) {}

    void start(int count) {
        timer_.expires_after(200us);
        timer_.async_wait([this, count](std::error_code) {
            arrivals_.add(connections_[static_cast<std::size_t>(done++) % connections_.size()]);
            if (count > 1) start(count - 1);
        });
    }

    int done = 0;

  private:
    asio::steady_timer timer_;
    sluice::net::Arrivals& arrivals_;
    std::vector<sluice::net::Arrivals::Mark> connections_;
};

// Every round follows closely on the one before, and no period ends before its time.
RoundOptions always_close() {
    RoundOptions options;
    options.load = 10s;
    return options;
}

// How often a loop holds that has these.
std::size_t held(std::size_t connections, int wakeups, RoundOptions options = always_close()) {
    asio::io_context context{1};
    Wakeups all(context, connections);
    all.start(wakeups);
    RoundLoop loop(context, options);
    loop.run();
    BOOST_TEST(all.done == wakeups);
    BOOST_TEST(loop.rounds() >= static_cast<std::size_t>(wakeups));
    BOOST_TEST(loop.held() < loop.rounds());
    return loop.held();
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

BOOST_AUTO_TEST_CASE(holds_rounds_back_while_one_connection_goes_on_and_on) {
    BOOST_TEST(held(1, 40) > 0U);
}

BOOST_AUTO_TEST_CASE(holds_rounds_back_while_several_connections_have_something) {
    RoundOptions options = always_close();
    options.hold = 50ms;  // within twice of that, four wake-ups come on any machine that is not stuck
    BOOST_TEST(held(4, 12, options) > 0U);
}

BOOST_AUTO_TEST_CASE(reacts_at_once_to_a_stream_and_its_client) {
    BOOST_TEST(held(2, 200) == 0U);
}

BOOST_AUTO_TEST_CASE(rounds_with_pauses_between_them_are_no_load) {
    RoundOptions paced;
    paced.load = 0us;
    BOOST_TEST(held(1, 50, paced) == 0U);
}

BOOST_AUTO_TEST_CASE(what_does_not_read_is_no_load) {
    asio::io_context context{1};
    int ran = 0;
    std::function<void()> again = [&] {
        if (++ran < 1000) asio::post(context, again);
    };
    asio::post(context, again);
    RoundLoop loop(context, always_close());
    loop.run();
    BOOST_TEST(loop.held() == 0U);
}

BOOST_AUTO_TEST_CASE(never_holds_when_told_not_to) {
    RoundOptions never = always_close();
    never.hold = 0us;
    BOOST_TEST(held(1, 50, never) == 0U);
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
