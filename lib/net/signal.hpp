// A coroutine waits here until somebody calls notify(). Remembers a notify() that came first. One waiter, one
// executor.
#pragma once

#include <sluice/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include <functional>

namespace sluice::net {

/// Must outlive its waiter.
class Signal {
  public:
    explicit Signal(asio::any_io_executor executor);
    /// Wakes the waiter on its executor; never runs it inside this call.
    void notify() noexcept;
    /// True after a notify(), which it uses up; false when the coroutine was cancelled. Never throws.
    /// (Awaiting anything, this too, in a coroutine that is cancelled already throws from the co_await
    /// itself: see net/cancellation.hpp.)
    asio::awaitable<bool> wait();
    /// A wait that cancellation does not end: it calls `on_cancel` (inside emit()), which must see to it that
    /// notify() comes. For who must not leave before others have ended. False when the coroutine was
    /// cancelled, before or meanwhile; the notify() is used up either way.
    asio::awaitable<bool> wait_out(std::function<void()> on_cancel);

  private:
    asio::steady_timer timer_;  // set to "never": cancelling it is the notification
    bool notified_ = false;
    bool waiting_ = false;
};

}  // namespace sluice::net
