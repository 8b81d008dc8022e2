// Health checks, breakers, retries, timeouts, failover, hedging, mirroring.
#include "gateway/shapes.hpp"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;
constexpr Limit kDay = 24h;

// --- health_check ---

constexpr std::array<std::pair<std::string_view, HealthCheckConfig::Probe>, 3> kProbes{
    {{"models", HealthCheckConfig::Probe::models},
     {"completion", HealthCheckConfig::Probe::completion},
     {"tcp", HealthCheckConfig::Probe::tcp}}};

void read_probe(const Value& value, HealthCheckConfig& out) {
    HealthCheckConfig::Probe probe{};
    if (value.read(probe, kProbes)) out.probe = probe;
}

using Health = HealthCheckConfig;
constexpr std::array kHealthFields{
    Field<Health>{"enabled", [](const Value& v, Health& out) { v.read(out.enabled); }},
    Field<Health>{"interval_seconds", [](const Value& v, Health& out) { v.read_seconds(out.interval, 1ms); }},
    Field<Health>{"interval", [](const Value& v, Health& out) { v.read(out.interval, 1ms); }},
    Field<Health>{"timeout_seconds", [](const Value& v, Health& out) { v.read_seconds(out.timeout, 1ms); }},
    Field<Health>{"timeout", [](const Value& v, Health& out) { v.read(out.timeout, 1ms); }},
    Field<Health>{"unhealthy_threshold",
                  [](const Value& v, Health& out) { v.read(out.unhealthy_threshold, 1U, 1000U); }},
    Field<Health>{"healthy_threshold",
                  [](const Value& v, Health& out) { v.read(out.healthy_threshold, 1U, 1000U); }},
    Field<Health>{"probe", read_probe},
};
constexpr std::array kHealthEither{Either{"interval_seconds", "interval"},
                                   Either{"timeout_seconds", "timeout"}};
constexpr Shape<Health> kHealth{"health_check", kHealthFields, {}, kHealthEither};

// --- breaker ---

using Breaker = BreakerConfig;
constexpr std::array kBreakerFields{
    Field<Breaker>{"enabled", [](const Value& v, Breaker& out) { v.read(out.enabled); }},
    Field<Breaker>{"failures", [](const Value& v, Breaker& out) { v.read(out.failures, 0U, 1'000'000U); }},
    Field<Breaker>{"failure_ratio", [](const Value& v, Breaker& out) { v.read(out.failure_ratio, 0, 1); }},
    Field<Breaker>{"window", [](const Value& v, Breaker& out) { v.read(out.window, 1ms, kDay); }},
    Field<Breaker>{"min_requests",
                   [](const Value& v, Breaker& out) { v.read(out.min_requests, 1U, 1'000'000U); }},
    Field<Breaker>{"open_for", [](const Value& v, Breaker& out) { v.read(out.open_for, 1ms, kDay); }},
    Field<Breaker>{"max_open_for", [](const Value& v, Breaker& out) { v.read(out.max_open_for, 1ms, kDay); }},
    Field<Breaker>{"auth_open_for",
                   [](const Value& v, Breaker& out) { v.read(out.auth_open_for, 1ms, kDay); }},
};
constexpr std::array kBreakerHints{Hint{"cooldown_seconds", "use open_for: 30s"},
                                   Hint{"cooldown", "use open_for"}, Hint{"recovery_timeout", "use open_for"},
                                   Hint{"failure_threshold", "use failures"}};
constexpr Shape<Breaker> kBreaker{"breaker", kBreakerFields, {}, {}, kBreakerHints};

// --- retry ---

using Retry = RetryConfig;
constexpr std::array kRetryFields{
    Field<Retry>{"attempts_per_target",
                 [](const Value& v, Retry& out) { v.read(out.attempts_per_target, 1U, 100U); }},
    Field<Retry>{"base", [](const Value& v, Retry& out) { v.read(out.base, 0ms, kDay); }},
    Field<Retry>{"cap", [](const Value& v, Retry& out) { v.read(out.cap, 0ms, kDay); }},
    Field<Retry>{"max_retry_after",
                 [](const Value& v, Retry& out) { v.read(out.max_retry_after, 0ms, kDay); }},
};
constexpr std::array kRetryHints{
    Hint{
        "max_attempts",
        "attempts_per_target is the number of tries at one target; failover.retry.max_attempts is the number "
        "of further targets"},
    Hint{"max_retries", "use attempts_per_target, which counts the first try too"},
    Hint{"timeout_seconds", "it belongs to failover.retry, or use timeouts"}};
constexpr Shape<Retry> kRetry{"retry", kRetryFields, {}, {}, kRetryHints};

// --- timeouts ---

void read_limit(const Value& value, std::optional<Limit>& out) {
    Limit limit{};
    if (value.read(limit, 0ms)) out = limit;
}

