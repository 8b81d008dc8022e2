#include "net/tls_connection.hpp"

#include "net/cancellation.hpp"

#include <asio/redirect_error.hpp>
#include <asio/ssl/error.hpp>
#include <asio/use_awaitable.hpp>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::size_t kRecord = std::size_t{16} << 10;  // the largest payload of one TLS record

IoResult ended(std::error_code error) {
    IoResult result;
    result.error = error;
    return result;
}

int clamped(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

TlsConnection::TlsConnection(asio::any_io_executor executor, std::shared_ptr<const Route> route,
                             std::shared_ptr<TlsContext> context, const Origin& origin)
    : origin_(origin), context_(std::move(context)), tcp_(std::move(executor), std::move(route), origin) {}

TlsConnection::~TlsConnection() {
    close();
}

asio::awaitable<std::error_code> TlsConnection::open() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return aborted();
    const std::error_code unconnected = co_await tcp_.open();
    if (unconnected) {
        detail_ = tcp_.failure_detail();
        co_return unconnected;
    }
    ssl_ = context_->make_client(origin_);
    BIO* const bio = ssl_ ? make_socket_bio(socket_) : nullptr;
    if (!bio) {
        detail_ = "cannot set up TLS for this host name";
        tcp_.close();
        co_return ConnectError::tls_failed;
    }
    socket_.descriptor = tcp_.socket().native_handle();
    SSL_set_bio(ssl_.get(), bio, bio);
    for (;;) {
        if (!tcp_.is_open() || is_cancelled(state)) co_return aborted();
        ERR_clear_error();
        const Step shaken = step(SSL_do_handshake(ssl_.get()));
        if (shaken.want == Want::nothing) {
            ready_ = !shaken.result.error;
            co_return handshake_error(shaken.result.error);
        }
        const std::error_code failed = co_await wait_for(shaken.want);
        if (failed) co_return failed;
    }
}

// Says why, in words, and in the connection's terms. The error queue is OpenSSL's, of the call just made.
std::error_code TlsConnection::handshake_error(std::error_code error) {
    if (!error) return error;
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK) {
        detail_ = X509_verify_cert_error_string(verified);
        return ConnectError::certificate_rejected;
    }
    detail_ =
        error == asio::ssl::error::stream_truncated ? "the peer closed the connection" : error.message();
    return ConnectError::tls_failed;
}

// Reads OpenSSL's verdict on the call that returned `returned`.
TlsConnection::Step TlsConnection::step(int returned) noexcept {
    Step outcome;
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_NONE:
            outcome.result.bytes = static_cast<std::size_t>(returned);
            return outcome;
        case SSL_ERROR_WANT_READ:
            outcome.want = Want::read;
            return outcome;
        case SSL_ERROR_WANT_WRITE:
            outcome.want = Want::write;
            return outcome;
        case SSL_ERROR_ZERO_RETURN:
            outcome.result.error = asio::error::eof;
            return outcome;
        default:
            break;
    }
    ready_ = false;
    const unsigned long reason = ERR_peek_error();
    if (socket_.error != 0)
        outcome.result.error = std::error_code(socket_.error, asio::error::get_system_category());
    else if (socket_.eof || reason == 0)
        outcome.result.error = asio::ssl::error::stream_truncated;
    else
        outcome.result.error = std::error_code(static_cast<int>(reason), asio::error::get_ssl_category());
    ERR_clear_error();
    return outcome;
}

TlsConnection::Step TlsConnection::read_step(asio::mutable_buffer into) noexcept {
    ERR_clear_error();
    const Step outcome = step(SSL_read(ssl_.get(), into.data(), clamped(into.size())));
    dry_ = outcome.want == Want::read;
    return outcome;
}

TlsConnection::Step TlsConnection::write_step(asio::const_buffer from) noexcept {
    ERR_clear_error();
    return step(SSL_write(ssl_.get(), from.data(), clamped(from.size())));
}

asio::awaitable<std::error_code> TlsConnection::wait_for(Want want) {
    std::error_code error;
    const auto what = want == Want::read ? asio::socket_base::wait_read : asio::socket_base::wait_write;
    co_await tcp_.socket().async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
}

// Waits in its own frame and not through wait_for(): one frame less on the hot path.
asio::awaitable<IoResult> TlsConnection::read_some(asio::mutable_buffer into) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    for (;;) {
        if (!tcp_.is_open() || is_cancelled(state)) co_return ended(aborted());
        Step read;
        read.want = Want::read;
        if (!dry_) read = read_step(into);
        if (read.want == Want::nothing) co_return read.result;
        std::error_code failed;
        const auto what =
            read.want == Want::read ? asio::socket_base::wait_read : asio::socket_base::wait_write;
        co_await tcp_.socket().async_wait(what, asio::redirect_error(asio::use_awaitable, failed));
        dry_ = false;
        if (failed) co_return ended(failed);
        if (read.want == Want::read) tcp_.on_arrival();
    }
}

IoResult TlsConnection::try_read_some(asio::mutable_buffer into) {
    if (!tcp_.is_open()) return ended(aborted());
    const Step read = read_step(into);
    return read.want == Want::nothing ? read.result : ended(asio::error::would_block);
}

// Head and the start of the body go out as one record: a request that fits is one send, and one read at the
// peer.
asio::awaitable<IoResult> TlsConnection::write(asio::const_buffer head, asio::const_buffer body) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    std::string first;
    if (head.size() > 0 && head.size() < kRecord && body.size() > 0) {
        const std::size_t shared = std::min(body.size(), kRecord - head.size());
        first.reserve(head.size() + shared);
        first.append(static_cast<const char*>(head.data()), head.size());
        first.append(static_cast<const char*>(body.data()), shared);
        head = asio::buffer(first);
        body += shared;
    }
    IoResult result = co_await write_all(head);
    if (result.error || body.size() == 0) co_return result;
    if (is_cancelled(state)) {
        result.error = aborted();
        co_return result;
    }
    const IoResult rest = co_await write_all(body);
    result.error = rest.error;
    result.bytes += rest.bytes;
    co_return result;
}

asio::awaitable<IoResult> TlsConnection::write_all(asio::const_buffer from) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    IoResult result;
    while (from.size() > 0) {
        if (!tcp_.is_open() || is_cancelled(state)) {
            result.error = aborted();
            break;
        }
        const Step written = write_step(from);
        if (written.want == Want::nothing) {
            result.error = written.result.error;
            result.bytes += written.result.bytes;
            from += written.result.bytes;
        } else {
            const std::error_code failed = co_await wait_for(written.want);
            result.error = failed;
        }
        if (result.error) break;
    }
    co_return result;
}

// close_notify if it can go without waiting; the peer's is not awaited.
void TlsConnection::close() noexcept {
    if (ready_ && tcp_.is_open()) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
    ready_ = false;
    tcp_.close();
}

// The peek takes in the session tickets that a TLS 1.3 server sends unasked; anything else it finds is wrong.
bool TlsConnection::is_idle_alive() noexcept {
    if (!ready_ || !tcp_.is_open()) return false;
    char byte = 0;
    dry_ = false;  // the peek may leave in OpenSSL what it found
    ERR_clear_error();
    return step(SSL_peek(ssl_.get(), &byte, 1)).want == Want::read;
}

}  // namespace sluice::net
