#include "net/http_call.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "http_call_world.hpp"
#include "support/allocations.hpp"

using namespace std::chrono_literals;
using namespace sluice::net::test;
using sluice::Deadlines;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::Result;
using sluice::net::HttpCall;
using sluice::testing::NetworkFaults;

BOOST_AUTO_TEST_SUITE(exchange)

BOOST_AUTO_TEST_CASE(sends_the_request_and_hands_out_the_body) {
    World world({request(), say(kChunked + chunk("one ") + chunk("two") + kLast)});
    const Answer answer = run(world);
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == "one two");
    BOOST_TEST(answer.complete);
    BOOST_REQUIRE(world.server.requests().size() == 1);
    BOOST_TEST(world.server.requests()[0] == kHead + kBody);
    BOOST_TEST(world.stats() == kOneIdle);
}

BOOST_AUTO_TEST_CASE(the_same_in_one_byte_reads) {
    World world({request(), say(kChunked + chunk("one ") + chunk("two") + kLast)});
    NetworkFaults faults;
    faults.max_read = 1;
    world.network->set_faults(faults);
    const Answer answer = run(world);
    BOOST_TEST(answer.body == "one two");
    BOOST_TEST(answer.complete);
    BOOST_TEST(world.stats() == kOneIdle);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_serves_the_next_request) {
    World world({request(), say(sized("one")), request(), say(sized("two"))});
    BOOST_TEST(run(world).body == "one");
    BOOST_TEST(run(world).body == "two");
    BOOST_TEST(world.network->stats().made == 1);
    BOOST_TEST(world.stats() == kOneIdle);
}

BOOST_AUTO_TEST_CASE(a_connection_that_cannot_be_used_again_is_closed) {
    const Script scripts[] = {
        {request(), say(sized("x", "200 OK", "connection: close\r\n"))},
        {request(), say("HTTP/1.1 200 OK\r\n\r\nuntil the end"), hang_up()},
        {request(), say(sized("x") + "stray")},
    };
    for (const Script& script : scripts) {
        World world(script);
        BOOST_TEST(run(world).complete);
        BOOST_TEST(world.stats() == kNothingLeft);
    }
}

BOOST_AUTO_TEST_CASE(an_early_answer_beats_the_write_error) {
    // The server refuses the request before it has read it, and closes.
    World world({say(sized("too large", "413 Payload Too Large")), hang_up()});
    world.network->set_window(128);
    world.deadlines.linger = Deadlines::kNone;
    NetworkFaults faults;
    world.network->set_faults(faults);
    struct Big {
        static asio::awaitable<int> send(World& world) {
            HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
            const std::string body(1000, 'x');
            const Result<void> sent = co_await call.send(kHead, body);
            co_return sent ? call.head().status : 0;
        }
    };
    BOOST_TEST(sluice::test::run(world.context, *world.clock, Big::send(world)) == 413);
    BOOST_TEST(world.stats() == kNothingLeft);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cost)

namespace {

struct Counted {
    // Allocations between the 100th and the 900th piece, each of which both ends wait for.
    static asio::awaitable<std::size_t> read(World& world) {
        HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
        Result<void> done = co_await call.send(kHead, kBody);
        std::size_t reads = 0;
        std::size_t before = 0;
        while (done && reads < 900) {
            while (call.decode_body()) {
                call.consume(call.body().size());
                call.on_content();
            }
            Result<void> more = co_await call.read();
            done = std::move(more);
            if (++reads == 100) before = sluice::test::allocations();
        }
        co_return sluice::test::allocations() - before;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_read_allocates_nothing) {
    const std::string piece = chunk("a token or two");
    std::string pieces;
    for (int i = 0; i < 1000; ++i)
        pieces += piece;
    for (const bool waiting : {true, false}) {
        World world({request(), say(kChunked + pieces + kLast)});
        NetworkFaults faults;
        faults.max_read = piece.size();
        world.network->set_faults(faults);
        if (waiting) world.network->set_window(piece.size());
        BOOST_TEST(sluice::test::run(world.context, *world.clock, Counted::read(world)) == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dead_idle_connections)

BOOST_AUTO_TEST_CASE(are_replaced_once_if_no_byte_came) {
    for (const Step& end : {hang_up(), reset()}) {
        // Alive when it is handed out; it dies with the request on its way.
        World world({request(), say(sized("one")), request(), end});
        world.server.plays({request(), say(sized("two"))});
        BOOST_TEST(run(world).body == "one");
        const Answer second = run(world);
        BOOST_TEST(!second.error);
        BOOST_TEST(second.body == "two");
        BOOST_TEST(world.network->stats().made == 2);
        BOOST_TEST(world.stats() == kOneIdle);
    }
}

BOOST_AUTO_TEST_CASE(a_failing_write_is_replaced_too) {
    World world;
    NetworkFaults faults;
    faults.fail_write_at = 1;
    world.network->set_faults(faults);
    world.server.plays({request(), say(sized("one"))});
    BOOST_TEST(run(world).body == "one");
    world.network->set_faults({});
    BOOST_TEST(run(world).body == "one");
    BOOST_TEST(world.network->stats().made == 2);
}

BOOST_AUTO_TEST_CASE(never_twice) {
    World world({request(), say(sized("one")), request(), hang_up()});
    world.server.plays({request(), hang_up()});
    world.server.plays({request(), say(sized("three"))});
    BOOST_TEST(run(world).body == "one");
    const Answer second = run(world);
    BOOST_REQUIRE(second.error);
    BOOST_TEST((second.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST((second.error->phase == Phase::headers));
    BOOST_TEST(world.network->stats().made == 2);
    BOOST_TEST(world.stats() == kNothingLeft);
}

BOOST_AUTO_TEST_CASE(not_once_a_byte_came) {
    World world({request(), say(sized("one")), request(), say("H"), hang_up()});
    world.server.plays({request(), say(sized("two"))});
    BOOST_TEST(run(world).body == "one");
    const Answer second = run(world);
    BOOST_REQUIRE(second.error);
    BOOST_TEST((second.error->phase == Phase::headers));
    BOOST_TEST(second.error->message == "connection lost within the response head");
    BOOST_TEST(world.network->stats().made == 1);
}

BOOST_AUTO_TEST_CASE(not_on_a_fresh_connection) {
    World world({request(), hang_up()});
    world.server.plays({request(), say(sized("two"))});
    const Answer answer = run(world);
    BOOST_REQUIRE(answer.error);
    BOOST_TEST(answer.error->message == "connection lost before an answer");
    BOOST_TEST(world.network->stats().made == 1);
    BOOST_TEST(world.stats() == kNothingLeft);
}

BOOST_AUTO_TEST_CASE(not_when_a_deadline_ran_out) {
    World world({request(), say(sized("one")), request(), pause(1h), hang_up()});
    world.server.plays({request(), say(sized("two"))});
    world.deadlines.headers = 10ms;
    BOOST_TEST(run(world).body == "one");
    const Answer second = run(world);
    BOOST_REQUIRE(second.error);
    BOOST_TEST((second.error->kind == ErrorKind::provider_timeout));
    BOOST_TEST(world.network->stats().made == 1);
}

BOOST_AUTO_TEST_SUITE_END()
