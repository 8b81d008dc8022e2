#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>

#include "http_call_world.hpp"

using namespace std::chrono_literals;
using namespace sluice::net::test;
using sluice::Deadlines;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::Result;
using sluice::net::HttpCall;
using sluice::testing::NetworkFaults;

BOOST_AUTO_TEST_SUITE(deadlines)

namespace {

struct Case {
    const char* name;
    Script script;
    std::function<void(World&)> arrange;
    Phase phase;
    milliseconds at;
    const char* message;
};

Deadlines none() {
    Deadlines d;
    d.connect = d.headers = d.first_event = d.idle = d.leg = d.grace = Deadlines::kNone;
    return d;
}

Script every(milliseconds interval, const std::string& text, int times) {
    Script script{request(), say(kChunked)};
    for (int i = 0; i < times; ++i) {
        script.push_back(pause(interval));
        script.push_back(say(chunk(text)));
    }
    return script;
}

const Case kCases[] = {
    {"connect",
     {request()},
     [](World& w) {
         NetworkFaults faults;
         faults.stall_open = true;
         w.network->set_faults(faults);
         w.deadlines.connect = 30ms;
     },
     Phase::connect,
     30ms,
     "no connection within 30 ms"},
    {"headers, while the peer does not take the request",
     {pause(1s), request()},
     [](World& w) {
         w.network->set_window(8);
         w.deadlines.headers = 40ms;
     },
     Phase::headers,
     40ms,
     "no response head within 40 ms"},
    {"headers, from the request written",
     {pause(25ms), request(), pause(1s)},
     [](World& w) {
         w.network->set_window(8);
         w.deadlines.headers = 40ms;
     },
     Phase::headers,
     65ms,
     "no response head within 40 ms"},
    {"headers, within the head",
     {request(), pause(39ms), say("HTTP/1.1 200 OK\r\n"), pause(1s)},
     [](World& w) { w.deadlines.headers = 40ms; },
     Phase::headers,
     40ms,
     "no response head within 40 ms"},
    {"first event, from the leg's start",
     {request(), pause(20ms), say(kChunked), pause(1s)},
     [](World& w) { w.deadlines.first_event = 50ms; },
     Phase::first_event,
     50ms,
     "no first event within 50 ms"},
    {"first event, however many pings come", every(10ms, ": ping", 20),
     [](World& w) { w.deadlines.first_event = 55ms; }, Phase::first_event, 55ms,
     "no first event within 55 ms"},
    {"first event, before the head",
     {request(), pause(1s)},
     [](World& w) { w.deadlines.first_event = 50ms; },
     Phase::first_event,
     50ms,
     "no first event within 50 ms"},
    {"idle, from the last content",
     {request(), say(kChunked), pause(10ms), say(chunk("a")), pause(10ms), say(chunk("b")), pause(1s)},
     [](World& w) { w.deadlines.idle = 30ms; },
     Phase::idle,
     50ms,
     "no further content within 30 ms"},
    {"idle, which pings do not re-arm",
     {request(), say(kChunked + chunk("a")), pause(20ms), say(chunk(": ping")), pause(20ms), say(chunk("b"))},
     [](World& w) { w.deadlines.idle = 30ms; },
     Phase::idle,
     30ms,
     "no further content within 30 ms"},
    {"idle shorter than what was awaited before it",
     {request(), say(kChunked + chunk("a")), pause(1s)},
     [](World& w) {
         w.deadlines.first_event = 100ms;
         w.deadlines.idle = 5ms;
     },
     Phase::idle,
     5ms,
     "no further content within 5 ms"},
    {"grace after a finish reason",
     {request(), say(kChunked), pause(10ms), say(chunk("FINISH")), pause(1s)},
     [](World& w) { w.deadlines.grace = 15ms; },
     Phase::idle,
     25ms,
     "no end of the stream after its finish reason within 15 ms"},
    {"leg", every(10ms, "token", 20), [](World& w) { w.deadlines.leg = 45ms; }, Phase::leg, 45ms,
     "attempt not over within 45 ms"},
    {"total", every(10ms, "token", 20), [](World& w) { w.total = w.start + 35ms; }, Phase::total, 35ms,
     "the request's time is used up"},
    {"total that is over before the start",
     {request()},
     [](World& w) { w.total = w.start - 1ms; },
     Phase::total,
     0ms,
     "the request's time is used up"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_ends_the_call_to_the_tick) {
    for (const Case& c : kCases) {
        BOOST_TEST_CONTEXT(c.name) {
            World world(c.script);
            world.deadlines = none();
            c.arrange(world);
            const Answer answer = run(world);
            BOOST_REQUIRE(answer.error);
            BOOST_TEST((answer.error->kind == ErrorKind::provider_timeout));
            BOOST_TEST(sluice::to_string(answer.error->phase) == sluice::to_string(c.phase));
            BOOST_TEST(answer.at.count() == c.at.count());
            BOOST_TEST(answer.error->message == c.message);
            BOOST_TEST(!answer.complete);
            BOOST_TEST(world.stats() == kNothingLeft);
        }
    }
}

BOOST_AUTO_TEST_CASE(connect_includes_the_wait_for_the_pool) {
    World world({request(), pause(1s), say(sized("late"))});
    world.deadlines = none();
    world.deadlines.connect = 30ms;
    world.options.pool.max_connections_per_origin = 1;
    std::optional<Answer> first;
    asio::co_spawn(world.context, fetch(world),
                   [&](std::exception_ptr, Answer answer) { first = std::move(answer); });
    world.poll();
    const Answer second = run(world);
    BOOST_REQUIRE(second.error);
    BOOST_TEST((second.error->phase == Phase::connect));
    BOOST_TEST(second.at.count() == 30);
    BOOST_REQUIRE(first);
    BOOST_TEST(first->body == "late");
    BOOST_TEST(world.stats() == kOneIdle);
}

BOOST_AUTO_TEST_CASE(no_limits_wait_as_long_as_it_takes) {
    World world({request(), pause(1h), say(kChunked), pause(1h), say(chunk("a")), pause(1h),
                 say(chunk("b") + kLast)});
    world.deadlines = none();
    const Answer answer = run(world);
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.body == "ab");
    BOOST_TEST(answer.at.count() == milliseconds(3h).count());
}

namespace {

struct Slow {
    /// A consumer that takes `busy` over the first piece.
    static asio::awaitable<Answer> consume_slowly(World& world, milliseconds busy) {
        HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
        Answer answer;
        Result<void> done = co_await call.send(kHead, kBody);
        bool first = true;
        while (done) {
            while (call.decode_body()) {
                answer.body += call.body();
                call.consume(call.body().size());
                call.on_content();
                if (first) co_await sluice::sleep_for(*world.clock, busy);
                first = false;
            }
            if (call.complete()) break;
            Result<void> more = co_await call.read();
            done = std::move(more);
        }
        if (!done) answer.error = done.error();
        answer.at = world.elapsed();
        co_return answer;
    }
    static Answer run(World& world, milliseconds busy) {
        return sluice::test::run(world.context, *world.clock, consume_slowly(world, busy));
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_slow_consumer_is_not_the_providers_silence) {
    World world({request(), say(kChunked + chunk("a")), pause(10ms), say(chunk("b") + kLast)});
    world.deadlines = none();
    world.deadlines.idle = 30ms;
    const Answer answer = Slow::run(world, 100ms);
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.body == "ab");
}

BOOST_AUTO_TEST_CASE(a_silent_provider_is_noticed_by_a_slow_consumer_at_once) {
    World world({request(), say(kChunked + chunk("a")), pause(1s), say(chunk("b") + kLast)});
    world.deadlines = none();
    world.deadlines.idle = 30ms;
    const Answer answer = Slow::run(world, 100ms);
    BOOST_REQUIRE(answer.error);
    BOOST_TEST((answer.error->phase == Phase::idle));
    BOOST_TEST(answer.at.count() == 100);
}

BOOST_AUTO_TEST_CASE(the_budget_runs_against_a_slow_consumer) {
    for (const bool idle_first : {false, true}) {
        World world({request(), say(kChunked + chunk("a")), pause(10ms), say(chunk("b") + kLast)});
        world.deadlines = none();
        world.deadlines.leg = 60ms;
        if (idle_first) world.deadlines.idle = 30ms;
        const Answer answer = Slow::run(world, 100ms);
        BOOST_REQUIRE(answer.error);
        BOOST_TEST((answer.error->phase == (idle_first ? Phase::idle : Phase::leg)));
        BOOST_TEST(world.stats() == kNothingLeft);
    }
}

BOOST_AUTO_TEST_CASE(in_grace_says_that_the_answer_is_whole) {
    World world({request(), say(kChunked + chunk("a")), pause(1ms), say(chunk("FINISH")), pause(1h)});
    const Answer answer = run(world);
    BOOST_TEST(answer.in_grace);
    BOOST_REQUIRE(answer.error);
    BOOST_TEST(answer.at.count() == 5001);
}

BOOST_AUTO_TEST_SUITE_END()
