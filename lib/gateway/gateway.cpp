#include <sluice/gateway.hpp>

#include <sluice/log.hpp>

#include "gateway/endpoints.hpp"
#include "gateway/listen.hpp"
#include "gateway/server.hpp"
#include "gateway/snapshot.hpp"
#include "net/port_claim.hpp"

#include <asio/post.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace sluice {

using namespace gateway;

namespace {

/// One serve(), shared with what is posted to its executor and may arrive after its end.
struct Loop {
    Loop(asio::any_io_executor where, const ServerConfig& config, std::shared_ptr<Clock> clock,
         Service& service, std::shared_ptr<Load> load)
        : executor(std::move(where)), server(executor, config, std::move(clock), service, std::move(load)) {}
    asio::any_io_executor executor;
    Server server;
};

ConfigFinding unusable(const std::string& message) {
    ConfigFinding finding;
    finding.code = "E000";
    finding.message = message;
    return finding;
}

bool has_error(const std::vector<ConfigFinding>& findings) {
    return std::any_of(findings.begin(), findings.end(), [](const ConfigFinding& finding) {
        return finding.level == ConfigFinding::Level::error;
    });
}

/// Throws std::invalid_argument with the first error.
void demand_good(const GatewayConfig& config, const Environment& environment) {
    for (const ConfigFinding& finding : lint(config, environment)) {
        if (finding.level == ConfigFinding::Level::error) throw std::invalid_argument(describe(finding));
    }
}

}  // namespace

class Gateway::Impl {
  public:
    Impl(GatewayConfig config, GatewayOptions options)
        : options_(std::move(options)),
          server_(config.server),
          context_(std::make_shared<Context>(options_.runtime, config.events)),
          endpoints_(context_),
          load_(std::make_shared<Load>()) {
        demand_good(config, options_.environment);
        current_ =
            std::make_shared<Snapshot>(std::move(config), options_.environment, target_context(), nullptr);
        endpoints_.use(current_);
        context_->metrics->on_reload(true, options_.runtime.clock->wall_now());
    }

    std::uint16_t bind() {
        const std::lock_guard lock(mutex_);
        if (!claim_) claim_.emplace(numeric_address(server_.bind), server_.port);
        return claim_->port();
    }
    const ServerConfig& server() const noexcept { return server_; }

    /// `impl` keeps itself alive: the gateway may be gone before a loop that was cancelled has ended.
    static asio::awaitable<void> serve(std::shared_ptr<Impl> impl, Acceptor& acceptor) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        Presence presence(*impl, executor);
        std::exception_ptr thrown;
        try {
            co_await presence.server().run(acceptor);
        } catch (...) {
            thrown = std::current_exception();
        }
        const std::shared_ptr<Snapshot> watched = presence.end();
        if (watched) {
            co_await await_again();
            co_await watched->unwatch();
        }
        if (thrown) std::rethrow_exception(thrown);
    }

    std::vector<ConfigFinding> reload(GatewayConfig config) {
        std::vector<ConfigFinding> findings = lint(config, options_.environment);
        if (!has_error(findings)) {
            try {
                exchange(std::move(config));
            } catch (const std::invalid_argument& error) {
                findings.push_back(unusable(error.what()));
            }
        }
        context_->metrics->on_reload(!has_error(findings), options_.runtime.clock->wall_now());
        return findings;
    }
    void note_failed_reload() { context_->metrics->on_reload(false, options_.runtime.clock->wall_now()); }

    void drain() {
        const std::lock_guard lock(mutex_);
        draining_ = true;
        endpoints_.set_draining();
        for (const std::shared_ptr<Loop>& loop : loops_)
            asio::post(loop->executor, [loop, limit = server_.drain_timeout] { loop->server.drain(limit); });
    }
    void stop() {
        const std::lock_guard lock(mutex_);
        draining_ = true;
        endpoints_.set_draining();
        for (const std::shared_ptr<Loop>& loop : loops_)
            asio::post(loop->executor, [loop] { loop->server.stop(); });
    }

    std::vector<std::string> summary() const {
        const std::shared_ptr<const Snapshot> snapshot = endpoints_.snapshot();
        const GatewayConfig& config = snapshot->config();
        std::vector<std::string> lines;
        lines.push_back("Loaded " + std::to_string(snapshot->targets().size()) + " provider(s), " +
                        std::to_string(snapshot->policies().size()) + " policy(ies)");
        for (const std::shared_ptr<Target>& target : snapshot->targets()) {
            const TargetConfig& about = target->config();
            std::string line = "Provider " + about.id + ": priority=" + std::to_string(about.priority) +
                               ", health_check=" + (about.health_check.enabled ? "enabled" : "disabled");
            if (!target->usable()) line += ", unavailable: " + target->problem();
            lines.push_back(std::move(line));
        }
        lines.push_back(config.failover.enabled
                            ? "Failover: strategy=" + std::string(to_string(config.failover.strategy)) +
                                  ", model_mappings=" + std::to_string(config.failover.model_mapping.size())
                            : "Failover: disabled");
        return lines;
    }
    std::string health() const { return endpoints_.health(); }
    void reopen_events() { context_->events.reopen(); }

  private:
    /// A loop among the gateway's loops. Also when serve() never comes to its end, because its executor went
    /// first, the loop is gone before the acceptor that it serves.
    class Presence {
      public:
        Presence(Impl& impl, const asio::any_io_executor& executor)
            : impl_(impl), loop_(impl.enter(executor)) {}
        Presence(const Presence&) = delete;
        ~Presence() { end(); }
        Server& server() noexcept { return loop_->server; }
        /// What is to be unwatched, when this was the loop on which the health checks run.
        std::shared_ptr<Snapshot> end() {
            const std::shared_ptr<Loop> loop = std::exchange(loop_, nullptr);
            return loop ? impl_.leave(loop) : nullptr;
        }

      private:
        Impl& impl_;
        std::shared_ptr<Loop> loop_;
    };

    TargetContext target_context() const {
        TargetContext context;
        context.runtime = options_.runtime;
        context.events = both(AttemptEvents([metrics = context_->metrics](const AttemptEvent& event) {
                                  metrics->on_attempt(event);
                              }),
                              log_attempt_events());
        return context;
    }

    std::shared_ptr<Loop> enter(const asio::any_io_executor& executor) {
        const std::lock_guard lock(mutex_);
        auto loop = std::make_shared<Loop>(executor, server_, options_.runtime.clock, endpoints_, load_);
        loops_.push_back(loop);
        if (!control_) {
            control_ = executor;
            control_loop_ = loop;
            current_->watch(executor);
        }
        if (draining_)
            asio::post(executor, [loop, limit = server_.drain_timeout] { loop->server.drain(limit); });
        return loop;
    }

    std::shared_ptr<Snapshot> leave(const std::shared_ptr<Loop>& loop) {
        const std::lock_guard lock(mutex_);
        loops_.erase(std::find(loops_.begin(), loops_.end(), loop));
        if (control_loop_ != loop) return nullptr;
        control_loop_ = nullptr;
        control_.reset();
        return current_;
    }

    void exchange(GatewayConfig config) {
        const std::lock_guard lock(mutex_);
        // Address, port, limits and the event file stay as they were until the next start.
        config.server = server_;
        auto next = std::make_shared<Snapshot>(std::move(config), options_.environment, target_context(),
                                               current_.get());
        if (control_) next->watch(*control_);
        current_ = next;
        endpoints_.use(std::move(next));
    }

    const GatewayOptions options_;
    const ServerConfig server_;
    const std::shared_ptr<Context> context_;
    Endpoints endpoints_;
    const std::shared_ptr<Load> load_;

    std::mutex mutex_;  // guards the rest
    std::optional<net::PortClaim> claim_;
    std::shared_ptr<Snapshot> current_;
    std::vector<std::shared_ptr<Loop>> loops_;
    std::optional<asio::any_io_executor> control_;  // on which the health checks run
    std::shared_ptr<Loop> control_loop_;
    bool draining_ = false;
};

Gateway::Gateway(GatewayConfig config, GatewayOptions options)
    : impl_(std::make_shared<Impl>(std::move(config), std::move(options))) {}
Gateway::~Gateway() = default;

std::uint16_t Gateway::bind() {
    return impl_->bind();
}

asio::awaitable<void> Gateway::serve() {
    const std::shared_ptr<Impl> impl = impl_;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::uint16_t port = impl->bind();
    const std::unique_ptr<Acceptor> acceptor = listen_on(executor, impl->server().bind, port, true);
    co_await Impl::serve(impl, *acceptor);
}

asio::awaitable<void> Gateway::serve(Acceptor& acceptor) {
    return Impl::serve(impl_, acceptor);
}

std::vector<ConfigFinding> Gateway::reload(GatewayConfig config) {
    return impl_->reload(std::move(config));
}
void Gateway::note_failed_reload() {
    impl_->note_failed_reload();
}
void Gateway::drain() {
    impl_->drain();
}
void Gateway::stop() {
    impl_->stop();
}
std::vector<std::string> Gateway::summary() const {
    return impl_->summary();
}
std::string Gateway::health() const {
    return impl_->health();
}
void Gateway::reopen_events() {
    impl_->reopen_events();
}

}  // namespace sluice
