// How a coroutine of this library can promise "never throws" although its caller may be cancelled.
//
// Asio keeps cancellation per chain of coroutines, and by default (this_coro::throw_if_cancelled is true)
// every co_await of an awaitable that *begins* after the cancellation throws operation_aborted, before the
// awaitable runs at all. It follows:
//
//   - A cancelled caller never reaches our first await: its own co_await has thrown already, or it has
//   switched throwing off.
//   - With throwing off, an operation that begins after the cancellation is not told of it and would wait for
//   ever.
//
// So: take the state once at the top, and ask is_cancelled() before each await. Then none of them throws,
// none is started in vain, and this_coro::throw_if_cancelled, which belongs to the caller, stays as it is.
//
//   const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
//   if (is_cancelled(state)) co_return aborted();
//   const std::size_t n = co_await socket.async_read_some(buffer, asio::redirect_error(asio::use_awaitable,
//   error)); if (is_cancelled(state)) ...  // before the next await
#pragma once

#include <sluice/config.hpp>

#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <system_error>

namespace sluice::net {

inline bool is_cancelled(const asio::cancellation_state& state) noexcept {
    return state.cancelled() != asio::cancellation_type::none;
}

inline std::error_code aborted() noexcept {
    return asio::error::operation_aborted;
}

}  // namespace sluice::net
