#include "model/breaker_registry.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace sluice {
namespace {

flow::BreakerRules rules_of(const BreakerOptions& options) {
    const auto demand = [](bool holds, const char* what) {
        if (!holds) throw std::invalid_argument(std::string("Breakers: ") + what);
    };
    const auto is_fit = [](std::chrono::milliseconds time) {
        return time.count() > 0 && time <= std::chrono::hours(24);
    };
    demand(options.failure_ratio >= 0 && options.failure_ratio <= 1,
           "failure_ratio is a share: it must be between 0 and 1");
    demand(options.failures > 0 || options.failure_ratio > 0,
           "failures and failure_ratio are both zero, and nothing would ever open: set one of them");
    demand(is_fit(options.window), "window must be positive, and at most 24 hours");
    demand(options.min_requests >= 1, "min_requests must be at least 1");
    demand(is_fit(options.open_for), "open_for must be positive, and at most 24 hours");
    demand(options.factor >= 1 && options.factor <= 1000, "factor must be between 1 and 1000");
    demand(is_fit(options.max_open_for) && options.max_open_for >= options.open_for,
           "max_open_for must be at least open_for, and at most 24 hours");
    demand(options.probes >= 1, "probes must be at least 1: without one it would never close again");
    demand(options.successes_to_close >= 1, "successes_to_close must be at least 1");
    demand(is_fit(options.auth_open_for), "auth_open_for must be positive, and at most 24 hours");
    demand(is_fit(options.quota_open_for), "quota_open_for must be positive, and at most 24 hours");

    flow::BreakerRules rules;
    rules.failures = options.failures;
    rules.failure_ratio = options.failure_ratio;
    rules.window = options.window;
    rules.min_requests = options.min_requests;
    rules.open_for = options.open_for;
    rules.factor = options.factor;
    rules.max_open_for = options.max_open_for;
    rules.probes = options.probes;
    rules.successes_to_close = options.successes_to_close;
    rules.auth_open_for = options.auth_open_for;
    rules.quota_open_for = options.quota_open_for;
    return rules;
}

BreakerStatus status_of(const BreakerDomain& domain, TimePoint now) {
    BreakerStatus status;
    status.domain = domain.name;
    status.state = domain.breaker.state();
    status.consecutive_failures = domain.breaker.consecutive_failures();
    status.retry_after = domain.breaker.retry_after(now);
    status.last_error = domain.breaker.last_error();
    return status;
}

}  // namespace

// --- the registry ---

BreakerRegistry::BreakerRegistry(BreakerOptions options)
    : options_(std::move(options)), rules_(rules_of(options_)) {}

BreakerRegistry::Domains BreakerRegistry::domains_of(std::string_view id, const std::string& model) {
    const std::lock_guard lock(mutex_);
    auto account = accounts_.find(id);
    if (account == accounts_.end())
        account = accounts_
                      .emplace(std::piecewise_construct, std::forward_as_tuple(id),
                               std::forward_as_tuple(id, rules_))
                      .first;
    BreakerAccount& found = account->second;
    auto domain = found.models.find(model);
    if (domain == found.models.end())
        domain = found.models
                     .emplace(std::piecewise_construct, std::forward_as_tuple(model),
                              std::forward_as_tuple(found.domain.name + "/" + model, rules_))
                     .first;
    return {found, domain->second};
}

std::vector<BreakerStatus> BreakerRegistry::snapshot() const {
    const TimePoint now = options_.runtime.clock->now();
    std::vector<BreakerStatus> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, account] : accounts_) {
        const std::lock_guard account_lock(account.mutex);
        all.push_back(status_of(account.domain, now));
        for (const auto& [model, domain] : account.models)
            all.push_back(status_of(domain, now));
    }
    return all;
}

// --- one model's gate ---

BreakerGate::BreakerGate(std::shared_ptr<BreakerRegistry> registry, std::string_view account,
                         const ModelSpec& model)
    : registry_(std::move(registry)), domains_(registry_->domains_of(account, model.id)), spec_(model) {}

std::optional<Duration> BreakerGate::refused(TimePoint now) const {
    const std::optional<Duration> account = domains_.account.domain.breaker.refusal(now);
    const std::optional<Duration> model = domains_.model.breaker.refusal(now);
    return account && model ? std::max(account, model) : (account ? account : model);
}

std::optional<Duration> BreakerGate::refusal(TimePoint now) const {
    const std::lock_guard lock(domains_.account.mutex);
    return refused(now);
}

std::optional<Duration> BreakerGate::enter(bool last_resort, Passage& passage) const {
    const TimePoint at = now();
    Changes changes;
    {
        const std::lock_guard lock(domains_.account.mutex);
        // Asked first, taken then: where one domain refuses, the other gives no place away.
        const std::optional<Duration> wait = refused(at);
        if (wait && !last_resort) return wait;
        passage.account = domains_.account.domain.breaker.admit(at, last_resort, changes.account);
        passage.model = domains_.model.breaker.admit(at, last_resort, changes.model);
    }
    announce(changes, nullptr);
    return std::nullopt;
}

void BreakerGate::on_begun(Passage& passage) const {
    using flow::CircuitBreaker;
    if (!CircuitBreaker::awaits_begin(passage.account) && !CircuitBreaker::awaits_begin(passage.model))
        return;
    Changes changes;
    {
        const std::lock_guard lock(domains_.account.mutex);
        changes.account = domains_.account.domain.breaker.on_begun(passage.account);
        changes.model = domains_.model.breaker.on_begun(passage.model);
    }
    announce(changes, nullptr);
}

void BreakerGate::on_finished(Passage& passage) const {
    const TimePoint at = now();
    Changes changes;
    {
        const std::lock_guard lock(domains_.account.mutex);
        changes.account = domains_.account.domain.breaker.on_finished(passage.account, at);
        changes.model = domains_.model.breaker.on_finished(passage.model, at);
    }
    announce(changes, nullptr);
}

void BreakerGate::on_failed(Passage& passage, const ErrorInfo& error) const {
    using Whose = flow::Blame::Domain;
    const flow::Blame blame = flow::blame(error, registry_->rules());
    if (blame.domain == Whose::nobody) return on_neutral(passage);
    const TimePoint at = now();
    const std::uint64_t dice = registry_->options().runtime.entropy->next();
    flow::CircuitBreaker& account = domains_.account.domain.breaker;
    flow::CircuitBreaker& model = domains_.model.breaker;
    Changes changes;
    {
        const std::lock_guard lock(domains_.account.mutex);
        if (blame.domain == Whose::account) {
            changes.account = account.on_failed(passage.account, blame, error.kind, at, dice);
            model.on_neutral(passage.model);
        } else {
            changes.model = model.on_failed(passage.model, blame, error.kind, at, dice);
            account.on_neutral(passage.account);
        }
    }
    announce(changes, &error);
}

void BreakerGate::on_neutral(Passage& passage) const {
    const std::lock_guard lock(domains_.account.mutex);
    domains_.account.domain.breaker.on_neutral(passage.account);
    domains_.model.breaker.on_neutral(passage.model);
}

void BreakerGate::announce(const Changes& changes, const ErrorInfo* cause) const {
    const AttemptEvents& events = registry_->options().events;
    if (!events) return;
    const auto tell = [&](const BreakerDomain& domain, const flow::CircuitBreaker::MaybeChange& change) {
        if (!change) return;
        AttemptEvent event(spec_,
                           BreakerChanged{domain.name, change->from, change->to, change->open_for, cause});
        event.at = now();
        events.emit(event);
    };
    tell(domains_.account.domain, changes.account);
    tell(domains_.model, changes.model);
}

}  // namespace sluice
