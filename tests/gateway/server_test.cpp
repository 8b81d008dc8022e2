// Requests in, answers out: what HTTP/1.1 asks of a server.
#include "server_world.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace sluice;
using namespace sluice::gateway;
using namespace sluice::gateway::test;

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nServer: sluice\r\nContent-Type: text/event-stream\r\nX-Own: 1\r\nCache-Control: no-cache\r\n"
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
    const std::string chunked = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
    const std::string closing = "HTTP/1.1 200 OK\r\nServer: sluice\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n"
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
         kStreamHead + "Transfer-Encoding: chunked\r\n\r\n12\r\ndata: a\n\ndata: b\n\n\r\n9\r\ndata: c\n\n\r\n0\r\n\r\n"},
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
            const std::string context = row.wire.substr(0, row.wire.find('\r')) + " cut at " + std::to_string(at);
            BOOST_REQUIRE_MESSAGE(world.service.seen == std::vector<std::string>{row.seen}, context);
            BOOST_REQUIRE_MESSAGE(client.received() == row.answer, context + "\n" + client.received());
            BOOST_REQUIRE_MESSAGE(client.is_open() == row.stays, context);
            BOOST_REQUIRE(world.load->connections == (row.stays ? 1U : 0U));
            BOOST_REQUIRE(world.load->requests == 0U);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
