// The shared states of circuit breakers: accounts, each with its models, and how one request passes through.
#pragma once

#include <sluice/breaker.hpp>

#include "flow/breaker.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A failure domain and its state.
struct BreakerDomain {
    BreakerDomain(std::string what, const flow::BreakerRules& rules)
        : name(std::move(what)), breaker(rules) {}
    std::string name;
    flow::CircuitBreaker breaker;  // under the account's mutex
};

/// One account's domains. A request needs both of its domains at once, so they share a mutex, which is held
/// for a few comparisons and never across a callback.
struct BreakerAccount {
    BreakerAccount(std::string_view id, const flow::BreakerRules& rules) : domain(std::string(id), rules) {}
    mutable std::mutex mutex;
    BreakerDomain domain;
    std::map<std::string, BreakerDomain, std::less<>>
        models;  // by model id; grows under the registry's mutex
};

class BreakerRegistry {
  public:
    explicit BreakerRegistry(BreakerOptions options);

    struct Domains {
        BreakerAccount& account;
        BreakerDomain& model;
    };
    /// Makes what is not there yet. Valid as long as the registry.
    Domains domains_of(std::string_view account, const std::string& model);

    const BreakerOptions& options() const noexcept { return options_; }
    const flow::BreakerRules& rules() const noexcept { return rules_; }
    std::vector<BreakerStatus> snapshot() const;

  private:
    BreakerOptions options_;
    flow::BreakerRules rules_;
    mutable std::mutex mutex_;
    std::map<std::string, BreakerAccount, std::less<>> accounts_;
};

/// Both breakers of one model, as its requests see them. Any thread.
class BreakerGate {
  public:
    BreakerGate(std::shared_ptr<BreakerRegistry> registry, std::string_view account, const ModelSpec& model);

    /// A request that was let through. Ended exactly once.
    struct Passage {
        Passage() = default;
        flow::CircuitBreaker::Permit account;
        flow::CircuitBreaker::Permit model;
    };

    /// How long a request would have to wait; zero when that is not known. Absent: it would be let through.
    std::optional<Duration> refusal(TimePoint now) const;
    /// Lets a request through, if both domains do or it is the last resort; else as refusal().
    std::optional<Duration> enter(bool last_resort, Passage& passage) const;
    void on_begun(Passage& passage) const;
    void on_finished(Passage& passage) const;
    void on_failed(Passage& passage, const ErrorInfo& error) const;
    void on_neutral(Passage& passage) const;

  private:
    struct Changes {
        flow::CircuitBreaker::MaybeChange account;
        flow::CircuitBreaker::MaybeChange model;
    };
    std::optional<Duration> refused(TimePoint now) const;  // under the mutex
    void announce(const Changes& changes, const ErrorInfo* cause) const;
    TimePoint now() const noexcept { return registry_->options().runtime.clock->now(); }

    std::shared_ptr<BreakerRegistry> registry_;  // keeps the domains alive
    BreakerRegistry::Domains domains_;
    ModelSpec spec_;
};

}  // namespace sluice
