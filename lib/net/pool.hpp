// Connections that wait for their next request, keyed by connector and origin; one pool per Asio execution
// context, so that every socket dies with its context.
//
//   const std::shared_ptr<Pool> pool = Pool::of(executor);
//   Lease lease = co_await pool->acquire(runtime, origin, limits, http, false, wake);
//   if (!lease) ...                                      // gave up waiting
//   if (!lease->reused) ... co_await lease->connection->open() ...
//   ... one request, one response ...
//   lease.return_to_pool(clock.now());                   // or let it go out of scope: closed
//
// May be used from every thread that runs the context: a mutex guards the book-keeping. Nothing on the token
// path takes it.
#pragma once

#include <sluice/connector.hpp>
#include <sluice/runtime.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "net/signal.hpp"
#include "wire/http_response.hpp"

namespace sluice::net {

struct PoolLimits {
    /// One more, and the connection that has been idle longest is closed. 0: none is ever kept.
    std::size_t max_idle_per_origin = 16;
    /// Idle ones included. A request beyond it waits its turn. 0 counts as 1.
    std::size_t max_connections_per_origin = 1024;
    /// A connection idle for so long is closed when the pool is next used. Less than the 60 s of common
    /// servers and proxies.
    Duration idle_expiry = std::chrono::seconds(55);
};

/// A connection with the buffer that belongs to it: both are reused together. Keeps its connector alive, as
/// the connection needs.
struct PooledConnection {
    PooledConnection(std::shared_ptr<Connector> maker, const asio::any_io_executor& executor,
                     const Origin& origin, const wire::HttpLimits& http)
        : connector(std::move(maker)),
          connection(connector->make(executor, origin)),
          limits(http),
          decoder(http) {}
    /// For the next response.
    void make_ready(const wire::HttpLimits& http);

    std::shared_ptr<Connector> connector;
    std::unique_ptr<Connection> connection;
    wire::HttpLimits limits;
    wire::ResponseDecoder decoder;
    bool reused = false;  ///< It has served a request before: a failure before the first byte of an answer
                          ///< may be its age.
};

class Pool;

/// The right to one connection of an origin. Its slot is free again when it is destroyed; the connection is
/// closed then, unless it was returned.
class Lease {
  public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();
    explicit operator bool() const noexcept { return connection_ != nullptr; }
    PooledConnection* operator->() const noexcept { return connection_.get(); }
    /// Keeps the connection for the next request; the lease is empty then. Precondition: decoder.reusable(),
    /// or it is open and has not been used; and no operation in flight.
    void return_to_pool(TimePoint now);

  private:
    friend class Pool;
    Lease(std::shared_ptr<Pool> pool, void* entry, const PoolLimits& limits) noexcept;

    std::shared_ptr<Pool> pool_;  // null: no slot is held
    void* entry_ = nullptr;
    PoolLimits limits_;
    std::unique_ptr<PooledConnection> connection_;
};

class Pool : public std::enable_shared_from_this<Pool> {
  public:
    /// The pool of `executor`'s context.
    static std::shared_ptr<Pool> of(const asio::any_io_executor& executor);
    ~Pool();

    /// The idle connection used last, if it is alive and not expired, with its decoder ready for a response;
    /// or a new one that is not open yet (`reused` false). `fresh`: never an idle one. While the origin is at
    /// its cap it waits on `wake`, in order of arrival; notify that to give up. An empty lease: gave up, or
    /// cancelled. The references must live until it completes, and its coroutine must be the only one that
    /// `wake`'s executor runs meanwhile (a strand, or one thread).
    asio::awaitable<Lease> acquire(const Runtime& runtime, const Origin& origin, PoolLimits limits,
                                   wire::HttpLimits http, bool fresh, Signal& wake);

    /// The same without waiting and without a new connection: an empty lease unless the origin is below its
    /// cap and the idle connection used last is good.
    Lease try_idle(const Runtime& runtime, const Origin& origin, PoolLimits limits,
                   const wire::HttpLimits& http, TimePoint now);

    struct Stats {
        std::size_t idle = 0;
        std::size_t leased = 0;
        std::size_t waiting = 0;
    };
    Stats stats() const;
    /// Closes every idle connection.
    void clear();

  private:
    friend class Lease;
    struct Service;
    struct State;
    class Turn;
    Pool();
    std::unique_ptr<PooledConnection> take_idle(const Lease& lease, TimePoint now);
    void furnish(Lease& lease, const Runtime& runtime, const Origin& origin, const wire::HttpLimits& http,
                 bool fresh, const asio::any_io_executor& executor);

    std::unique_ptr<State> state_;
};

}  // namespace sluice::net
