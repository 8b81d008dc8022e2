#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http_call_world.hpp"

using namespace std::chrono_literals;
using namespace sluice::net::test;
using sluice::Result;
using sluice::net::HttpCall;
using sluice::net::Pool;
using sluice::net::Signal;
using sluice::testing::MemoryNetwork;
using sluice::testing::NetworkFaults;

BOOST_AUTO_TEST_SUITE(ending)

namespace {

// A stream that is given up after its first piece.
asio::awaitable<milliseconds> leave_early(World& world, bool politely) {
    HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
    const Result<void> sent = co_await call.send(kHead, kBody);
    BOOST_REQUIRE(bool(sent));
    const sluice::TimePoint before = world.clock->now();
    if (politely) {
        co_await call.finish();
        co_await call.finish();
    } else {
        call.close();
        call.close();
    }
    BOOST_TEST(call.body() == "");
    BOOST_TEST(!call.decode_body());
    BOOST_TEST(!call.try_read());
    co_return std::chrono::duration_cast<milliseconds>(world.clock->now() - before);
}

struct EndCase {
    const char* name;
    Script script;
    milliseconds linger;
    bool politely;
    bool kept;
    milliseconds took;
};

const EndCase kEnds[] = {
    {"close: all is there", {request(), say(kChunked + chunk("a") + kLast)}, 50ms, false, true, 0ms},
    {"close: the end is missing", {request(), say(kChunked + chunk("a"))}, 50ms, false, false, 0ms},
    {"finish: all is there", {request(), say(kChunked + chunk("a") + kLast)}, 50ms, true, true, 0ms},
    {"finish: the end comes in time",
     {request(), say(kChunked + chunk("a")), pause(49ms), say(kLast)},
     50ms,
     true,
     true,
     49ms},
    {"finish: the end comes too late",
     {request(), say(kChunked + chunk("a")), pause(51ms), say(kLast)},
     50ms,
     true,
     false,
     50ms},
    {"finish: no linger", {request(), say(kChunked + chunk("a"))}, 0ms, true, false, 0ms},
    {"finish: the peer hangs up",
     {request(), say(kChunked + chunk("a")), pause(5ms), hang_up()},
     50ms,
     true,
     false,
     5ms},
    {"finish: more than is worth reading",
     {request(), say(kChunked + chunk(std::string(400'000, 'x')) + kLast)},
     50ms,
     true,
     false,
     0ms},
};

}  // namespace

BOOST_AUTO_TEST_CASE(gives_the_connection_back_or_closes_it) {
    for (const EndCase& c : kEnds) {
        BOOST_TEST_CONTEXT(c.name) {
            World world(c.script);
            world.deadlines.linger = c.linger;
            const milliseconds took =
                sluice::test::run(world.context, *world.clock, leave_early(world, c.politely));
            BOOST_TEST(took.count() == c.took.count());
            BOOST_TEST(world.stats() == (c.kept ? kOneIdle : kNothingLeft));
        }
    }
}

BOOST_AUTO_TEST_CASE(finishes_without_waiting_or_not_at_all) {
    World whole({request(), say(kChunked + chunk("a") + kLast)});
    Single done(whole);
    BOOST_REQUIRE(bool(done.send()));
    BOOST_TEST(done.call.try_finish());
    BOOST_TEST(done.call.try_finish());
    BOOST_TEST(whole.stats() == kOneIdle);

    World open({request(), say(kChunked + chunk("a"))});
    Single waiting(open);
    BOOST_REQUIRE(bool(waiting.send()));
    BOOST_TEST(!waiting.call.try_finish());
    BOOST_TEST(open.pool->stats().leased == 1U);
    BOOST_TEST(!waiting.call.complete());
}

BOOST_AUTO_TEST_CASE(the_budget_bounds_the_linger) {
    World world({request(), say(kChunked + chunk("a"))});
    world.total = world.start + 20ms;
    BOOST_TEST(sluice::test::run(world.context, *world.clock, leave_early(world, true)).count() == 20);
}

BOOST_AUTO_TEST_CASE(before_anything_was_sent) {
    World world({request()});
    Single single(world);
    single.finish();
    single.call.close();
    BOOST_TEST(world.stats() == kNothingLeft);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(interrupted)

namespace {

using Kept = std::shared_ptr<void>;

/// Where a call may be suspended: what holds it up there. `arrange` returns what must stay alive.
struct Suspension {
    const char* name;
    Script script;
    std::function<Kept(World&)> arrange;
};

Kept nothing(World&) {
    return {};
}

Kept stalled_open(World& world) {
    NetworkFaults faults;
    faults.stall_open = true;
    world.network->set_faults(faults);
    return {};
}

Kept narrow_window(World& world) {
    world.network->set_window(8);
    return {};
}

/// Another call holds the only connection.
Kept full_pool(World& world) {
    world.options.pool.max_connections_per_origin = 1;
    auto other = std::make_shared<Single>(world);
    BOOST_REQUIRE(bool(other->send()));
    return other;
}

/// A call before this one left its connection.
Kept idle_connection(World& world) {
    Single other(world);
    BOOST_REQUIRE(bool(other.send()));
    other.finish();
    BOOST_REQUIRE(world.pool->stats().idle == 1);
    return {};
}

const Suspension kSuspensions[] = {
    {"nowhere", {request(), say(kChunked), say(chunk("a")), say(chunk("b") + kLast)}, nothing},
    {"in the pool's queue", {request(), say(kChunked)}, full_pool},
    {"opening", {request()}, stalled_open},
    {"writing", {pause(1h)}, narrow_window},
    {"before the head", {request()}, nothing},
    {"within the head", {request(), say("HTTP/1.1")}, nothing},
    {"before the body", {request(), say(kChunked)}, nothing},
    {"within the body", {request(), say(kChunked + chunk("a"))}, nothing},
    {"lingering", {request(), say(kChunked + chunk("DONE"))}, nothing},
    {"on a second connection", {request(), say(sized("first")), request(), hang_up()}, idle_connection},
};

// Reads a stream that is over for its consumer at "DONE", whether or not the body is.
asio::awaitable<void> stream(HttpCall& call) {
    Result<void> done = co_await call.send(kHead, kBody);
    bool over = false;
    while (done && !over && !call.complete()) {
        while (call.decode_body()) {
            over = call.body() == "DONE";
            call.consume(call.body().size());
            call.on_content();
        }
        if (call.complete() || over) break;
        Result<void> more = co_await call.read();
        done = std::move(more);
    }
    co_await call.finish();
}

asio::awaitable<void> own_stream(World& world) {
    HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
    co_await stream(call);
}

/// A stream in progress and the ways to end it.
struct Stream {
    Stream(World& world)
        : call(std::in_place, world.context.get_executor(), world.shared_options(), world.deadlines,
               world.total) {
        asio::co_spawn(world.context, stream(*call),
                       asio::bind_cancellation_slot(stop.slot(), [this](std::exception_ptr error) {
                           done = true;
                           thrown = error;
                       }));
    }
    std::optional<HttpCall> call;
    asio::cancellation_signal stop;
    bool done = false;
    std::exception_ptr thrown;
};

bool is_abort(const asio::system_error& error) {
    return error.code() == asio::error::operation_aborted;
}

/// Interrupts the stream after each number of handlers, up to where it ends by itself or waits for ever.
void interrupt_everywhere(const Suspension& where, void (*interrupt)(Stream&)) {
    bool more = true;
    for (std::size_t handlers = 1; more; ++handlers) {
        BOOST_TEST_CONTEXT(where.name << ", after " << handlers << " handlers") {
            World world(where.script);
            world.server.plays({request(), say(kChunked)});
            const Kept kept = where.arrange(world);
            world.poll();
            const Pool::Stats before = world.pool->stats();
            const std::size_t armed = world.clock->armed();

            Stream stream(world);
            world.context.restart();
            for (std::size_t i = 0; more && i < handlers; ++i)
                more = world.context.poll_one() == 1;
            more = more && !stream.done;
            interrupt(stream);
            world.poll();

            BOOST_TEST(stream.done);
            if (stream.thrown)
                BOOST_CHECK_EXCEPTION(std::rethrow_exception(stream.thrown), asio::system_error, is_abort);
            const Pool::Stats after = world.pool->stats();
            BOOST_TEST(after.leased == before.leased);
            BOOST_TEST(after.waiting == 0);
            BOOST_TEST(world.network->stats().alive == after.leased + after.idle);
            const bool server_sleeps =
                where.name == std::string_view("writing") && world.server.accepted() > 0;
            BOOST_TEST(world.clock->armed() == armed + server_sleeps);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(by_cancellation_anywhere_leaves_nothing_behind) {
    for (const Suspension& where : kSuspensions)
        interrupt_everywhere(where, [](Stream& s) { s.stop.emit(asio::cancellation_type::terminal); });
}

BOOST_AUTO_TEST_CASE(by_close_anywhere_leaves_nothing_behind) {
    for (const Suspension& where : kSuspensions)
        interrupt_everywhere(where, [](Stream& s) { s.call->close(); });
}

BOOST_AUTO_TEST_CASE(by_destruction_anywhere_leaves_nothing_behind) {
    for (const Suspension& where : kSuspensions)
        interrupt_everywhere(where, [](Stream& s) { s.call.reset(); });
}

BOOST_AUTO_TEST_CASE(by_the_end_of_its_context_anywhere) {
    for (const Suspension& where : kSuspensions) {
        BOOST_TEST_CONTEXT(where.name) {
            std::shared_ptr<MemoryNetwork> network;
            {
                World world(where.script);
                network = world.network;
                world.server.plays({request(), say(kChunked)});
                const Kept kept = where.arrange(world);
                asio::co_spawn(world.context, own_stream(world), [](std::exception_ptr) {});
                world.poll();
            }
            BOOST_TEST(network->stats().alive == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(at_once_when_the_caller_is_cancelled_already) {
    World world({request()});
    struct Late {
        static asio::awaitable<void> run(World& world, bool& threw) {
            co_await asio::this_coro::throw_if_cancelled(false);
            const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
            Signal never(world.context.get_executor());
            co_await never.wait();
            BOOST_TEST((state.cancelled() != asio::cancellation_type::none));
            HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
            try {
                const Result<void> sent = co_await call.send(kHead, kBody);
                BOOST_TEST(!sent);
            } catch (const asio::system_error& error) {
                threw = is_abort(error);
            }
            co_await call.finish();
        }
    };
    bool threw = false;
    bool done = false;
    asio::cancellation_signal stop;
    asio::co_spawn(world.context, Late::run(world, threw),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { done = true; }));
    world.poll();
    stop.emit(asio::cancellation_type::terminal);
    world.poll();
    BOOST_TEST(threw);
    BOOST_TEST(done);
    BOOST_TEST(world.network->stats().made == 0);
}

BOOST_AUTO_TEST_SUITE_END()
