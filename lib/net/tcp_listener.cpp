#include "net/tcp_listener.hpp"

#include "net/cancellation.hpp"
#include "net/tcp_connection.hpp"
#include "net/tls_connection.hpp"

#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/system_error.hpp>
#include <asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace sluice::net {

using asio::ip::tcp;

TcpListener::TcpListener(asio::any_io_executor executor, const std::string& address, std::uint16_t port,
                         Port kind)
    : acceptor_(std::move(executor)), reserve_(acceptor_.get_executor(), tcp::v4()) {
    const tcp::endpoint endpoint(asio::ip::make_address(address), port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (kind == Port::shared) {
        const int yes = 1;
        if (::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0)
            throw asio::system_error(std::error_code(errno, std::system_category()), "SO_REUSEPORT");
    }
    acceptor_.bind(endpoint);
    acceptor_.listen();
    acceptor_.non_blocking(true);
}

std::uint16_t TcpListener::port() const noexcept {
    std::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
}

asio::awaitable<std::unique_ptr<Connection>> TcpListener::accept() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    while (acceptor_.is_open() && !is_cancelled(state)) {
        std::error_code error;
        tcp::socket socket(acceptor_.get_executor());
        acceptor_.accept(socket, error);
        if (!error) co_return std::make_unique<TcpConnection>(std::move(socket));
        if (error == asio::error::no_descriptors || error.value() == ENFILE) {
            turn_one_away();
        } else if (error != asio::error::would_block && error != asio::error::connection_aborted) {
            break;
        }
        // Not async_accept: without descriptors accept() fails although nobody is there, and a loop around it
        // would spin.
        co_await acceptor_.async_wait(asio::socket_base::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
        if (error) break;
    }
    co_return nullptr;
}

// A peer that can be neither served nor dequeued would make accept() fail for ever, as fast as the loop
// turns.
void TcpListener::turn_one_away() noexcept {
    std::error_code ignored;
    reserve_.close(ignored);
    {
        tcp::socket peer(acceptor_.get_executor());
        acceptor_.accept(peer, ignored);
    }
    reserve_.open(tcp::v4(), ignored);
}

void TcpListener::close() noexcept {
    std::error_code ignored;
    acceptor_.close(ignored);
}

std::string peer_address(Connection& connection) {
    auto* const tcp_connection = dynamic_cast<TcpConnection*>(&connection);
    if (tcp_connection == nullptr || !tcp_connection->is_open()) return {};
    std::error_code error;
    const tcp::endpoint peer = tcp_connection->socket().remote_endpoint(error);
    return error ? std::string() : peer.address().to_string();
}

void set_reset_on_close(Connection& connection) {
    if (auto* tcp_connection = dynamic_cast<TcpConnection*>(&connection)) tcp_connection->reset_on_close();
    if (auto* tls_connection = dynamic_cast<TlsConnection*>(&connection)) tls_connection->reset_on_close();
}

}  // namespace sluice::net
