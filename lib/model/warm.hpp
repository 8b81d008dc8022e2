// Connections that are opened before they are needed.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/clock.hpp>

#include "model/http_provider.hpp"

#include <asio/awaitable.hpp>

#include <memory>

namespace sluice {

/// A real model that has a connection to open.
class Warmable {
  public:
    virtual ~Warmable() = default;
    /// See to it that a connection waits in the pool, by `deadline` or not at all: failures are found out by
    /// who needs it. Throws on cancellation only. The model must live until it completes.
    virtual asio::awaitable<void> warm(TimePoint deadline) const = 0;
};

/// Of a real model; of any other, and of providers without connections, nothing.
asio::awaitable<void> warm(BoundModel model, TimePoint deadline);

asio::awaitable<void> warm_http(std::shared_ptr<const HttpProvider> provider, TimePoint deadline);

}  // namespace sluice
