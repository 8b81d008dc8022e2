// Drives an io_context by hand: one call of poll() runs what is ready and waits for nothing, which is what
// "within one turn of the loop" means in these tests.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace sluice::net::test {

/// Whether `holds()` becomes true within ten seconds. For what the system does on its own time, such as the
/// way of a byte through loopback.
template <typename Predicate>
bool eventually(Predicate holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::yield();
    }
    return true;
}

/// A coroutine under test: spawned, cancellable, and its end recorded.
class Task {
  public:
    Task(asio::io_context& context, asio::awaitable<void> work) : context_(context) {
        auto on_end = [state = state_](std::exception_ptr thrown) {
            state->done = true;
            state->thrown = std::move(thrown);
        };
        asio::co_spawn(context, std::move(work),
                       asio::bind_cancellation_slot(state_->stop.slot(), std::move(on_end)));
    }

    bool done() const { return state_->done; }
    void cancel(asio::cancellation_type type = asio::cancellation_type::terminal) { state_->stop.emit(type); }

    /// Runs everything that is ready, once.
    void turn() {
        context_.restart();
        context_.poll();
    }

    /// Runs until the coroutine ends, at most ten seconds; rethrows what it threw. False: it did not end.
    bool finish() {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        context_.restart();
        while (!state_->done && std::chrono::steady_clock::now() < limit) {
            context_.run_one_for(std::chrono::milliseconds(100));
            context_.restart();
        }
        if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
        return state_->done;
    }

    /// The error code of the asio::system_error with which it ended, if it did.
    std::optional<std::error_code> error() const {
        if (!state_->thrown) return std::nullopt;
        try {
            std::rethrow_exception(state_->thrown);
        } catch (const asio::system_error& error) {
            return error.code();
        }
    }

  private:
    struct State {
        bool done = false;
        std::exception_ptr thrown;
        asio::cancellation_signal stop;
    };
    asio::io_context& context_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sluice::net::test
