// Ctrl-C for a coroutine.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

namespace sluice::cli {

/// Runs `work` on `context` to its end. SIGINT or SIGTERM cancels it (terminal); a second one kills the
/// process as usual. Returns what `work` returned, or 128 plus the signal's number. What else `work` throws
/// is thrown here. Whatever else runs on `context` is left where it stands.
int run_until_signal(asio::io_context& context, asio::awaitable<int> work);

}  // namespace sluice::cli
