#include "listen_address.hpp"

#include "commands.hpp"

#include <asio/ip/address.hpp>

#include <charconv>
#include <system_error>

namespace sluice::cli {

ListenAddress parse_listen_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    ListenAddress address;
    if (colon == std::string_view::npos || colon == 0)
        throw UsageError("--listen: expected host:port, got \"" + std::string(text) + "\"");
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host == "localhost" ? "127.0.0.1" : host;
    std::error_code not_numeric;
    asio::ip::make_address(address.host, not_numeric);
    if (not_numeric) throw UsageError("--listen: \"" + address.host + "\" is not an IP address");
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size())
        throw UsageError("--listen: \"" + std::string(port) + "\" is not a port");
    return address;
}

std::string url_of(const ListenAddress& address) {
    const bool ipv6 = address.host.find(':') != std::string::npos;
    return "http://" + (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace sluice::cli
