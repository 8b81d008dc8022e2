// "127.0.0.1:80", "[::1]:80", "localhost:80", as --listen has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::cli {

struct ListenAddress {
    std::string host;  ///< Numeric, without brackets.
    std::uint16_t port = 0;
};

/// Throws UsageError that says what is wrong.
ListenAddress parse_listen_address(std::string_view text);
/// "http://127.0.0.1:80", "http://[::1]:80".
std::string url_of(const ListenAddress& address);

}  // namespace sluice::cli
