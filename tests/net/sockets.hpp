// Loopback ends for the connection tests.
#pragma once

#include <sluice/connector.hpp>

#include "net/tcp_listener.hpp"
#include "turns.hpp"

#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sluice::net::test {

inline constexpr const char* kLoopback = "127.0.0.1";

// What the coroutines under test leave behind: coroutines write results through references, the fixture
// outlives them.

inline asio::awaitable<void> open_into(Connection& connection, std::optional<std::error_code>& result) {
    const std::error_code error = co_await connection.open();
    result = error;
}

inline asio::awaitable<void> accept_into(TcpListener& listener, std::unique_ptr<Connection>& result) {
    std::unique_ptr<Connection> connection = co_await listener.accept();
    result = std::move(connection);
}

inline asio::awaitable<void> read_into(Connection& connection, std::string& buffer,
                                       std::optional<IoResult>& result) {
    const IoResult read = co_await connection.read_some(asio::buffer(buffer));
    result = read;
}

inline asio::awaitable<void> write_into(Connection& connection, std::string head, std::string body,
                                        std::optional<IoResult>& result) {
    const IoResult written = co_await connection.write(asio::buffer(head), asio::buffer(body));
    result = written;
}

/// What a read without waiting finds, once there is anything to find.
inline IoResult try_until_ready(Connection& connection, std::string& buffer) {
    IoResult result;
    const bool ready = eventually([&] {
        result = connection.try_read_some(asio::buffer(buffer));
        return result.error != asio::error::would_block;
    });
    if (!ready) result.error = asio::error::timed_out;
    return result;
}

/// Reads until the end of the stream, which it leaves in `error`.
inline asio::awaitable<void> read_all(Connection& connection, std::string& text, std::error_code& error) {
    std::string buffer(std::size_t{64} << 10, '\0');
    while (!error) {
        const IoResult read = co_await connection.read_some(asio::buffer(buffer));
        text.append(buffer, 0, read.bytes);
        error = read.error;
    }
}

}  // namespace sluice::net::test
