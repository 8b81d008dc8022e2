// The gateway: one endpoint for OpenAI, Anthropic and Gemini clients, every provider behind it, failover in
// between. `sluice gateway run` is this class with a command line.
//
//   sluice::Gateway gateway{config};
//   asio::io_context context{1};
//   asio::co_spawn(context, gateway.serve(), report);      // one for each io_context, one thread each
//   sluice::RoundLoop(context).run();
//
// Several loops share one Gateway: each serve() listens on the same port (SO_REUSEPORT), and nothing is
// shared on the path of a token. docs/gateway.md.
#pragma once

#include <sluice/gateway_config.hpp>
#include <sluice/runtime.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// A server's side of connections, for a gateway without sockets.
class Acceptor {
  public:
    virtual ~Acceptor() = default;
    /// The next connection, already open; null after close() or cancellation. Never throws.
    virtual asio::awaitable<std::unique_ptr<Connection>> accept() = 0;
    virtual void close() noexcept = 0;
};

struct GatewayOptions {
    Environment environment = process_environment();
    /// Clock, connector and dice of everything the gateway does.
    Runtime runtime = {};
};

class Gateway {
  public:
    /// No I/O but reading secret files, and opening the event file. Throws std::invalid_argument for a
    /// configuration with an error, naming it, and std::system_error for an event file that cannot be
    /// written.
    explicit Gateway(GatewayConfig config, GatewayOptions options = {});
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;
    /// After every serve() has completed.
    ~Gateway();

    /// Binds the configured address, on the first call; serve() does it otherwise. Throws asio::system_error
    /// when it cannot be used. Gives the port, which matters for port 0.
    std::uint16_t bind();

    /// Listens on the current executor and serves until drained or stopped. The executor must run one handler
    /// at a time. The health checks run on the first one's. Cancellation is stop() for this loop.
    asio::awaitable<void> serve();
    /// The same on connections from elsewhere. `acceptor` lives until it completes.
    asio::awaitable<void> serve(Acceptor& acceptor);

    /// A new configuration for requests from now on; those under way keep theirs, and targets that have not
    /// changed keep their health. Address, port and threads stay as they were. Any thread. The findings tell
    /// when there is an error; then nothing has changed.
    std::vector<ConfigFinding> reload(GatewayConfig config);
    /// There was to be a new configuration, and it could not even be read: counts as a reload that failed.
    /// Any thread.
    void note_failed_reload();
    /// No new connections; /readyz says 503; what is under way may finish within ServerConfig::drain_timeout
    /// and is then told an error in its stream. Any thread; serve() completes when all is done.
    void drain();
    /// At once. Any thread.
    void stop();

    /// The lines that say what it serves, one a line: "Loaded 2 provider(s), 1 policy(ies)", ...
    std::vector<std::string> summary() const;
    /// Somebody has moved the event file away: go on in a new one. Any thread.
    void reopen_events();
    /// What /health tells, as JSON.
    std::string health() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace sluice
