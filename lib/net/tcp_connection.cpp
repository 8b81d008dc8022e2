#include "net/tcp_connection.hpp"

#include "net/cancellation.hpp"
#include "net/rest_of.hpp"

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>
#include <utility>

namespace sluice::net {

using asio::ip::tcp;

namespace {

IoResult ended(std::error_code error) {
    IoResult result;
    result.error = error;
    return result;
}

}  // namespace

TcpConnection::TcpConnection(asio::any_io_executor executor, std::shared_ptr<const Route> route,
                             Origin origin)
    : executor_(std::move(executor)),
      route_(std::move(route)),
      origin_(std::move(origin)),
      arrivals_(&Arrivals::of(executor_)) {}

TcpConnection::TcpConnection(tcp::socket accepted)
    : executor_(accepted.get_executor()), socket_(std::move(accepted)), arrivals_(&Arrivals::of(executor_)) {
    // An error here is one of the peer's leaving already; the first read tells.
    configure();
}

TcpConnection::~TcpConnection() {
    close();
}

asio::awaitable<std::error_code> TcpConnection::open() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (closed_ || is_cancelled(state)) co_return aborted();
    if (socket_) co_return std::error_code();

    const std::optional<Proxy>& proxy = route_->proxy;
    dial_ = std::make_shared<Dial>(executor_, route_->dial, proxy ? proxy->host : origin_.host,
                                   proxy ? proxy->port : origin_.port);
    const std::error_code undialled = co_await dial_->run();
    const std::shared_ptr<Dial> dial = std::exchange(dial_, nullptr);
    if (undialled) {
        detail_ = (proxy ? "proxy: " : "") + dial->detail();
        co_return undialled;
    }
    socket_.emplace(std::move(dial->socket()));
    const std::error_code unusable = configure();
    if (unusable) {
        detail_ = unusable.message();
        co_return ConnectError::connect_failed;
    }
    if (!proxy) co_return std::error_code();
    if (is_cancelled(state)) co_return aborted();
    co_return co_await open_tunnel(*this, *proxy, origin_, detail_);
}

std::error_code TcpConnection::configure() noexcept {
    std::error_code error;
    socket_->non_blocking(true, error);
    // Tokens are small writes with pauses between them, which is what Nagle's algorithm holds back.
    if (!error) socket_->set_option(tcp::no_delay(true), error);
    if (!error) socket_->set_option(asio::socket_base::keep_alive(true), error);
    return error;
}

// The hot path: one frame of ours and one of Asio's, both recycled.
asio::awaitable<IoResult> TcpConnection::read_some(asio::mutable_buffer into) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    IoResult result;
    if (!is_open() || is_cancelled(state)) {
        result.error = aborted();
        co_return result;
    }
    const std::size_t bytes =
        co_await socket_->async_read_some(into, asio::redirect_error(asio::use_awaitable, result.error));
    result.bytes = bytes;
    if (bytes > 0) on_arrival();
    co_return result;
}

IoResult TcpConnection::try_read_some(asio::mutable_buffer into) {
    if (!is_open()) return ended(aborted());
    IoResult result;
    result.bytes = socket_->read_some(into, result.error);
    return result;
}

// To wake a peer is dearer than a small write. So under load, answers of that size wait until all that is
// ready has run, and then go in a row: the first wakes the peer, and the others find it awake. What is large
// is cheaper while its bytes and its coroutine are in the processor's cache, and a request is waited for.
bool TcpConnection::had_better_wait(std::size_t bytes) const noexcept {
    constexpr std::size_t kSmall = 4096;
    return is_accepted() && bytes < kSmall && arrivals_->defers_writes();
}

IoResult TcpConnection::write_some(asio::const_buffer head, asio::const_buffer body) {
    const std::array<asio::const_buffer, 2> buffers{head, body};
    IoResult result;
    result.bytes = socket_->write_some(buffers, result.error);
    if (result.error == asio::error::would_block) result.error.clear();
    return result;
}

IoResult TcpConnection::try_write(asio::const_buffer head, asio::const_buffer body) {
    if (!is_open()) return ended(aborted());
    return had_better_wait(head.size() + body.size()) ? IoResult() : write_some(head, body);
}

asio::awaitable<IoResult> TcpConnection::write(asio::const_buffer head, asio::const_buffer body) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (!is_open() || is_cancelled(state)) co_return ended(aborted());
    if (had_better_wait(head.size() + body.size())) {
        co_await asio::post(asio::use_awaitable);
        if (!is_open() || is_cancelled(state)) co_return ended(aborted());
    }
    IoResult result = write_some(head, body);  // mostly all of it
    if (result.error || result.bytes == head.size() + body.size()) co_return result;

    const std::array<asio::const_buffer, 2> rest = rest_of(head, body, result.bytes);
    const std::size_t more =
        co_await asio::async_write(*socket_, rest, asio::redirect_error(asio::use_awaitable, result.error));
    result.bytes += more;
    co_return result;
}

void TcpConnection::finish_writing() noexcept {
    std::error_code ignored;
    if (is_open()) socket_->shutdown(tcp::socket::shutdown_send, ignored);
}

void TcpConnection::close() noexcept {
    closed_ = true;
    if (dial_) dial_->stop();
    if (!is_open()) return;
    std::error_code ignored;
    if (reset_on_close_) socket_->set_option(asio::socket_base::linger(true, 0), ignored);
    socket_->close(ignored);
}

bool TcpConnection::is_idle_alive() noexcept {
    if (!is_open()) return false;
    char byte = 0;
    std::error_code error;
    socket_->receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
    return error == asio::error::would_block;
}

}  // namespace sluice::net
