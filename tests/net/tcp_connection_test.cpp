#include "net/tcp_connection.hpp"

#include "net/rest_of.hpp"
#include "net/tcp_listener.hpp"
#include "sockets.hpp"
#include "support/allocations.hpp"

#include <asio/error.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <unistd.h>

using namespace sluice;
using namespace sluice::net;
using namespace sluice::net::test;

namespace {

// A client and a server end, connected.
struct Pair {
    asio::io_context context;
    TcpListener listener{context.get_executor(), kLoopback, 0};
    std::shared_ptr<Connector> connector = make_connector();
    std::unique_ptr<Connection> client =
        connector->make(context.get_executor(), Origin(false, kLoopback, listener.port()));
    std::unique_ptr<Connection> server;
    std::string buffer = std::string(64, '\0');
    std::optional<IoResult> result;

    Pair() {
        std::optional<std::error_code> opened;
        Task accepting(context, accept_into(listener, server));
        Task opening(context, open_into(*client, opened));
        BOOST_REQUIRE(opening.finish());
        BOOST_REQUIRE(accepting.finish());
        BOOST_REQUIRE(!opened.value());
        BOOST_REQUIRE(server);
    }

    void send(Connection& from, const std::string& text) {
        std::optional<IoResult> written;
        Task task(context, write_into(from, text, std::string(), written));
        BOOST_REQUIRE(task.finish());
        BOOST_REQUIRE(!written->error);
        BOOST_REQUIRE(written->bytes == text.size());
    }
};

asio::awaitable<void> read_times(Connection& connection, std::string& buffer, std::size_t& left) {
    while (left > 0) {
        const IoResult read = co_await connection.read_some(asio::buffer(buffer));
        if (read.error) co_return;
        --left;
    }
}

// Reads again after its cancellation, with throwing switched off: must not begin an operation nobody will
// end.
asio::awaitable<void> read_twice(Connection& connection, std::string& buffer,
                                 std::vector<std::error_code>& errors) {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (int i = 0; i < 2; ++i) {
        const IoResult read = co_await connection.read_some(asio::buffer(buffer));
        errors.push_back(read.error);
    }
    const IoResult written = co_await connection.write(asio::buffer(buffer), asio::const_buffer());
    errors.push_back(written.error);
    const std::error_code opened = co_await connection.open();
    errors.push_back(opened);
}

const std::error_code kAborted = asio::error::operation_aborted;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_connection, Pair)

BOOST_AUTO_TEST_CASE(carries_head_and_body_in_order) {
    std::optional<IoResult> written;
    Task task(context, write_into(*client, "head ", "body", written));
    BOOST_TEST(task.finish());
    BOOST_TEST(written->bytes == 9U);
    Task reading(context, read_into(*server, buffer, result));
    BOOST_TEST(reading.finish());
    BOOST_TEST(buffer.substr(0, result->bytes) == "head body");
}

