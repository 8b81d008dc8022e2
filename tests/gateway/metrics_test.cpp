#include "gateway/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <sluice/model_spec.hpp>

#include <cmath>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "prometheus_text.hpp"

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::gateway;
using sluice::tests::PrometheusText;

namespace {

ModelSpec spec(std::string target, std::string model) {
    ModelSpec known;
    known.provider_id = std::move(target);
    known.id = std::move(model);
    return known;
}

struct Scrape {
    explicit Scrape(const Metrics& metrics, const std::vector<TargetGauge>& targets = {},
                    std::uint64_t dropped = 0)
        : text(metrics.text(targets, dropped)), parsed(text) {
        BOOST_REQUIRE_MESSAGE(parsed.error().empty(), parsed.error() << "\n" << text);
    }

    // Of "sluice_gateway_" and that; NaN when there is none.
    double at(const std::string& sample) const { return parsed.value("sluice_gateway_" + sample); }
    bool has(const std::string& sample) const { return !std::isnan(at(sample)); }

    std::string text;
    PrometheusText parsed;
};

RequestRecord good_request() {
    RequestRecord record;
    record.endpoint = "/v1/chat/completions";
    record.stream = true;
    record.status = 200;
    record.provider = "openai-primary";
    record.latency = 1500ms;
    record.first_token = 100ms;
    AttemptRecord attempt;
    attempt.target = "openai-primary";
    attempt.model = "gpt-4o-mini";
    attempt.end = AttemptRecord::End::ok;
    attempt.usage = Usage{.input = 10, .cached_input = 4, .cache_write = {}, .output = 20, .reasoning = {}};
    attempt.cost = PicoUsd(2'500'000'000'000);
    record.attempts = {attempt};
    return record;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(a_gateway_that_has_done_nothing_says_so) {
    const Metrics metrics;
    const Scrape scrape(metrics);
    BOOST_TEST(scrape.at("inflight_requests") == 0);
    BOOST_TEST(scrape.at("active_streams") == 0);
    BOOST_TEST(scrape.at("event_queue_dropped_total") == 0);
    BOOST_TEST(scrape.at(R"(config_reloads_total{result="success"})") == 0);
    BOOST_TEST(scrape.at(R"(config_reloads_total{result="failure"})") == 0);
    BOOST_TEST(scrape.text.find("sluice_gateway_build_info{version=\"") != std::string::npos);
    BOOST_TEST(!scrape.has("config_reload_success_timestamp_seconds"));
    BOOST_TEST(scrape.text.back() == '\n');
}

BOOST_AUTO_TEST_CASE(a_request_is_counted_where_it_belongs) {
    Metrics metrics;
    metrics.set_models({"gpt-4o-mini"});
    metrics.on_request(good_request());
    RequestRecord moved = good_request();
    moved.original_target = "openai-primary";
    moved.failover_reason = "upstream_timeout";
    moved.provider = "anthropic-fallback";
    AttemptRecord second = moved.attempts[0];
    second.target = "anthropic-fallback";
    second.model = "a-model-of-nobody";
    moved.attempts[0].usage.reset();
    moved.attempts[0].cost.reset();
    moved.attempts.push_back(second);
    PolicyRecord policy;
    policy.name = "safety";
    moved.policies = {policy, policy};
    moved.policies[1].matched = true;
    metrics.on_request(moved);

    const Scrape scrape(metrics);
    BOOST_TEST(scrape.at(R"(requests_total{endpoint="/v1/chat/completions",status="200"})") == 2);
    const std::string duration = R"(request_duration_seconds_)";
    BOOST_TEST(scrape.at(duration + R"(count{endpoint="/v1/chat/completions"})") == 2);
    BOOST_TEST(scrape.at(duration + R"(sum{endpoint="/v1/chat/completions"})") == 3);
    BOOST_TEST(scrape.at(duration + R"(bucket{endpoint="/v1/chat/completions",le="1.28"})") == 0);
    BOOST_TEST(scrape.at(duration + R"(bucket{endpoint="/v1/chat/completions",le="2.56"})") == 2);
    BOOST_TEST(scrape.at(duration + R"(bucket{endpoint="/v1/chat/completions",le="+Inf"})") == 2);
    BOOST_TEST(scrape.at(R"(time_to_first_token_seconds_count{target="anthropic-fallback"})") == 1);
    BOOST_TEST(scrape.at(R"(tokens_total{target="openai-primary",model="gpt-4o-mini",direction="input"})") ==
               10);
    BOOST_TEST(
        scrape.at(R"(tokens_total{target="openai-primary",model="gpt-4o-mini",direction="cached_input"})") ==
        4);
    BOOST_TEST(
        !scrape.has(R"(tokens_total{target="openai-primary",model="gpt-4o-mini",direction="reasoning"})"));
    BOOST_TEST(scrape.at(R"(tokens_total{target="anthropic-fallback",model="other",direction="output"})") ==
               20);
    BOOST_TEST(scrape.at(R"(cost_usd_total{target="openai-primary",model="gpt-4o-mini",failover="false"})") ==
               2.5);
    BOOST_TEST(scrape.at(R"(cost_usd_total{target="anthropic-fallback",model="other",failover="true"})") ==
               2.5);
    BOOST_TEST(scrape.at(R"(policy_evaluations_total{policy="safety",result="pass"})") == 1);
    BOOST_TEST(scrape.at(R"(policy_evaluations_total{policy="safety",result="match"})") == 1);
}

BOOST_AUTO_TEST_CASE(what_happens_around_attempts_is_counted) {
    Metrics metrics;
    metrics.set_models({"gpt-4o-mini"});
    const ModelSpec one = spec("openai-primary", "gpt-4o-mini");
    const ModelSpec two = spec("anthropic-fallback", "claude");
    AttemptFigures figures;
    figures.duration = 30ms;
    const ErrorInfo timeout(ErrorKind::provider_timeout, Phase::headers, "ours");
    const auto tell = [&](const ModelSpec& model, AttemptEvent::What what,
                          Purpose purpose = Purpose::answer) {
        AttemptEvent event(model, what);
        event.purpose = purpose;
        metrics.on_attempt(event);
    };
    tell(one, AttemptStarted{});
    tell(one, FirstEvent{5ms});
    tell(one, AttemptSucceeded{figures});
    tell(one, AttemptFailed{timeout, figures});
    tell(two, AttemptAbandoned{figures});
    tell(one, FailedOver{timeout, two});
    tell(one, LegSkipped{SkipReason::breaker_open, 0ns});
    tell(one, BreakerChanged{"openai-primary", BreakerState::closed, BreakerState::open, 5s, nullptr});
    tell(one, AttemptSucceeded{figures}, Purpose::probe);
    tell(one, AttemptFailed{timeout, figures}, Purpose::probe);
    AttemptFigures mirrored = figures;
    mirrored.usage = Usage{.input = 7, .cached_input = {}, .cache_write = {}, .output = {}, .reasoning = {}};
    tell(two, AttemptSucceeded{mirrored}, Purpose::mirror);

    std::vector<TargetGauge> targets(2);
    targets[0].target = "openai-primary";
    targets[0].healthy = false;
    targets[0].breaker = BreakerState::half_open;
    targets[1].target = "anthropic-fallback";
    const Scrape scrape(metrics, targets, 17);
    const std::string attempts = R"(upstream_attempts_total{target=")";
    BOOST_TEST(scrape.at(attempts + R"(openai-primary",model="gpt-4o-mini",outcome="ok"})") == 1);
    BOOST_TEST(scrape.at(attempts + R"(openai-primary",model="gpt-4o-mini",outcome="upstream_timeout"})") ==
               1);
    BOOST_TEST(scrape.at(attempts + R"(anthropic-fallback",model="other",outcome="abandoned"})") == 1);
    BOOST_TEST(scrape.at(R"(upstream_duration_seconds_count{target="openai-primary"})") == 2);
    BOOST_TEST(scrape.at(R"(failovers_total{from="openai-primary",to="anthropic-fallback",)"
                         R"(reason="upstream_timeout"})") == 1);
    BOOST_TEST(scrape.at(R"(targets_skipped_total{target="openai-primary",reason="circuit_open"})") == 1);
    BOOST_TEST(scrape.at(R"(circuit_transitions_total{target="openai-primary",state="open"})") == 1);
    BOOST_TEST(scrape.at(R"(health_check_total{target="openai-primary",result="ok"})") == 1);
    BOOST_TEST(scrape.at(R"(health_check_total{target="openai-primary",result="upstream_timeout"})") == 1);
    BOOST_TEST(scrape.at(R"(tokens_total{target="anthropic-fallback",model="other",direction="input"})") ==
               7);
    BOOST_TEST(scrape.at(R"(target_healthy{target="openai-primary"})") == 0);
    BOOST_TEST(scrape.at(R"(target_healthy{target="anthropic-fallback"})") == 1);
    BOOST_TEST(scrape.at(R"(circuit_state{target="openai-primary",state="half_open"})") == 1);
    BOOST_TEST(scrape.at(R"(circuit_state{target="openai-primary",state="closed"})") == 0);
    BOOST_TEST(scrape.at(R"(circuit_state{target="anthropic-fallback",state="closed"})") == 1);
    BOOST_TEST(scrape.at("event_queue_dropped_total") == 17);
    // A target that is gone is not told any more.
    BOOST_TEST(!Scrape(metrics).has(R"(target_healthy{target="openai-primary"})"));
}

