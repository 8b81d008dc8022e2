#include "gateway_process.hpp"

#include "listen_address.hpp"
#include "terminal.hpp"

#include <sluice/log.hpp>
#include <sluice/round_loop.hpp>

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

/// How much longer than a drain's limit its end may take.
constexpr std::chrono::microseconds kAfterDrain = 5s;

std::size_t threads_of(const ServerConfig& server) {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    return server.threads > 0 ? server.threads : cores;
}

/// A connection is a descriptor, and its provider's is another. The usual soft limit of 1024 is for programs
/// that use select().
void allow_many_descriptors() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string name_of(int signal) {
    switch (signal) {
        case SIGINT:
            return "SIGINT";
        case SIGTERM:
            return "SIGTERM";
        default:
            return "signal " + std::to_string(signal);
    }
}

/// Each is one thread's, sockets and all, and other threads only post to it: so no socket needs a lock.
std::unique_ptr<std::vector<std::unique_ptr<asio::io_context>>> make_contexts(std::size_t count) {
    auto contexts = std::make_unique<std::vector<std::unique_ptr<asio::io_context>>>();
    for (std::size_t i = 0; i < count; ++i)
        contexts->push_back(std::make_unique<asio::io_context>(ASIO_CONCURRENCY_HINT_UNSAFE_IO));
    return contexts;
}

}  // namespace

std::string told(const ConfigFinding& finding) {
    std::string line = describe(finding);
    while (line.ends_with('\n'))
        line.pop_back();
    return line;
}

std::unique_ptr<Gateway> GatewayProcess::make_gateway(GatewayConfig config) {
    try {
        return std::make_unique<Gateway>(std::move(config));
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
}

GatewayProcess::GatewayProcess(GatewayRunOptions options, GatewayConfig config)
    : options_(std::move(options)),
      server_(config.server),
      manager_(process_environment()),
      contexts_(make_contexts(threads_of(server_))),
      gateway_(make_gateway(std::move(config))),
      first_(*contexts_->front()),
      signals_(first_, SIGINT, SIGTERM),
      not_listening_(contexts_->size()),
      serving_(contexts_->size()) {
    signals_.add(SIGHUP);
    signals_.add(SIGUSR1);
}

GatewayProcess::~GatewayProcess() {
    worker_.join();
}

int GatewayProcess::run() {
    allow_many_descriptors();
    ListenAddress address;
    address.host = server_.bind;
    try {
        address.port = gateway_->bind();
    } catch (const std::system_error& error) {
        address.port = server_.port;
        throw std::runtime_error("cannot listen on " + url_of(address).substr(7) + ": " +
                                 error.code().message());
    }
    url_ = url_of(address);
    for (const std::string& line : gateway_->summary())
        log(LogLevel::info, line);
    wait_for_signal();
    start_loops();

    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < contexts_->size(); ++i)
        threads.emplace_back([context = contexts_->at(i).get()] { RoundLoop(*context).run(); });
    RoundLoop(first_).run();
    for (std::thread& thread : threads)
        thread.join();
    watchdog_ = nullptr;
    worker_.join();
    if (failed_) return kFailed;
    return second_signal_ == 0 ? kOk : 128 + second_signal_;
}

void GatewayProcess::start_loops() {
    for (std::size_t i = 0; i < contexts_->size(); ++i) {
        asio::io_context& context = *contexts_->at(i);
        asio::co_spawn(context, gateway_->serve(),
                       [this, i](std::exception_ptr thrown) { on_end(i, std::move(thrown)); });
        // Behind the beginning of serve(), which listens before it waits for anything.
        asio::post(context, [this] { on_listening(); });
    }
}

