// What a gateway is told: targets, routes, failover, policies, limits. Plain values; docs/gateway-config.md
// is the same for those who write it as YAML.
//
//   sluice::ConfigDocument document = sluice::load_gateway_config("policy-config.yaml");
//   for (const sluice::ConfigFinding& finding : document.findings) std::cerr << sluice::describe(finding);
//   if (document.config) sluice::Gateway gateway{*document.config};
//
// Loading is strict: an unknown or duplicate key is an error with its place, never ignored. No secret is ever
// in here: a key is a reference to an environment variable or a file, and is read when a gateway is made.
#pragma once

#include <sluice/deadlines.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/money.hpp>
#include <sluice/strategy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Where a secret is. Never the secret itself.
struct SecretRef {
    SecretRef() = default;
    enum class From : std::uint8_t { none, env, file };
    From from = From::none;
    std::string name;  ///< The variable, or the file's path; one trailing line break of the file is not part.
    bool operator==(const SecretRef&) const = default;
};

/// Active checks of one target (health.hpp). What is not set comes from the global block, then from here.
struct HealthCheckConfig {
    HealthCheckConfig() = default;
    bool enabled = true;
    std::chrono::milliseconds interval = std::chrono::seconds(30);
    std::chrono::milliseconds timeout = std::chrono::seconds(5);
    std::uint32_t unhealthy_threshold = 3;
    std::uint32_t healthy_threshold = 2;
    enum class Probe : std::uint8_t { models, completion, tcp };
    /// Absent: `models` where the service has a list, else `tcp`.
    std::optional<Probe> probe;
    bool operator==(const HealthCheckConfig&) const = default;
};

/// Passive breakers of one target (breaker.hpp).
struct BreakerConfig {
    BreakerConfig() = default;
    bool enabled = true;
    std::uint32_t failures = 5;
    double failure_ratio = 0.5;
    std::chrono::milliseconds window = std::chrono::seconds(30);
    std::uint32_t min_requests = 20;
    std::chrono::milliseconds open_for = std::chrono::seconds(5);
    std::chrono::milliseconds max_open_for = std::chrono::minutes(5);
    std::chrono::milliseconds auth_open_for = std::chrono::minutes(10);
    bool operator==(const BreakerConfig&) const = default;
};

/// Tries at one and the same target (retry.hpp). Not the tutorial's `retry.max_attempts`: that is
/// FailoverConfig::max_fallbacks.
struct RetryConfig {
    RetryConfig() = default;
    std::uint32_t attempts_per_target = 2;
    std::chrono::milliseconds base = std::chrono::milliseconds(500);
    std::chrono::milliseconds cap = std::chrono::seconds(8);
    std::chrono::milliseconds max_retry_after = std::chrono::seconds(5);
    bool operator==(const RetryConfig&) const = default;
};

/// A model that a target serves.
struct ModelConfig {
    ModelConfig() = default;
    std::string id;        ///< As clients ask for it.
    std::string upstream;  ///< As the provider calls it; empty: the same.
    std::optional<Tokens> context_window;
    std::optional<Tokens> max_output;
    Capabilities capabilities;
    Price price;
    bool operator==(const ModelConfig& other) const;
};

/// One account at one provider.
struct TargetConfig {
    TargetConfig() = default;
    std::string id;        ///< Unique. The name in answers, events, metrics and /health.
    std::string provider;  ///< A service of api_provider.hpp ("openai"), or any name with a base_url.
    SecretRef secret;
    std::optional<std::string> base_url;
    std::string dialect;      ///< Empty: the service's.
    std::string api_version;  ///< Empty: the service's.
    std::vector<std::pair<std::string, std::string>> headers;
    int priority = 0;   ///< Lower is asked first. The loader fills in the place in the list, from 1.
    double weight = 1;  ///< Of strategies weighted and score.
    /// Empty: it serves every id that is not plainly another provider's ("claude-*" is not OpenAI's).
    std::vector<ModelConfig> models;
    /// Requested id to this target's id, before FailoverConfig::model_mapping.
    std::map<std::string, std::string> model_mapping;
    std::vector<std::string> tags;  ///< For residency.
    HealthCheckConfig health_check;
    BreakerConfig breaker;
    RetryConfig retry;
    Deadlines deadlines;
    std::size_t max_connections = 1024;
    /// Whether the provider is told the trace (traceparent) of the request.
    bool forward_trace = false;
    bool operator==(const TargetConfig& other) const;
};

