#include "gateway/listen.hpp"

#include "net/tcp_listener.hpp"

#include <utility>

namespace sluice::gateway {
namespace {

class SocketAcceptor final : public Acceptor {
  public:
    SocketAcceptor(asio::any_io_executor executor, const std::string& address, std::uint16_t port,
                   net::TcpListener::Port kind)
        : listener_(std::move(executor), address, port, kind) {}
    asio::awaitable<std::unique_ptr<Connection>> accept() override { return listener_.accept(); }
    void close() noexcept override { listener_.close(); }

  private:
    net::TcpListener listener_;
};

}  // namespace

std::string numeric_address(const std::string& address) {
    return address == "localhost" ? "127.0.0.1" : address;
}

std::unique_ptr<Acceptor> listen_on(asio::any_io_executor executor, const std::string& address,
                                    std::uint16_t port, bool reuse_port) {
    const auto kind = reuse_port ? net::TcpListener::Port::shared : net::TcpListener::Port::own;
    return std::make_unique<SocketAcceptor>(std::move(executor), numeric_address(address), port, kind);
}

}  // namespace sluice::gateway
