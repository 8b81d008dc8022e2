// A gateway as a process: a thread and a loop a core, signals, and what the service manager is told.
//
//   SIGTERM, SIGINT   the first lets what is under way finish (ServerConfig::drain_timeout), the second ends
//                     at once, the third kills
//   SIGHUP            reads the configuration again; one with an error changes nothing
//   SIGUSR1           reopens the event file
#pragma once

#include "commands.hpp"
#include "service_manager.hpp"

#include <sluice/gateway.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace sluice::cli {

/// The configuration with what the command line says of it, and all that is to be said about it. No
/// configuration when there is an error.
ConfigDocument load_for_run(const GatewayRunOptions& options);

/// As one line of the log.
std::string told(const ConfigFinding& finding);

class GatewayProcess {
  public:
    /// Throws UsageError for a configuration that cannot be run.
    GatewayProcess(GatewayRunOptions options, GatewayConfig config);
    GatewayProcess(const GatewayProcess&) = delete;
    ~GatewayProcess();

    /// Serves until a signal ends it. Returns the exit code.
    int run();

  private:
    using Contexts = std::vector<std::unique_ptr<asio::io_context>>;

    static std::unique_ptr<Gateway> make_gateway(GatewayConfig config);
    void start_loops();
    void on_listening();
    void on_end(std::size_t loop, std::exception_ptr thrown);
    void wait_for_signal();
    void on_signal(int number);
    void reload();
    void reopen_events();
    void ask_loops();

    const GatewayRunOptions options_;
    const ServerConfig server_;
    const ServiceManager manager_;
    const std::unique_ptr<Contexts> contexts_;  // goes after the gateway, whose sockets are in them
    const std::unique_ptr<Gateway> gateway_;
    asio::io_context& first_;  // where signals and everything but the clients is dealt with
    asio::signal_set signals_;
    asio::thread_pool worker_{1};  // for files, which may make their reader wait
    std::unique_ptr<Timer> watchdog_;

    std::atomic<std::size_t> not_listening_;
    std::atomic<std::size_t> answered_{0};  // loops that did since the watchdog was last told
    std::size_t serving_;                   // loops; on the first
    std::string url_;
    bool failed_ = false;
    bool draining_ = false;
    int second_signal_ = 0;
};

}  // namespace sluice::cli
