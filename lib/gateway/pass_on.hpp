// Requests that the gateway does not read but for their model, such as embeddings: passed on to the first
// target that answers, and its answer passed back.
#pragma once

#include "gateway/context.hpp"
#include "gateway/reply.hpp"
#include "gateway/snapshot.hpp"

#include <asio/awaitable.hpp>

#include <memory>
#include <string_view>

namespace sluice::gateway {

/// POSTs the body to what follows "/v1" in `endpoint`, which is a literal, below the base URL of each target
/// of OpenAI's dialects that serves its model, until one answers with anything but a failure that another may
/// not have. `client` may be null.
asio::awaitable<void> pass_on(Context& context, std::shared_ptr<const Snapshot> snapshot,
                              std::string_view endpoint, const ClientKeys::Client* client,
                              const HttpRequest& request, Reply& reply);

}  // namespace sluice::gateway
