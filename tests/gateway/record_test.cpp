#include "gateway/record.hpp"

#include <boost/test/unit_test.hpp>

#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/http_failure.hpp"
#include "wire/error.hpp"
#include "wire/json_text.hpp"

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::gateway;

namespace {

struct Parsed {
    explicit Parsed(const RequestRecord& record) : json(to_json(record)), root(parser.parse(json)) {}
    Parsed(const Parsed&) = delete;

    std::string at(std::string_view pointer) {
        simdjson::dom::element found;
        if (root.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "(absent)";
        return simdjson::minify(found);
    }

    std::string json;
    simdjson::dom::parser parser;
    simdjson::dom::element root;
};

RequestRecord full_record() {
    RequestRecord record;
    record.id = "evt_01JD5V3Z8W9QX2M4N6P7R8S9TA";
    record.timestamp = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 10h + 1min + 2s + 345ms;
    record.request_id = "req-1";
    record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    record.endpoint = "/v1/chat/completions";
    record.stream = true;
    record.requested_model = "gpt-4o-mini";
    record.model = "claude-sonnet-4-20250514";
    record.provider = "anthropic-fallback";
    record.provider_kind = "anthropic";
    record.status = 200;
    record.latency = 1'234'567'890ns;
    record.first_token = 250ms;
    record.usage = Usage{.input = 12, .cached_input = 0, .cache_write = {}, .output = 34, .reasoning = {}};
    record.cost = PicoUsd(123'450'000);
    record.route = "default";
    record.strategy = "priority";
    record.original_target = "openai-primary";
    record.failover_reason = "upstream_timeout";
    record.client = "team-a";
    record.config_version = "0123456789ab";
    AttemptRecord failed;
    failed.target = "openai-primary";
    failed.model = "gpt-4o-mini";
    failed.end = AttemptRecord::End::failed;
    failed.http_status = 503;
    failed.error_type = "upstream_overloaded";
    failed.duration = 312ms;
    AttemptRecord good = failed;
    good.target = "anthropic-fallback";
    good.end = AttemptRecord::End::ok;
    good.http_status = 0;
    good.error_type.clear();
    good.first_event = 1500us;
    good.usage = record.usage;
    good.cost = record.cost;
    record.attempts = {failed, good};
    PolicyRecord policy;
    policy.name = "safety";
    policy.type = "content_filter";
    policy.on_output = true;
    policy.matched = true;
    policy.categories = {"hate", "violence"};
    record.policies = {policy};
    return record;
}

ErrorInfo with_code(ErrorKind kind, Phase phase, int status, std::string code = {}) {
    ErrorInfo error(kind, phase, "ours");
    error.status = status;
    error.code = std::move(code);
    return error;
}

ErrorInfo chain(ErrorKind kind, std::vector<Attempt> attempts) {
    ErrorInfo error(kind, Phase::headers, "ours");
    error.attempts = std::make_shared<const std::vector<Attempt>>(std::move(attempts));
    return error;
}

Attempt skipped(SkipReason reason) {
    Attempt attempt;
    attempt.outcome = Attempt::Outcome::skipped;
    attempt.reason = reason;
    attempt.error = ErrorInfo(ErrorKind::no_provider_available, Phase::prepare, "ours");
    return attempt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(every_field_of_the_event_is_where_the_reference_has_it) {
    Parsed event(full_record());
    const std::vector<std::pair<std::string, std::string>> wanted{
        {"/id", R"("evt_01JD5V3Z8W9QX2M4N6P7R8S9TA")"},
        {"/event_type", R"("decision")"},
        {"/timestamp", R"("2026-11-20T10:01:02.345Z")"},
        {"/request_id", R"("req-1")"},
        {"/trace_id", R"("4bf92f3577b34da6a3ce929d0e0e4736")"},
        {"/endpoint", R"("/v1/chat/completions")"},
        {"/stream", "true"},
        {"/requested_model", R"("gpt-4o-mini")"},
        {"/model", R"("claude-sonnet-4-20250514")"},
        {"/provider", R"("anthropic-fallback")"},
        {"/provider_kind", R"("anthropic")"},
        {"/status", "200"},
        {"/outcome", R"("ok")"},
        {"/error_type", "null"},
        {"/latency_ms", "1234.568"},
        {"/ttft_ms", "250"},
        {"/tokens", R"({"input":12,"output":34,"cached_input":0,"cache_write":null,"reasoning":null})"},
        {"/cost", R"({"amount":"0.00012345","currency":"USD","source":"configured_price"})"},
        {"/failover",
         R"({"triggered":true,"original_provider":"openai-primary","reason":"upstream_timeout"})"},
        {"/attempts/0/provider", R"("openai-primary")"},
        {"/attempts/0/outcome", R"("failed")"},
        {"/attempts/0/purpose", R"("answer")"},
        {"/attempts/0/http_status", "503"},
        {"/attempts/0/error_type", R"("upstream_overloaded")"},
        {"/attempts/0/latency_ms", "312"},
        {"/attempts/0/ttft_ms", "null"},
        {"/attempts/0/tokens/input", "null"},
        {"/attempts/0/cost/amount", "null"},
        {"/attempts/1/outcome", R"("ok")"},
        {"/attempts/1/http_status", "null"},
        {"/attempts/1/error_type", "null"},
        {"/attempts/1/ttft_ms", "1.5"},
        {"/attempts/1/tokens/output", "34"},
        {"/routing", R"({"route":"default","strategy":"priority"})"},
        {"/policies", R"([{"name":"safety","type":"content_filter","action":"flag","direction":"output",)"
                      R"("categories":["hate","violence"],"result":"match"}])"},
        {"/client", R"("team-a")"},
        {"/config_version", R"("0123456789ab")"},
        {"/prompt", "(absent)"},
        {"/answer", "(absent)"},
    };
    for (const auto& [pointer, value] : wanted)
        BOOST_TEST(event.at(pointer) == value, pointer << ": " << event.at(pointer) << ", not " << value);
    BOOST_TEST(event.json.find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_null_and_never_zero) {
    Parsed event((RequestRecord()));
    for (const std::string pointer : {"/request_id",
                                      "/trace_id",
                                      "/endpoint",
                                      "/requested_model",
                                      "/model",
                                      "/provider",
                                      "/provider_kind",
                                      "/status",
                                      "/error_type",
                                      "/ttft_ms",
                                      "/tokens/input",
                                      "/tokens/output",
                                      "/tokens/cached_input",
                                      "/tokens/cache_write",
                                      "/tokens/reasoning",
                                      "/cost/amount",
                                      "/cost/source",
                                      "/failover/original_provider",
                                      "/failover/reason",
                                      "/routing/route",
                                      "/routing/strategy",
                                      "/client",
                                      "/config_version"})
        BOOST_TEST(event.at(pointer) == "null", pointer << ": " << event.at(pointer));
    BOOST_TEST(event.at("/failover/triggered") == "false");  // jq never stumbles over it
    BOOST_TEST(event.at("/attempts") == "[]");
    BOOST_TEST(event.at("/policies") == "[]");
    BOOST_TEST(event.at("/timestamp") == R"("1970-01-01T00:00:00.000Z")");
}

BOOST_AUTO_TEST_CASE(a_known_zero_stays_zero) {
    RequestRecord record;
    record.usage = Usage{};
    record.usage->output = 0;
    record.cost = PicoUsd(0);
    Parsed event(record);
    BOOST_TEST(event.at("/tokens/output") == "0");
    BOOST_TEST(event.at("/tokens/input") == "null");
    BOOST_TEST(event.at("/cost/amount") == R"("0.00")");
}

BOOST_AUTO_TEST_CASE(whatever_a_client_sends_it_is_one_line_of_json) {
    RequestRecord record = full_record();
    record.requested_model = "a\"b\\c\nd\x01\xFF\xC3";
    record.prompt = "line\r\nbreak\xE2\x80\xA8";
    record.answer = "";
    Parsed event(record);
    BOOST_TEST(wire::is_json(event.json));
    BOOST_TEST(event.json.find_first_of("\r\n") == std::string::npos);
    BOOST_TEST(event.at("/answer") == R"("")");
    BOOST_TEST(event.at("/prompt") == R"("line\r\nbreak)"
                                      "\xE2\x80\xA8\"");
}

BOOST_AUTO_TEST_CASE(each_failure_has_its_reason) {
    struct Row {
        ErrorInfo error;
        std::string_view reason;
    };
    using K = ErrorKind;
    const std::vector<Row> rows{
        {with_code(K::provider_timeout, Phase::connect, 0), "upstream_timeout"},
        {with_code(K::provider_timeout, Phase::total, 0), "upstream_timeout"},
        {net::connect_failure({}, ConnectError::connect_failed), "upstream_connect_error"},
        {net::connect_failure({}, ConnectError::resolve_failed), "upstream_connect_error"},
        {net::connect_failure({}, ConnectError::tls_failed), "upstream_tls_error"},
        {net::connect_failure({}, ConnectError::certificate_rejected), "upstream_tls_error"},
        {net::send_failure(std::make_error_code(std::errc::broken_pipe)), "upstream_connect_error"},
        {net::head_failure(wire::WireError::body_truncated, false), "upstream_connect_error"},
        {net::head_failure(std::make_error_code(std::errc::connection_reset), true),
         "upstream_connect_error"},
        {net::head_failure(wire::WireError::bad_status_line, true), "upstream_protocol_error"},
        {with_code(K::rate_limited, Phase::headers, 429), "upstream_rate_limited"},
        {with_code(K::quota_exhausted, Phase::headers, 429), "upstream_quota_exhausted"},
        {with_code(K::provider_overloaded, Phase::headers, 529), "upstream_overloaded"},
        {with_code(K::provider_unavailable, Phase::headers, 502), "upstream_5xx"},
        {with_code(K::provider_unavailable, Phase::first_event, 0, "api_error"), "upstream_5xx"},
        {with_code(K::provider_unavailable, Phase::stream, 0), "upstream_protocol_error"},
        {with_code(K::provider_auth_failed, Phase::headers, 401), "upstream_auth_failed"},
        {with_code(K::provider_bad_request, Phase::headers, 400), "upstream_bad_request"},
        {with_code(K::model_not_found, Phase::headers, 404), "model_not_found"},
        {with_code(K::content_filtered, Phase::headers, 400), "content_filtered"},
        {with_code(K::context_length_exceeded, Phase::headers, 400), "context_length_exceeded"},
        {with_code(K::stream_truncated, Phase::first_event, 200), "empty_stream"},
        {with_code(K::stream_truncated, Phase::stream, 200), "stream_truncated"},
        {with_code(K::provider_error, Phase::headers, 500), "upstream_5xx"},
        {with_code(K::provider_error, Phase::headers, 418), "upstream_bad_request"},
        {with_code(K::provider_error, Phase::prepare, 0), "upstream_protocol_error"},
        {chain(K::no_provider_available, {skipped(SkipReason::breaker_open)}), "circuit_open"},
        {chain(K::no_provider_available, {skipped(SkipReason::unhealthy), skipped(SkipReason::unhealthy)}),
         "no_target_available"},
        {chain(K::all_providers_failed, {skipped(SkipReason::unhealthy), Attempt()}), "all_targets_failed"},
        {with_code(K::no_provider_available, Phase::prepare, 0), "no_target_available"},
    };
    for (const Row& row : rows)
        BOOST_TEST(reason_of(row.error) == row.reason,
                   describe(row.error) << " is " << reason_of(row.error) << ", not " << row.reason);
}

BOOST_AUTO_TEST_CASE(every_reason_is_one_of_the_closed_set) {
    const std::set<std::string_view> known(reasons().begin(), reasons().end());
    BOOST_TEST(known.size() == reasons().size());
    for (int kind = 0; kind <= int(ErrorKind::content_filtered); ++kind)
        for (int phase = 0; phase <= int(Phase::total); ++phase)
            for (const int status : {0, 200, 400, 404, 500, 503})
                BOOST_TEST(known.contains(reason_of(with_code(ErrorKind(kind), Phase(phase), status))));
    for (int reason = 0; reason <= int(SkipReason::attempts_spent); ++reason)
        BOOST_TEST(known.contains(reason_of(SkipReason(reason))));
}

BOOST_AUTO_TEST_CASE(times_are_read_back) {
    struct Row {
        std::string_view text;
        std::string_view same_as;  // empty: not a time
    };
    const std::vector<Row> rows{
        {"2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z"},
        {"2026-11-20t10:00:00z", "2026-11-20T10:00:00.000Z"},
        {"2026-11-20 10:00:00.5Z", "2026-11-20T10:00:00.500Z"},
        {"2026-11-20T10:00:00.123456789123Z", "2026-11-20T10:00:00.123Z"},
        {"2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00.000Z"},
        {"2026-03-01T00:30:00-01:30", "2026-03-01T02:00:00.000Z"},
        {"2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"", ""},
        {"2026-11-20", ""},
        {"2026-11-20T10:00:00", ""},
        {"2026-11-20T10:00Z", ""},
        {"2026-11-20T10:00:00.Z", ""},
        {"2026-02-30T10:00:00Z", ""},
        {"2026-13-01T10:00:00Z", ""},
        {"2026-11-20T24:00:00Z", ""},
        {"2026-11-20T10:00:00Z ", ""},
        {"2026-11-20T10:00:00+0200", ""},
        {"yesterday", ""},
    };
    for (const Row& row : rows) {
        const auto time = parse_timestamp(row.text);
        BOOST_TEST((time ? timestamp_text(*time) : "") == row.same_as, row.text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
