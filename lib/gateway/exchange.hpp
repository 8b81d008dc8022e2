// One request for an answer of a model, from the client's bytes to the client's bytes: parse, policies,
// route, stream or collect, account. docs/gateway.md draws it.
#pragma once

#include "adapters/dialect.hpp"
#include "gateway/context.hpp"
#include "gateway/reply.hpp"
#include "gateway/snapshot.hpp"

#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace sluice::gateway {

/// Where a request came in.
struct Entrance {
    const adapters::Dialect* dialect = nullptr;
    std::string_view endpoint;  ///< For events and metrics: the path without the model's id.
};

/// The entrance that `path` is; its dialect is null when it is none.
Entrance entrance_of(std::string_view path) noexcept;

/// Answers `request`. `client` may be null: no key was asked for. Everything lives until it completes.
asio::awaitable<void> exchange(Context& context, std::shared_ptr<const Snapshot> snapshot, Entrance entrance,
                               const ClientKeys::Client* client, const HttpRequest& request, Reply& reply);

}  // namespace sluice::gateway
