#include <sluice/testing/virtual_clock.hpp>

#include <asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using sluice::Duration;
using sluice::TimePoint;
using sluice::Timer;
using sluice::testing::VirtualClock;

namespace {

struct Fixture {
    asio::io_context context;
    std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
    const TimePoint start = clock->now();
    std::string rings;

    std::unique_ptr<Timer> timer(char name) {
        return clock->make_timer(context.get_executor(), [this, name] { rings += name; });
    }
    Duration passed() const { return clock->now() - start; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(virtual_clock, Fixture)

BOOST_AUTO_TEST_CASE(rings_in_order_of_time_and_then_of_arming) {
    const auto a = timer('a');
    const auto b = timer('b');
    const auto c = timer('c');
    const auto d = timer('d');
    c->arm(start + 1h);
    b->arm(start + 1min);
    a->arm(start + 1h);
    d->arm(start + 1s);
    d->arm(start + 1h);  // replaces, and so comes last
    BOOST_TEST(clock->armed() == 4U);
    BOOST_TEST((clock->run(context) == 1h));
    BOOST_TEST(rings == "bcad");
    BOOST_TEST(clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(never_rings_inside_arm_or_after_disarm) {
    const auto past = timer('p');
    const auto late = timer('l');
    const auto gone = timer('g');
    past->arm(start - 1s);
    late->arm(start);
    gone->arm(start);
    BOOST_TEST(rings.empty());
    gone->disarm();
    gone->disarm();
    clock->run(context);
    BOOST_TEST(rings == "pl");
    BOOST_TEST((passed() == Duration::zero()));
    clock->run(context);
    BOOST_TEST(rings == "pl");
}

BOOST_AUTO_TEST_CASE(never_is_no_alarm) {
    const auto a = timer('a');
    a->arm(start + 1s);
    a->arm(sluice::kNever);
    BOOST_TEST(clock->armed() == 0U);
    BOOST_TEST((clock->run(context) == Duration::zero()));
    BOOST_TEST(rings.empty());
}

BOOST_AUTO_TEST_CASE(advance_stops_at_its_end_and_runs_ready_work_at_each_ring) {
    std::vector<Duration> times;
    const auto note = [this, &times] { times.push_back(passed()); };
    const auto a = clock->make_timer(context.get_executor(), [this, &note] { asio::post(context, note); });
    const auto b = clock->make_timer(context.get_executor(), note);
    const auto c = timer('c');
    a->arm(start + 1s);
    b->arm(start + 5s);
    c->arm(start + 5001ms);
    clock->advance(context, 5s);
    BOOST_TEST((times == std::vector<Duration>{1s, 5s}));
    BOOST_TEST((passed() == 5s));
    BOOST_TEST(rings.empty());
    clock->advance(context, 1ms);
    BOOST_TEST(rings == "c");
    clock->advance(context, 1h);  // with nothing to do, time passes all the same
    BOOST_TEST((passed() == 1h + 5001ms));
}

BOOST_AUTO_TEST_CASE(a_callback_may_arm_its_timer_again) {
    std::unique_ptr<Timer> tick;
    int ticks = 0;
    tick = clock->make_timer(context.get_executor(), [&] {
        if (++ticks < 5) tick->arm(clock->now() + 1min);
    });
    tick->arm(start + 1min);
    BOOST_TEST((clock->run(context) == 5min));
    BOOST_TEST(ticks == 5);
}

BOOST_AUTO_TEST_CASE(a_callback_may_destroy_its_own_timer_and_another_that_is_due) {
    std::unique_ptr<Timer> own;
    std::unique_ptr<Timer> other = timer('o');
    const auto kept = std::make_shared<int>(7);
    own = clock->make_timer(context.get_executor(), [&, copy = kept] {
        own.reset();
        other.reset();
        rings += std::to_string(*copy);  // the callback itself still lives
    });
    own->arm(start + 1s);
    other->arm(start + 1s);
    clock->run(context);
    BOOST_TEST(rings == "7");
    BOOST_TEST(kept.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(arming_anew_while_a_ring_is_on_its_way_replaces_it) {
    const auto first = clock->make_timer(context.get_executor(), [this] { rings += '1'; });
    std::unique_ptr<Timer> second;
    const auto before = clock->make_timer(context.get_executor(), [&] { second->arm(start + 2s); });
    second = timer('2');
    before->arm(start + 1s);
    second->arm(start + 1s);  // its ring is posted when `before` runs
    clock->advance(context, 1s);
    BOOST_TEST(rings.empty());
    clock->run(context);
    BOOST_TEST(rings == "2");
}

BOOST_AUTO_TEST_CASE(timers_outlive_their_clock) {
    const auto a = timer('a');
    a->arm(start + 1s);
    clock.reset();
    a->arm(start + 2s);
    a->disarm();
    context.poll();
    BOOST_TEST(rings.empty());
}

BOOST_AUTO_TEST_CASE(a_callback_may_drop_the_clock) {
    const auto a = clock->make_timer(context.get_executor(), [this] { clock.reset(); });
    const auto b = timer('b');
    a->arm(start + 1s);
    b->arm(start + 2s);
    BOOST_TEST((clock->run(context) == 2s));
    BOOST_TEST(rings == "b");
}

BOOST_AUTO_TEST_SUITE_END()
