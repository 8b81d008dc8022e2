#include "net/tls_connection.hpp"

#include "certificates.hpp"
#include "net/system_connector.hpp"
#include "net/tcp_listener.hpp"
#include "sockets.hpp"
#include "support/allocations.hpp"

#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <stdexcept>

using namespace sluice;
using namespace sluice::net;
using namespace sluice::net::test;
using asio::ip::tcp;

namespace {

const std::error_code kAborted = asio::error::operation_aborted;
constexpr long kDay = 24 * 60 * 60;

// A TLS server for one connection at a time, on Asio's own TLS stream: another implementation than the one
// under test.
class Server {
  public:
    explicit Server(asio::io_context& context)
        : tls(asio::ssl::context::tls_server), acceptor_(context, tcp::endpoint(tcp::v4(), 0)) {
        SSL_CTX_set_alpn_select_cb(tls.native_handle(), select_alpn, nullptr);
    }

    void use(const Identity& identity) {
        SSL_CTX_use_certificate(tls.native_handle(), identity.certificate.get());
        SSL_CTX_use_PrivateKey(tls.native_handle(), identity.key.get());
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    asio::awaitable<void> accept() {
        stream.reset();
        std::error_code error;
        tcp::socket socket =
            co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        stream = std::make_unique<asio::ssl::stream<tcp::socket>>(std::move(socket), tls);
        co_await stream->async_handshake(asio::ssl::stream_base::server,
                                         asio::redirect_error(asio::use_awaitable, error));
        handshake = error;
    }

    asio::awaitable<void> send(std::string text) {
        std::error_code error;
        co_await asio::async_write(*stream, asio::buffer(text),
                                   asio::redirect_error(asio::use_awaitable, error));
        BOOST_TEST(!error);
    }

    /// Sends close_notify and waits for the peer's.
    asio::awaitable<void> shut_down() {
        std::error_code error;
        co_await stream->async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    }

    asio::awaitable<void> receive(std::size_t size, std::string& text) {
        text.resize(size);
        std::error_code error;
        co_await asio::async_read(*stream, asio::buffer(text),
                                  asio::redirect_error(asio::use_awaitable, error));
        BOOST_TEST(!error);
    }

    const char* server_name() const {
        return SSL_get_servername(stream->native_handle(), TLSEXT_NAMETYPE_host_name);
    }

    asio::ssl::context tls;
    std::unique_ptr<asio::ssl::stream<tcp::socket>> stream;
    std::error_code handshake;

  private:
    static int select_alpn(SSL*, const unsigned char** chosen, unsigned char* size,
                           const unsigned char* offered, unsigned int, void*) {
        *chosen = offered + 1;
        *size = *offered;
        return SSL_TLSEXT_ERR_OK;
    }

    tcp::acceptor acceptor_;
};

struct Fixture {
    asio::io_context context;
    Identity authority = make_authority();
    Identity good = make_server(authority, "DNS:api.test,DNS:*.wild.test,IP:127.0.0.1");
    PemFile trusted{authority};
    Server server{context};
    std::shared_ptr<Connector> connector = trusting(trusted.path());
    std::unique_ptr<Connection> client;
    std::optional<std::error_code> opened;
    std::optional<IoResult> result;
    std::string buffer = std::string(64, '\0');

    Fixture() { server.use(good); }

    // Every name is the loopback address.
    std::shared_ptr<Connector> trusting(const std::string& ca_file) const {
        ConnectorOptions options;
        options.ca_file = ca_file;
        return net::make_connector(options, [](const asio::any_io_executor&, const std::string&,
                                               std::uint16_t port, const Resolved& done) {
            done(std::error_code(),
                 std::vector<tcp::endpoint>(1, tcp::endpoint(asio::ip::make_address(kLoopback), port)));
            return std::shared_ptr<void>();
        });
    }

    std::error_code connect(const std::string& host) {
        opened.reset();
        client = connector->make(context.get_executor(), Origin(true, host, server.port()));
        Task accepting(context, server.accept());
        Task opening(context, open_into(*client, opened));
        BOOST_REQUIRE(opening.finish());
        if (opened.value()) client->close();
        BOOST_REQUIRE(accepting.finish());
        return opened.value();
    }

    std::string read() {
        result.reset();
        Task task(context, read_into(*client, buffer, result));
        BOOST_REQUIRE(task.finish());
        return buffer.substr(0, result->bytes);
    }

