// Names to addresses: the one thing about connecting that Asio can neither do without a thread nor cancel. A
// function, so that a test can answer with the addresses it likes.
#pragma once

#include <sluice/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace sluice::net {

/// Called at most once, on the executor of the lookup.
using Resolved = std::function<void(std::error_code, std::vector<asio::ip::tcp::endpoint>)>;

/// Starts a lookup. Dropping the handle abandons it: `done` may then still be called, with an error.
using Resolve = std::function<std::shared_ptr<void>(
    const asio::any_io_executor& executor, const std::string& host, std::uint16_t port, Resolved done)>;

/// getaddrinfo on Asio's background thread. An abandoned lookup that has not begun is skipped; one that has
/// begun keeps that thread (one a context) and io_context::run() until the system's resolver gives up.
Resolve system_resolver();

}  // namespace sluice::net