struct HedgeConfig {
    HedgeConfig() = default;
    std::chrono::milliseconds delay = std::chrono::seconds(2);
    std::optional<double> live_quantile = 0.95;
    double max_extra = 0.05;
    bool operator==(const HedgeConfig&) const = default;
};

struct MirrorConfig {
    MirrorConfig() = default;
    std::string target;
    std::string model;  ///< Empty: as the request maps to that target.
    double sample_rate = 1.0;
    std::chrono::milliseconds timeout = std::chrono::minutes(2);
    bool operator==(const MirrorConfig&) const = default;
};

/// When a failing target can no longer be replaced.
enum class Deliver : std::uint8_t {
    streaming,  ///< At the first event: tokens flow as they come.
    complete,   ///< The whole answer is held first, so that a failure in the middle can move on too.
};

/// What happens when a target fails, and who is asked first.
struct FailoverConfig {
    FailoverConfig() = default;
    bool enabled = true;  ///< False: the first target only.
    Strategy strategy = Strategy::priority;
    std::map<std::string, std::string> model_mapping;  ///< Requested id to the id that replaces it.
    /// Targets to try after the first; absent: all. The tutorial's `retry.max_attempts`.
    std::optional<std::uint32_t> max_fallbacks;
    std::optional<std::uint32_t> max_total_attempts;
    /// What is not mapped is asked for under its own name instead of passing the target over.
    bool pass_through_unmapped = false;
    /// When every target is down: ask the least bad one instead of answering 503.
    bool last_resort = false;
    /// For one request over all attempts.
    std::chrono::milliseconds total = std::chrono::minutes(15);
    bool operator==(const FailoverConfig&) const = default;
};

/// One target of a route.
struct RouteTarget {
    RouteTarget() = default;
    std::string target;
    std::string model;  ///< Empty: as the request maps to that target.
    std::optional<double> weight;
    std::optional<int> priority;  ///< The loader fills in the place in this list.
    bool operator==(const RouteTarget&) const = default;
};

/// How requests for certain models are served. The first route whose `models` has the requested id is it;
/// what no route has goes to all targets.
struct RouteConfig {
    RouteConfig() = default;
    std::string name;
    std::vector<std::string> models;   ///< Ids; a "*" at the end stands for anything.
    std::vector<RouteTarget> targets;  ///< Empty: all.
    std::optional<Strategy> strategy;
    std::optional<std::uint32_t> max_fallbacks;
    std::optional<std::chrono::milliseconds> total;
    std::vector<std::string> residency;  ///< Tags that a target must have, all of them.
    Deliver deliver = Deliver::streaming;
    std::optional<HedgeConfig> hedge;
    std::optional<MirrorConfig> mirror;
    bool operator==(const RouteConfig&) const = default;
};

enum class PolicyAction : std::uint8_t {
    flag,   ///< The request goes on; the event and the answer's metadata say so.
    log,    ///< The request goes on; the event and the log say so.
    block,  ///< The request is refused, or the answer is cut off with an error.
};
/// "flag", "log", "block".
std::string_view to_string(PolicyAction action) noexcept;

/// What a policy looks at.
enum class PolicyScope : std::uint8_t { input, output, both };

/// A content filter: docs/policies.md.
struct PolicyConfig {
    PolicyConfig() = default;
    std::string name;
    std::string type = "content_filter";
    PolicyAction action = PolicyAction::flag;
    PolicyScope scope = PolicyScope::both;
    std::vector<std::string> categories;  ///< "hate", "violence", ...: the built-in lists.
    /// Own lists, by category name. One that has the name of a built-in category replaces it.
    std::map<std::string, std::vector<std::string>> words;
    bool operator==(const PolicyConfig&) const = default;
};

/// Who may use the gateway. The key itself is kept nowhere: `sha256` is its hash in hexadecimal digits
/// (`sluice gateway key`), or `secret` says where it is read at the start.
struct ClientKeyConfig {
    ClientKeyConfig() = default;
    std::string name;  ///< In events and metrics.
    std::string sha256;
    SecretRef secret;
    std::vector<std::string> allowed_models;  ///< As RouteConfig::models; empty: all.
    bool operator==(const ClientKeyConfig&) const = default;
};

