// The seam between the HTTP server and what it serves: a request that is whole, and the reply to it.
//
//   asio::awaitable<void> MyService::serve(const HttpRequest& request, Reply& reply) {
//       reply.begin(200, "text/event-stream", {});           // nothing is sent yet
//       reply.frames() += "data: hello\n\n";                 // complete frames only
//       co_await reply.flush();                              // head and frames in one write
//       co_await reply.end();
//   }
//
// serve() runs as part of its connection's coroutine. When the client goes, is too slow, or the server's
// drain is over, that coroutine is cancelled (terminal): whatever serve() awaits throws operation_aborted,
// and Reply::cut() says why. Only after Cut::drained is there still somebody to talk to. A cancelled
// coroutine can await nothing until it says so, which a handler (no await may stand in one) leaves to the
// code after it:
//
//       bool was_cut = false;
//       try {
//           ...
//       } catch (const asio::system_error& error) {
//           if (error.code() != asio::error::operation_aborted) throw;
//           was_cut = true;
//       }
//       if (was_cut && reply.cut() == Cut::drained) {
//           co_await await_again();
//           reply.frames() += "event: error\ndata: {...}\n\n";
//           co_await reply.end();
//       }
#pragma once

#include <sluice/config.hpp>

#include "gateway/header_fields.hpp"
#include "wire/http_response.hpp"

#include <asio/awaitable.hpp>
#include <asio/this_coro.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gateway {

/// Views are valid until serve() completes.
struct HttpRequest {
    std::string_view method;
    std::string_view path;   ///< Without the query; as it came, percent signs included.
    std::string_view query;  ///< Without the "?".
    const wire::HeaderList& headers;
    std::string_view body;
    std::string_view peer;  ///< The client's address; empty where there is none.
};

/// An answer whose body is all there.
struct HttpAnswer {
    HttpAnswer() = default;
    HttpAnswer(int code, std::string what) : status(code), body(std::move(what)) {}
    int status = 200;
    std::string content_type = "application/json";
    HeaderFields headers;
    std::string body;
};

/// Why the server ended a request before its answer was complete.
enum class Cut : std::uint8_t {
    none,
    client_gone,  ///< The client closed its connection.
    slow_client,  ///< It took nothing for ServerConfig::write_timeout.
    drained,      ///< The drain's time is over. serve() has one second to tell the client.
    stopped,      ///< The server stops at once.
};

/// `co_await await_again();` as a statement: from here on a coroutine that was cancelled can await again, and
/// can be cancelled again.
inline auto await_again() noexcept {
    return asio::this_coro::reset_cancellation_state();
}

/// Either send(), or begin(), flush() as often as there is something, and end() or truncate(); whoever does
/// otherwise gets std::logic_error. send(), flush() and end() throw operation_aborted when the client cannot
/// be reached any more: then cut() says why, and serve() has nothing left to do but its books.
class Reply {
  public:
    virtual ~Reply() = default;

    /// The whole answer. The server adds what frames it (Content-Length, Connection).
    virtual asio::awaitable<void> send(HttpAnswer answer) = 0;

    /// The head of a streamed answer: goes out with the first flush(). The server adds what keeps a proxy
    /// from holding an event stream back (Cache-Control, X-Accel-Buffering).
    virtual void begin(int status, std::string_view content_type, const HeaderFields& headers) = 0;
    /// What the next flush() sends; whole frames only, since heartbeats go between flushes. Append to it.
    virtual std::string& frames() = 0;
    /// One write. Waits while the client takes nothing. The first one sends the head, also without frames;
    /// after that nothing happens when there is nothing to send.
    virtual asio::awaitable<void> flush() = 0;
    /// flush(), and the end of the body.
    virtual asio::awaitable<void> end() = 0;
    /// When serve() completes, what is in frames() is sent (within a second), and the connection is closed
    /// without the end of the body: the client can see that something is missing.
    virtual void truncate() noexcept = 0;
    /// Sent whenever nothing has been sent for ServerConfig::keep_alive since the head went out. Empty: none.
    virtual void heartbeat(std::string frame) = 0;

    /// Sends the head, and a heartbeat behind it, soon and beside whatever serve() awaits. For an answer that
    /// is long in coming, to a client that will not wait. After begin() and heartbeat(), before the first
    /// flush().
    virtual void send_head_soon() = 0;

    /// So many streams run that to wait for more frames is worth a write less.
    virtual bool writes_are_dear() const noexcept = 0;
    /// begin() or send() was called.
    virtual bool begun() const noexcept = 0;
    /// Why the request was ended, while it is or was. Cut::drained becomes Cut::stopped a second later.
    virtual Cut cut() const noexcept = 0;
};

/// What a server serves. Used by the loops of several threads at once.
class Service {
  public:
    virtual ~Service() = default;
    /// Answers `request`. A reply that was not begun when this completes is a 500. Throws operation_aborted
    /// when cancelled; whatever else it throws is logged, and is a 500 or a cut stream.
    virtual asio::awaitable<void> serve(const HttpRequest& request, Reply& reply) = 0;
    /// The body of an answer to a request that HTTP itself forbids (400, 408, 413, 431, 503 ...) or that
    /// serve() left without one (500), in the dialect that `path` belongs to; `path` is empty when it is not
    /// known.
    virtual HttpAnswer refuse(int status, std::string_view message, std::string_view path) = 0;
};

}  // namespace sluice::gateway
