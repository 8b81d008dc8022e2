// Asks a running gateway something over HTTP: one request a connection, since nobody is in a hurry.
#pragma once

#include <sluice/runtime.hpp>

#include <asio/awaitable.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::cli {

/// Nobody answered. what() says who was asked and what to do.
class GatewayUnreachable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class GatewayClient {
  public:
    /// Throws UsageError for a URL that is none. `key` may be empty.
    GatewayClient(std::string url, std::string key);

    /// The body of a good answer to GET `target`. Throws GatewayUnreachable, or std::runtime_error for any
    /// status but 200, with what the gateway said.
    asio::awaitable<std::string> get(std::string target) const;

    Clock& clock() const noexcept { return *runtime_.clock; }

  private:
    [[noreturn]] void refuse(int status, std::string_view body) const;

    const std::string url_;
    const std::string key_;
    Origin origin_;
    std::string host_field_;
    std::string path_;
    Runtime runtime_;
};

}  // namespace sluice::cli