BOOST_AUTO_TEST_CASE(a_write_larger_than_the_socket_takes_goes_out_whole) {
    const std::string head(300'000, 'h');
    const std::string body(5'000'000, 'b');
    std::optional<IoResult> written;
    std::string text;
    std::error_code error;
    Task writing(context, write_into(*client, head, body, written));
    Task reading(context, read_all(*server, text, error));
    BOOST_TEST(writing.finish());
    BOOST_TEST(!written->error);
    BOOST_TEST(written->bytes == head.size() + body.size());
    client->close();
    BOOST_TEST(reading.finish());
    BOOST_TEST(error == asio::error::eof);
    BOOST_TEST((text == head + body));
}

BOOST_AUTO_TEST_CASE(what_a_write_does_at_once_and_what_is_left_are_the_whole) {
    const IoResult small = client->try_write(asio::buffer("head ", 5), asio::buffer("body", 4));
    BOOST_TEST(!small.error);
    BOOST_TEST(small.bytes == 9U);
    Task reading_small(context, read_into(*server, buffer, result));
    BOOST_TEST(reading_small.finish());
    BOOST_TEST(buffer.substr(0, result->bytes) == "head body");

    const std::string head(300'000, 'h');
    const std::string body(30'000'000, 'b');
    const IoResult part = client->try_write(asio::buffer(head), asio::buffer(body));
    BOOST_TEST(!part.error);
    BOOST_TEST(part.bytes > 0U);
    BOOST_REQUIRE(part.bytes < head.size() + body.size());

    const auto rest = rest_of(asio::buffer(head), asio::buffer(body), part.bytes);
    std::optional<IoResult> written;
    std::string text;
    std::error_code error;
    Task writing(context,
                 write_into(*client, std::string(static_cast<const char*>(rest[0].data()), rest[0].size()),
                            std::string(static_cast<const char*>(rest[1].data()), rest[1].size()), written));
    Task reading(context, read_all(*server, text, error));
    BOOST_TEST(writing.finish());
    client->close();
    BOOST_TEST(reading.finish());
    BOOST_TEST((text == head + body));
    BOOST_TEST(client->try_write(asio::buffer(head), asio::buffer(body)).error == kAborted);
}

BOOST_AUTO_TEST_CASE(an_empty_write_is_done_at_once) {
    Task task(context, write_into(*client, "", "", result));
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST(!result->error);
    BOOST_TEST(result->bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_try_does_not_wait) {
    BOOST_TEST((client->try_read_some(asio::buffer(buffer)).error == asio::error::would_block));
    send(*server, "abc");
    const IoResult read = try_until_ready(*client, buffer);
    BOOST_TEST(!read.error);
    BOOST_TEST(buffer.substr(0, read.bytes) == "abc");
    server->close();
    BOOST_TEST((try_until_ready(*client, buffer).error == asio::error::eof));
}

BOOST_AUTO_TEST_CASE(a_clean_end_is_eof_and_a_reset_is_not) {
    server->close();
    Task reading(context, read_into(*client, buffer, result));
    BOOST_TEST(reading.finish());
    BOOST_TEST(result->error == asio::error::eof);
}

BOOST_AUTO_TEST_CASE(reset_on_close_is_connection_reset_at_the_peer) {
    set_reset_on_close(*server);
    server->close();
    Task reading(context, read_into(*client, buffer, result));
    BOOST_TEST(reading.finish());
    BOOST_TEST(result->error == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_alive_until_the_peer_closes_or_speaks) {
    BOOST_TEST(client->is_idle_alive());
    send(*server, "unasked");
    BOOST_TEST(eventually([&] { return !client->is_idle_alive(); }));
    BOOST_TEST(server->is_idle_alive());
    client->close();
    BOOST_TEST(!client->is_idle_alive());
    BOOST_TEST(eventually([&] { return !server->is_idle_alive(); }));
}

BOOST_AUTO_TEST_CASE(close_ends_a_read_and_a_write_within_one_turn) {
    const std::string much(20'000'000, 'x');
    std::optional<IoResult> written;
    Task writing(context, write_into(*client, much, much, written));
    Task reading(context, read_into(*client, buffer, result));
    writing.turn();
    BOOST_TEST(!writing.done());
    BOOST_TEST(!reading.done());
    client->close();
    client->close();
    writing.turn();
    BOOST_TEST(writing.done());
    BOOST_TEST(reading.done());
    BOOST_TEST(result->error == kAborted);
    BOOST_TEST(written->error == kAborted);
    BOOST_TEST(written->bytes > 0U);
    BOOST_TEST(written->bytes < 2 * much.size());
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_read_and_a_write_within_one_turn_without_throwing) {
    const std::string much(20'000'000, 'x');
    std::optional<IoResult> written;
    Task writing(context, write_into(*client, much, much, written));
    Task reading(context, read_into(*client, buffer, result));
    writing.turn();
    writing.cancel();
    reading.cancel();
    writing.turn();
    BOOST_TEST(!writing.error());
    BOOST_TEST(!reading.error());
    BOOST_TEST(result->error == kAborted);
    BOOST_TEST(written->error == kAborted);
}

BOOST_AUTO_TEST_CASE(nothing_begins_after_the_cancellation) {
    std::vector<std::error_code> errors;
    Task task(context, read_twice(*client, buffer, errors));
    task.turn();
    task.cancel();
    task.turn();
    BOOST_TEST(task.done());
    BOOST_TEST((errors == std::vector<std::error_code>(4, kAborted)));
}

BOOST_AUTO_TEST_CASE(everything_is_aborted_after_close) {
    client->close();
    BOOST_TEST(client->try_read_some(asio::buffer(buffer)).error == kAborted);
    Task reading(context, read_into(*client, buffer, result));
    BOOST_TEST(reading.finish());
    BOOST_TEST(result->error == kAborted);
    Task writing(context, write_into(*client, "x", "", result));
    BOOST_TEST(writing.finish());
    BOOST_TEST(result->error == kAborted);
}

BOOST_AUTO_TEST_CASE(a_read_in_the_steady_state_allocates_nothing) {
    std::size_t left = 10'101;
    Task reading(context, read_times(*client, buffer, left));
    const auto until = [&](std::size_t remaining) {
        while (left > remaining) {
            const std::size_t before = left;
            // Written straight to the socket, so that only the reader's side is measured.
            BOOST_REQUIRE(static_cast<TcpConnection&>(*server).socket().send(asio::buffer("x", 1)) == 1);
            while (left == before) {
                context.restart();
                context.run_one();
            }
        }
    };
    until(10'001);
    const std::size_t before = sluice::test::allocations();
    until(1);  // not to the end, which allocates its completion
    BOOST_TEST(sluice::test::allocations() - before == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tcp_listener)

BOOST_AUTO_TEST_CASE(close_and_cancellation_end_accept_with_null) {
    asio::io_context context;
    TcpListener listener(context.get_executor(), kLoopback, 0);
    BOOST_TEST(listener.port() != 0);
    std::unique_ptr<Connection> accepted;
    Task cancelled(context, accept_into(listener, accepted));
    cancelled.turn();
    cancelled.cancel();
    cancelled.turn();
    BOOST_TEST(cancelled.done());
    BOOST_TEST(!cancelled.error());
    Task closed(context, accept_into(listener, accepted));
    closed.turn();
    listener.close();
    closed.turn();
    BOOST_TEST(closed.done());
    BOOST_TEST(!closed.error());
    BOOST_TEST(!accepted);
}

#ifndef __SANITIZE_ADDRESS__  // UBSan opens pipes to look at objects, and without descriptors calls good ones
                              // bad
BOOST_AUTO_TEST_CASE(out_of_descriptors_it_turns_peers_away_and_goes_on) {
    asio::io_context context;
    TcpListener listener(context.get_executor(), kLoopback, 0);
    const asio::ip::tcp::endpoint address(asio::ip::make_address(kLoopback), listener.port());
    asio::ip::tcp::socket unlucky(context, address.protocol());
    asio::ip::tcp::socket lucky(context, address.protocol());
    std::unique_ptr<Connection> accepted;
    Task task(context, accept_into(listener, accepted));
    task.turn();

    rlimit normal{};
    BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &normal) == 0);
    const int next = dup(STDIN_FILENO);
    BOOST_REQUIRE(next >= 0);
    ::close(next);
    rlimit exhausted = normal;
    exhausted.rlim_cur = static_cast<rlim_t>(next);
    BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &exhausted) == 0);
    unlucky.connect(address);
    unlucky.non_blocking(true);
    std::error_code error;
    char byte = 0;
    const bool hung_up = eventually([&] {
        task.turn();
        unlucky.receive(asio::buffer(&byte, 1), 0, error);
        return error != asio::error::would_block;
    });
    setrlimit(RLIMIT_NOFILE, &normal);
    BOOST_TEST(hung_up);
    BOOST_TEST(!task.done());
    lucky.connect(address);
    BOOST_TEST(task.finish());
    BOOST_TEST(accepted.get());
}
#endif

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_used_is_refused) {
    asio::io_context context;
    TcpListener listener(context.get_executor(), kLoopback, 0);
    BOOST_CHECK_THROW(TcpListener(context.get_executor(), "192.0.2.1", 0), asio::system_error);
    BOOST_CHECK_THROW(TcpListener(context.get_executor(), "not an address", 0), asio::system_error);
    BOOST_CHECK_THROW(TcpListener(context.get_executor(), kLoopback, listener.port()), asio::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
