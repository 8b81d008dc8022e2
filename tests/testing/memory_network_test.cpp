#include <sluice/testing/memory_network.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

using asio::error::make_error_code;
using sluice::Connection;
using sluice::IoResult;
using sluice::Origin;
using sluice::testing::MemoryNetwork;
using sluice::testing::NetworkFaults;

namespace {

const Origin kOrigin(false, "api.test", 80);

asio::awaitable<void> keep_open(Connection& connection, std::optional<std::error_code>& result) {
    const std::error_code opened = co_await connection.open();
    result = opened;
}
asio::awaitable<void> keep_read(Connection& connection, asio::mutable_buffer into,
                                std::optional<IoResult>& result) {
    const IoResult got = co_await connection.read_some(into);
    result = got;
}
asio::awaitable<void> keep_write(Connection& connection, std::string head, std::string body,
                                 std::optional<IoResult>& result) {
    const IoResult written = co_await connection.write(asio::buffer(head), asio::buffer(body));
    result = written;
}

/// A client, and the server's end once it was accepted. Steps are started one by one, so that a test decides
/// what overlaps.
struct Fixture {
    asio::io_context context;
    std::shared_ptr<MemoryNetwork> network = std::make_shared<MemoryNetwork>();
    std::unique_ptr<Connection> client;
    std::unique_ptr<Connection> server;
    std::list<asio::cancellation_signal> signals;  // one for each step that was started

    Fixture() { listen(); }
    void listen() {
        network->listen(kOrigin, [this](std::unique_ptr<Connection> peer) { server = std::move(peer); });
    }
    void run() {
        context.restart();
        context.poll();
    }
    void start(asio::awaitable<void> step) {
        asio::co_spawn(
            context, std::move(step),
            asio::bind_cancellation_slot(signals.emplace_back().slot(), [](std::exception_ptr error) {
                if (error) std::rethrow_exception(error);
            }));
        run();
    }
    void cancel_last() {
        signals.back().emit(asio::cancellation_type::terminal);
        run();
    }
    std::optional<std::error_code> open() {
        client = network->make(context.get_executor(), kOrigin);
        std::optional<std::error_code> result;
        start(keep_open(*client, result));
        return result;
    }
    /// What a read gives now, "<wait>" when it would wait (and it is then cancelled).
    std::string read(Connection& from, std::size_t at_most = 64) {
        std::string bytes(at_most, '\0');
        std::optional<IoResult> result;
        start(keep_read(from, asio::buffer(bytes), result));
        if (!result) {
            cancel_last();
            BOOST_REQUIRE(result);
            BOOST_TEST(result->error == make_error_code(asio::error::operation_aborted));
            return "<wait>";
        }
        if (result->error) {
            BOOST_TEST(result->bytes == 0U);
            return "<" + result->error.message() + ">";
        }
        return bytes.substr(0, result->bytes);
    }
    std::string write(Connection& to, std::string head, std::string body = {}) {
        std::optional<IoResult> result;
        start(keep_write(to, std::move(head), std::move(body), result));
        BOOST_REQUIRE(result);
        return result->error ? "<" + result->error.message() + ">" : std::to_string(result->bytes);
    }
};

const std::string kEof = "<" + make_error_code(asio::error::eof).message() + ">";
const std::string kReset = "<" + make_error_code(asio::error::connection_reset).message() + ">";
const std::string kBroken = "<" + make_error_code(asio::error::broken_pipe).message() + ">";
const std::string kAborted = "<" + make_error_code(asio::error::operation_aborted).message() + ">";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memory_network, Fixture)

BOOST_AUTO_TEST_CASE(carries_bytes_both_ways) {
    BOOST_TEST((open() == std::error_code()));
    BOOST_REQUIRE(server);
    BOOST_TEST(write(*client, "GET ", "/") == "5");
    BOOST_TEST(read(*server, 2) == "GE");
    BOOST_TEST(read(*server) == "T /");
    BOOST_TEST(read(*server) == "<wait>");
    BOOST_TEST(write(*server, "", "answer") == "6");
    BOOST_TEST(read(*client) == "answer");
    BOOST_TEST(client->is_idle_alive());
    BOOST_TEST(write(*server, "unasked") == "7");
    BOOST_TEST(!client->is_idle_alive());
}