using Times = GivenTimeouts;
constexpr Field<Times> kConnect{"connect", [](const Value& v, Times& out) { read_limit(v, out.connect); }};
constexpr Field<Times> kHeaders{"headers", [](const Value& v, Times& out) { read_limit(v, out.headers); }};
constexpr Field<Times> kFirstEvent{"first_event",
                                   [](const Value& v, Times& out) { read_limit(v, out.first_event); }};
constexpr Field<Times> kIdle{"idle", [](const Value& v, Times& out) { read_limit(v, out.idle); }};
constexpr Field<Times> kLeg{"leg", [](const Value& v, Times& out) { read_limit(v, out.leg); }};
constexpr Field<Times> kTotal{"total", [](const Value& v, Times& out) { read_limit(v, out.total); }};
constexpr Field<Times> kLinger{"linger", [](const Value& v, Times& out) { read_limit(v, out.linger); }};
constexpr Field<Times> kGrace{"grace", [](const Value& v, Times& out) { read_limit(v, out.grace); }};
constexpr std::array kTimeoutFields{kConnect, kHeaders, kFirstEvent, kIdle, kLeg, kTotal, kLinger, kGrace};
constexpr std::array kTargetTimeoutFields{kConnect, kHeaders, kFirstEvent, kIdle, kLeg, kLinger, kGrace};
constexpr std::array kTargetTimeoutHints{Hint{
    "total", "it is for a request over all targets: timeouts.total at the top level, or total of a route"}};
constexpr Shape<Times> kTimeouts{"timeouts", kTimeoutFields};
constexpr Shape<Times> kTargetTimeouts{"target_timeouts", kTargetTimeoutFields, {}, {}, kTargetTimeoutHints};

// --- failover ---

void read_fallbacks(const Value& value, GivenFailover& out) {
    std::uint32_t count = 0;
    if (value.read(count, 0U, 1000U)) out.config.max_fallbacks = count;
}

