// The objects of a configuration file, each read into its struct. One function a kind; what a key is called,
// what it may hold and where it goes stands in the tables of shapes_*.cpp, and nowhere else.
#pragma once

#include "gateway/yaml_reader.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::gateway {

/// Timeouts as far as they are given: what a target gives goes over what is given for all.
struct GivenTimeouts {
    GivenTimeouts() = default;
    std::optional<Limit> connect;
    std::optional<Limit> headers;
    std::optional<Limit> first_event;
    std::optional<Limit> idle;
    std::optional<Limit> leg;
    std::optional<Limit> total;
    std::optional<Limit> linger;
    std::optional<Limit> grace;
};
void apply(const GivenTimeouts& given, Deadlines& deadlines);

struct GivenFailover {
    GivenFailover() = default;
    FailoverConfig config;
    std::optional<Limit> timeout;  ///< timeout_seconds
};

void read_health_check(const Value& value, HealthCheckConfig& out);
void read_breaker(const Value& value, BreakerConfig& out);
void read_retry(const Value& value, RetryConfig& out);
void read_timeouts(const Value& value, GivenTimeouts& out);
void read_target_timeouts(const Value& value, GivenTimeouts& out);
void read_failover(const Value& value, GivenFailover& out);
void read_strategy(const Value& value, Strategy& out);
void read_hedge(const Value& value, HedgeConfig& out);
void read_mirror(const Value& value, MirrorConfig& out);
void read_secret_ref(const Value& value, SecretRef& out);
/// `out` comes with what holds for all targets.
void read_target(const Value& value, TargetConfig& out);
void read_route(const Value& value, RouteConfig& out);
void read_policy(const Value& value, PolicyConfig& out);
void read_client_key(const Value& value, ClientKeyConfig& out);
void read_server(const Value& value, ServerConfig& out);
void read_events(const Value& value, EventsConfig& out);

/// Every kind of object with its keys: what docs/policy-config.schema.json must say as well.
std::vector<KeyTable> key_tables();

// The parts of it, one a file.
void add_limit_tables(std::vector<KeyTable>& tables);
void add_target_tables(std::vector<KeyTable>& tables);
void add_route_tables(std::vector<KeyTable>& tables);
void add_service_tables(std::vector<KeyTable>& tables);

inline constexpr std::size_t kMaxTargets = 256;
inline constexpr std::size_t kMaxRoutes = 1000;
inline constexpr std::size_t kMaxModels = 2000;      ///< Of one target, or of one route.
inline constexpr std::size_t kMaxMappings = 10'000;  ///< In one map.
inline constexpr std::size_t kMaxKeys = 10'000;
inline constexpr std::size_t kMaxPolicies = 100;
inline constexpr std::size_t kMaxWords = 10'000;  ///< In one category.

}  // namespace sluice::gateway