struct ServerConfig {
    ServerConfig() = default;
    std::string bind = "127.0.0.1";
    std::uint16_t port = 41002;
    std::uint32_t threads = 0;  ///< 0: one a core.
    std::size_t max_head = std::size_t{64} << 10;
    std::size_t max_body = std::size_t{32} << 20;
    std::size_t max_connections = 10'000;  ///< Of all threads together; beyond it a 503, then the end.
    std::chrono::milliseconds header_timeout = std::chrono::seconds(10);  ///< From the first byte of a head.
    std::chrono::milliseconds body_timeout = std::chrono::seconds(60);
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);  ///< Between two requests.
    /// How long a client may take none of what it is sent.
    std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
    /// A comment (Anthropic: a ping) after so long without a byte to the client. Zero: never.
    std::chrono::milliseconds keep_alive = std::chrono::milliseconds(0);
    /// The head of a streamed answer goes out after so long although no target has answered yet; failures are
    /// told inside the stream from then on. Zero: never.
    std::chrono::milliseconds early_headers_after = std::chrono::milliseconds(0);
    std::chrono::milliseconds drain_timeout = std::chrono::seconds(25);
    /// Also `keeptrusts_metadata` beside `sluice_metadata`.
    bool keeptrusts_metadata = false;
    bool operator==(const ServerConfig&) const = default;
};

struct EventsConfig {
    EventsConfig() = default;
    std::string file;  ///< Empty: events are kept in memory only.
    std::size_t max_file_size = std::size_t{64} << 20;
    std::uint32_t max_files = 5;  ///< Rotated ones that are kept, besides the current one.
    std::size_t recent = 1000;    ///< Kept in memory for /admin/events.
    bool record_prompts = false;
    bool record_answers = false;
    bool operator==(const EventsConfig&) const = default;
};

struct GatewayConfig {
    GatewayConfig() = default;
    std::vector<TargetConfig> targets;
    FailoverConfig failover;
    std::map<std::string, std::string> aliases;  ///< What clients may call a model, to the id that is meant.
    std::vector<RouteConfig> routes;
    std::vector<PolicyConfig> policies;
    std::vector<ClientKeyConfig> keys;
    ServerConfig server;
    EventsConfig events;
    /// The first 12 hexadecimal digits of the SHA-256 of the text it was loaded from; empty for one made in
    /// code.
    std::string version;
};

/// Something that is wrong, or worth knowing, in a configuration.
struct ConfigFinding {
    ConfigFinding() = default;
    enum class Level : std::uint8_t { error, warning, note };
    Level level = Level::error;
    std::string code;  ///< "E002", ...: docs/gateway-config.md has the list.
    std::string path;  ///< "providers.targets[1].provider"
    int line = 0;      ///< From 1; 0: nowhere in particular.
    int column = 0;
    std::string message;
    std::string suggestion;  ///< What to write instead; may be empty.
};
/// "error[E002] providers.targets[0].providr, line 4, column 7: unknown key; did you mean provider?\n"
std::string describe(const ConfigFinding& finding);

struct ConfigDocument {
    ConfigDocument() = default;
    std::optional<GatewayConfig> config;  ///< Absent when there is an error among the findings.
    std::vector<ConfigFinding> findings;
};

/// The value of an environment variable; absent when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The process's own.
Environment process_environment();

/// From YAML text. `environment` is what ${VAR} and ${VAR:-default} in values are replaced from. What lint()
/// has to say is among the findings, with its place in the text. Does not throw for anything that is in the
/// text.
ConfigDocument parse_gateway_config(std::string_view yaml,
                                    const Environment& environment = process_environment());
/// From a file; one that cannot be read is a finding.
ConfigDocument load_gateway_config(const std::string& path,
                                   const Environment& environment = process_environment());

/// What can be known about a configuration without running it: secrets that are missing, targets nobody can
/// reach, models without a mapping, fallbacks that lack what their primary can, names that no target has.
/// Also for one made in code. A missing secret is a warning, also when it is every target's (W021): the
/// configuration is the same on a machine that has them.
std::vector<ConfigFinding> lint(const GatewayConfig& config,
                                const Environment& environment = process_environment());

/// The secret, or why there is none ("environment variable OPENAI_API_KEY is not set"). `none` gives "".
struct Secret {
    Secret() = default;
    std::string value;
    std::string problem;  ///< Empty when all is well.
};
Secret read_secret(const SecretRef& where, const Environment& environment = process_environment());

}  // namespace sluice
