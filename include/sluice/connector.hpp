// The seam for bytes in and out. The system's connector speaks TCP and TLS; a test swaps in
// sluice::testing::MemoryNetwork and needs no sockets.
#pragma once

#include <sluice/clock.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace sluice {

/// Where a connection goes: the key under which connections are pooled.
struct Origin {
    Origin() = default;
    Origin(bool use_tls, std::string name, std::uint16_t number)
        : tls(use_tls), host(std::move(name)), port(number) {}
    bool tls = false;
    std::string host;  ///< Name or address, without brackets.
    std::uint16_t port = 0;
    bool operator==(const Origin&) const = default;
    auto operator<=>(const Origin&) const = default;
};

/// What an I/O step did. `bytes` may be positive together with an error.
struct IoResult {
    std::error_code error;
    std::size_t bytes = 0;
};

/// Why close() was called or open() failed, in connection terms; std::error_code compatible.
enum class ConnectError {
    resolve_failed = 1,    ///< The name has no address.
    connect_failed,        ///< Every address refused or was unreachable.
    tls_failed,            ///< The handshake failed for another reason than the certificate.
    certificate_rejected,  ///< The peer's certificate or host name did not verify.
    proxy_refused,         ///< The CONNECT proxy did not answer 2xx.
};
const std::error_category& connect_category() noexcept;
std::error_code make_error_code(ConnectError error) noexcept;

/// A byte stream. Single owner, used on one executor. One read and one write may be in flight together; the
/// connection outlives them. Every awaitable here ends with operation_aborted when close() is called
/// meanwhile or its coroutine is cancelled; none of them throws. (A co_await in a coroutine that is cancelled
/// already throws before any of them begins, unless this_coro::throw_if_cancelled is off. That is Asio's
/// rule.)
class Connection {
  public:
    virtual ~Connection() = default;
    /// Resolves, connects and (for TLS) shakes hands and verifies. Call once, before anything else.
    virtual asio::awaitable<std::error_code> open() = 0;
    /// At least one byte, or an error; asio::error::eof at a clean end. A TLS peer that closes without
    /// close_notify is asio::ssl::error::stream_truncated.
    virtual asio::awaitable<IoResult> read_some(asio::mutable_buffer into) = 0;
    /// The same without waiting: asio::error::would_block when nothing is there.
    virtual IoResult try_read_some(asio::mutable_buffer into) = 0;
    /// All of `head` and then all of `body`, in one gathered write where the transport can. The buffers must
    /// live until it completes.
    virtual asio::awaitable<IoResult> write(asio::const_buffer head, asio::const_buffer body) = 0;
    /// What of that can be written without waiting, by default nothing. Without an error the rest is
    /// write()'s.
    virtual IoResult try_write([[maybe_unused]] asio::const_buffer head,
                               [[maybe_unused]] asio::const_buffer body) {
        return {};
    }
    /// Tells the peer that nothing more is written; reading goes on. For a connection without a write in
    /// flight. Nothing happens where the transport has no way to say so.
    virtual void finish_writing() noexcept {}
    /// Ends every operation in flight within one turn of the loop. Idempotent.
    virtual void close() noexcept = 0;
    /// For a connection without an operation in flight: false when the peer closed it or sent something
    /// unasked.
    virtual bool is_idle_alive() noexcept = 0;
    /// After a failed open(): why, for people ("certificate has expired", "Connection refused"). Never a
    /// secret. May be empty.
    virtual std::string failure_detail() const { return std::string(); }
};

/// Makes connections. Shared by providers; safe to call from any thread.
class Connector {
  public:
    virtual ~Connector() = default;
    /// A connection that is not open yet. The connector must outlive it.
    virtual std::unique_ptr<Connection> make(asio::any_io_executor executor, const Origin& origin) = 0;
};

struct ConnectorOptions {
    /// PEM file with the certificate authorities to trust instead of the system's (private servers).
    std::string ca_file;
    /// "host:port" of an HTTP proxy to CONNECT through, or "http://user:password@host:port". Empty: direct.
    std::string proxy;
    /// Head start of one address over the next (RFC 8305 section 5). The next also starts at once when one
    /// fails.
    Duration attempt_delay = std::chrono::milliseconds(250);
    std::shared_ptr<Clock> clock;  ///< null: system_clock().
};

/// TCP, and TLS 1.2 or later with certificate and host name always verified, SNI, and session resumption. One
/// TLS context per connector: make one and share it. Throws std::invalid_argument for an unusable option.
std::shared_ptr<Connector> make_connector(ConnectorOptions options = {});
/// The process's connector with default options.
std::shared_ptr<Connector> system_connector();

}  // namespace sluice

template <>
struct std::is_error_code_enum<sluice::ConnectError> : std::true_type {};