BOOST_AUTO_TEST_CASE(streams_that_end_before_their_time_have_a_side) {
    struct Row {
        Outcome outcome;
        std::string error_type;
        std::string labels;
    };
    Metrics metrics;
    const std::vector<Row> rows{
        {Outcome::client_gone, "client_gone", R"({side="client",reason="client_gone"})"},
        {Outcome::slow_client, "", R"({side="client",reason="slow_client"})"},
        {Outcome::interrupted, "stream_truncated", R"({side="upstream",reason="stream_truncated"})"},
        {Outcome::interrupted, "what the provider said", R"({side="upstream",reason="other"})"},
        {Outcome::drained, "", R"({side="gateway",reason="drained"})"},
        {Outcome::blocked, "", R"({side="gateway",reason="blocked"})"},
    };
    for (const Row& row : rows) {
        RequestRecord record = good_request();
        record.outcome = row.outcome;
        record.error_type = row.error_type;
        metrics.on_request(record);
        record.stream = false;  // no stream, no abort
        metrics.on_request(record);
    }
    RequestRecord refused = good_request();
    refused.outcome = Outcome::error;
    metrics.on_request(refused);
    const Scrape scrape(metrics);
    for (const Row& row : rows)
        BOOST_TEST(scrape.at("stream_aborts_total" + row.labels) == 1, row.labels);
    BOOST_TEST(scrape.parsed.samples_of("sluice_gateway_stream_aborts_total") == rows.size());
}

