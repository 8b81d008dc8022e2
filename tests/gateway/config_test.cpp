// What a file becomes: the tutorial's, the shortest one, one with every key, and what blocks hand on.
#include "gateway/config_files.hpp"

#include "source_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

namespace sluice::gateway {
namespace {

using namespace test;

GatewayConfig loaded(std::string_view yaml, const Environment& environment = with_keys()) {
    ConfigDocument document = parse_gateway_config(yaml, environment);
    BOOST_REQUIRE_MESSAGE(document.config, described(document.findings));
    return std::move(*document.config);
}

constexpr std::string_view kShortest = R"(
version: 1
providers:
  - {id: a, provider: openai}
  - {id: b, provider: anthropic}
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(the_tutorials_file_loads_as_it_is) {
    const ConfigDocument document =
        load_gateway_config(SLUICE_SOURCE_DIR "/examples/policy-config.yaml", with_keys());
    BOOST_REQUIRE(document.config);
    BOOST_TEST(described(document.findings) == "");
    const GatewayConfig& config = *document.config;
    BOOST_TEST(config.version.size() == 12U);
    BOOST_REQUIRE(config.targets.size() == 2U);
    const TargetConfig& primary = config.targets[0];
    BOOST_TEST(primary.id == "openai-primary");
    BOOST_TEST(primary.provider == "openai");
    BOOST_TEST((primary.secret.from == SecretRef::From::env));
    BOOST_TEST(primary.secret.name == "OPENAI_API_KEY");
    BOOST_TEST(primary.priority == 1);
    BOOST_TEST(config.targets[1].priority == 2);
    BOOST_TEST((primary.health_check == HealthCheckConfig()));
    BOOST_TEST(primary.health_check.enabled);
    BOOST_TEST((primary.health_check.interval == 30s));
    BOOST_TEST((primary.health_check.timeout == 5s));
    BOOST_TEST(primary.health_check.unhealthy_threshold == 3U);
    BOOST_TEST(primary.health_check.healthy_threshold == 2U);
    BOOST_TEST(config.targets[1].health_check.enabled);
    BOOST_TEST(config.failover.enabled);
    BOOST_TEST((config.failover.strategy == Strategy::priority));
    BOOST_TEST(config.failover.model_mapping.size() == 2U);
    BOOST_TEST(config.failover.model_mapping.at("gpt-4o-mini") == "claude-sonnet-4-20250514");
    BOOST_TEST(config.failover.max_fallbacks.value() == 1U);
    for (const TargetConfig& target : config.targets) {
        BOOST_TEST((target.deadlines.first_event == 30s));
        BOOST_TEST((target.deadlines.headers == 30s));
        BOOST_TEST((target.deadlines.idle == Deadlines().idle));
    }
    BOOST_REQUIRE(config.policies.size() == 1U);
    BOOST_TEST(config.policies[0].name == "content-safety");
    BOOST_TEST(config.policies[0].type == "content_filter");
    BOOST_TEST((config.policies[0].action == PolicyAction::flag));
    BOOST_TEST((config.policies[0].categories == std::vector<std::string>{"hate", "violence"}));
    BOOST_TEST(config.server.bind == "127.0.0.1");
    BOOST_TEST(config.server.port == 41002);
}

BOOST_AUTO_TEST_CASE(a_list_of_providers_is_enough) {
    const GatewayConfig config = loaded(kShortest);
    BOOST_REQUIRE(config.targets.size() == 2U);
    BOOST_TEST(config.targets[1].id == "b");
    // Its key is where everybody has it.
    BOOST_TEST(config.targets[1].secret.name == "ANTHROPIC_API_KEY");
    BOOST_TEST(!config.failover.max_fallbacks.has_value());
    BOOST_TEST((config.targets[0].deadlines.first_event == Deadlines().first_event));
}

BOOST_AUTO_TEST_CASE(a_key_is_looked_for_only_where_it_would_be_sent_to_its_own_provider) {
    const Environment environment = environment_of({{"GOOGLE_API_KEY", "x"}, {"OPENAI_API_KEY", "y"}});
    const GatewayConfig config = loaded(R"(
version: '1'
providers:
  - {id: a, provider: openai, base_url: 'http://localhost:9000/v1'}
  - {id: b, provider: google, models: [m]}
  - {id: c, provider: ollama}
  - {id: d, provider: my-gpu, base_url: 'http://localhost:9001/v1'}
  - {id: e, provider: azure, base_url: 'https://x.openai.azure.com'}
)",
                                        environment);
    BOOST_TEST((config.targets[0].secret.from == SecretRef::From::none));
    BOOST_TEST(config.targets[1].secret.name == "GOOGLE_API_KEY");
    BOOST_TEST((config.targets[2].secret.from == SecretRef::From::none));
    BOOST_TEST((config.targets[3].secret.from == SecretRef::From::none));
    BOOST_TEST(config.targets[4].secret.name == "AZURE_API_KEY");
}

BOOST_AUTO_TEST_CASE(blocks_at_the_top_hold_for_every_target_until_it_says_otherwise) {
    const GatewayConfig config = loaded(R"(
version: '1'
health_check: {interval_seconds: 1.5, healthy_threshold: 1}
breaker: {failures: 7}
retry: {attempts_per_target: 3, cap: 2m}
timeouts: {idle: 20s, total: 100s, grace: 1s}
failover: {timeout_seconds: 0.25}
providers:
  - id: a
    provider: openai
    health_check: {timeout: 750ms}
    breaker: {enabled: false}
    retry: {base: 0}
    timeouts: {first_event: 40s}
  - {id: b, provider: anthropic, priority: 0, health_check: {enabled: false}}
)");
    const TargetConfig& a = config.targets[0];
    const TargetConfig& b = config.targets[1];
    BOOST_TEST((a.health_check.interval == 1500ms));
    BOOST_TEST((a.health_check.timeout == 750ms));
    BOOST_TEST(a.health_check.healthy_threshold == 1U);
    BOOST_TEST(!b.health_check.enabled);
    BOOST_TEST((b.health_check.interval == 1500ms));
    BOOST_TEST((b.health_check.timeout == 5s));
    BOOST_TEST(a.breaker.failures == 7U);
    BOOST_TEST(!a.breaker.enabled);
    BOOST_TEST(b.breaker.enabled);
    BOOST_TEST(a.retry.attempts_per_target == 3U);
    BOOST_TEST((a.retry.base == 0ms));
    BOOST_TEST((a.retry.cap == 2min));
    BOOST_TEST((b.retry.base == 500ms));
    BOOST_TEST((a.deadlines.first_event == 40s));
    BOOST_TEST((a.deadlines.headers == 250ms));
    BOOST_TEST((b.deadlines.first_event == 250ms));
    BOOST_TEST((b.deadlines.idle == 20s));
    BOOST_TEST((b.deadlines.grace == 1s));
    BOOST_TEST((b.deadlines.total == 100s));
    BOOST_TEST((config.failover.total == 100s));
    BOOST_TEST(a.priority == 1);
    BOOST_TEST(b.priority == 0);
}

BOOST_AUTO_TEST_CASE(the_blocks_of_the_tutorials_may_also_stand_inside_of_providers) {
    const GatewayConfig config = loaded(R"(
version: '1'
providers:
  targets:
    - {id: a, provider: openai}
    - {id: b, provider: openai}
  health_check: {interval_seconds: 9}
  failover: {strategy: ordered, max_fallbacks: 1, timeout_seconds: 7}
)");
    BOOST_TEST((config.targets[0].health_check.interval == 9s));
    BOOST_TEST((config.targets[0].deadlines.first_event == 7s));
    BOOST_TEST(config.failover.max_fallbacks.value() == 1U);
}

BOOST_AUTO_TEST_CASE(strategies_have_the_names_of_the_field) {
    const std::vector<std::pair<const char*, Strategy>> rows{
        {"priority", Strategy::priority},       {"ordered", Strategy::priority},
        {"active_passive", Strategy::priority}, {"weighted", Strategy::weighted},
        {"round_robin", Strategy::round_robin}, {"least_latency", Strategy::least_latency},
        {"least_busy", Strategy::least_busy},   {"cheapest", Strategy::cheapest},
        {"cost", Strategy::cheapest},           {"score", Strategy::score}};
    for (const auto& [name, strategy] : rows)
        BOOST_TEST((loaded(std::string(kShortest) + "failover: {strategy: " + name + "}").failover.strategy ==
                    strategy),
                   name);
}

BOOST_AUTO_TEST_CASE(variables_stand_in_values) {
    const Environment environment = environment_of(
        {{"REGION", "eu"}, {"EMPTY", ""}, {"PORT", "8080"}, {"ON", "true"}, {"OPENAI_API_KEY", "k"}});
    const GatewayConfig config = loaded(R"(
version: '1'
providers:
  - id: a-${REGION}
    provider: openai
    base_url: https://${HOST:-example.test}/${EMPTY}v1
    tags: ['${REGION}', '${EMPTY:-none}', '$${literal}', '$PLAIN']
server: {port: '${PORT}', keeptrusts_metadata: "${ON}", drain_timeout: '${DRAIN:-3s}', max_body: '${BODY:-1MiB}'}
)",
                                        environment);
    BOOST_TEST(config.targets[0].id == "a-eu");
    BOOST_TEST(config.targets[0].base_url.value() == "https://example.test/v1");
    BOOST_TEST((config.targets[0].tags == std::vector<std::string>{"eu", "none", "${literal}", "$PLAIN"}));
    BOOST_TEST(config.server.port == 8080);
    BOOST_TEST(config.server.keeptrusts_metadata);
    BOOST_TEST((config.server.drain_timeout == 3s));
    BOOST_TEST(config.server.max_body == std::size_t{1} << 20);
}

BOOST_AUTO_TEST_CASE(aliases_lead_straight_to_their_end) {
    const GatewayConfig config =
        loaded(std::string(kShortest) + "aliases: {fast: small, small: gpt-4o-mini}");
    BOOST_TEST(config.aliases.at("fast") == "gpt-4o-mini");
    BOOST_TEST(config.aliases.at("small") == "gpt-4o-mini");
}

BOOST_AUTO_TEST_CASE(anchors_and_aliases_of_yaml_are_followed) {
    const GatewayConfig config = loaded(R"(
version: '1'
providers:
  - {id: a, provider: openai, health_check: &checks {interval: 11s}}
  - {id: b, provider: openai, health_check: *checks}
)");
    BOOST_TEST((config.targets[1].health_check.interval == 11s));
}

BOOST_AUTO_TEST_CASE(the_version_is_of_the_text) {
    const std::string text(kShortest);
    BOOST_TEST(loaded(text).version == loaded(text).version);
    BOOST_TEST(loaded(text).version != loaded(text + "\n").version);
    BOOST_TEST(loaded("version: 1\nproviders: [{id: a, provider: ollama}]\n").version == "5c39107a9d24");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway
