// One HTTP request and its streamed response over a pooled connection, under the leg's deadlines.
//
// Every failure is a value. close(), or destruction, ends whatever is in flight within one turn of the loop. A request that
// hits a dead idle connection is sent again on a fresh one, if no byte of an answer came.
#pragma once

#include <sluice/deadlines.hpp>
#include <sluice/result.hpp>
#include <sluice/runtime.hpp>

#include "flow/deadline_clock.hpp"
#include "net/pool.hpp"
#include "wire/http_response.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace sluice::net {

struct HttpCallOptions {
    Runtime runtime;
    Origin origin;
    Deadlines deadlines;
    PoolLimits pool;
    wire::HttpLimits http;
};

class HttpCall {
  public:
    /// `total` is the request's absolute deadline. The call's own clocks start now.
    HttpCall(asio::any_io_executor executor, HttpCallOptions options, TimePoint total);
    HttpCall(const HttpCall&) = delete;
    ~HttpCall();

    /// Connects, sends `head` and `body`, reads the response head. The strings must live until it completes. Errors have kind,
    /// phase and message; the caller adds who. Throws asio::system_error(operation_aborted) on cancellation, and so does read().
    asio::awaitable<Result<void>> send(std::string_view head, std::string_view body);
    const wire::ResponseHead& head() const noexcept;

    // --- the body, in place; see wire/http_response.hpp for the life of views ---
    bool decode_body();
    std::string_view body() const noexcept;
    void consume(std::size_t bytes) noexcept;
    std::size_t readable_from(const char* at) const noexcept;
    /// The whole body was decoded.
    bool complete() const noexcept;

    /// Reads once: tries without waiting first, and waits only when nothing is there. Views into body() die. An error is a broken
    /// body or an expired deadline; nothing more can be read then.
    asio::awaitable<Result<void>> read();
    /// The same without ever waiting; false when nothing was there (or the body is complete or broken).
    bool try_read();
    /// The whole rest of the body, decoded by its Content-Encoding, at most `limit` bytes: the start of a longer one, and then
    /// the connection is not reused.
    asio::awaitable<Result<std::string>> read_all(std::size_t limit);

    /// Events that move the deadlines (flow/deadline_clock.hpp).
    void on_content() noexcept;
    void on_finish_reason() noexcept;
    bool in_grace() const noexcept;
    TimePoint started() const noexcept;

    /// Waits for the rest of the body at most Deadlines::linger and gives the connection back if it can be used again, else
    /// closes it. Idempotent; does not throw, cancelled or not.
    asio::awaitable<void> finish();
    /// At once: gives the connection back if the body happens to be complete, else closes it.
    void close() noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::net