    void send(const std::string& text) {
        Task task(context, server.send(text));
        BOOST_REQUIRE(task.finish());
    }

    bool resumed() const { return static_cast<TlsConnection&>(*client).resumed(); }
};

asio::awaitable<void> read_times(Connection& connection, std::string& buffer, std::size_t& left) {
    while (left > 0) {
        const IoResult read = co_await connection.read_some(asio::buffer(buffer));
        if (read.error) co_return;
        --left;
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls, Fixture)

BOOST_AUTO_TEST_CASE(a_good_certificate_is_accepted_for_each_of_its_names) {
    for (const char* host : {"api.test", "any.wild.test", kLoopback}) {
        BOOST_TEST(!connect(host), host);
        BOOST_TEST(!server.handshake, host);
        send("hello");
        BOOST_TEST(read() == "hello");
    }
}

BOOST_AUTO_TEST_CASE(a_bad_certificate_is_rejected_with_the_reason) {
    const Identity stranger = make_authority();
    struct Case {
        Identity identity;
        const char* host;
        const char* detail;
    };
    Case cases[] = {
        {make_server(authority, "DNS:other.test"), "api.test", "hostname mismatch"},
        {make_server(authority, "DNS:api.test"), kLoopback, "IP address mismatch"},
        {make_server(authority, "DNS:127.0.0.1"), kLoopback, "IP address mismatch"},
        {make_server(authority, "DNS:*.test"), "a.b.test", "hostname mismatch"},
        {make_server(authority, "DNS:ap*.test"), "api.test", "hostname mismatch"},
        {make_identity("server", "DNS:api.test", -2 * kDay, -kDay, &authority), "api.test",
         "certificate has expired"},
        {make_identity("server", "DNS:api.test", kDay, 2 * kDay, &authority), "api.test",
         "certificate is not yet valid"},
        {make_identity("server", "DNS:api.test", -kDay, kDay, nullptr), "api.test",
         "self-signed certificate"},
        {make_server(stranger, "DNS:api.test"), "api.test", "certificate signature failure"},
    };
    for (const Case& c : cases) {
        server.use(c.identity);
        BOOST_TEST(connect(c.host) == ConnectError::certificate_rejected, c.detail);
        BOOST_TEST(client->failure_detail() == c.detail);
    }
}

BOOST_AUTO_TEST_CASE(the_systems_authorities_do_not_know_ours) {
    connector = trusting("");
    BOOST_TEST(connect("api.test") == ConnectError::certificate_rejected);
    BOOST_TEST(client->failure_detail() == "unable to get local issuer certificate");
}

BOOST_AUTO_TEST_CASE(names_are_sent_and_addresses_are_not) {
    BOOST_TEST(!connect("api.test"));
    BOOST_TEST(std::string(server.server_name()) == "api.test");
    BOOST_TEST(!connect(kLoopback));
    BOOST_TEST(!server.server_name());
}

BOOST_AUTO_TEST_CASE(http_1_1_is_negotiated) {
    BOOST_TEST(!connect("api.test"));
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(server.stream->native_handle(), &protocol, &size);
    BOOST_TEST(std::string(protocol, protocol + size) == "http/1.1");
}

BOOST_AUTO_TEST_CASE(tls_1_1_is_refused) {
    SSL_CTX* old = server.tls.native_handle();
    SSL_CTX_set_cipher_list(old, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(old, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
    BOOST_TEST(connect("api.test") == ConnectError::tls_failed);
    BOOST_TEST(!client->failure_detail().empty());
}

BOOST_AUTO_TEST_CASE(a_server_without_tls_is_tls_failed) {
    TcpListener listener(context.get_executor(), kLoopback, 0);
    struct Case {
        std::string answer;
        const char* detail;
    };
    for (const Case& c : {Case{"HTTP/1.1 400 Bad Request\r\n\r\n", "wrong version number"},
                          Case{"", "the peer closed the connection"}}) {
        opened.reset();
        client = connector->make(context.get_executor(), Origin(true, "api.test", listener.port()));
        std::unique_ptr<Connection> plain;
        Task accepting(context, accept_into(listener, plain));
        Task opening(context, open_into(*client, opened));
        BOOST_REQUIRE(accepting.finish());
        Task writing(context, write_into(*plain, c.answer, "", result));
        BOOST_REQUIRE(writing.finish());
        static_cast<TcpConnection&>(*plain).socket().shutdown(tcp::socket::shutdown_send);
        BOOST_REQUIRE(opening.finish());
        BOOST_TEST(opened.value() == ConnectError::tls_failed);
        BOOST_TEST(client->failure_detail().find(c.detail) != std::string::npos, client->failure_detail());
    }
}

BOOST_AUTO_TEST_CASE(an_authority_file_without_a_certificate_is_refused) {
    BOOST_CHECK_THROW(trusting("/nonexistent/ca.pem"), std::invalid_argument);
    BOOST_CHECK_THROW(trusting("/dev/null"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_second_connection_resumes) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        connector = trusting(trusted.path());
        SSL_CTX_set_max_proto_version(server.tls.native_handle(), version);
        BOOST_TEST(!connect("api.test"));
        BOOST_TEST(!resumed());
        send("x");  // brings the tickets of TLS 1.3
        BOOST_TEST(read() == "x");
        for (int i = 0; i < 3; ++i) {
            BOOST_TEST(!connect("api.test"));
            BOOST_TEST(resumed());
            send("y");
            BOOST_TEST(read() == "y");
        }
        BOOST_TEST(!connect(kLoopback));  // another origin: nothing to resume
        BOOST_TEST(!resumed());
    }
}

BOOST_AUTO_TEST_CASE(a_tls_1_3_ticket_is_used_once) {
    SSL_CTX_set_num_tickets(server.tls.native_handle(), 1);
    BOOST_TEST(!connect("api.test"));
    send("x");
    BOOST_TEST(read() == "x");
    BOOST_TEST(!connect("api.test"));  // and never reads, so that it gets no new one
    BOOST_TEST(resumed());
    BOOST_TEST(!connect("api.test"));
    BOOST_TEST(!resumed());
}

BOOST_AUTO_TEST_CASE(a_clean_end_is_eof_and_a_cut_is_truncation) {
    BOOST_TEST(!connect("api.test"));
    Task closing(context, server.shut_down());
    BOOST_TEST(read().empty());
    BOOST_TEST(result->error == asio::error::eof);
    client->close();
    BOOST_TEST(closing.finish());

    BOOST_TEST(!connect("api.test"));
    server.stream->lowest_layer().close();
    BOOST_TEST(read().empty());
    BOOST_TEST(result->error == asio::ssl::error::stream_truncated);
}

BOOST_AUTO_TEST_CASE(close_says_goodbye) {
    BOOST_TEST(!connect("api.test"));
    client->close();
    client->close();
    char byte = 0;
    std::error_code error;
    server.stream->read_some(asio::buffer(&byte, 1), error);
    BOOST_TEST(error == asio::error::eof);
}

BOOST_AUTO_TEST_CASE(a_try_does_not_wait) {
    BOOST_TEST(!connect("api.test"));
    BOOST_TEST(client->try_read_some(asio::buffer(buffer)).error == asio::error::would_block);
    send("abc");
    const IoResult read = try_until_ready(*client, buffer);
    BOOST_TEST(!read.error, read.error.message());
    BOOST_TEST(buffer.substr(0, read.bytes) == "abc");
    BOOST_TEST(client->try_read_some(asio::buffer(buffer)).error == asio::error::would_block);
}

// A record is read in pieces when the caller's buffer is smaller: the rest waits inside OpenSSL, where no
// poll sees it.
BOOST_AUTO_TEST_CASE(a_record_larger_than_the_buffer_comes_in_pieces) {
    BOOST_TEST(!connect("api.test"));
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += static_cast<char>('a' + i % 26);
    send(text);
    std::string received;
    while (received.size() < text.size())
        received += read();
    BOOST_TEST((received == text));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_alive_until_the_peer_closes_or_speaks) {
    BOOST_TEST(!connect("api.test"));
    BOOST_TEST(client->is_idle_alive());  // although session tickets are waiting to be read
    send("unasked");
    BOOST_TEST(eventually([&] { return !client->is_idle_alive(); }));
    BOOST_TEST(read() == "unasked");
    BOOST_TEST(client->is_idle_alive());
    server.stream->lowest_layer().close();
    BOOST_TEST(eventually([&] { return !client->is_idle_alive(); }));
    BOOST_TEST(!connect("api.test"));
    client->close();
    BOOST_TEST(!client->is_idle_alive());
}

BOOST_AUTO_TEST_CASE(writes_of_every_shape_arrive_whole) {
    const std::size_t sizes[][2] = {
        {0, 0}, {10, 0}, {0, 10}, {300, 20'000}, {16'383, 2}, {16'384, 1}, {40'000, 3'000'000}};
    for (const auto& [head_size, body_size] : sizes) {
        BOOST_TEST(!connect("api.test"));
        const std::string head(head_size, 'h');
        const std::string body(body_size, 'b');
        std::string text;
        Task receiving(context, server.receive(head_size + body_size, text));
        Task writing(context, write_into(*client, head, body, result));
        BOOST_TEST(writing.finish());
        BOOST_TEST(receiving.finish());
        BOOST_TEST(!result->error);
        BOOST_TEST(result->bytes == head_size + body_size);
        BOOST_TEST((text == head + body));
    }
}

BOOST_AUTO_TEST_CASE(head_and_body_are_one_record) {
    BOOST_TEST(!connect("api.test"));
    Task writing(context, write_into(*client, "head ", "body", result));
    BOOST_TEST(writing.finish());
    char text[64];
    const std::size_t size = server.stream->read_some(asio::buffer(text));
    BOOST_TEST(std::string(text, size) == "head body");
}

BOOST_AUTO_TEST_CASE(a_handshake_ends_within_one_turn_of_close_and_cancellation) {
    TcpListener listener(context.get_executor(), kLoopback, 0);
    for (const bool by_close : {true, false}) {
        opened.reset();
        client = connector->make(context.get_executor(), Origin(true, "api.test", listener.port()));
        std::unique_ptr<Connection> silent;
        Task accepting(context, accept_into(listener, silent));
        Task opening(context, open_into(*client, opened));
        BOOST_TEST(accepting.finish());
        opening.turn();
        BOOST_TEST(!opening.done());
        if (by_close)
            client->close();
        else
            opening.cancel();
        opening.turn();
        BOOST_TEST(opening.done());
        BOOST_TEST(!opening.error());
        BOOST_TEST(opened.value() == kAborted);
    }
}

BOOST_AUTO_TEST_CASE(reads_and_writes_end_within_one_turn_of_close_and_cancellation) {
    const std::string much(20'000'000, 'x');
    for (const bool by_close : {true, false}) {
        BOOST_TEST(!connect("api.test"));
        std::optional<IoResult> written;
        result.reset();
        Task writing(context, write_into(*client, "head", much, written));
        Task reading(context, read_into(*client, buffer, result));
        writing.turn();
        BOOST_TEST(!writing.done());
        BOOST_TEST(!reading.done());
        if (by_close) {
            client->close();
        } else {
            writing.cancel();
            reading.cancel();
        }
        writing.turn();
        BOOST_TEST(!writing.error());
        BOOST_TEST(!reading.error());
        BOOST_TEST(result->error == kAborted);
        BOOST_TEST(written->error == kAborted);
    }
}

BOOST_AUTO_TEST_CASE(a_write_to_a_peer_that_left_is_an_error_and_no_signal) {
    BOOST_TEST(!connect("api.test"));
    server.stream->lowest_layer().set_option(asio::socket_base::linger(true, 0));
    server.stream->lowest_layer().close();
    for (int i = 0; i < 2; ++i) {
        Task writing(context, write_into(*client, "head", "body", result));
        BOOST_TEST(writing.finish());
    }
    BOOST_TEST((result->error == asio::error::broken_pipe || result->error == asio::error::connection_reset));
}

BOOST_AUTO_TEST_CASE(a_read_in_the_steady_state_allocates_nothing_of_ours) {
    BOOST_TEST(!connect("api.test"));
    std::size_t left = 2'101;
    Task reading(context, read_times(*client, buffer, left));
    const auto until = [&](std::size_t remaining) {
        while (left > remaining) {
            const std::size_t before = left;
            server.stream->write_some(asio::buffer("x", 1));
            while (left == before) {
                context.restart();
                context.run_one();
            }
        }
    };
    until(2'001);
    const std::size_t before = sluice::test::allocations();
    until(1);
    BOOST_TEST(sluice::test::allocations() - before == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
