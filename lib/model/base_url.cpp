#include "model/base_url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace sluice {
namespace {

[[noreturn]] void refuse(std::string_view why) {
    throw std::invalid_argument("base_url: " + std::string(why) + "; write it as https://host[:port][/path]");
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

std::uint16_t parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
        refuse("the port is not 1 to 65535");
    return port;
}

}  // namespace

BaseUrl::BaseUrl(std::string_view url) {
    if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
        refuse("it holds a space, a control character or a non-ASCII one");
    constexpr std::string_view kHttp = "http://";
    constexpr std::string_view kHttps = "https://";
    origin.tls = url.starts_with(kHttps);
    if (!origin.tls && !url.starts_with(kHttp)) refuse("it starts with neither http:// nor https://");
    url.remove_prefix(origin.tls ? kHttps.size() : kHttp.size());
    if (url.find('#') != std::string_view::npos) refuse("it has a fragment");

    const std::string_view authority = url.substr(0, url.find_first_of("/?"));
    std::string_view rest = url.substr(authority.size());
    if (authority.find('@') != std::string_view::npos) refuse("it has a user part; give the key as api_key");

    std::string_view host = authority;
    std::string_view port;
    if (authority.starts_with('[')) {  // an IPv6 literal, RFC 3986 section 3.2.2
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) refuse("the address has no closing bracket");
        host = authority.substr(1, close - 1);
        port = authority.substr(close + 1);
        const auto is_address_character = [](char c) { return is_host_character(c) || c == ':'; };
        if (!port.empty() && port.front() != ':') refuse("something other than a port follows the address");
        if (!std::all_of(host.begin(), host.end(), is_address_character)) refuse("the address is not one");
    } else {
        const std::size_t colon = authority.find(':');
        host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon);
        if (!std::all_of(host.begin(), host.end(), is_host_character))
            refuse("the host name has a character it may not have");
    }
    if (host.empty()) refuse("it has no host");
    const std::uint16_t default_port = origin.tls ? 443 : 80;
    origin.host = host;
    std::transform(origin.host.begin(), origin.host.end(), origin.host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    origin.port = port.size() > 1 ? parse_port(port.substr(1)) : default_port;

    host_field = authority.starts_with('[') ? "[" + origin.host + "]" : origin.host;
    if (origin.port != default_port) host_field += ":" + std::to_string(origin.port);

    const std::size_t query = rest.find('?');
    if (query != std::string_view::npos) {
        query_ = rest.substr(query + 1);
        rest = rest.substr(0, query);
    }
    while (rest.ends_with('/'))
        rest.remove_suffix(1);
    path_ = rest;
}

std::string BaseUrl::target(std::string_view path) const {
    std::string target = path_;
    target.append(path);
    if (!query_.empty()) target.append(path.find('?') == std::string_view::npos ? "?" : "&").append(query_);
    return target;
}

void BaseUrl::append_query(std::string_view field) {
    if (!query_.empty()) query_ += '&';
    query_.append(field);
}

}  // namespace sluice
