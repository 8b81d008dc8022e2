// The HTTP CONNECT proxy (RFC 9110 section 9.3.6): a tunnel through it carries plain HTTP and TLS alike.
#pragma once

#include <sluice/connector.hpp>

#include <asio/awaitable.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::net {

struct Proxy {
    std::string host;
    std::uint16_t port = 0;
    std::string authorization;  ///< The value of Proxy-Authorization, or empty. A secret: never in a message.
};

/// Reads ConnectorOptions::proxy. Throws std::invalid_argument, whose text does not repeat the input: it may
/// hold a password.
Proxy parse_proxy(std::string_view text);

/// Asks the proxy at the other end of `connection` for a tunnel to `origin`. proxy_refused (with `detail`)
/// unless it answers 2xx within a head of 16 KiB and sends nothing behind it; else the error of the read or
/// write. Never throws.
asio::awaitable<std::error_code> open_tunnel(Connection& connection, const Proxy& proxy, const Origin& origin,
                                             std::string& detail);

}  // namespace sluice::net
