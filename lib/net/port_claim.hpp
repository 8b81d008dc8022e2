// A port that is ours before anybody listens on it.
#pragma once

#include <sluice/config.hpp>

#include <cstdint>
#include <string>

namespace sluice::net {

/// What several loops then share by TcpListener::Port::shared. Takes no connections itself.
class PortClaim {
  public:
    /// `address` is numeric; port 0 takes a free one. Throws asio::system_error when it cannot be used, also
    /// when another process of this user listens there already: with SO_REUSEPORT alone the two would share
    /// the clients, and nobody would know.
    PortClaim(const std::string& address, std::uint16_t port);
    PortClaim(const PortClaim&) = delete;
    PortClaim& operator=(const PortClaim&) = delete;
    ~PortClaim();
    std::uint16_t port() const noexcept { return port_; }

  private:
    int socket_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace sluice::net