BOOST_AUTO_TEST_CASE(no_client_can_make_labels) {
    Metrics metrics;
    for (int i = 0; i < 5'000; ++i) {
        RequestRecord record = good_request();
        const std::string endpoint = "/v1/guess/" + std::to_string(i);
        record.endpoint = endpoint;
        record.status = i;
        record.attempts[0].model = "model-" + std::to_string(i);
        metrics.on_request(record);
        metrics.on_refused("why-" + std::to_string(i));
    }
    const Scrape scrape(metrics);
    BOOST_TEST(scrape.at(R"(requests_total{endpoint="other",status="200"})") == 1);
    BOOST_TEST(scrape.at(R"(requests_total{endpoint="other",status="none"})") == 5'000 - 500);
    BOOST_TEST(scrape.parsed.samples_of("sluice_gateway_tokens_total") == 3u);
    BOOST_TEST(scrape.at(R"(refused_total{reason="other"})") == 3'000);
    BOOST_TEST(scrape.parsed.samples_of("sluice_gateway_refused_total") == 2'001u);
}

BOOST_AUTO_TEST_CASE(labels_are_escaped_and_read_back) {
    Metrics metrics;
    const std::string odd = "a\"b\\c\nd{e}=,\xC3\xA9";
    metrics.on_refused(odd);
    std::vector<TargetGauge> targets(1);
    targets[0].target = odd;
    const Scrape scrape(metrics, targets);
    BOOST_TEST(scrape.text.find(R"(refused_total{reason="a\"b\\c\nd{e}=,)") != std::string::npos);
    BOOST_TEST(scrape.parsed.value("sluice_gateway_refused_total", {{"reason", odd}}) == 1);
    BOOST_TEST(scrape.parsed.value("sluice_gateway_target_healthy", {{"target", odd}}) == 1);
}

BOOST_AUTO_TEST_CASE(gauges_go_up_and_down_and_a_reload_has_its_time) {
    Metrics metrics;
    metrics.request_began();
    metrics.request_began();
    metrics.request_ended();
    metrics.stream_began();
    metrics.on_reload(false, {});
    metrics.on_reload(true, std::chrono::system_clock::time_point(1'800'000'000s));
    const Scrape scrape(metrics);
    BOOST_TEST(scrape.at("inflight_requests") == 1);
    BOOST_TEST(scrape.at("active_streams") == 1);
    BOOST_TEST(scrape.at("config_reload_success_timestamp_seconds") == 1'800'000'000);
    BOOST_TEST(scrape.at(R"(config_reloads_total{result="failure"})") == 1);
}

BOOST_AUTO_TEST_CASE(many_threads_count_while_one_reads) {
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            const ModelSpec model = spec("t", "m");
            AttemptFigures figures;
            for (int round = 0; round < 500; ++round) {
                metrics.request_began();
                metrics.on_attempt(AttemptEvent(model, AttemptSucceeded{figures}));
                metrics.on_request(good_request());
                metrics.request_ended();
            }
        });
    std::thread reader([&] {
        for (int round = 0; round < 20; ++round)
            metrics.text({}, 0);
    });
    for (std::thread& thread : threads)
        thread.join();
    reader.join();
    const Scrape scrape(metrics);
    BOOST_TEST(scrape.at(R"(requests_total{endpoint="/v1/chat/completions",status="200"})") == 1'500);
    BOOST_TEST(scrape.at(R"(upstream_attempts_total{target="t",model="other",outcome="ok"})") == 1'500);
    BOOST_TEST(scrape.at("inflight_requests") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
