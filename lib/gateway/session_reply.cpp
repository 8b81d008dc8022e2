// What a connection's service says, on its way to the socket.
#include "gateway/session.hpp"

#include "gateway/http_head.hpp"
#include "net/cancellation.hpp"
#include "net/rest_of.hpp"
#include "wire/http_reply.hpp"

#include <asio/post.hpp>
#include <asio/system_error.hpp>
#include <asio/use_awaitable.hpp>

#include <stdexcept>
#include <utility>

namespace sluice::gateway {
namespace {

/// A client must take so much within ServerConfig::write_timeout. Larger writes are cut into such pieces.
constexpr std::size_t kMaxWrite = std::size_t{64} << 10;
/// A socket with room takes writes without a turn of the loop; after so many the others get one.
constexpr std::size_t kFlushesPerTurn = 32;

[[noreturn]] void throw_aborted() {
    throw asio::system_error(net::aborted(), "Reply");
}

}  // namespace

void Session::begin_head(int status, std::string_view content_type, const HeaderFields& headers) {
    head_.clear();
    append_head(head_, status, content_type, headers);
    bodiless_ = bodiless_ || !has_body(status);
}

void Session::end_head(bool persistent) {
    persistent_ = persistent;
    if (!persistent) {
        head_ += "Connection: close\r\n\r\n";
    } else if (decoder_.is_http_1_0()) {
        head_ += "Connection: keep-alive\r\n\r\n";
    } else {
        head_ += "\r\n";
    }
}

asio::awaitable<void> Session::send(HttpAnswer answer) {
    if (reply_ != ReplyState::none) throw std::logic_error("Reply::send(): the answer has begun already");
    const bool persistent = decoder_.keep_alive() && !server_->draining;
    co_await write_answer(std::move(answer), persistent);
}

asio::awaitable<void> Session::write_answer(HttpAnswer answer, bool persistent) {
    reply_ = ReplyState::streaming;
    begin_head(answer.status, answer.content_type, answer.headers);
    if (has_body(answer.status))
        head_.append("Content-Length: ").append(std::to_string(answer.body.size())).append("\r\n");
    end_head(persistent);
    const asio::const_buffer body = bodiless_ ? asio::const_buffer() : asio::buffer(answer.body);
    const bool sent = co_await write(body, server_->config.write_timeout);
    if (sent) {
        reply_ = ReplyState::complete;
    } else if (in_service_) {
        throw_aborted();
    }
}

void Session::begin(int status, std::string_view content_type, const HeaderFields& headers) {
    if (reply_ != ReplyState::none) throw std::logic_error("Reply::begin(): the answer has begun already");
    reply_ = ReplyState::streaming;
    begin_head(status, content_type, headers);
    if (content_type.starts_with("text/event-stream"))
        head_ += "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";
    const bool ends_by_close = decoder_.is_http_1_0() && !bodiless_;
    chunked_ = !ends_by_close && has_body(status);
    if (chunked_) head_ += "Transfer-Encoding: chunked\r\n";
    end_head(decoder_.keep_alive() && !ends_by_close && !server_->draining);
}

asio::awaitable<void> Session::send_frames(Rest rest) {
    if (reply_ != ReplyState::streaming)
        throw std::logic_error("Reply: flush() and end() come after begin(), and before the end");
    if (broken_ || closed_) throw_aborted();
    if (bodiless_) {
        frames_.clear();
    } else if (chunked_) {
        if (!frames_.empty()) {
            wire::append_chunk_size(head_, frames_.size());
            frames_ += "\r\n";
        }
        if (rest == Rest::none) frames_ += "0\r\n\r\n";
    }
    if (!head_.empty() || !frames_.empty()) {
        const bool sent = co_await write(asio::buffer(frames_), server_->config.write_timeout);
        server_->take_back(frames_);
        if (!sent) throw_aborted();
    }
    if (rest == Rest::none) {
        reply_ = ReplyState::complete;
        expect_by(kNever);
    } else if (++flushes_ % kFlushesPerTurn == 0) {
        co_await asio::post(server_->executor, asio::use_awaitable);
    }
}

void Session::truncate() noexcept {
    if (reply_ == ReplyState::streaming) reply_ = ReplyState::truncated;
}

void Session::heartbeat(std::string frame) {
    heartbeat_ = std::move(frame);
    if (!writing_ && !beating_) expect_heartbeat();
}

void Session::expect_heartbeat() {
    const bool beats = server_->config.keep_alive > Duration::zero() && !heartbeat_.empty() && !bodiless_ &&
                       head_.empty() && reply_ == ReplyState::streaming && phase_ == Phase::serving;
    expect_by(beats ? last_write_ + server_->config.keep_alive : kNever);
}

asio::awaitable<bool> Session::write(asio::const_buffer body, Duration limit) {
    while (beating_ && !closed_) {
        const bool woken = co_await changed_.wait();
        if (!woken) co_return false;
    }
    if (closed_) co_return false;
    asio::const_buffer head = asio::buffer(head_);
    std::error_code error;
    writing_ = true;
    do {
        const asio::const_buffer piece = asio::buffer(body, kMaxWrite);
        last_write_ = server_->clock->now();
        expect_by(last_write_ + limit);
        IoResult wrote = connection_->try_write(head, piece);
        if (!wrote.error && wrote.bytes < head.size() + piece.size()) {
            const auto rest = net::rest_of(head, piece, wrote.bytes);
            const IoResult more = co_await connection_->write(rest[0], rest[1]);
            wrote.error = more.error;
            wrote.bytes += more.bytes;
        }
        error = wrote.error;
        broken_ = broken_ || wrote.bytes < head.size() + piece.size();
        head = asio::const_buffer();
        body += piece.size();
        // Cut in between: the next await would throw.
        if (body.size() > 0 && cut_ != Cut::none) broken_ = true;
    } while (!broken_ && body.size() > 0);
    writing_ = false;
    head_.clear();
    if (!broken_) {
        expect_heartbeat();
        co_return true;
    }
    if (error && error != net::aborted()) {
        gone_ = true;
        end(Cut::client_gone);
    }
    co_return false;
}

bool Session::can_beat() const noexcept {
    const bool streams = reply_ == ReplyState::streaming && in_service_ && !bodiless_;
    return streams && !closed_ && !writing_ && !beating_ && !broken_;
}

// A task of its own, since the serving coroutine waits for its service. It begins a moment after it was made:
// what it was made for may be over.
asio::awaitable<void> Session::beat(std::shared_ptr<Session> self) {
    Session& s = *self;
    if (!s.can_beat()) co_return;
    if (s.server_->clock->now() < s.last_write_ + s.server_->config.keep_alive)
        co_return s.expect_heartbeat();
    co_await write_beat(self);
}

void Session::send_head_soon() {
    server_->tasks.spawn(server_->executor, send_head(shared_from_this()));
}

asio::awaitable<void> Session::send_head(std::shared_ptr<Session> self) {
    if (self->can_beat() && !self->head_.empty()) co_await write_beat(self);
}

// The head, if it has not gone out yet, and one heartbeat.
asio::awaitable<void> Session::write_beat(std::shared_ptr<Session> self) {
    Session& s = *self;
    s.beating_ = true;
    s.beat_ = std::exchange(s.head_, std::string());
    if (s.chunked_) wire::append_chunk_size(s.beat_, s.heartbeat_.size());
    s.beat_ += s.heartbeat_;
    if (s.chunked_) s.beat_ += "\r\n";
    s.last_write_ = s.server_->clock->now();
    s.expect_by(s.last_write_ + s.server_->config.write_timeout);
    const IoResult wrote = co_await s.connection_->write(asio::buffer(s.beat_), asio::const_buffer());
    s.beating_ = false;
    s.changed_.notify();
    if (wrote.bytes == s.beat_.size()) co_return s.expect_heartbeat();
    s.broken_ = true;
    if (!s.closed_) s.end(Cut::client_gone);
}

}  // namespace sluice::gateway
