// The keys of a configuration in their three homes: the loader's tables, the JSON Schema, and the structs.
#include "gateway/config_files.hpp"
#include "gateway/shapes.hpp"

#include "source_dir.hpp"
#include "wire/json_dom.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

using namespace std::chrono_literals;

namespace sluice::gateway {
namespace {

using namespace test;

using Keys = std::set<std::string>;

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    BOOST_REQUIRE(file.is_open());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

const std::string kEveryKey = SLUICE_SOURCE_DIR "/tests/gateway/every-key.yaml";

Environment all_keys() {
    return environment_of({{"FIRST_KEY", "a"}, {"CLIENT_KEY", "b"}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_keys)

BOOST_AUTO_TEST_CASE(the_schema_has_the_loaders_keys_and_no_others) {
    simdjson::dom::parser parser;
    const std::string text = content_of(SLUICE_SOURCE_DIR "/docs/policy-config.schema.json");
    const simdjson::padded_string json(text);
    const simdjson::dom::element schema = parser.parse(json);
    Keys of_loader;
    for (const KeyTable& table : key_tables()) {
        BOOST_TEST_CONTEXT(table.name) {
            BOOST_TEST(of_loader.insert(std::string(table.name)).second, "two tables have this name");
            simdjson::dom::object object;
            BOOST_REQUIRE(schema["$defs"][table.name].get(object) == simdjson::SUCCESS);
            bool more = true;
            BOOST_TEST((object["additionalProperties"].get(more) == simdjson::SUCCESS));
            BOOST_TEST(!more);
            Keys keys;
            for (const auto& [key, value] : object["properties"].get_object())
                keys.emplace(key);
            BOOST_TEST(keys == Keys(table.keys.begin(), table.keys.end()), boost::test_tools::per_element());
            Keys required;
            simdjson::dom::array listed;
            if (object["required"].get(listed) == simdjson::SUCCESS)
                for (const simdjson::dom::element key : listed)
                    required.emplace(key.get_string().value());
            BOOST_TEST(required == Keys(table.required.begin(), table.required.end()),
                       boost::test_tools::per_element());
        }
    }
    for (const auto& [name, value] : schema["$defs"].get_object()) {
        simdjson::dom::object properties;
        if (value["properties"].get(properties) == simdjson::SUCCESS)
            BOOST_TEST(of_loader.contains(std::string(name)), name);
    }
}

BOOST_AUTO_TEST_CASE(the_file_with_every_key_has_every_key) {
    Findings findings;
    const std::optional<YamlNode> tree = parse_yaml(content_of(kEveryKey), findings);
    BOOST_REQUIRE(tree);
    Places places;
    const Environment environment = all_keys();
    ReadContext context{findings, environment, places};
    const Value root(*tree, "", context);
    const auto at = [&](std::vector<std::string> steps) {
        Value value = root;
        for (const std::string& step : steps) {
            const std::optional<Value> next =
                step.front() >= '0' && step.front() <= '9'
                    ? std::optional<Value>(value.items(99).at(static_cast<std::size_t>(std::stoi(step))))
                    : value.find(step);
            BOOST_REQUIRE_MESSAGE(next, step);
            value = *next;
        }
        Keys keys;
        for (const YamlKey& key : value.node().keys)
            keys.insert(key.text);
        return keys;
    };
    // Where each kind of object stands in the file; two places where two keys exclude each other.
    const std::map<std::string, std::vector<std::vector<std::string>>> homes{
        {"root", {{}}},
        {"providers", {{"providers"}, {}}},  // failover and health_check have two homes
        {"health_check", {{"health_check"}, {"providers", "targets", "0", "health_check"}}},
        {"breaker", {{"breaker"}}},
        {"retry", {{"retry"}}},
        {"timeouts", {{"timeouts"}}},
        {"target_timeouts", {{"providers", "targets", "0", "timeouts"}}},
        {"failover", {{"failover"}, {"routes", "0"}}},  // max_fallbacks is retry.max_attempts here
        {"failover_retry", {{"failover", "retry"}, {"failover"}}},
        {"hedge", {{"routes", "0", "hedge"}}},
        {"mirror", {{"routes", "0", "mirror"}}},
        {"secret_key_ref",
         {{"providers", "targets", "0", "secret_key_ref"}, {"providers", "targets", "1", "secret_key_ref"}}},
        {"price", {{"providers", "targets", "0", "models", "0", "price"}}},
        {"capabilities", {{"providers", "targets", "0", "models", "0", "capabilities"}}},
        {"model", {{"providers", "targets", "0", "models", "0"}}},
        {"target", {{"providers", "targets", "0"}}},
        {"route_target", {{"routes", "0", "targets", "1"}}},
        {"route", {{"routes", "0"}, {"routes", "1"}}},
        {"policy_config", {{"policies", "0", "config"}}},
        {"policy", {{"policies", "0"}}},
        {"server", {{"server"}}},
        {"events", {{"events"}}},
        {"client_key", {{"keys", "0"}, {"keys", "1"}}}};
    for (const KeyTable& table : key_tables()) {
        BOOST_TEST_CONTEXT(table.name) {
            const auto home = homes.find(std::string(table.name));
            BOOST_REQUIRE(home != homes.end());
            Keys present;
            for (const std::vector<std::string>& steps : home->second)
                present.merge(at(steps));
            for (const std::string_view key : table.keys)
                BOOST_TEST(present.contains(std::string(key)), key);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_key_of_a_target_arrives) {
    const ConfigDocument document = load_gateway_config(kEveryKey, all_keys());
    BOOST_REQUIRE_MESSAGE(document.config, described(document.findings));
    const GatewayConfig& config = *document.config;
    const TargetConfig& first = config.targets.at(0);
    const TargetConfig& second = config.targets.at(1);
    BOOST_TEST(first.provider == "azure");
    BOOST_TEST(first.secret.name == "FIRST_KEY");
    BOOST_TEST((second.secret.from == SecretRef::From::file));
    BOOST_TEST(second.secret.name == "/run/secrets/second");
    BOOST_TEST(first.base_url.value() == "https://first.example.test");
    BOOST_TEST(first.dialect == "openai_responses");
    BOOST_TEST(first.api_version == "2026-01-01-preview");
    BOOST_TEST((first.headers == std::vector<std::pair<std::string, std::string>>{{"X-Team", "blue"}}));
    BOOST_TEST(first.priority == 5);
    BOOST_TEST(first.weight == 2.5);
    BOOST_TEST(first.model_mapping.at("o3") == "gpt-5");
    BOOST_TEST((first.tags == std::vector<std::string>{"eu", "local"}));
    BOOST_TEST(first.max_connections == 99U);
    BOOST_TEST(first.forward_trace);
    const ModelConfig& model = first.models.at(0);
    BOOST_TEST(model.id == "gpt-4o");
    BOOST_TEST(model.upstream == "my-deployment");
    BOOST_TEST(model.context_window.value() == 128'000U);
    BOOST_TEST(model.max_output.value() == 16'384U);
    const Capabilities& can = model.capabilities;
    BOOST_TEST((!can.tools && !can.vision && !can.json_schema && !can.reasoning));
    BOOST_TEST(model.price.input.value().count() == 2'500'000);
    BOOST_TEST(model.price.output.value().count() == 10'000'000);
    BOOST_TEST(model.price.cached_input.value().count() == 1'250'000);
    BOOST_TEST(model.price.cache_write.value().count() == 1);
    BOOST_TEST(first.models.at(1).id == "gpt-5");

    BOOST_TEST(!first.health_check.enabled);
    BOOST_TEST((first.health_check.interval == 12s));
    BOOST_TEST((first.health_check.timeout == 3s));
    const HealthCheckConfig& health = second.health_check;
    BOOST_TEST((health.enabled && health.interval == 11s && health.timeout == 4s));
    BOOST_TEST(health.unhealthy_threshold == 4U);
    BOOST_TEST(health.healthy_threshold == 3U);
    BOOST_TEST((health.probe == HealthCheckConfig::Probe::tcp));
    BOOST_TEST(!first.breaker.enabled);
    const BreakerConfig& breaker = second.breaker;
    BOOST_TEST((breaker.enabled && breaker.failures == 6 && breaker.failure_ratio == 0.75));
    BOOST_TEST((breaker.window == 40s && breaker.min_requests == 21 && breaker.open_for == 6s));
    BOOST_TEST((breaker.max_open_for == 6min && breaker.auth_open_for == 11min));
    BOOST_TEST(first.retry.attempts_per_target == 1U);
    const RetryConfig& retry = second.retry;
    BOOST_TEST((retry.attempts_per_target == 3 && retry.base == 600ms && retry.cap == 9s));
    BOOST_TEST((retry.max_retry_after == 6s));
    const Deadlines& own = first.deadlines;
    BOOST_TEST((own.connect == 8s && own.headers == 20s && own.first_event == 21s && own.idle == 22s));
    BOOST_TEST((own.leg == 4min && own.linger == 70ms && own.grace == 7s));
    const Deadlines& given = second.deadlines;
    BOOST_TEST(
        (given.connect == 9s && given.headers == 30s && given.first_event == 31s && given.idle == 32s));
    BOOST_TEST((given.leg == 5min && given.linger == 60ms && given.grace == 6s));
}

BOOST_AUTO_TEST_CASE(every_other_key_arrives) {
    const ConfigDocument document = load_gateway_config(kEveryKey, all_keys());
    BOOST_REQUIRE_MESSAGE(document.config, described(document.findings));
    const GatewayConfig& config = *document.config;
    const FailoverConfig& failover = config.failover;
    BOOST_TEST((failover.enabled && failover.strategy == Strategy::weighted));
    BOOST_TEST(failover.model_mapping.at("gpt-4o") == "claude-opus-4-8");
    BOOST_TEST(failover.max_fallbacks.value() == 2U);
    BOOST_TEST(failover.max_total_attempts.value() == 7U);
    BOOST_TEST((failover.pass_through_unmapped && failover.last_resort));
    BOOST_TEST((failover.total == 14min));
    const RouteConfig& route = config.routes.at(0);
    BOOST_TEST(route.name == "main");
    BOOST_TEST((route.models == std::vector<std::string>{"gpt-4o", "o*"}));
    BOOST_TEST(route.targets.at(0).target == "first");
    BOOST_TEST(route.targets.at(0).priority.value() == 1);
    BOOST_TEST(route.targets.at(1).model == "claude-opus-4-8");
    BOOST_TEST(route.targets.at(1).weight.value() == 3);
    BOOST_TEST(route.targets.at(1).priority.value() == 9);
    BOOST_TEST((route.strategy == Strategy::least_latency));
    BOOST_TEST(route.max_fallbacks.value() == 1U);
    BOOST_TEST((route.total == 40s && route.deliver == Deliver::complete));
    BOOST_TEST((route.hedge->delay == 3s && !route.hedge->live_quantile && route.hedge->max_extra == 0.1));
    BOOST_TEST(route.mirror->target == "second");
    BOOST_TEST(route.mirror->model == "claude-haiku-4-5");
    BOOST_TEST((route.mirror->sample_rate == 0.5 && route.mirror->timeout == 1min));
    BOOST_TEST(config.routes.at(1).name == "private-*");
    BOOST_TEST((config.routes.at(1).residency == std::vector<std::string>{"local"}));
    BOOST_TEST(config.aliases.at("fast") == "gpt-4o");
    const PolicyConfig& policy = config.policies.at(0);
    BOOST_TEST((policy.name == "words" && policy.type == "content_filter"));
    BOOST_TEST((policy.action == PolicyAction::block && policy.scope == PolicyScope::output));
    BOOST_TEST((policy.categories == std::vector<std::string>{"hate", "mine"}));
    BOOST_TEST((policy.words.at("mine") == std::vector<std::string>{"foo", "bar"}));
    BOOST_TEST(config.keys.at(0).name == "me");
    BOOST_TEST(config.keys.at(0).sha256 ==
               "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
    BOOST_TEST((config.keys.at(0).allowed_models == std::vector<std::string>{"gpt-*"}));
    BOOST_TEST(config.keys.at(1).secret.name == "CLIENT_KEY");
    const ServerConfig& server = config.server;
    BOOST_TEST((server.bind == "0.0.0.0" && server.port == 8080 && server.threads == 3));
    BOOST_TEST(
        (server.max_head == 32U << 10U && server.max_body == 1U << 20U && server.max_connections == 500));
    BOOST_TEST((server.header_timeout == 5s && server.body_timeout == 50s && server.idle_timeout == 70s));
    BOOST_TEST(
        (server.write_timeout == 20s && server.keep_alive == 15s && server.early_headers_after == 10s));
    BOOST_TEST((server.drain_timeout == 24s && server.keeptrusts_metadata));
    const EventsConfig& events = config.events;
    BOOST_TEST(events.file == "/var/log/sluice/events.jsonl");
    BOOST_TEST((events.max_file_size == 10U << 20U && events.max_files == 3 && events.recent == 500));
    BOOST_TEST((events.record_prompts && events.record_answers));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway
