// One target of the configuration at work: its provider, its breakers and its health. It outlives a reload
// that does not change it.
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/breaker.hpp>
#include <sluice/gateway_config.hpp>
#include <sluice/health.hpp>

#include <asio/any_io_executor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
class HttpProvider;
}

namespace sluice::gateway {

/// What targets have in common.
struct TargetContext {
    Runtime runtime;
    AttemptEvents events;  ///< Hears of breakers and health, and of probes.
};

class Target {
  public:
    /// Throws std::invalid_argument for what no provider can be made of, naming the target.
    Target(TargetConfig config, Secret secret, TargetContext context);
    Target(const Target&) = delete;
    ~Target();

    const TargetConfig& config() const noexcept { return config_; }
    /// Whether the target would be the same again.
    bool is(const TargetConfig& config, const Secret& secret) const;
    /// False when its secret is missing: it is never asked.
    bool usable() const noexcept { return provider_.has_value(); }
    /// Why it is not usable.
    const std::string& problem() const noexcept { return secret_.problem; }

    /// Begins the health checks, on `executor`. Once, before leg().
    void watch(asio::any_io_executor executor);
    asio::awaitable<void> unwatch();
    /// The model that the provider calls `upstream`, behind everything that is the target's own: health,
    /// retries, breakers. Precondition: usable().
    BoundModel leg(std::string_view upstream) const;
    /// What is known of that model.
    ModelSpec spec(std::string_view upstream) const;
    /// For requests that are passed on as they are. Precondition: usable().
    std::shared_ptr<const HttpProvider> http() const;
    /// "openai_chat", ...: empty when it is not usable.
    std::string_view dialect() const noexcept;

    /// Absent when nobody checks.
    std::optional<HealthStatus> health() const;
    /// Of the account and all its models, the worst.
    BreakerStatus breaker() const;

  private:
    const TargetConfig config_;
    const Secret secret_;
    const TargetContext context_;
    std::optional<ApiProvider> provider_;
    std::optional<Breakers> breakers_;
    std::optional<BoundModel> watched_;
    std::unique_ptr<HealthChecks> checks_;
};

}  // namespace sluice::gateway