BOOST_AUTO_TEST_CASE(a_waiting_read_is_woken_by_bytes_and_by_their_end) {
    open();
    std::array<char, 8> bytes{};
    std::optional<IoResult> result;
    start(keep_read(*client, asio::buffer(bytes), result));
    BOOST_TEST(!result.has_value());
    write(*server, "now");
    run();
    BOOST_REQUIRE(result);
    BOOST_TEST(std::string_view(bytes.data(), result->bytes) == "now");

    result.reset();
    start(keep_read(*client, asio::buffer(bytes), result));
    BOOST_TEST(!result.has_value());
    server.reset();
    run();
    BOOST_REQUIRE(result);
    BOOST_TEST(result->error == make_error_code(asio::error::eof));
    BOOST_TEST(!client->is_idle_alive());
}

BOOST_AUTO_TEST_CASE(try_read_never_waits) {
    open();
    std::array<char, 8> bytes{};
    BOOST_TEST(client->try_read_some(asio::buffer(bytes)).error == make_error_code(asio::error::would_block));
    write(*server, "abc");
    BOOST_TEST(client->try_read_some(asio::buffer(bytes)).bytes == 3U);
    server->close();
    BOOST_TEST(client->try_read_some(asio::buffer(bytes)).error == make_error_code(asio::error::eof));
}

BOOST_AUTO_TEST_CASE(a_writer_waits_for_room_and_no_byte_is_lost_or_reordered) {
    network->set_window(7);
    open();
    std::string sent;
    for (char c = 'a'; c <= 'z'; ++c)
        sent += c;
    std::optional<IoResult> result;
    start(keep_write(*client, sent.substr(0, 5), sent.substr(5), result));
    BOOST_TEST(!result.has_value());
    std::string received;
    while (received.size() < sent.size()) {
        received += read(*server, 3);
        run();
    }
    BOOST_TEST(received == sent);
    BOOST_REQUIRE(result);
    BOOST_TEST(result->bytes == 26U);
}

BOOST_AUTO_TEST_CASE(bytes_before_a_close_can_be_read_and_then_comes_the_end) {
    open();
    write(*server, "last words");
    server->close();
    BOOST_TEST(write(*client, "too late") == kBroken);
    BOOST_TEST(read(*client, 4) == "last");
    BOOST_TEST(read(*client) == " words");
    BOOST_TEST(read(*client) == kEof);
    BOOST_TEST(read(*client) == kEof);
}

BOOST_AUTO_TEST_CASE(an_end_that_goes_away_with_unread_bytes_resets) {
    open();
    write(*client, "never read");
    server.reset();
    BOOST_TEST(read(*client) == kReset);
    BOOST_TEST(write(*client, "more") == kReset);
}

BOOST_AUTO_TEST_CASE(an_end_may_be_told_to_reset) {
    open();
    MemoryNetwork::set_reset_on_close(*server);
    server->close();
    BOOST_TEST(read(*client) == kReset);
}

BOOST_AUTO_TEST_CASE(close_ends_operations_in_flight_within_one_turn) {
    network->set_window(4);
    open();
    std::array<char, 8> bytes{};
    std::optional<IoResult> reading;
    std::optional<IoResult> writing;
    start(keep_read(*client, asio::buffer(bytes), reading));
    start(keep_write(*client, "more than", " the window", writing));
    BOOST_TEST(!reading.has_value());
    BOOST_TEST(!writing.has_value());
    client->close();
    run();
    BOOST_REQUIRE(reading);
    BOOST_REQUIRE(writing);
    BOOST_TEST(reading->error == make_error_code(asio::error::operation_aborted));
    BOOST_TEST(writing->error == make_error_code(asio::error::operation_aborted));
    BOOST_TEST(writing->bytes == 4U);
    BOOST_TEST(read(*client) == kAborted);
}

BOOST_AUTO_TEST_CASE(a_connection_may_be_destroyed_under_its_operations) {
    open();
    std::array<char, 8> bytes{};
    std::optional<IoResult> reading;
    start(keep_read(*client, asio::buffer(bytes), reading));
    client.reset();
    run();
    BOOST_REQUIRE(reading);
    BOOST_TEST(reading->error == make_error_code(asio::error::operation_aborted));
    BOOST_TEST(read(*server) == kEof);
}

