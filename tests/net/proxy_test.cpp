#include "net/proxy.hpp"

#include "net/tcp_listener.hpp"
#include "sockets.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

using namespace sluice;
using namespace sluice::net;
using namespace sluice::net::test;

namespace {

// A proxy that takes a request head, answers as told, and then echoes one read.
asio::awaitable<void> serve(TcpListener& listener, std::string answer, std::size_t piece,
                            std::string& request) {
    std::unique_ptr<Connection> peer = co_await listener.accept();
    std::string buffer(4096, '\0');
    while (request.find("\r\n\r\n") == std::string::npos) {
        const IoResult read = co_await peer->read_some(asio::buffer(buffer));
        if (read.error) co_return;
        request.append(buffer, 0, read.bytes);
    }
    for (std::size_t at = 0; at < answer.size(); at += piece) {
        const std::string part = answer.substr(at, piece);
        co_await peer->write(asio::buffer(part), asio::const_buffer());
    }
    const IoResult read = co_await peer->read_some(asio::buffer(buffer));
    co_await peer->write(asio::buffer(buffer, read.bytes), asio::const_buffer());
}

// Opens and, if that worked, sends "ping" and reads the echo.
asio::awaitable<void> ping(Connection& connection, std::optional<std::error_code>& opened,
                           std::string& echo) {
    const std::error_code error = co_await connection.open();
    opened = error;
    if (error) {
        connection.close();
        co_return;
    }
    const std::string text = "ping";
    co_await connection.write(asio::buffer(text), asio::const_buffer());
    std::string buffer(64, '\0');
    const IoResult read = co_await connection.read_some(asio::buffer(buffer));
    echo = buffer.substr(0, read.bytes);
}

struct Fixture {
    asio::io_context context;
    TcpListener listener{context.get_executor(), kLoopback, 0};
    std::string request;
    std::optional<std::error_code> opened;
    std::string echo;
    std::string detail;

    void run(const std::string& credentials, const Origin& origin, const std::string& answer,
             std::size_t piece = SIZE_MAX) {
        ConnectorOptions options;
        options.proxy = "http://" + credentials + kLoopback + ":" + std::to_string(listener.port());
        const std::shared_ptr<Connector> connector = make_connector(options);
        const std::unique_ptr<Connection> connection = connector->make(context.get_executor(), origin);
        request.clear();
        echo.clear();
        opened.reset();
        Task serving(context, serve(listener, answer, piece, request));
        Task pinging(context, ping(*connection, opened, echo));
        BOOST_REQUIRE(pinging.finish());
        BOOST_REQUIRE(serving.finish());
        detail = connection->failure_detail();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(proxy, Fixture)

BOOST_AUTO_TEST_CASE(a_2xx_opens_the_tunnel_however_the_answer_is_cut) {
    const std::string answer = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
    for (const std::size_t piece : {answer.size(), std::size_t{1}, std::size_t{7}}) {
        run("", Origin(false, "api.test", 8080), answer, piece);
        BOOST_TEST(!opened.value());
        BOOST_TEST(echo == "ping");
        BOOST_TEST(request.starts_with("CONNECT api.test:8080 HTTP/1.1\r\n"));
        BOOST_TEST(request.find("Authorization") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(an_ipv6_target_has_brackets_and_credentials_are_basic) {
    run("user:p%40ss@", Origin(false, "fd00::1", 80), "HTTP/1.1 200 OK\r\n\r\n");
    BOOST_TEST(!opened.value());
    BOOST_TEST(request.starts_with("CONNECT [fd00::1]:80 HTTP/1.1\r\n"));
    BOOST_TEST(request.find("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n") !=
               std::string::npos);  // user:p@ss
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused_and_said_without_secrets) {
    struct Case {
        std::string answer;
        const char* detail;
    };
    const std::vector<Case> cases = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "proxy: answered 407"},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\nno route", "proxy: answered 502"},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "proxy: the answer is not HTTP"},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "proxy: the answer is not HTTP"},
        {"HTTP/1.1 200 OK\r\n\r\nearly", "proxy: sent bytes before the tunnel was used"},
    };
    for (const Case& c : cases) {
        run("user:secret@", Origin(false, "api.test", 80), c.answer);
        BOOST_TEST(opened.value() == ConnectError::proxy_refused,
                   c.detail << ": " << opened.value().message());
        BOOST_TEST(detail == c.detail);
        BOOST_TEST(detail.find("secret") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_host_that_would_inject_a_line_is_not_sent) {
    std::optional<std::error_code> refused;
    ConnectorOptions options;
    options.proxy = std::string(kLoopback) + ":" + std::to_string(listener.port());
    const auto connection =
        make_connector(options)->make(context.get_executor(), Origin(false, "api.test\r\nX-Evil: 1", 80));
    Task task(context, open_into(*connection, refused));
    BOOST_TEST(task.finish());
    BOOST_TEST(refused.value() == ConnectError::proxy_refused);
}

BOOST_AUTO_TEST_CASE(a_silent_proxy_ends_with_close_and_cancellation) {
    ConnectorOptions options;
    options.proxy = std::string(kLoopback) + ":" + std::to_string(listener.port());
    const std::shared_ptr<Connector> connector = make_connector(options);
    for (const bool by_close : {true, false}) {
        opened.reset();
        const auto connection = connector->make(context.get_executor(), Origin(false, "api.test", 80));
        std::unique_ptr<Connection> silent;
        Task accepting(context, accept_into(listener, silent));
        Task task(context, open_into(*connection, opened));
        BOOST_TEST(accepting.finish());
        task.turn();
        BOOST_TEST(!task.done());
        if (by_close)
            connection->close();
        else
            task.cancel();
        task.turn();
        BOOST_TEST(task.done());
        BOOST_TEST(!task.error());
        BOOST_TEST((opened.value() == std::error_code(asio::error::operation_aborted)));
    }
}

BOOST_AUTO_TEST_CASE(options_are_read) {
    const Proxy plain = parse_proxy("proxy.test:3128");
    BOOST_TEST(plain.host == "proxy.test");
    BOOST_TEST(plain.port == 3128);
    BOOST_TEST(plain.authorization.empty());
    const Proxy full = parse_proxy("http://a:b@[::1]:80/");
    BOOST_TEST(full.host == "::1");
    BOOST_TEST(full.port == 80);
    BOOST_TEST(full.authorization == "Basic YTpi");
}

BOOST_AUTO_TEST_CASE(unusable_options_are_refused_without_repeating_them) {
    for (const char* text :
         {"secret", "secret:", ":80", "secret:0", "secret:65536", "secret:8x", "https://secret:1",
          "socks5://secret:1", "http://u:secret%4@h:1", "http://u:secret%zz@h:1", "::1:secret", "::1:80"}) {
        ConnectorOptions options;
        options.proxy = text;
        try {
            make_connector(options);
            BOOST_ERROR("accepted: " << text);
        } catch (const std::invalid_argument& error) {
            BOOST_TEST(std::string(error.what()).find("secret") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
