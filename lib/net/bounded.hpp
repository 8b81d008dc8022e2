// Runs a coroutine that must not hold us up beyond a limit: user hooks.
#pragma once

#include <sluice/clock.hpp>

#include <asio/awaitable.hpp>

#include <exception>
#include <memory>

namespace sluice::net {

enum class BoundedEnd : unsigned char { completed, threw, timed_out };
struct BoundedOutcome {
    BoundedOutcome() = default;
    BoundedEnd end = BoundedEnd::completed;
    std::exception_ptr thrown;
};

/// Runs `work` on the caller's executor until it ends or `limit` has passed; then it is cancelled (terminal)
/// and left to end on its own, holding nothing of the caller's. Cancellation of the caller cancels `work` and
/// is thrown as operation_aborted.
asio::awaitable<BoundedOutcome> run_bounded(asio::awaitable<void> work, std::shared_ptr<Clock> clock,
                                            Duration limit);

}  // namespace sluice::net
