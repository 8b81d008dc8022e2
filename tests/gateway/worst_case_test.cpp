// Who serves what, in which order, and what one request can come to.
#include "gateway/config_files.hpp"
#include "gateway/lint_config.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace sluice::gateway {
namespace {

using namespace test;

constexpr std::string_view kThree =
    "version: '1'\nproviders:\n- {id: a, provider: ollama, tags: [eu]}\n- {id: b, provider: ollama}\n"
    "- {id: c, provider: ollama, tags: [eu, local], priority: 1}\n";

GatewayConfig loaded(const std::string& rest) {
    ConfigDocument document = parse_gateway_config(std::string(kThree) + rest, environment_of({}));
    BOOST_REQUIRE_MESSAGE(document.config, described(document.findings));
    return std::move(*document.config);
}

/// The route of the model "m", or null.
const RouteConfig* route_of_m(const GatewayConfig& config) {
    return route_of(config, "m");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worst_case_suite)

BOOST_AUTO_TEST_CASE(candidates_come_in_the_order_in_which_they_are_asked) {
    struct Row {
        const char* yaml;
        const char* ids;
        std::size_t tried;
    };
    const std::vector<Row> rows{
        {"", "a c b", 3},  // c has a's priority, and stands behind it
        {"failover: {max_fallbacks: 1}", "a c b", 2},
        {"failover: {enabled: false}", "a c b", 1},
        {"routes: [{models: [m]}]", "a c b", 3},
        {"routes: [{models: [m], targets: [c, b]}]", "c b", 2},
        {"routes: [{models: [m], targets: [c, {target: b, priority: 0}]}]", "b c", 2},
        {"routes: [{models: [m], residency: [eu]}]", "a c", 2},
        {"routes: [{models: [m], residency: [eu, local]}]", "c", 1},
        {"routes: [{models: [m], max_fallbacks: 0}]", "a c b", 1},
        {"failover: {max_fallbacks: 0}\nroutes: [{models: ['m*'], max_fallbacks: 2}]", "a c b", 3},
    };
    for (const Row& row : rows) {
        const GatewayConfig config = loaded(row.yaml);
        std::string ids;
        for (const Candidate& candidate : candidates_of(config, route_of_m(config)))
            ids.append(ids.empty() ? "" : " ").append(candidate.target->id);
        BOOST_TEST(ids == row.ids, row.yaml);
        BOOST_TEST(targets_tried(config, route_of_m(config)) == row.tried, row.yaml);
    }
}

BOOST_AUTO_TEST_CASE(the_first_route_that_has_a_model_serves_it) {
    const GatewayConfig config = loaded("routes: [{models: [mini]}, {models: ['m*'], name: rest}]");
    BOOST_TEST(route_of(config, "mini")->name == "mini");
    BOOST_TEST(route_of(config, "m")->name == "rest");
    BOOST_TEST(!route_of(config, "x"));
}

BOOST_AUTO_TEST_CASE(attempts_and_time) {
    struct Row {
        const char* yaml;
        std::uint64_t attempts;
        std::chrono::milliseconds time;  // zero: no limit
        bool is_capped;
    };
    // Two tries of two minutes a target, 5 s between them: 245 s each.
    const std::vector<Row> rows{
        {"", 6, 735s, false},
        {"failover: {max_fallbacks: 0}", 2, 245s, false},
        {"failover: {max_total_attempts: 3}", 3, 365s, false},
        {"timeouts: {total: 10m}", 6, 600s, true},
        {"timeouts: {total: 10m}\nroutes: [{models: [m], total: 1m}]", 6, 60s, true},
        {"timeouts: {total: 10m}\nroutes: [{models: [m], total: 0}]", 6, 735s, false},
        {"timeouts: {total: 0, leg: 0, first_event: 0}", 6, 0s, false},
        {"timeouts: {leg: 1m}", 6, 375s, false},
        {"timeouts: {total: 0}\nroutes: [{models: [m], deliver: complete}]", 6, 3615s, false},
        {"retry: {attempts_per_target: 1}\nfailover: {timeout_seconds: 30}", 3, 90s, false},
        {"retry: {attempts_per_target: 4, base: 1s, cap: 3s, max_retry_after: 0}\nfailover: "
         "{timeout_seconds: 10, "
         "max_fallbacks: 0}",
         4, 46s, false},
    };
    for (const Row& row : rows) {
        const GatewayConfig config = loaded(row.yaml);
        const WorstCase worst = worst_case(config, route_of_m(config));
        BOOST_TEST(worst.attempts == row.attempts, row.yaml);
        BOOST_TEST(worst.time.value_or(0ms).count() == row.time.count(), row.yaml);
        BOOST_TEST(worst.is_capped_by_total == row.is_capped, row.yaml);
    }
}

BOOST_AUTO_TEST_CASE(by_chance_the_slowest_come_first) {
    const GatewayConfig config = loaded(
        "failover: {strategy: weighted, max_fallbacks: 0}\nretry: {attempts_per_target: 1}\n"
        "routes: [{models: [m], targets: [a, b]}]");
    GatewayConfig slow = config;
    slow.targets[1].deadlines.first_event = 10min;
    BOOST_TEST((worst_case(config, route_of_m(config)).time == 2min));
    BOOST_TEST((worst_case(slow, route_of_m(slow)).time == 10min));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway
