// The HTTP/1.1 server of one loop: accepts, reads requests within limits, has a Service answer them, and
// drains. docs/gateway-server.md.
#pragma once

#include <sluice/gateway.hpp>
#include <sluice/gateway_config.hpp>

#include "gateway/reply.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <memory>

namespace sluice::gateway {

/// Shared by the loops of one gateway.
struct Load {
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> requests{0};  ///< Under way.
};

struct ServerState;

class Server {
  public:
    /// `service` must outlive it. The executor runs one handler at a time.
    Server(asio::any_io_executor executor, ServerConfig config, std::shared_ptr<Clock> clock,
           Service& service, std::shared_ptr<Load> load);
    Server(const Server&) = delete;
    /// After run() has completed.
    ~Server();

    /// Serves until drain() or stop() is done, or until `acceptor` gives no more and the last connection has
    /// ended. Call once. Cancellation is stop(); it completes all the same, when everything has ended.
    asio::awaitable<void> run(Acceptor& acceptor);
    /// Closes the acceptor and every idle connection; what is under way may finish until `limit` from now,
    /// then is cut as Cut::drained, and a second later as Cut::stopped. On the executor; also inside
    /// Service::serve(). A second call can only bring the end nearer.
    void drain(std::chrono::milliseconds limit);
    /// Ends everything. On the executor; also inside Service::serve().
    void stop();

  private:
    std::shared_ptr<ServerState> state_;
};

}  // namespace sluice::gateway
