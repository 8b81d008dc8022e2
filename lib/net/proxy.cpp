#include "net/proxy.hpp"

#include "net/cancellation.hpp"
#include "wire/base64.hpp"
#include "wire/http_request.hpp"
#include "wire/http_response.hpp"

#include <charconv>
#include <stdexcept>

namespace sluice::net {
namespace {

constexpr std::size_t kMaxHead = std::size_t{16} << 10;

[[noreturn]] void refuse(const char* why) {
    throw std::invalid_argument(std::string("ConnectorOptions::proxy: ") + why);
}

// RFC 3986 section 2.1: a password with '@' or ':' comes percent-encoded.
std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        unsigned char byte = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const char* end = digits.data() + digits.size();
        if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end)
            refuse("broken percent-encoding in the credentials");
        out.push_back(static_cast<char>(byte));
        i += 2;
    }
    return out;
}

std::string authority(const Origin& origin) {
    const bool is_v6 = origin.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + origin.host + "]" : origin.host) + ":" + std::to_string(origin.port);
}

}  // namespace

Proxy parse_proxy(std::string_view text) {
    constexpr std::string_view kScheme = "http://";
    if (text.starts_with(kScheme)) {
        text.remove_prefix(kScheme.size());
    } else if (text.find("://") != std::string_view::npos) {
        refuse("only http:// proxies are supported");
    }
    if (text.ends_with('/')) text.remove_suffix(1);

    Proxy proxy;
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        proxy.authorization = "Basic " + wire::to_base64(percent_decoded(text.substr(0, at)));
        text.remove_prefix(at + 1);
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) refuse("expected host:port");
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        refuse("an IPv6 address needs brackets");
    }
    const char* end = port.data() + port.size();
    const bool is_number = std::from_chars(port.data(), end, proxy.port).ptr == end;
    if (host.empty() || !is_number || proxy.port == 0) refuse("expected host:port");
    proxy.host = host;
    return proxy;
}

asio::awaitable<std::error_code> open_tunnel(Connection& connection, const Proxy& proxy, const Origin& origin,
                                             std::string& detail) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const std::string target = authority(origin);
    wire::RequestHead request("CONNECT", target, target);
    if (!proxy.authorization.empty()) request.field("Proxy-Authorization", proxy.authorization);
    const std::error_code unsendable = request.error();
    if (unsendable) {
        detail = "proxy: the host name cannot be sent";
        co_return ConnectError::proxy_refused;
    }
    const std::string head = std::move(request).finish();
    const IoResult written = co_await connection.write(asio::buffer(head), asio::const_buffer());
    if (written.error) co_return written.error;

    wire::HttpLimits limits;
    limits.initial_buffer = kMaxHead;
    limits.max_buffer = 2 * kMaxHead;
    limits.max_head = kMaxHead;
    wire::ResponseDecoder decoder(limits);
    wire::Progress progress = wire::Progress::need_more;
    while (progress == wire::Progress::need_more) {
        if (is_cancelled(state)) co_return aborted();
        const std::span<char> space = decoder.prepare();
        const IoResult received = co_await connection.read_some(asio::buffer(space.data(), space.size()));
        decoder.commit(received.bytes);
        if (received.error == aborted()) co_return received.error;
        if (received.error) {
            detail = "proxy: closed the connection";
            co_return ConnectError::proxy_refused;
        }
        progress = decoder.parse_head();
    }
    if (progress == wire::Progress::failed) {
        detail = "proxy: the answer is not HTTP";
        co_return ConnectError::proxy_refused;
    }
    const int status = decoder.head().status;
    if (status < 200 || status > 299) {
        detail = "proxy: answered " + std::to_string(status);
        co_return ConnectError::proxy_refused;
    }
    // Bytes behind the head would be lost to the tunnel's user. A server never speaks first in TLS or HTTP.
    const bool has_more = decoder.decode_body() && !decoder.body().empty();
    if (has_more || decoder.error()) {
        detail = "proxy: sent bytes before the tunnel was used";
        co_return ConnectError::proxy_refused;
    }
    co_return std::error_code();
}

}  // namespace sluice::net
