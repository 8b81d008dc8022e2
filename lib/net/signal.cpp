#include "net/signal.hpp"

#include "net/cancellation.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace sluice::net {

Signal::Signal(asio::any_io_executor executor)
    : timer_(std::move(executor), asio::steady_timer::time_point::max()) {}

void Signal::notify() noexcept {
    notified_ = true;
    if (waiting_) timer_.cancel();
}

asio::awaitable<bool> Signal::wait() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (!notified_ && !is_cancelled(state)) {
        std::error_code woken;  // operation_aborted either way: what tells the two apart is notified_
        waiting_ = true;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        waiting_ = false;
    }
    co_return std::exchange(notified_, false);
}

// The coroutine's own slot gets the callback, and the timer none: whoever waits here wakes by notify() only,
// and so needs no await after a cancellation, which would throw before it has begun.
asio::awaitable<bool> Signal::wait_out(std::function<void()> on_cancel) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) on_cancel();
    if (!notified_) {
        asio::cancellation_slot slot = state.slot();
        if (slot.is_connected())
            slot.assign([on_cancel = std::move(on_cancel)](asio::cancellation_type) { on_cancel(); });
        const asio::cancellation_slot none;
        std::error_code woken;
        waiting_ = true;
        co_await timer_.async_wait(
            asio::bind_cancellation_slot(none, asio::redirect_error(asio::use_awaitable, woken)));
        waiting_ = false;
        slot.clear();
    }
    notified_ = false;
    co_return !is_cancelled(state);
}

}  // namespace sluice::net
