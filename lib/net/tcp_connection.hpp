// The Connection seam on a TCP socket, dialled or accepted.
#pragma once

#include <sluice/connector.hpp>

#include "net/arrivals.hpp"
#include "net/dial.hpp"
#include "net/proxy.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <string>

namespace sluice::net {

/// How the connections of one connector get out. Shared by them, never changed.
struct Route {
    DialOptions dial;
    std::optional<Proxy> proxy;
};

class TcpConnection final : public Connection {
  public:
    TcpConnection(asio::any_io_executor executor, std::shared_ptr<const Route> route, Origin origin);
    /// An accepted connection: open() has nothing left to do.
    explicit TcpConnection(asio::ip::tcp::socket accepted);
    ~TcpConnection() override;

    asio::awaitable<std::error_code> open() override;
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override;
    IoResult try_read_some(asio::mutable_buffer into) override;
    asio::awaitable<IoResult> write(asio::const_buffer head, asio::const_buffer body) override;
    IoResult try_write(asio::const_buffer head, asio::const_buffer body) override;
    void finish_writing() noexcept override;
    void close() noexcept override;
    bool is_idle_alive() noexcept override;
    std::string failure_detail() const override { return detail_; }

    /// close() sends RST instead of FIN.
    void reset_on_close() noexcept { reset_on_close_ = true; }
    bool is_open() const noexcept { return socket_ && socket_->is_open(); }
    /// Somebody waited for bytes on its socket(), and has some.
    void on_arrival() noexcept { arrivals_->add(mark_); }
    /// Precondition: open() succeeded.
    asio::ip::tcp::socket& socket() noexcept { return *socket_; }

  private:
    std::error_code configure() noexcept;
    bool is_accepted() const noexcept { return route_ == nullptr; }
    bool had_better_wait(std::size_t bytes) const noexcept;
    IoResult write_some(asio::const_buffer head, asio::const_buffer body);

    asio::any_io_executor executor_;
    std::shared_ptr<const Route> route_;  // null for an accepted one
    Origin origin_;
    std::shared_ptr<Dial> dial_;  // while it runs
    std::optional<asio::ip::tcp::socket> socket_;
    Arrivals* arrivals_;
    Arrivals::Mark mark_;
    bool closed_ = false;
    bool reset_on_close_ = false;
    std::string detail_;
};

}  // namespace sluice::net
