// One HTTP request and its streamed response over a pooled connection, under the leg's deadlines.
//
//   HttpCall call(executor, std::move(options), total);
//   Result<void> sent = co_await call.send(head, body);
//   if (!sent) ... sent.error() ...
//   for (;;) {
//       while (call.decode_body()) { use(call.body()); call.on_content(); call.consume(n); }
//       if (call.complete()) break;
//       Result<void> more = co_await call.read();
//       if (!more) ... more.error() ...
//   }
//   co_await call.finish();
//
// What the network or the peer does wrong is a value: ErrorInfo with kind, phase, status and message; the
// caller adds who. Every coroutine here throws asio::system_error(operation_aborted) when the caller is
// cancelled, or when close() or the destructor ends it; nothing else. One of them at a time. A request that
// hits a dead idle connection is sent once more on a fresh one, if no byte of an answer came.
//
// A deadline that measures the provider's silence (first event, idle, grace) does not run against a slow
// consumer: what the provider has sent already is read before it is called late.
#pragma once

#include <sluice/deadlines.hpp>
#include <sluice/result.hpp>
#include <sluice/runtime.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/pool.hpp"
#include "wire/http_response.hpp"

namespace sluice::net {

/// What all calls to one server have in common.
struct HttpCallOptions {
    Runtime runtime;
    Origin origin;
    PoolLimits pool;
    wire::HttpLimits http;
};

class HttpCall {
  public:
    /// `total` is the request's absolute deadline. The call's own clocks start now.
    HttpCall(asio::any_io_executor executor, std::shared_ptr<const HttpCallOptions> options,
             const Deadlines& deadlines, TimePoint total);
    /// Of one that was moved from only the destructor may be called.
    HttpCall(HttpCall&&) noexcept = default;
    ~HttpCall();

    /// Connects, sends `head` and `body`, reads the response head. The strings must live until it completes.
    /// Call once.
    asio::awaitable<Result<void>> send(std::string_view head, std::string_view body);
    /// Valid from a good send() until finish() or close().
    const wire::ResponseHead& head() const noexcept;

    // --- the body, in place; see wire/http_response.hpp for the life of views. Empty after finish() or
    // close(). ---
    bool decode_body();
    std::string_view body() const noexcept;
    void consume(std::size_t bytes) noexcept;
    std::size_t readable_from(const char* at) const noexcept;
    /// The whole body was decoded. Stays true after finish() and close().
    bool complete() const noexcept;

    /// Reads once: tries without waiting first, unless the last read emptied the socket. Views into body()
    /// die. An error is a broken body or an expired deadline; nothing more can be read then. Does nothing
    /// when the body is complete.
    asio::awaitable<Result<void>> read();
    /// The same without ever waiting. False when nothing was there, when the body is complete or broken, and
    /// after a burst of reads: then it is read()'s turn, which lets the loop's other work run.
    bool try_read();
    /// The whole rest of the body, decoded by its Content-Encoding, at most `limit` bytes: of a longer one
    /// the start, and then the connection is not reused. The only error is an expired deadline. What came of
    /// a body that the peer cut or garbled is returned, since the status alone still classifies an error
    /// answer; complete() tells the difference.
    asio::awaitable<Result<std::string>> read_all(std::size_t limit);

    /// Events that move the deadlines (flow/deadline_clock.hpp).
    void on_content() noexcept;
    void on_finish_reason() noexcept;
    bool in_grace() const noexcept;

    /// Reads the rest of the body, waiting for it at most Deadlines::linger (zero or less: only what is
    /// there), and gives the connection back if it can be used again, else closes it. Idempotent; does not
    /// throw, cancelled or not.
    asio::awaitable<void> finish();
    /// finish() without waiting. False, and nothing is finished, when it would have to wait.
    bool try_finish() noexcept;
    /// At once: gives the connection back if the body happens to be complete, else closes it. Idempotent.
    void close() noexcept;

  private:
    class State;
    std::shared_ptr<State> state_;  // an operation in flight shares it, so that it may outlive the call
};

}  // namespace sluice::net
