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

class Server {
  public:
    /// `service` must outlive it. The executor runs one handler at a time.
    Server(asio::any_io_executor executor, ServerConfig config, std::shared_ptr<Clock> clock,
           Service& service, std::shared_ptr<Load> load);
    Server(const Server&) = delete;
    /// After run() has completed.
    ~Server();

    /// Serves until drain() or stop() is done, or `acceptor` gives no more. Cancellation is stop().
    asio::awaitable<void> run(Acceptor& acceptor);
    /// Closes the acceptor and every idle connection; what is under way may finish until `limit` from now,
    /// then is cut as Cut::drained. On the executor.
    void drain(std::chrono::milliseconds limit);
    /// On the executor.
    void stop();

  private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::gateway
