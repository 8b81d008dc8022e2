// The Connection seam on TLS over TCP: OpenSSL directly on the non-blocking socket.
//
// Not asio::ssl::stream, because that cannot read without waiting, cannot look at an idle connection, copies
// every byte through a BIO pair, and holds 34 KiB of buffers a connection beside OpenSSL's own.
#pragma once

#include <sluice/connector.hpp>

#include "net/tcp_connection.hpp"
#include "net/tls_bio.hpp"
#include "net/tls_context.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>

namespace sluice::net {

class TlsConnection final : public Connection {
  public:
    TlsConnection(asio::any_io_executor executor, std::shared_ptr<const Route> route,
                  std::shared_ptr<TlsContext> context, const Origin& origin);
    ~TlsConnection() override;

    asio::awaitable<std::error_code> open() override;
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override;
    IoResult try_read_some(asio::mutable_buffer into) override;
    asio::awaitable<IoResult> write(asio::const_buffer head, asio::const_buffer body) override;
    void close() noexcept override;
    bool is_idle_alive() noexcept override;
    std::string failure_detail() const override { return detail_; }

    void reset_on_close() noexcept { tcp_.reset_on_close(); }
    /// Whether the handshake resumed an earlier session.
    bool resumed() const noexcept { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }

  private:
    /// What one call of OpenSSL came to.
    enum class Want : unsigned char { nothing, read, write };
    struct Step {
        Want want = Want::nothing;  ///< Not `nothing`: wait for it and call again.
        IoResult result;
    };

    Step step(int returned) noexcept;
    Step read_step(asio::mutable_buffer into) noexcept;
    Step write_step(asio::const_buffer from) noexcept;
    std::error_code handshake_error(std::error_code error);
    asio::awaitable<IoResult> write_all(asio::const_buffer from);
    asio::awaitable<std::error_code> wait_for(Want want);

    Origin origin_;
    std::shared_ptr<TlsContext> context_;
    TcpConnection tcp_;
    TlsSocket socket_;
    Ssl ssl_;
    bool ready_ = false;  // shaken hands, and nothing fatal since
    bool dry_ = false;    // OpenSSL has nothing left and the socket had nothing: wait before trying again
    std::string detail_;
};

}  // namespace sluice::net
