// Runs one coroutine to its end on a fresh io_context, in real or in virtual time.
#pragma once

#include <sluice/testing/virtual_clock.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace sluice::test {

/// What `work` returns; rethrows what it throws. Fails when the context runs dry before `work` has ended (a
/// hang).
template <typename T>
T run(asio::io_context& context, testing::VirtualClock& clock, asio::awaitable<T> work) {
    std::exception_ptr thrown;
    bool done = false;
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error) {
            thrown = error;
            done = true;
        });
        clock.run(context);
        if (!done)
            throw std::logic_error("the coroutine never ended: nothing is ready and no timer is armed");
        if (thrown) std::rethrow_exception(thrown);
    } else {
        std::optional<T> result;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
            thrown = error;
            if (!error) result.emplace(std::move(value));
            done = true;
        });
        clock.run(context);
        if (!done)
            throw std::logic_error("the coroutine never ended: nothing is ready and no timer is armed");
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*result);
    }
}

}  // namespace sluice::test
