#include "gateway/target.hpp"

#include <sluice/retry.hpp>

#include "gateway/serves.hpp"
#include "model/http_provider.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::gateway {
namespace {

ApiProviderOptions provider_options(const TargetConfig& config, const Secret& secret,
                                    const Runtime& runtime) {
    ApiProviderOptions options;
    options.service = config.provider;
    options.id = config.id;
    options.api_key = secret.value;
    options.base_url = config.base_url;
    options.dialect = config.dialect;
    options.api_version = config.api_version;
    options.headers = config.headers;
    options.forward_trace = config.forward_trace;
    options.deadlines = config.deadlines;
    options.pool.max_connections_per_origin = config.max_connections;
    options.pool.max_idle_per_origin = std::min<std::size_t>(config.max_connections, 256);
    options.runtime = runtime;
    return options;
}

BreakerOptions breaker_options(const BreakerConfig& config, const TargetContext& context) {
    BreakerOptions options;
    options.failures = config.failures;
    options.failure_ratio = config.failure_ratio;
    options.window = config.window;
    options.min_requests = config.min_requests;
    options.open_for = config.open_for;
    options.max_open_for = std::max(config.max_open_for, config.open_for);
    options.auth_open_for = config.auth_open_for;
    options.quota_open_for = config.auth_open_for;
    options.events = context.events;
    options.runtime = context.runtime;
    return options;
}

RetryOptions retry_options(const RetryConfig& config, const Runtime& runtime) {
    RetryOptions options;
    options.attempts = config.attempts_per_target;
    options.base = config.base;
    options.cap = std::max(config.cap, config.base);
    options.max_retry_after = config.max_retry_after;
    options.runtime = runtime;
    return options;
}

/// What is asked when the configuration does not say: the list of models, which proves the key and costs
/// nothing, where the service has one.
ProbeKind probe_kind(const HealthCheckConfig& config, const BoundModel& model) {
    if (config.probe) {
        switch (*config.probe) {
            case HealthCheckConfig::Probe::models:
                return ProbeKind::models;
            case HealthCheckConfig::Probe::completion:
                return ProbeKind::completion;
            case HealthCheckConfig::Probe::tcp:
                return ProbeKind::tcp;
        }
    }
    return model.target()->can_probe(ProbeKind::models) ? ProbeKind::models : ProbeKind::tcp;
}

HealthSettings health_settings(const HealthCheckConfig& config, const BoundModel& model) {
    HealthSettings settings;
    settings.kind = probe_kind(config, model);
    settings.interval = config.interval;
    settings.timeout = config.timeout;
    settings.unhealthy_threshold = config.unhealthy_threshold;
    settings.healthy_threshold = config.healthy_threshold;
    return settings;
}

/// By how much a state keeps requests away.
int severity(BreakerState state) noexcept {
    constexpr std::array<int, 3> kOrder{0, 2, 1};  // closed, open, half_open
    return kOrder[static_cast<std::size_t>(state)];
}

}  // namespace

Target::Target(TargetConfig config, Secret secret, TargetContext context)
    : config_(std::move(config)), secret_(std::move(secret)), context_(std::move(context)) {
    if (!secret_.problem.empty()) return;
    try {
        provider_.emplace(provider_options(config_, secret_, context_.runtime));
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("target " + config_.id + ": " + error.what());
    }
    if (config_.breaker.enabled) breakers_.emplace(breaker_options(config_.breaker, context_));
}

Target::~Target() = default;

bool Target::is(const TargetConfig& config, const Secret& secret) const {
    return config_ == config && secret_.value == secret.value && secret_.problem == secret.problem;
}

void Target::watch(asio::any_io_executor executor) {
    if (!usable() || !config_.health_check.enabled || checks_) return;
    // Any model of the account will do: what is asked is whether the account works. For `completion` it is
    // the first one that the configuration names.
    std::string id = "health-check";
    if (!config_.models.empty()) {
        const ModelConfig& first = config_.models.front();
        id = first.upstream.empty() ? first.id : first.upstream;
    }
    watched_ = provider_->model(spec(id));
    HealthCheckOptions options;
    options.target = health_settings(config_.health_check, *watched_);
    options.events = context_.events;
    options.runtime = context_.runtime;
    checks_ = std::make_unique<HealthChecks>(std::move(executor), std::move(options));
    checks_->watch(*watched_);
    checks_->start();
}

asio::awaitable<void> Target::unwatch() {
    if (checks_) co_await checks_->stop();
}

ModelSpec Target::spec(std::string_view upstream) const {
    ModelSpec spec(config_.id, std::string(upstream));
    spec.tags = config_.tags;
    if (const ModelConfig* known = known_model(config_, upstream)) {
        spec.context_window = known->context_window;
        spec.max_output = known->max_output;
        spec.capabilities = known->capabilities;
        spec.price = known->price;
    }
    return spec;
}

BoundModel Target::leg(std::string_view upstream) const {
    BoundModel model = provider_->model(spec(upstream));
    if (breakers_) model = BreakerBoundModel(std::move(model), *breakers_);
    if (config_.retry.attempts_per_target > 1)
        model = RetryBoundModel(std::move(model), retry_options(config_.retry, context_.runtime));
    if (checks_) model = HealthCheckedBoundModel(model, *watched_, *checks_);
    return model;
}

std::shared_ptr<const HttpProvider> Target::http() const {
    // The provider shares its connections with every copy; the pointer keeps one of those alive.
    auto keep = std::make_shared<const ApiProvider>(*provider_);
    const auto* http = dynamic_cast<const HttpProvider*>(&keep->provider());
    return std::shared_ptr<const HttpProvider>(std::move(keep), http);
}

std::string_view Target::dialect() const noexcept {
    if (!provider_) return {};
    const auto* http = dynamic_cast<const HttpProvider*>(&provider_->provider());
    return http ? http->dialect().name() : std::string_view();
}

std::optional<HealthStatus> Target::health() const {
    if (!checks_) return std::nullopt;
    std::vector<HealthStatus> all = checks_->status();
    if (all.empty()) return std::nullopt;
    return std::move(all.front());
}

BreakerStatus Target::breaker() const {
    BreakerStatus worst;
    worst.domain = config_.id;
    if (!breakers_) return worst;
    for (BreakerStatus& status : breakers_->snapshot()) {
        const bool is_worse =
            severity(status.state) > severity(worst.state) ||
            (status.state == worst.state && status.consecutive_failures > worst.consecutive_failures);
        if (is_worse) worst = std::move(status);
    }
    return worst;
}

}  // namespace sluice::gateway
