#include "net/signal.hpp"

#include "net/cancellation.hpp"

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

}  // namespace sluice::net
