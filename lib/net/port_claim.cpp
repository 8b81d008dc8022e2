#include "net/port_claim.hpp"

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/system_error.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sluice::net {
namespace {

using asio::ip::tcp;

/// Closes itself, until it is released.
class Socket {
  public:
    explicit Socket(const tcp::endpoint& endpoint)
        : fd_(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        check(fd_, "socket");
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }

    void set(int option) const {
        const int yes = 1;
        check(::setsockopt(fd_, SOL_SOCKET, option, &yes, sizeof yes), "setsockopt");
    }
    void bind(const tcp::endpoint& endpoint) const {
        check(::bind(fd_, endpoint.data(), static_cast<socklen_t>(endpoint.size())), "bind");
    }
    std::uint16_t port() const {
        tcp::endpoint bound;
        auto size = static_cast<socklen_t>(bound.capacity());
        check(::getsockname(fd_, bound.data(), &size), "getsockname");
        return bound.port();
    }
    int release() noexcept { return std::exchange(fd_, -1); }

  private:
    static void check(int result, const char* what) {
        if (result < 0) throw asio::system_error(std::error_code(errno, std::system_category()), what);
    }
    int fd_;
};

}  // namespace

PortClaim::PortClaim(const std::string& address, std::uint16_t port) {
    tcp::endpoint endpoint(asio::ip::make_address(address), port);
    {
        // Alone on the port? A socket that does not share it is refused where another listens.
        const Socket alone(endpoint);
        alone.set(SO_REUSEADDR);
        alone.bind(endpoint);
        endpoint.port(alone.port());
    }
    Socket claim(endpoint);
    claim.set(SO_REUSEADDR);
    claim.set(SO_REUSEPORT);
    claim.bind(endpoint);
    port_ = claim.port();
    socket_ = claim.release();
}

PortClaim::~PortClaim() {
    if (socket_ >= 0) ::close(socket_);
}

}  // namespace sluice::net
