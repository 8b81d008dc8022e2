// What a server must not take: messages that two readers may read differently, too much of anything, and
// clients that take their time.
#include "server_world.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace sluice;
using namespace sluice::gateway;
using namespace sluice::gateway::test;

ServerConfig small() {
    ServerConfig config;
    config.max_head = 1024;
    config.max_body = 2048;
    return config;
}

/// The head of a POST with these lines, and what follows it.
std::string with(std::string_view fields, std::string_view rest = {}) {
    return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(rest);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_server_limits)

// Behind each there is a request that must never be taken for one.
BOOST_AUTO_TEST_CASE(ambiguous_requests_are_refused_and_nothing_after_them_is_read) {
    struct Case {
        std::string wire;
        int status;
    };
    const std::string te = "Transfer-Encoding: chunked\r\n";
    const std::vector<Case> cases = {
        {with("Content-Length: 4\r\n" + te, "0\r\n\r\n"), 400},
        {with(te + "Content-Length: 4\r\n", "0\r\n\r\n"), 400},
        {with("Content-Length: 4\r\nContent-Length: 5\r\n", "aaaa"), 400},
        {with("Content-Length: 4\r\nContent-Length: 4\r\n", "aaaa"), 400},
        {with("Content-Length: 4, 4\r\n", "aaaa"), 400},
        {with("Content-Length: +4\r\n", "aaaa"), 400},
        {with("Content-Length: -1\r\n"), 400},
        {with("Content-Length: 0x4\r\n", "aaaa"), 400},
        {with("Content-Length: 4 4\r\n", "aaaa"), 400},
        {with("Content-Length: \r\n"), 400},
        {with("Content-Length: 99999999999999999999999\r\n"), 400},
        {with("Transfer-Encoding: identity\r\n"), 501},
        {with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
        {with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 501},
        {with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
        {with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501},
        {with("Transfer-Encoding:\vchunked\r\n", "0\r\n\r\n"), 400},
        {with(te + "Transfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
        {with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
        {with(" Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        {with("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        {with("X: y\r\n\tfolded\r\n"), 400},
        {with("X: y\nContent-Length: 4\r\n", "aaaa"), 400},
        {with("X: a\rb\r\n"), 400},
        {with(std::string("X: a\0b\r\n", 8)), 400},
        {with("No colon\r\n"), 400},
        {with(": no name\r\n"), 400},
        {with("Bad name: x\r\n"), 400},
        {with("Host: other\r\n"), 400},
        {"GET /a HTTP/1.1\r\n\r\n", 400},
        {"GET /a HTTP/1.1\nHost: h\n\n", 400},
        {"GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 505},
        {"GET /a\r\nHost: h\r\n\r\n", 400},
        {"GET /a HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"GET /a HTTP/1.1 \r\nHost: h\r\n\r\n", 505},
        {"G@T /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"POST /a HTTP/1.0\r\nHost: h\r\n" + te + "\r\n0\r\n\r\n", 400},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
         400},  // TLS on a plain port
        {with(te, "4\r\naaaaX\r\n0\r\n\r\n"), 400},
        {with(te, "-4\r\naaaa\r\n0\r\n\r\n"), 400},
        {with(te, "+4\r\naaaa\r\n0\r\n\r\n"), 400},
        {with(te, "0x4\r\naaaa\r\n0\r\n\r\n"), 400},
        {with(te, "G\r\n"), 400},
        {with(te, "\r\n"), 400},
        {with(te, "4\naaaa\r\n0\r\n\r\n"), 400},
        {with(te, "ffffffffffffffffff\r\n"), 400},
        {with(te, "4;x=\"\r\naaaa\r\n0\r\n\r\n"), 400},  // the quote never ends
    };
    const std::string behind = get("/smuggled");
    for (const Case& row : cases) {
        for (const bool at_once : {true, false}) {
            World world(small());
            Client& client = world.connect();
            if (at_once) {
                client.send(row.wire + behind);
                world.settle();
            } else {
                for (const char byte : row.wire + behind) {
                    client.send(std::string(1, byte));
                    world.settle();
                }
            }
            BOOST_TEST_CONTEXT(row.wire) {
                BOOST_TEST(status_of(client.received()) == row.status, client.received());
                BOOST_TEST(client.received().find("Connection: close\r\n") != std::string::npos);
                BOOST_TEST(client.received().find("HTTP/1.1", 1) == std::string::npos);
                BOOST_TEST(client.end() == asio::error::eof);
                BOOST_TEST(world.service.seen.empty());
                client.close();
                world.settle();
                BOOST_TEST(world.load->connections == 0U);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_refused_as_soon_as_that_is_known) {
    struct Case {
        std::string wire;
        int status;
    };
    const std::string many(3000, 'x');
    std::string fields;
    for (int i = 0; i < 300; ++i)
        fields += "a:\r\n";
    ServerConfig config = small();
    const std::vector<Case> cases = {
        {"GET /" + many, 431},
        {with("X: " + many), 431},
        {many, 431},
        {with("Content-Length: 2049\r\n"), 413},
        {with("Content-Length: 2049\r\nExpect: 100-continue\r\n"), 413},
        {with("Transfer-Encoding: chunked\r\n", "801\r\n"), 413},
        {with("Transfer-Encoding: chunked\r\n", "400\r\n" + std::string(1024, 'x') + "\r\n401\r\n"), 413},
        {with("Transfer-Encoding: chunked\r\n", "1;x=" + many), 431},
        {with("Transfer-Encoding: chunked\r\n", "0\r\nX: " + many), 431},
    };
    for (const Case& row : cases) {
        World world(config);
        BOOST_TEST(status_of(world.ask(row.wire)) == row.status, row.wire.substr(0, 80));
        BOOST_TEST(world.service.seen.empty());
    }
    config.max_head = 65536;
    World world(config);
    BOOST_TEST(status_of(world.ask(with(fields))) == 431);
    // As much as is allowed is allowed.
    const std::string body(2048, 'x');
    BOOST_TEST((world.ask(post("/p", body)) == echo_of(body)));
}

// A client that sends to the end before it reads must get there, and then read why.
BOOST_AUTO_TEST_CASE(a_refused_client_can_finish_sending_and_read_the_answer) {
    World world(small());
    world.network->set_window(4096);
    Client& client = world.connect();
    client.stop_reading();
    client.send(with("Content-Length: 1000000\r\n", std::string(1'000'000, 'x')));
    world.settle();
    client.read_again();
    world.settle();
    BOOST_TEST(status_of(client.received()) == 413);
    BOOST_TEST(client.end() == asio::error::eof);
    // One that never leaves is left.
    BOOST_TEST(world.load->connections == 1U);
    world.pass(4s);
    BOOST_TEST(world.load->connections == 0U);
}

BOOST_AUTO_TEST_CASE(a_slow_head_or_body_is_answered_408) {
    struct Case {
        std::string wire;
        Duration limit;
    };
    const std::vector<Case> cases = {
        {"G", 10s},
        {"GET / HTTP/1.1\r\nHost: h\r\n", 10s},
        {with("Content-Length: 100\r\n"), 60s},
        {with("Transfer-Encoding: chunked\r\n", "ff\r\nab"), 60s},
    };
    for (const Case& row : cases) {
        World world;
        Client& client = world.connect();
        world.pass(5s);
        client.send(row.wire);
        // Drop by drop: it is the whole that counts.
        for (Duration left = row.limit; left > 1s; left -= 1s) {
            world.pass(1s);
            BOOST_REQUIRE(client.received().empty());
            if (left % 4s == 0s) client.send("x");
        }
        world.pass(1s);
        BOOST_TEST(status_of(client.received()) == 408, row.wire);
        BOOST_TEST(client.end() == asio::error::eof);
        BOOST_TEST(world.service.seen.empty());
        world.pass(10s);
        BOOST_TEST(world.load->connections == 0U);
        BOOST_TEST(world.clock->armed() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(the_deadline_of_a_request_begins_with_its_own_first_byte) {
    World world;
    Client& client = world.connect();
    for (int i = 0; i < 5; ++i) {
        world.pass(20s);
        client.send(get("/").substr(0, 10));
        world.pass(9s);
        client.send(get("/").substr(10));
        world.settle();
        BOOST_TEST(client.take() == echo_of(""));
    }
    // Two requests, of which the second comes in part along with the first.
    client.send(get("/") + "GET");
    world.pass(9s);
    BOOST_TEST(client.take() == echo_of(""));
    world.pass(1s);
    BOOST_TEST(status_of(client.take()) == 408);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_without_a_word) {
    World world;
    Client& fresh = world.connect();
    Client& used = world.connect();
    used.send(get("/") + "\r\n");
    world.pass(74s);
    BOOST_TEST(fresh.is_open());
    BOOST_TEST(used.take() == echo_of(""));
    world.pass(1s);
    BOOST_TEST(fresh.received().empty());
    BOOST_TEST(fresh.end() == asio::error::eof);
    BOOST_TEST(used.received().empty());
    BOOST_TEST(used.end() == asio::error::eof);
    BOOST_TEST(world.load->connections == 0U);
    BOOST_TEST(world.clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(connections_beyond_the_limit_are_told_so) {
    ServerConfig config;
    config.max_connections = 3;
    World world(config);
    for (int i = 0; i < 3; ++i)
        world.connect();
    world.settle();
    BOOST_TEST(world.load->connections == 3U);
    Client& refused = world.connect();
    refused.send(get("/"));
    world.settle();
    BOOST_TEST(status_of(refused.received()) == 503);
    BOOST_TEST(refused.received().find("Retry-After: 1\r\n") != std::string::npos);
    BOOST_TEST(refused.end() == asio::error::eof);
    BOOST_TEST(world.load->connections == 3U);
    // Those that are only refused do not take the place of others.
    world.clients.front()->close();
    world.settle();
    BOOST_TEST(world.ask(get("/")) == echo_of(""));
    // Many at once, who do not even leave: they are bounded, and forgotten soon.
    for (int i = 0; i < 100; ++i)
        world.connect();
    world.settle();
    std::size_t told = 0;
    for (const std::unique_ptr<Client>& client : world.clients)
        told += status_of(client->received()) == 503 ? 1U : 0U;
    BOOST_TEST(told == 64U);
    world.pass(4s);
    BOOST_TEST(world.load->connections == 3U);
    world.clients.at(1)->close();
    world.settle();
    BOOST_TEST(world.ask(get("/")) == echo_of(""));
}

BOOST_AUTO_TEST_CASE(a_client_that_takes_nothing_is_cut_at_the_limit_and_costs_bounded_memory) {
    World world;
    world.network->set_window(8192);
    std::size_t flushed = 0;
    Cut cut = Cut::none;
    const std::string frame = "data: " + std::string(1000, 'x') + "\n\n";
    world.service.on("/endless", [&](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        const HeaderFields none;
        reply.begin(200, "text/event-stream", none);
        try {
            for (;;) {
                reply.frames() += frame;
                co_await reply.flush();
                ++flushed;
            }
        } catch (const asio::system_error& error) {
            if (error.code() != asio::error::operation_aborted) throw;
            cut = reply.cut();
        }
    });
    Client& client = world.connect();
    client.stop_reading();
    client.send(get("/endless"));
    world.pass(29s);
    BOOST_TEST(flushed < 10U);  // what the network holds, and no more
    BOOST_TEST((cut == Cut::none));
    // It takes a little: the limit begins anew.
    const std::size_t before = flushed;
    client.read_some(8192);
    world.settle();
    BOOST_TEST(flushed > before);
    world.pass(29s);
    BOOST_TEST((cut == Cut::none));
    world.pass(2s);
    BOOST_TEST((cut == Cut::slow_client));
    BOOST_TEST(world.load->connections == 0U);
    BOOST_TEST(world.load->requests == 0U);
}

BOOST_AUTO_TEST_CASE(a_large_answer_may_take_as_long_as_it_moves) {
    World world;
    world.network->set_window(16 << 10);
    const std::string body(300 << 10, 'x');
    world.service.on("/large",
                     [&](const HttpRequest&, Reply& reply) { return reply.send(HttpAnswer(200, body)); });
    Client& client = world.connect();
    client.stop_reading();
    client.send(get("/large"));
    for (int i = 0; i < 40 && client.received().size() < body.size(); ++i) {
        world.pass(5s);
        client.read_some(16 << 10);
        world.settle();
    }
    BOOST_TEST(client.received().size() > body.size());
    BOOST_TEST(client.is_open());
    BOOST_TEST((world.clock->now() - TimePoint(1h) > 60s));  // twice the limit
    // And if it does not move, it is cut.
    client.send(get("/large"));
    world.pass(31s);
    BOOST_TEST(world.load->connections == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
