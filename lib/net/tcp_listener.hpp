// Accepts TCP connections as the Connection seam knows them.
#pragma once

#include <sluice/connector.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace sluice::net {

class TcpListener {
  public:
    /// Several listeners, each on its own loop, may share a port: the kernel deals connections out to them.
    enum class Port : bool { own, shared };
    /// Binds and listens; port 0 takes a free one. Throws asio::system_error when the address cannot be used.
    TcpListener(asio::any_io_executor executor, const std::string& address, std::uint16_t port,
                Port kind = Port::own);
    std::uint16_t port() const noexcept;
    /// The next connection, already open; null after close() or cancellation. Never throws. When the process
    /// is out of file descriptors, peers that cannot be served are hung up on.
    asio::awaitable<std::unique_ptr<Connection>> accept();
    void close() noexcept;

  private:
    void turn_one_away() noexcept;

    asio::ip::tcp::acceptor acceptor_;
    asio::ip::tcp::socket reserve_;  // a descriptor kept for turn_one_away()
};

/// The address of who is at the other end of a connection made by TcpListener; empty for any other.
std::string peer_address(Connection& connection);

/// Makes close() of a connection made by TcpListener or the system connector send RST instead of FIN.
void set_reset_on_close(Connection& connection);

}  // namespace sluice::net
