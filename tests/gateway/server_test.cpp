// Requests in, answers out: what HTTP/1.1 asks of a server.
#include "server_world.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace {

using namespace sluice;
using namespace sluice::gateway;
using namespace sluice::gateway::test;

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nServer: sluice\r\nContent-Type: text/event-stream\r\nX-Own: 1\r\nCache-Control: "
    "no-cache\r\n"
    "X-Accel-Buffering: no\r\n";

asio::awaitable<void> stream_two(Reply& reply) {
    const HeaderFields headers{{"X-Own", "1"}};
    reply.begin(200, "text/event-stream", headers);
    reply.frames() += "data: a\n\n";
    reply.frames() += "data: b\n\n";
    co_await reply.flush();
    co_await reply.flush();  // nothing to send
    reply.frames() += "data: c\n\n";
    co_await reply.end();
}

struct Streaming : World {
    Streaming() {
        service.on("/stream", [](const HttpRequest&, Reply& reply) { return stream_two(reply); });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_server)

BOOST_AUTO_TEST_CASE(requests_are_answered_alike_in_every_cut) {
    struct Case {
        std::string wire;
        std::string seen;
        std::string answer;
        bool stays = true;
    };
    const std::string chunked =
        "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
    const std::string closing =
        "HTTP/1.1 200 OK\r\nServer: sluice\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n"
        "Connection: close\r\n\r\nx";
    const std::vector<Case> cases = {
        {get("/a?b=c"), "GET /a?b=c ", echo_of("")},
        {get("/a?"), "GET /a? ", echo_of("")},
        {get("http://other/a?b"), "GET /a?b ", echo_of("")},
        {get("http://other"), "GET /? ", echo_of("")},
        {get("http://other?x"), "GET /?x ", echo_of("")},
        {post("/p", "hello"), "POST /p? hello", echo_of("hello")},
        {chunked, "POST /c? hello world", echo_of("hello world")},
        {post("/p", "x", "Connection: close\r\n"), "POST /p? x", closing, false},
        {"POST /p HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", "POST /p? x", closing, false},
        {"POST /p HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", "POST /p? x",
         "HTTP/1.1 200 OK\r\nServer: sluice\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n"
         "Connection: keep-alive\r\n\r\nx"},
        {"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD /a? ", echo_of("")},
        {"HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD /stream? ",
         kStreamHead + "Transfer-Encoding: chunked\r\n\r\n"},
        {get("/stream"), "GET /stream? ",
         kStreamHead + "Transfer-Encoding: chunked\r\n\r\n12\r\ndata: a\n\ndata: b\n\n\r\n9\r\ndata: "
                       "c\n\n\r\n0\r\n\r\n"},
        {"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /stream? ",
         kStreamHead + "Connection: close\r\n\r\ndata: a\n\ndata: b\n\ndata: c\n\n", false},
    };
    for (const Case& row : cases) {
        for (std::size_t at = 0; at < row.wire.size(); ++at) {
            Streaming world;
            Client& client = world.connect();
            client.send(row.wire.substr(0, at));
            world.settle();
            client.send(row.wire.substr(at));
            world.settle();
            const std::string context =
                row.wire.substr(0, row.wire.find('\r')) + " cut at " + std::to_string(at);
            BOOST_REQUIRE_MESSAGE(world.service.seen == std::vector<std::string>{row.seen}, context);
            BOOST_REQUIRE_MESSAGE(client.received() == row.answer, context + "\n" + client.received());
            BOOST_REQUIRE_MESSAGE(client.is_open() == row.stays, context);
            BOOST_REQUIRE(world.load->connections == (row.stays ? 1U : 0U));
            BOOST_REQUIRE(world.load->requests == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    const std::string wire = post("/1", "one") + get("/stream") + "\r\n" + post("/3", "three") + get("/4");
    const std::string stream =
        kStreamHead +
        "Transfer-Encoding: chunked\r\n\r\n12\r\ndata: a\n\ndata: b\n\n\r\n9\r\ndata: c\n\n\r\n0\r\n\r\n";
    const std::string expected = echo_of("one") + stream + echo_of("three") + echo_of("");
    for (std::size_t at = 0; at < wire.size(); at += 3) {
        Streaming world;
        Client& client = world.connect();
        client.send(wire.substr(0, at));
        world.settle();
        client.send(wire.substr(at));
        world.settle();
        BOOST_REQUIRE_EQUAL(client.received(), expected);
        BOOST_REQUIRE(client.is_open());
    }
}

BOOST_AUTO_TEST_CASE(requests_that_come_during_an_answer_wait_within_a_bound) {
    World world;
    world.network->set_window(std::size_t{1} << 20);
    Signals signals(world);
    world.service.on("/slow", signals.answer_when_told());
    const std::string body(20'000, 'x');
    std::string wire = get("/slow");
    std::string expected = echo_of("told");
    for (int i = 0; i < 40; ++i) {
        wire += post("/" + std::to_string(i), body);
        expected += echo_of(body);
    }
    Client& client = world.connect();
    client.send(wire);
    world.settle();
    BOOST_TEST(world.service.seen.size() == 1U);
    BOOST_TEST(client.received().empty());
    signals.tell();
    world.settle();
    BOOST_TEST(world.service.seen.size() == 41U);
    BOOST_TEST((client.received() == expected));
}

BOOST_AUTO_TEST_CASE(a_client_that_expects_100_continue_gets_it_before_the_body) {
    World world;
    Client& client = world.connect();
    client.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    world.settle();
    BOOST_TEST(client.take() == "HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST(world.service.seen.empty());
    client.send("hello");
    world.settle();
    BOOST_TEST(client.take() == echo_of("hello"));
    // Its body came along: nothing to continue.
    client.send(post("/p", "hello", "Expect: 100-continue\r\n"));
    world.settle();
    BOOST_TEST(client.take() == echo_of("hello"));
}

BOOST_AUTO_TEST_CASE(what_a_service_passes_on_cannot_break_the_message) {
    World world;
    world.service.on("/odd", [](const HttpRequest&, Reply& reply) {
        HttpAnswer answer(404, "{}");
        answer.headers = {{"X-Id", "a\r\nSet-Cookie: b\r\n\r\nbody"},
                          {"Content-Length", "99"},
                          {"Bad\nName", "x"},
                          {"transfer-encoding", "chunked"},
                          {"Connection", "close"}};
        return reply.send(std::move(answer));
    });
    world.service.on("/none",
                     [](const HttpRequest&, Reply& reply) { return reply.send(HttpAnswer(204, "x")); });
    BOOST_TEST(world.ask(get("/odd") + get("/none")) ==
               "HTTP/1.1 404 Not Found\r\nServer: sluice\r\nContent-Type: application/json\r\n"
               "X-Id: a  Set-Cookie: b    body\r\nContent-Length: 2\r\n\r\n{}"
               "HTTP/1.1 204 No Content\r\nServer: sluice\r\nContent-Type: application/json\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_answer_is_an_error_of_the_server) {
    World world;
    std::vector<std::string> logged;
    const LogCapture capture(logged);
    world.service.on("/silent", [](const HttpRequest&, Reply&) -> asio::awaitable<void> { co_return; });
    world.service.on("/throws", [](const HttpRequest&, Reply&) -> asio::awaitable<void> {
        throw std::invalid_argument("the secret prompt");
        co_return;
    });
    world.service.on("/cut", [](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        const HeaderFields none;
        reply.begin(200, "text/event-stream", none);
        reply.frames() += "data: a\n\n";
        co_await reply.flush();
        throw std::invalid_argument("the secret prompt");
    });
    world.service.on("/unended", [](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        const HeaderFields none;
        reply.begin(200, "text/event-stream", none);
        co_await reply.flush();
    });
    world.service.on("/twice", [](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        co_await reply.send(HttpAnswer(200, "{}"));
        co_await reply.send(HttpAnswer(200, "{}"));
    });
    for (const char* path : {"/silent", "/throws"}) {
        const std::string answer = world.ask(get(path) + get("/next"));
        BOOST_TEST(status_of(answer) == 500);
        BOOST_TEST(answer.ends_with("Connection: close\r\n\r\n{\"refused\":\"" + std::string(path) + "\"}"),
                   answer);
    }
    for (const char* path : {"/cut", "/unended"}) {
        Client& client = world.connect();
        client.send(get(path));
        world.settle();
        BOOST_TEST(status_of(client.received()) == 200);
        BOOST_TEST(!client.received().ends_with("0\r\n\r\n"));
        BOOST_TEST(client.end() == asio::error::eof);
    }
    BOOST_TEST(status_of(world.ask(get("/twice"))) == 200);
    BOOST_TEST(logged.size() == 5U);
    for (const std::string& line : logged)
        BOOST_TEST(line.find("secret") == std::string::npos, line);
    BOOST_TEST(logged.at(0) == "a request's service completed without an answer");
    BOOST_TEST(logged.at(1) == "a request was not answered: its service threw std::invalid_argument");
}

BOOST_AUTO_TEST_SUITE_END()
