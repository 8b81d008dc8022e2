// 5. Two ways to give up: a budget for the request, and cancelling it from outside.
#include "service.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

using namespace std::chrono_literals;

// A budget holds over all attempts of a chain. When it runs out the error is a ProviderTimeout that names the
// clock.
asio::awaitable<void> with_a_budget(sluice::BoundModel model) {
    try {
        sluice::AssistantMessage answer =
            co_await model.generate("Write a very long story.", sluice::CallOptions().total(300ms));
        std::cout << "answered in time: " << answer.text().size() << " bytes\n";
    } catch (const sluice::ProviderTimeout& timeout) {
        std::cout << "out of time, clock: " << sluice::to_string(timeout.info().phase) << '\n';
    }
}

// Cancellation is Asio's own: bind a slot, emit the signal. The socket is closed before the loop's next turn
// is over.
asio::awaitable<void> from_outside(sluice::BoundModel model) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::cancellation_signal stop;
    asio::steady_timer over(executor, asio::steady_timer::time_point::max());
    asio::co_spawn(executor, model.generate("Write a very long story."),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&over](std::exception_ptr error, sluice::AssistantMessage) {
                           std::cout << (error ? "cancelled\n" : "answered before it could be cancelled\n");
                           over.cancel();
                       }));
    asio::steady_timer patience(executor, 300ms);
    co_await patience.async_wait(asio::use_awaitable);
    stop.emit(asio::cancellation_type::terminal);
    std::error_code woken;
    co_await over.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> cancel_on_timeout(example::Service& service) {
    sluice::BoundModel slow = service.provider().model(service.model_or("sim-stall"));
    co_await with_a_budget(slow);
    co_await from_outside(slow);
}

int main() {
    return example::run(cancel_on_timeout);
}
