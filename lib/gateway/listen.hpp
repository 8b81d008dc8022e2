// Real sockets for a server: connections on an address, which several loops may share.
#pragma once

#include <sluice/gateway.hpp>

#include <asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::gateway {

/// Binds and listens; port 0 takes a free one. `address` is numeric, or "localhost". With `reuse_port` others
/// of this user may listen on the same port, and the kernel deals connections out to all. Throws
/// asio::system_error when the address cannot be used.
std::unique_ptr<Acceptor> listen_on(asio::any_io_executor executor, const std::string& address,
                                    std::uint16_t port, bool reuse_port);

/// A port that is ours before anybody listens on it: what several loops then share by listen_on() with
/// `reuse_port`. Takes no connections itself.
class PortClaim {
  public:
    /// Port 0 takes a free one. Throws asio::system_error when the address cannot be used, also when another
    /// process of this user listens there already: with SO_REUSEPORT alone the two would share the clients,
    /// and nobody would know.
    PortClaim(const std::string& address, std::uint16_t port);
    PortClaim(const PortClaim&) = delete;
    PortClaim& operator=(const PortClaim&) = delete;
    ~PortClaim();
    std::uint16_t port() const noexcept { return port_; }

  private:
    int socket_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace sluice::gateway
