#include "net/tcp_listener.hpp"

#include "net/cancellation.hpp"
#include "net/tcp_connection.hpp"
#include "net/tls_connection.hpp"

#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace sluice::net {

using asio::ip::tcp;

TcpListener::TcpListener(asio::any_io_executor executor, const std::string& address, std::uint16_t port)
    : acceptor_(std::move(executor), tcp::endpoint(asio::ip::make_address(address), port)) {}

std::uint16_t TcpListener::port() const noexcept {
    std::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
}

asio::awaitable<std::unique_ptr<Connection>> TcpListener::accept() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    while (acceptor_.is_open() && !is_cancelled(state)) {
        std::error_code error;
        tcp::socket socket =
            co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (!error) co_return std::make_unique<TcpConnection>(std::move(socket));
        if (error != asio::error::connection_aborted)
            break;  // a peer that left while it queued is no reason to stop
    }
    co_return nullptr;
}

void TcpListener::close() noexcept {
    std::error_code ignored;
    acceptor_.close(ignored);
}

void set_reset_on_close(Connection& connection) {
    if (auto* tcp_connection = dynamic_cast<TcpConnection*>(&connection)) tcp_connection->reset_on_close();
    if (auto* tls_connection = dynamic_cast<TlsConnection*>(&connection)) tls_connection->reset_on_close();
}

}  // namespace sluice::net