void GatewayProcess::on_listening() {
    if (--not_listening_ > 0) return;
    asio::post(first_, [this] {
        if (failed_ || draining_) return;
        log(LogLevel::info, "Gateway ready");
        manager_.tell("READY=1\nSTATUS=Serving on " + url_);
        Terminal(STDOUT_FILENO).write(url_ + "\n");
        if (!manager_.watchdog()) return;
        watchdog_ = system_clock()->make_timer(first_.get_executor(), [this] { ask_loops(); });
        answered_ = contexts_->size();
        ask_loops();
    });
}

// A loop that hangs does not answer, and then the manager is not told that all is well.
void GatewayProcess::ask_loops() {
    if (draining_ || answered_ == contexts_->size()) {
        manager_.tell("WATCHDOG=1");
        answered_ = 0;
        for (const auto& context : *contexts_)
            asio::post(*context, [this] { ++answered_; });
    }
    watchdog_->arm(system_clock()->now() + *manager_.watchdog());
}

void GatewayProcess::on_end(std::size_t loop, std::exception_ptr thrown) {
    std::string why;
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        why = error.what();
    }
    if (loop > 0) contexts_->at(loop)->stop();  // nothing that is left there is needed
    asio::post(first_, [this, failed = thrown != nullptr, why = std::move(why)] {
        if (failed && !failed_) {
            failed_ = true;
            log(LogLevel::error, "Gateway failed: " + why);
            gateway_->stop();
        }
        if (--serving_ > 0) return;
        log(LogLevel::info, "Gateway stopped");
        first_.stop();
    });
}

void GatewayProcess::wait_for_signal() {
    signals_.async_wait([this](std::error_code error, int number) {
        if (error) return;
        on_signal(number);
        if (second_signal_ == 0) wait_for_signal();
    });
}

void GatewayProcess::on_signal(int number) {
    if (number == SIGHUP) return asio::post(worker_, [this] { reload(); });
    if (number == SIGUSR1) return asio::post(worker_, [this] { reopen_events(); });
    if (draining_) {
        log(LogLevel::warning, name_of(number) + ": stopping at once");
        second_signal_ = number;
        signals_.clear();  // back to the default disposition: a third one does not ask
        return gateway_->stop();
    }
    draining_ = true;
    const auto limit = std::chrono::microseconds(server_.drain_timeout) + kAfterDrain;
    log(LogLevel::info,
        name_of(number) + ": draining, for at most " + std::to_string(server_.drain_timeout.count()) + " ms");
    manager_.tell("STOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=" + std::to_string(limit.count()));
    gateway_->drain();
}

void GatewayProcess::reload() {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(system_clock()->now().time_since_epoch());
    manager_.tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
    ConfigDocument document;
    try {
        document = load_for_run(options_);
        if (document.config) {
            std::vector<ConfigFinding> more = gateway_->reload(*document.config);
            for (ConfigFinding& finding : more) {
                if (finding.level != ConfigFinding::Level::error) continue;
                document.config.reset();
                document.findings.push_back(std::move(finding));
            }
        } else {
            gateway_->note_failed_reload();
        }
    } catch (const std::exception& error) {
        document.config.reset();
        gateway_->note_failed_reload();
        log(LogLevel::error, std::string("Reload: ") + error.what());
    }
    for (const ConfigFinding& finding : document.findings) {
        if (finding.level == ConfigFinding::Level::note) continue;
        log(finding.level == ConfigFinding::Level::error ? LogLevel::error : LogLevel::warning,
            told(finding));
    }
    if (document.config) {
        log(LogLevel::info, "Configuration reloaded, version " + document.config->version);
    } else {
        log(LogLevel::error, "Configuration not reloaded: " + options_.policy_config +
                                 " has errors; the gateway goes on with the one it has");
    }
    manager_.tell("READY=1\nSTATUS=Serving on " + url_);
}

void GatewayProcess::reopen_events() {
    try {
        gateway_->reopen_events();
        log(LogLevel::info, "Event file reopened");
    } catch (const std::exception& error) {
        log(LogLevel::error, std::string("Event file not reopened: ") + error.what());
    }
}

}  // namespace sluice::cli
