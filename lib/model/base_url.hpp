// The address of a provider's API, taken apart once: where to connect, what to ask for, what to call it.
#pragma once

#include <sluice/connector.hpp>

#include <string>
#include <string_view>

namespace sluice {

struct BaseUrl {
    /// "http(s)://host[:port][/path][?query]", RFC 3986. Throws std::invalid_argument, which does not quote
    /// the URL's user part, when it is anything else: no scheme, a user part, a fragment, a bad port or host,
    /// a control character.
    explicit BaseUrl(std::string_view url);

    /// Origin-form request target: base path, `path`, then the base's query (Azure's api-version).
    std::string target(std::string_view path) const;

    Origin origin;
    std::string host_field;  ///< For the Host header: with the port unless it is the scheme's default.

  private:
    std::string path_;   // without a trailing slash
    std::string query_;  // with its '?', or empty
};

}  // namespace sluice
