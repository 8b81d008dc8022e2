// The address of a provider's API, taken apart once: where to connect, what to ask for, what to call it.
#pragma once

#include <sluice/connector.hpp>

#include <string>
#include <string_view>

namespace sluice {

class BaseUrl {
  public:
    /// "http(s)://host[:port][/path][?query]", RFC 3986. Throws std::invalid_argument, which does not quote
    /// the URL's user part, when it is anything else: no scheme, a user part, a fragment, a bad port or host,
    /// a control character.
    explicit BaseUrl(std::string_view url);

    /// Origin-form request target: base path, `path`, and the queries of both, the base's (Azure's
    /// api-version) last.
    std::string target(std::string_view path) const;

    /// Without a trailing slash; "" for none.
    std::string_view path() const noexcept { return path_; }
    bool has_query() const noexcept { return !query_.empty(); }
    void append_path(std::string_view segments) { path_.append(segments); }
    void append_query(std::string_view field);

    Origin origin;
    std::string host_field;  ///< For the Host header: with the port unless it is the scheme's default.

  private:
    std::string path_;
    std::string query_;  // without its '?'
};

}  // namespace sluice
