// Real sockets for a server. Several loops on one port: claim it once (net/port_claim.hpp), then each calls
// listen_on() with the claim's port and `reuse_port`.
#pragma once

#include <sluice/gateway.hpp>

#include <asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::gateway {

/// Binds and listens; port 0 takes a free one. `address` is numeric, or "localhost". With `reuse_port` others
/// of this user may listen on the same port, and the kernel deals connections out to all. Throws
/// asio::system_error when the address cannot be used.
std::unique_ptr<Acceptor> listen_on(asio::any_io_executor executor, const std::string& address,
                                    std::uint16_t port, bool reuse_port);

/// "localhost" as a number, and any other address as it is.
std::string numeric_address(const std::string& address);

}  // namespace sluice::gateway
