// Connections that wait for their next request, keyed by connector and origin; one pool per Asio execution context, so that
// nothing is shared on the token path and every socket dies with its context.
#pragma once

#include <sluice/connector.hpp>

#include "wire/http_response.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>

namespace sluice::net {

struct PoolLimits {
    std::size_t max_idle_per_origin = 16;
    std::size_t max_connections_per_origin = 1024;
    Duration idle_expiry = std::chrono::seconds(55);
};

/// A connection with the buffer that belongs to it: both are reused together.
struct PooledConnection {
    PooledConnection(std::unique_ptr<Connection> c, wire::HttpLimits limits) : connection(std::move(c)), decoder(limits) {}
    std::unique_ptr<Connection> connection;
    wire::ResponseDecoder decoder;
    bool reused = false;  ///< It has served a request before: a failure before the first byte of an answer may be its age.
};

class Pool;

/// The right to one connection of an origin. Gives its slot back when destroyed; the connection is closed unless returned.
class Lease {
  public:
    Lease() = default;
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();
    explicit operator bool() const noexcept { return connection_ != nullptr; }
    PooledConnection* operator->() const noexcept { return connection_.get(); }
    /// Keeps the connection for the next request. Precondition: decoder.reusable(), no operation in flight.
    void return_to_pool(TimePoint now) noexcept;

  private:
    friend class Pool;
    std::shared_ptr<Pool> pool_;
    void* entry_ = nullptr;
    std::unique_ptr<PooledConnection> connection_;
};

class Pool : public std::enable_shared_from_this<Pool> {
  public:
    /// The pool of `executor`'s context.
    static std::shared_ptr<Pool> of(const asio::any_io_executor& executor);

    /// An idle connection that is alive and not expired, or a new one that is not open yet (`reused` false). Waits in order of
    /// arrival while the origin is at its cap. `fresh`: never an idle one. Empty lease: cancelled.
    asio::awaitable<Lease> acquire(std::shared_ptr<Connector> connector, Origin origin, PoolLimits limits,
                                   wire::HttpLimits http, std::shared_ptr<Clock> clock, bool fresh);

    struct Stats { std::size_t idle = 0; std::size_t open = 0; std::size_t waiting = 0; };
    Stats stats() const;
    /// Closes every idle connection.
    void clear() noexcept;
    ~Pool();

  private:
    friend class Lease;
    Pool();
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::net
