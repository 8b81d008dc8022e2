#include "net/resolver.hpp"

#include <utility>

namespace sluice::net {
namespace {

using asio::ip::tcp;

std::shared_ptr<void> lookup(const asio::any_io_executor& executor, const std::string& host,
                             std::uint16_t port, Resolved done) {
    auto resolver = std::make_shared<tcp::resolver>(executor);
    // Without AI_ADDRCONFIG, which hides loopback addresses on a machine that has no other: an address family
    // that is not there fails at once, and the next address has its turn.
    resolver->async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [done = std::move(done)](const std::error_code& error, const tcp::resolver::results_type& found) {
            std::vector<tcp::endpoint> endpoints;
            for (const auto& entry : found)
                endpoints.push_back(entry.endpoint());
            done(error, std::move(endpoints));
        });
    return resolver;  // whose destructor cancels
}

}  // namespace

Resolve system_resolver() {
    return lookup;
}

}  // namespace sluice::net