BOOST_AUTO_TEST_CASE(opening_fails_as_asked) {
    network->unlisten(kOrigin);
    BOOST_TEST((open() == make_error_code(asio::error::connection_refused)));
    BOOST_TEST(read(*client) == "<" + make_error_code(asio::error::not_connected).message() + ">");

    listen();
    NetworkFaults faults;
    faults.open_error = make_error_code(asio::error::host_unreachable);
    network->set_faults(faults);
    BOOST_TEST((open() == make_error_code(asio::error::host_unreachable)));
    BOOST_TEST(!server);
}

BOOST_AUTO_TEST_CASE(a_stalled_open_ends_by_cancellation_or_close) {
    NetworkFaults faults;
    faults.stall_open = true;
    network->set_faults(faults);
    client = network->make(context.get_executor(), kOrigin);
    for (const bool by_close : {false, true}) {
        std::optional<std::error_code> result;
        start(keep_open(*client, result));
        BOOST_TEST(!result.has_value());
        if (by_close) {
            client->close();
        } else {
            cancel_last();
        }
        run();
        BOOST_TEST((result == make_error_code(asio::error::operation_aborted)));
    }
}

BOOST_AUTO_TEST_CASE(an_open_that_is_cancelled_in_its_turn_connects_nobody) {
    client = network->make(context.get_executor(), kOrigin);
    std::optional<std::error_code> result;
    asio::co_spawn(context, keep_open(*client, result),
                   asio::bind_cancellation_slot(signals.emplace_back().slot(), [](std::exception_ptr) {}));
    context.poll_one();  // starts the coroutine
    cancel_last();
    BOOST_TEST((result == make_error_code(asio::error::operation_aborted)));
    BOOST_TEST(!server);
}

BOOST_AUTO_TEST_CASE(the_kth_operation_fails) {
    for (std::size_t k = 0; k < 3; ++k) {
        NetworkFaults faults;
        faults.fail_read_at = k;
        faults.max_read = 1;
        network->set_faults(faults);
        open();
        write(*server, "abc");
        std::string received;
        for (std::size_t i = 0; i < k; ++i)
            received += read(*client);
        BOOST_TEST(received == std::string("abc").substr(0, k));
        BOOST_TEST(read(*client) == kReset);
        BOOST_TEST(read(*client) == kReset);
        BOOST_TEST(client->try_read_some(asio::buffer(received.data(), 0)).error ==
                   make_error_code(asio::error::connection_reset));

        faults = NetworkFaults();
        faults.fail_write_at = k;
        faults.error = make_error_code(asio::error::broken_pipe);
        network->set_faults(faults);
        open();
        for (std::size_t i = 0; i < k; ++i)
            BOOST_TEST(write(*client, "x") == "1");
        BOOST_TEST(write(*client, "x") == kBroken);
    }
}

BOOST_AUTO_TEST_CASE(resets_after_so_many_bytes) {
    NetworkFaults faults;
    faults.reset_after_bytes = 5;
    network->set_faults(faults);
    open();
    write(*server, "abcdefgh");
    BOOST_TEST(read(*client, 3) == "abc");
    BOOST_TEST(read(*client) == "de");
    BOOST_TEST(read(*client) == kReset);
}

BOOST_AUTO_TEST_CASE(counts_connections) {
    open();
    const std::unique_ptr<Connection> first = std::move(client);
    open();
    const std::unique_ptr<Connection> never_opened = network->make(context.get_executor(), kOrigin);
    BOOST_TEST(network->stats().made == 3U);
    BOOST_TEST(network->stats().opened == 2U);
    BOOST_TEST(network->stats().alive == 3U);
    first->close();
    first->close();
    client.reset();
    BOOST_TEST(network->stats().alive == 1U);
}

BOOST_AUTO_TEST_CASE(connections_outlive_their_network) {
    open();
    network.reset();
    write(*client, "still here");
    BOOST_TEST(read(*server) == "still here");
}

BOOST_AUTO_TEST_SUITE_END()
