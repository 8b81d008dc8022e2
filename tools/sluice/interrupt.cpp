#include "interrupt.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <exception>
#include <utility>

namespace sluice::cli {

int run_until_signal(asio::io_context& context, asio::awaitable<int> work) {
    asio::signal_set signals(context, SIGINT, SIGTERM);
    asio::cancellation_signal stop;
    int signal = 0;
    signals.async_wait([&](std::error_code error, int number) {
        if (error) return;
        signal = number;
        signals.clear();  // back to the default disposition: the second Ctrl-C does not ask
        stop.emit(asio::cancellation_type::terminal);
    });

    int code = 0;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr error, int result) {
                       thrown = std::move(error);
                       code = result;
                       context.stop();
                   }));
    context.run();

    if (signal != 0) return 128 + signal;
    if (thrown) std::rethrow_exception(thrown);
    return code;
}

}  // namespace sluice::cli
