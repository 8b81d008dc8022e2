// How answers end before their end: clients that leave, drains, stops; and what is sent meanwhile.
#include "server_world.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>

namespace {

using namespace sluice;
using namespace sluice::gateway;
using namespace sluice::gateway::test;

/// What became of a handler that streams a frame a second, or waits.
struct Seen {
    std::size_t frames = 0;
    std::optional<Cut> cut;
    TimePoint cut_at{};
    bool ended = false;
};

enum class Wait : bool { no, yes };
enum class LastWords : std::uint8_t { none, error, too_slow };

/// Begins a stream and sends a frame each second, for ever, or nothing at all.
asio::awaitable<void> stream(std::shared_ptr<Clock> clock, Reply& reply, Seen& seen, Wait wait,
                             LastWords words, std::size_t count) {
    const HeaderFields none;
    std::exception_ptr thrown;
    try {
        if (wait == Wait::yes) {
            co_await sleep_for(*clock, 1h);
            co_await reply.send(HttpAnswer(200, "late"));
        } else {
            reply.begin(200, "text/event-stream", none);
            reply.heartbeat(": beat\n\n");
            for (std::size_t i = 0; i < count; ++i) {
                reply.frames() += "data: x\n\n";
                co_await reply.flush();
                ++seen.frames;
                co_await sleep_for(*clock, 1s);
            }
            co_await reply.end();
            seen.ended = true;
        }
    } catch (const asio::system_error& error) {
        if (error.code() != asio::error::operation_aborted) throw;
        thrown = std::current_exception();
    }
    if (!thrown) co_return;
    seen.cut = reply.cut();
    seen.cut_at = clock->now();
    if (reply.cut() != Cut::drained || words == LastWords::none) std::rethrow_exception(thrown);
    co_await await_again();
    if (words == LastWords::too_slow) co_await sleep_for(*clock, 10s);
    if (wait == Wait::yes) {
        co_await reply.send(HttpAnswer(504, "drained"));
        co_return;
    }
    reply.frames() += "data: error\n\n";
    co_await reply.end();
    seen.ended = true;
}

struct Endings : World {
    explicit Endings(ServerConfig settings = {}, LastWords words = LastWords::none)
        : World(std::move(settings)) {
        service.on("/stream", [this, words](const HttpRequest&, Reply& reply) {
            return stream(clock, reply, seen, Wait::no, words, SIZE_MAX);
        });
        service.on("/ten", [this, words](const HttpRequest&, Reply& reply) {
            return stream(clock, reply, seen, Wait::no, words, 10);
        });
        service.on("/wait", [this, words](const HttpRequest&, Reply& reply) {
            return stream(clock, reply, seen, Wait::yes, words, 0);
        });
    }
    Seen seen;
};

const std::string kFrame = "9\r\ndata: x\n\n\r\n";
const std::string kBeat = "8\r\n: beat\n\n\r\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_server_ending)

BOOST_AUTO_TEST_CASE(a_client_that_goes_ends_its_answer_in_the_same_instant) {
    for (const char* path : {"/stream", "/wait"}) {
        for (int how = 0; how < 3; ++how) {
            Endings world;
            Client& client = world.connect();
            client.send(get(path));
            world.pass(3500ms);
            BOOST_REQUIRE(world.load->requests == 1U);
            const TimePoint gone = world.clock->now();
            if (how == 0) client.close();
            if (how == 1) client.reset();
            if (how == 2) client.finish_writing();
            world.settle();
            BOOST_REQUIRE(world.seen.cut.has_value());
            BOOST_TEST((*world.seen.cut == Cut::client_gone));
            BOOST_TEST((world.seen.cut_at == gone));
            BOOST_TEST(world.load->requests == 0U);
            BOOST_TEST(world.load->connections == 0U);
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_while_its_answer_waits_to_be_taken_ends_it_too) {
    World world;
    world.network->set_window(1000);
    bool ended = false;
    world.service.on("/large", [&](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        HttpAnswer answer(200, std::string(100'000, 'x'));
        try {
            co_await reply.send(std::move(answer));
        } catch (const asio::system_error&) {
            ended = reply.cut() == Cut::client_gone;
        }
    });
    Client& client = world.connect();
    client.stop_reading();
    client.send(get("/large"));
    world.pass(1s);
    BOOST_TEST(!ended);
    client.close();
    world.settle();
    BOOST_TEST(ended);
    BOOST_TEST(world.load->connections == 0U);
}

BOOST_AUTO_TEST_CASE(heartbeats_fill_the_pauses_and_nothing_else) {
    ServerConfig config;
    config.keep_alive = 400ms;
    Endings world(config);
    Client& client = world.connect();
    client.send(get("/ten"));
    world.pass(20s);
    BOOST_TEST(world.seen.ended);
    std::string body = client.received().substr(client.received().find("\r\n\r\n") + 4);
    std::string expected;
    for (int i = 0; i < 10; ++i)
        expected += kFrame + kBeat + kBeat;
    BOOST_TEST(body == expected + "0\r\n\r\n");
    BOOST_TEST(client.is_open());
    // Nothing of it before the head, nor after the end.
    client.take();
    client.send(get("/wait"));
    world.pass(30s);
    BOOST_TEST(client.received().empty());
}

BOOST_AUTO_TEST_CASE(heartbeats_are_off_by_default_and_hold_no_deadline_open) {
    Endings world;
    Client& client = world.connect();
    client.send(get("/ten"));
    world.pass(20s);
    BOOST_TEST(client.received().find("beat") == std::string::npos);

    ServerConfig config;
    config.keep_alive = 200ms;
    config.write_timeout = 2s;
    Endings slow(config);
    slow.network->set_window(300);
    Client& sleeper = slow.connect();
    sleeper.stop_reading();
    sleeper.send(get("/stream"));
    slow.pass(1500ms);
    BOOST_TEST(!slow.seen.cut.has_value());
    slow.pass(10s);
    BOOST_REQUIRE(slow.seen.cut.has_value());
    BOOST_TEST((*slow.seen.cut == Cut::slow_client));
    // Whatever was cut, what was sent is whole chunks but for the last one, in which nothing else stands.
    sleeper.read_some(10'000);
    std::string body = sleeper.received().substr(sleeper.received().find("\r\n\r\n") + 4);
    while (body.starts_with(kFrame) || body.starts_with(kBeat))
        body.erase(0, body.starts_with(kFrame) ? kFrame.size() : kBeat.size());
    BOOST_TEST((kFrame.starts_with(body) || kBeat.starts_with(body)), body);
}

BOOST_AUTO_TEST_CASE(a_drain_lets_what_is_under_way_finish_and_closes_the_rest) {
    Endings world;
    Client& idle = world.connect();
    Client& used = world.connect();
    used.send(get("/"));
    Client& partial = world.connect();
    partial.send(get("/").substr(0, 20));
    Client& streaming = world.connect();
    streaming.send(get("/ten"));
    world.pass(3s);
    world.server.drain(25s);
    world.settle();
    BOOST_TEST(world.acceptor.is_closed());
    BOOST_TEST(idle.end() == asio::error::eof);
    BOOST_TEST(used.end() == asio::error::eof);
    BOOST_TEST(used.received() == echo_of(""));
    BOOST_TEST(partial.is_open());
    BOOST_TEST(streaming.is_open());
    BOOST_TEST(static_cast<bool>(world.connect().refused()) == false);
    partial.send(get("/").substr(20));
    world.settle();
    BOOST_TEST(partial.received().find("Connection: close\r\n") != std::string::npos);
    BOOST_TEST(partial.end() == asio::error::eof);
    BOOST_TEST(!world.ended);
    world.pass(8s);
    BOOST_TEST(world.seen.ended);
    BOOST_TEST(!world.seen.cut.has_value());
    BOOST_TEST(streaming.received().ends_with("0\r\n\r\n"));
    BOOST_TEST(streaming.end() == asio::error::eof);
    streaming.close();
    world.settle();
    BOOST_TEST(world.ended);
    BOOST_TEST(world.clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(at_the_end_of_a_drain_services_get_a_second_for_last_words) {
    struct Case {
        const char* path;
        LastWords words;
        const char* answer_ends;
        int status;
    };
    const std::vector<Case> cases = {
        {"/stream", LastWords::error, "data: error\n\n\r\n0\r\n\r\n", 200},
        {"/stream", LastWords::none, "data: x\n\n\r\n", 200},
        {"/stream", LastWords::too_slow, "data: x\n\n\r\n", 200},
        {"/wait", LastWords::error, "drained", 504},
        {"/wait", LastWords::none, "{\"refused\":\"/wait\"}", 503},
        {"/wait", LastWords::too_slow, "", 0},
    };
    for (const Case& row : cases) {
        Endings world({}, row.words);
        Client& client = world.connect();
        client.send(get(row.path));
        world.pass(500ms);
        world.server.drain(5s);
        world.pass(4999ms);
        BOOST_TEST(!world.seen.cut.has_value());
        world.pass(1ms);
        BOOST_TEST_CONTEXT(row.path << static_cast<int>(row.words)) {
            BOOST_REQUIRE(world.seen.cut.has_value());
            BOOST_TEST((*world.seen.cut == Cut::drained));
            const bool done = row.words != LastWords::too_slow;
            BOOST_TEST(!client.is_open() == done);
            world.pass(1s);
            BOOST_TEST(!client.is_open());
            BOOST_TEST(client.received().ends_with(row.answer_ends), client.received());
            BOOST_TEST(status_of(client.received()) == row.status);
            client.close();
            world.settle();
            BOOST_TEST(world.ended);
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_drain_ends_also_with_clients_that_take_nothing_or_never_finish_asking) {
    Endings world;
    world.network->set_window(200);
    Client& deaf = world.connect();
    deaf.stop_reading();
    deaf.send(get("/stream"));
    Client& partial = world.connect();
    partial.send("GET");
    world.pass(2s);
    world.server.drain(1s);
    world.server.drain(10min);  // cannot put it off
    world.pass(2s);
    BOOST_TEST(world.ended);
    BOOST_TEST(partial.end() == asio::error::eof);
    BOOST_TEST(world.load->connections == 0U);
}

BOOST_AUTO_TEST_CASE(stop_ends_everything_in_the_same_instant) {
    for (const bool by_cancellation : {false, true}) {
        Endings world({}, LastWords::error);
        Client& idle = world.connect();
        Client& partial = world.connect();
        partial.send(post("/", "hello").substr(0, 50));
        Client& streaming = world.connect();
        streaming.send(get("/stream"));
        Client& refused = world.connect();
        refused.send("nonsense\r\n\r\n");
        world.pass(2500ms);
        if (by_cancellation) {
            world.cancel_run.emit(asio::cancellation_type::terminal);
        } else {
            world.server.stop();
        }
        world.settle();
        BOOST_TEST(world.ended);
        BOOST_REQUIRE(world.seen.cut.has_value());
        BOOST_TEST((*world.seen.cut == Cut::stopped));
        for (Client* client : {&idle, &partial, &streaming, &refused})
            BOOST_TEST(!client->is_open());
        BOOST_TEST(!streaming.received().ends_with("0\r\n\r\n"));
        BOOST_TEST(world.load->connections == 0U);
        BOOST_TEST(world.clock->armed() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_service_may_drain_or_stop_its_own_server) {
    for (const bool drains : {true, false}) {
        World world;
        world.service.on("/quit", [&](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
            if (drains) {
                world.server.drain(1s);
            } else {
                world.server.stop();
            }
            co_await reply.send(HttpAnswer(200, "bye"));
        });
        const std::string answer = world.ask(get("/quit"));
        BOOST_TEST(answer.ends_with(drains ? "bye" : ""));
        BOOST_TEST(world.ended);
    }
}

BOOST_AUTO_TEST_CASE(a_truncated_answer_is_sent_as_far_as_it_goes_and_has_no_end) {
    World world;
    world.service.on("/cut", [](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        const HeaderFields none;
        reply.begin(200, "text/event-stream", none);
        co_await reply.flush();
        reply.frames() += "data: x\n\n";
        reply.truncate();
    });
    Client& client = world.connect();
    client.send(get("/cut"));
    world.settle();
    BOOST_TEST(client.received().ends_with("\r\n\r\n" + kFrame));
    BOOST_TEST(client.end() == asio::error::eof);
    BOOST_TEST(world.load->connections == 0U);
}

BOOST_AUTO_TEST_CASE(an_acceptor_that_gives_no_more_ends_the_server_after_its_connections) {
    World world;
    Client& client = world.connect();
    client.send(get("/"));
    world.settle();
    world.acceptor.close();
    world.settle();
    BOOST_TEST(!world.ended);
    client.send(get("/"));
    world.settle();
    BOOST_TEST(client.received() == echo_of("") + echo_of(""));
    client.close();
    world.settle();
    BOOST_TEST(world.ended);
}

BOOST_AUTO_TEST_SUITE_END()