void read_total_attempts(const Value& value, GivenFailover& out) {
    std::uint32_t count = 0;
    if (value.read(count, 1U, 100'000U)) out.config.max_total_attempts = count;
}

void read_timeout_seconds(const Value& value, GivenFailover& out) {
    Limit limit{};
    if (value.read_seconds(limit, 1ms)) out.timeout = limit;
}

using Failover = GivenFailover;
constexpr std::array kFailoverRetryFields{
    Field<Failover>{"max_attempts", read_fallbacks},
    Field<Failover>{"timeout_seconds", read_timeout_seconds},
};
constexpr std::array kFailoverRetryHints{
    Hint{"attempts_per_target", "it belongs to the block retry at the top level, or of a target"},
    Hint{"base", "it belongs to the block retry at the top level, or of a target"},
    Hint{"cap", "it belongs to the block retry at the top level, or of a target"},
    Hint{"max_retries", "use max_attempts: how many targets are tried after the first"}};
constexpr Shape<Failover> kFailoverRetry{"failover_retry", kFailoverRetryFields, {}, {}, kFailoverRetryHints};

/// max_attempts and max_fallbacks, and the two timeout_seconds, are one thing in two places.
void read_failover_retry(const Value& value, GivenFailover& out) {
    const bool had_fallbacks = out.config.max_fallbacks.has_value();
    const bool had_timeout = out.timeout.has_value();
    read_object(value, kFailoverRetry, out);
    if (!value.is_map()) return;
    if (const std::optional<Value> again = value.find("max_attempts"); again && had_fallbacks)
        again->fail("E011", "max_attempts and failover.max_fallbacks say the same thing", "keep one of them");
    if (const std::optional<Value> again = value.find("timeout_seconds"); again && had_timeout)
        again->fail("E011", "timeout_seconds stands in failover as well", "keep one of them");
}

constexpr std::array kFailoverFields{
    Field<Failover>{"enabled", [](const Value& v, Failover& out) { v.read(out.config.enabled); }},
    Field<Failover>{"strategy", [](const Value& v, Failover& out) { read_strategy(v, out.config.strategy); }},
    Field<Failover>{"model_mapping",
                    [](const Value& v, Failover& out) { v.read(out.config.model_mapping, kMaxMappings); }},
    Field<Failover>{"max_fallbacks", read_fallbacks},
    Field<Failover>{"timeout_seconds", read_timeout_seconds},
    Field<Failover>{"retry", read_failover_retry},
    Field<Failover>{"max_total_attempts", read_total_attempts},
    Field<Failover>{"pass_through_unmapped",
                    [](const Value& v, Failover& out) { v.read(out.config.pass_through_unmapped); }},
    Field<Failover>{"last_resort", [](const Value& v, Failover& out) { v.read(out.config.last_resort); }},
};
constexpr std::array kFailoverHints{
    Hint{"max_attempts", "use max_fallbacks, or retry: {max_attempts: ...}"},
    Hint{"max_retries", "use max_fallbacks: how many targets are tried after the first"},
    Hint{"timeout", "use timeout_seconds, or the block timeouts"},
    Hint{"total", "use timeouts.total at the top level"}};
constexpr Shape<Failover> kFailover{"failover", kFailoverFields, {}, {}, kFailoverHints};

constexpr std::array<std::pair<std::string_view, Strategy>, 10> kStrategies{
    {{"priority", Strategy::priority},
     {"ordered", Strategy::priority},
     {"active_passive", Strategy::priority},
     {"weighted", Strategy::weighted},
     {"round_robin", Strategy::round_robin},
     {"least_latency", Strategy::least_latency},
     {"least_busy", Strategy::least_busy},
     {"cheapest", Strategy::cheapest},
     {"cost", Strategy::cheapest},
     {"score", Strategy::score}}};

// --- hedge and mirror ---

void read_quantile(const Value& value, HedgeConfig& out) {
    double quantile = 0;
    if (value.is_null())
        out.live_quantile.reset();
    else if (value.read(quantile, 0.001, 0.999))
        out.live_quantile = quantile;
}

using Hedge = HedgeConfig;
constexpr std::array kHedgeFields{
    Field<Hedge>{"delay", [](const Value& v, Hedge& out) { v.read(out.delay, 0ms, 1h); }},
    Field<Hedge>{"live_quantile", read_quantile},
    Field<Hedge>{"max_extra", [](const Value& v, Hedge& out) { v.read(out.max_extra, 0.0001, 100); }},
};
constexpr Shape<Hedge> kHedge{"hedge", kHedgeFields};

using Mirror = MirrorConfig;
constexpr std::array kMirrorFields{
    Field<Mirror>{"target", [](const Value& v, Mirror& out) { v.read(out.target); }},
    Field<Mirror>{"model", [](const Value& v, Mirror& out) { v.read(out.model); }},
    Field<Mirror>{"sample_rate", [](const Value& v, Mirror& out) { v.read(out.sample_rate, 0, 1); }},
    Field<Mirror>{"timeout", [](const Value& v, Mirror& out) { v.read(out.timeout, 1ms, kDay); }},
};
constexpr std::array<std::string_view, 1> kMirrorRequired{"target"};
constexpr std::array kMirrorHints{Hint{"mirror_target", "use target"}, Hint{"timeout_ms", "use timeout: 5s"}};
constexpr Shape<Mirror> kMirror{"mirror", kMirrorFields, kMirrorRequired, {}, kMirrorHints};

}  // namespace

void apply(const GivenTimeouts& given, Deadlines& deadlines) {
    deadlines.connect = given.connect.value_or(deadlines.connect);
    deadlines.headers = given.headers.value_or(deadlines.headers);
    deadlines.first_event = given.first_event.value_or(deadlines.first_event);
    deadlines.idle = given.idle.value_or(deadlines.idle);
    deadlines.leg = given.leg.value_or(deadlines.leg);
    deadlines.linger = given.linger.value_or(deadlines.linger);
    deadlines.grace = given.grace.value_or(deadlines.grace);
}

void read_health_check(const Value& value, HealthCheckConfig& out) {
    read_object(value, kHealth, out);
}
void read_breaker(const Value& value, BreakerConfig& out) {
    read_object(value, kBreaker, out);
}
void read_retry(const Value& value, RetryConfig& out) {
    read_object(value, kRetry, out);
}
void read_timeouts(const Value& value, GivenTimeouts& out) {
    read_object(value, kTimeouts, out);
}
void read_target_timeouts(const Value& value, GivenTimeouts& out) {
    read_object(value, kTargetTimeouts, out);
}
void read_failover(const Value& value, GivenFailover& out) {
    read_object(value, kFailover, out);
}
void read_strategy(const Value& value, Strategy& out) {
    value.read(out, kStrategies);
}
void read_hedge(const Value& value, HedgeConfig& out) {
    read_object(value, kHedge, out);
}
void read_mirror(const Value& value, MirrorConfig& out) {
    read_object(value, kMirror, out);
}

void add_limit_tables(std::vector<KeyTable>& tables) {
    tables.push_back(key_table(kHealth));
    tables.push_back(key_table(kBreaker));
    tables.push_back(key_table(kRetry));
    tables.push_back(key_table(kTimeouts));
    tables.push_back(key_table(kTargetTimeouts));
    tables.push_back(key_table(kFailoverRetry));
    tables.push_back(key_table(kFailover));
    tables.push_back(key_table(kHedge));
    tables.push_back(key_table(kMirror));
}

}  // namespace sluice::gateway
