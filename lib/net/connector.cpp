#include <sluice/connector.hpp>

#include "net/proxy.hpp"
#include "net/resolver.hpp"
#include "net/system_connector.hpp"
#include "net/tcp_connection.hpp"
#include "net/tls_connection.hpp"
#include "net/tls_context.hpp"

#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

class ConnectCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "sluice.connect"; }
    std::string message(int value) const override {
        switch (static_cast<ConnectError>(value)) {
            case ConnectError::resolve_failed:
                return "the host name has no address";
            case ConnectError::connect_failed:
                return "no address of the host accepted the connection";
            case ConnectError::tls_failed:
                return "the TLS handshake failed";
            case ConnectError::certificate_rejected:
                return "the server's certificate was rejected";
            case ConnectError::proxy_refused:
                return "the proxy refused the connection";
        }
        return "unknown connect error";
    }
};

class SystemConnector final : public Connector {
  public:
    SystemConnector(std::shared_ptr<const net::Route> route, const std::string& ca_file)
        : route_(std::move(route)), tls_(std::make_shared<net::TlsContext>(ca_file)) {}

    std::unique_ptr<Connection> make(asio::any_io_executor executor, const Origin& origin) override {
        if (origin.tls)
            return std::make_unique<net::TlsConnection>(std::move(executor), route_, tls_, origin);
        return std::make_unique<net::TcpConnection>(std::move(executor), route_, origin);
    }

  private:
    std::shared_ptr<const net::Route> route_;
    std::shared_ptr<net::TlsContext> tls_;
};

}  // namespace

const std::error_category& connect_category() noexcept {
    static const ConnectCategory category;
    return category;
}

std::error_code make_error_code(ConnectError error) noexcept {
    return std::error_code(static_cast<int>(error), connect_category());
}

std::shared_ptr<Connector> net::make_connector(const ConnectorOptions& options, Resolve resolve) {
    if (options.attempt_delay < Duration::zero())
        throw std::invalid_argument("ConnectorOptions::attempt_delay: negative");
    auto route = std::make_shared<Route>();
    route->dial.resolve = std::move(resolve);
    route->dial.clock = options.clock ? options.clock : system_clock();
    route->dial.attempt_delay = options.attempt_delay;
    if (!options.proxy.empty()) route->proxy = parse_proxy(options.proxy);
    return std::make_shared<SystemConnector>(std::move(route), options.ca_file);
}

std::shared_ptr<Connector> make_connector(ConnectorOptions options) {
    return net::make_connector(options, net::system_resolver());
}

std::shared_ptr<Connector> system_connector() {
    static const std::shared_ptr<Connector> connector = make_connector();
    return connector;
}

}  // namespace sluice
