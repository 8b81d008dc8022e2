// PROTOCOLS sections 5, 8, 9, 10.3 and 13, one stream each, written by hand; and back through the encoder.
#include "adapters/anthropic/dialect.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using enum ErrorKind;
using test::Decoded;
using test::sse;

const adapters::Dialect& dialect() {
    return adapters::anthropic::dialect();
}

constexpr const char* kStart =
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":5,"output_tokens":1,"service_tier":"standard"}}})";
constexpr const char* kEnd =
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}})";
constexpr const char* kStop = R"({"type":"message_stop"})";

std::string start(int index, std::string_view block) {
    return R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" +
           std::string(block) + "}";
}
std::string delta(int index, std::string_view what) {
    return R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" +
           std::string(what) + "}";
}
std::string stop(int index) {
    return R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}";
}

std::string encode(const std::string& body) {
    adapters::AnswerFacts facts;
    facts.response_id = "msg_1";
    facts.model = "claude";
    facts.origin = "anthropic@anthropic";
    auto encoder = dialect().make_encoder(facts);
    auto decoder = dialect().make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    reader.finish(body, 0, batch);
    std::string out;
    for (const StreamEvent& event : batch.events())
        encoder->encode(event, out);
    return out;
}

/// The same events whatever the reads, just one end, and the same again after a round through the encoder.
Decoded decode(const std::string& body) {
    Decoded whole = test::decode(dialect(), body);
    BOOST_TEST(test::decode_bytewise(dialect(), body).trace == whole.trace);
    BOOST_TEST(whole.terminals == 1u);
    BOOST_TEST(!whole.after_terminal);
    BOOST_TEST(body.starts_with(whole.raw));
    if (whole.stop) {
        const Decoded again = test::decode(dialect(), encode(body));
        BOOST_TEST(again.trace == whole.trace);
        // Unknown counts that a client must have are sent as 0.
        if (whole.usage && whole.usage->input && whole.usage->output)
            BOOST_TEST((again.usage == whole.usage));
    }
    return whole;
}

Decoded decode(std::initializer_list<std::string_view> payloads) {
    return decode(sse(payloads));
}

void check_failure(const Decoded& got, ErrorKind kind, Phase phase) {
    BOOST_REQUIRE(got.error.has_value());
    BOOST_TEST(class_name(got.error->kind) == class_name(kind));
    BOOST_TEST(to_string(got.error->phase) == to_string(phase));
    BOOST_TEST(got.error->provider == "acme");
    BOOST_TEST(!got.error->message.empty());
}

BOOST_AUTO_TEST_SUITE(anthropic_decoder)

BOOST_AUTO_TEST_CASE(text) {
    Decoded got = decode(
        {kStart, R"({"type": "ping"})", start(0, R"({"type":"text","text":""})"),
         delta(0, R"({"type":"text_delta","text":"Ulaan"})"), delta(0, R"({"type":"text_delta","text":""})"),
         delta(0, R"({"type":"text_delta","text":"baatar\n\u00e9"})"), stop(0), kEnd, kStop});
    BOOST_TEST(got.trace ==
               "0 text Ulaan\n0 text baatar\n\xC3\xA9\n0 extension usage.service_tier \"standard\"\n0 finish "
               "stop end_turn\n");
    BOOST_TEST(got.info.response_id == "msg_1");
    BOOST_TEST(got.info.response_model_id == "claude");
    Usage usage;
    usage.input = 18;
    usage.cached_input = 5;
    usage.cache_write = 3;
    usage.output = 7;
    BOOST_TEST((got.usage == usage));
}

BOOST_AUTO_TEST_CASE(fields_in_any_order_and_spaces) {
    Decoded got = decode(
        "event: nonsense\ndata: {\"delta\":{\"text\":\"a\",\"type\":\"text_delta\"},\"index\":0,\"type\":"
        "\"content_block_delta\"}     \r\n\r\n"
        "data: {\"message\":{\"id\":\"x\"},\"type\":\"message_start\"}\r\r" +
        sse({R"({"usage":{"output_tokens":null,"input_tokens":4},"delta":{"stop_reason":"max_tokens"},"type":"message_delta"})",
             kStop}));
    BOOST_TEST(got.text == "a");
    BOOST_TEST((got.stop == StopReason::length));
    BOOST_TEST((got.usage->input == 4u));
}

BOOST_AUTO_TEST_CASE(usage_is_overwritten_field_by_field) {
    Decoded got = decode(
        {kStart, delta(0, R"({"type":"text_delta","text":"a"})"),
         R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":61,"cache_read_input_tokens":null,"cache_creation_input_tokens":0,"output_tokens":20,"output_tokens_details":{"thinking_tokens":9},"server_tool_use":{"web_search_requests":2}}})",
         kStop});
    BOOST_TEST((got.usage->input == 66u));
    BOOST_TEST((got.usage->cached_input == 5u));
    BOOST_TEST((got.usage->cache_write == 0u));
    BOOST_TEST((got.usage->output == 20u));
    BOOST_TEST((got.usage->reasoning == 9u));
    BOOST_TEST(got.extensions.back() == R"(usage.server_tool_use={"web_search_requests":2})");
    // Unknown stays unknown.
    BOOST_TEST(!test::decode(dialect(), sse({delta(0, R"({"type":"text_delta","text":"a"})"), kStop})).usage);
}

BOOST_AUTO_TEST_CASE(thinking) {
    Decoded got = decode({kStart, start(0, R"({"type":"thinking","thinking":"","signature":""})"),
                          delta(0, R"({"type":"thinking_delta","thinking":"hm"})"),
                          delta(0, R"({"type":"signature_delta","signature":"sig=="})"), stop(0),
                          start(1, R"({"type":"redacted_thinking","data":"opaque"})"), stop(1),
                          start(2, R"({"type":"thinking","thinking":"","signature":""})"),
                          delta(2, R"({"type":"signature_delta","signature":"only"})"), stop(2),
                          start(3, R"({"type":"text","text":"yes"})"), stop(3), kEnd, kStop});
    BOOST_TEST(got.trace ==
               "0 reasoning hm\n0 reasoning \nsignature sig==\n0 reasoning \n  redacted\nsignature opaque\n"
               "0 reasoning \nsignature only\n0 text yes\n0 extension usage.service_tier \"standard\"\n"
               "0 finish stop end_turn\n");
}

BOOST_AUTO_TEST_CASE(tool_calls) {
    struct Case {
        const char* what;
        std::vector<std::string> events;
        const char* trace;
    };
    const Case cases[] = {
        {"in pieces",
         {start(0, R"({"type":"tool_use","id":"t1","name":"f","input":{}})"),
          delta(0, R"({"type":"input_json_delta","partial_json":""})"),
          delta(0, R"({"type":"input_json_delta","partial_json":"{\"a\""})"),
          delta(0, R"({"type":"input_json_delta","partial_json":":1}"})"), stop(0)},
         "0 start 0 t1 f\n0 arguments 0 {\"a\"\n0 arguments 0 :1}\n0 end 0\n"},
        {"no arguments, twice",
         {start(0, R"({"type":"tool_use","id":"t1","name":"f","input":{}})"), stop(0),
          start(1, R"({"type":"tool_use","id":"t2","name":"g"})"), stop(1)},
         "0 start 0 t1 f\n0 end 0\n0 start 1 t2 g\n0 end 1\n"},
        {"the start holds the input",
         {start(0, R"({"type":"tool_use","id":"t1","name":"f","input":{"a": 1}})"), stop(0)},
         "0 start 0 t1 f\n0 arguments 0 {\"a\": 1}\n0 end 0\n"},
        {"the start holds what the deltas repeat",
         {start(0, R"({"type":"tool_use","id":"t1","name":"f","input":{"a":1}})"),
          delta(0, R"({"type":"input_json_delta","partial_json":"{\"a\":1}"})"), stop(0)},
         "0 start 0 t1 f\n0 arguments 0 {\"a\":1}\n0 end 0\n"},
        {"cut, and never stopped",
         {start(0, R"({"type":"tool_use","id":"t1","name":"f","input":{}})"),
          delta(0, R"({"type":"input_json_delta","partial_json":"{\"a"})")},
         "0 start 0 t1 f\n0 arguments 0 {\"a\n0 end 0 not JSON\n"},
        {"without an id",
         {start(0, R"({"type":"tool_use","name":"f","input":{}})"), stop(0)},
         "0 start 0 toolu_0 f\n0 end 0\n"},
        {"a caller",
         {start(0, R"({"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}})"),
          stop(0)},
         "0 extension content_block.caller {\"type\":\"direct\"}\n0 start 0 t1 f\n0 end 0\n"},
        {"blocks that interleave, with odd indices",
         {start(7, R"({"type":"tool_use","id":"t1","name":"f","input":{}})"),
          start(3, R"({"type":"tool_use","id":"t2","name":"g","input":{}})"),
          delta(3, R"({"type":"input_json_delta","partial_json":"{}"})"),
          delta(7, R"({"type":"input_json_delta","partial_json":"[]"})"), stop(7), stop(3)},
         "0 start 0 t1 f\n0 start 1 t2 g\n0 arguments 1 {}\n0 arguments 0 []\n0 end 0\n0 end 1\n"},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.what) {
            std::string body;
            for (const std::string& event : c.events)
                body += sse({event});
            Decoded got =
                decode(body + sse({R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})", kStop}));
            BOOST_TEST(got.trace == std::string(c.trace) + "0 finish tool_calls tool_use\n");
        }
    Decoded derived = decode({start(0, R"({"type":"tool_use","id":"t","name":"f"})"), stop(0), kEnd, kStop});
    BOOST_TEST((derived.stop == StopReason::tool_calls));
    BOOST_TEST(derived.raw_stop == "end_turn");
}

BOOST_AUTO_TEST_CASE(what_we_do_not_model_is_passed_on) {
    const std::string server =
        start(0, R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{}})");
    const std::string query = delta(0, R"({"type":"input_json_delta","partial_json":"{\"q\":1}"})");
    const std::string result =
        start(1, R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"u"}]})");
    const std::string cite = delta(2, R"({"type":"citations_delta","citation":{"url":"u"}})");
    const std::string compaction = start(4, R"({"type":"compaction","content":null})");
    const std::string summary = delta(4, R"({"type":"compaction_delta","content":"so far"})");
    const std::string unknown = R"({"type":"fancy_event","index":2,"a":[1, 2]})";
    Decoded got = decode(
        {kStart, server, query, stop(0), result, stop(1), start(2, R"({"type":"text","text":""})"), cite,
         delta(2, R"({"type":"text_delta","text":"a"})"), stop(2), unknown,
         start(3, R"({"type":"text","text":""})"), delta(3, R"({"type":"text_delta","text":"b"})"), stop(3),
         compaction, summary, stop(4),
         R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END","stop_details":null,"container":{"id":"c"}},"usage":{"output_tokens":1},"context_management":{"applied_edits":[1]}})",
         kStop});
    auto whole = [](std::string_view name, const std::string& json) {
        return "0 extension " + std::string(name) + " " + json + "\n";
    };
    const std::string kBlock = "content_block_";
    BOOST_TEST(got.trace ==
               whole(kBlock + "start", server) + whole(kBlock + "delta", query) +
                   whole(kBlock + "stop", stop(0)) + whole(kBlock + "start", result) +
                   whole(kBlock + "stop", stop(1)) + whole(kBlock + "delta", cite) + "0 text a\n" +
                   whole("fancy_event", unknown) +
                   whole(kBlock + "start", start(3, R"({"type":"text","text":""})")) + "0 text b\n" +
                   whole(kBlock + "start", compaction) + whole(kBlock + "delta", summary) +
                   whole(kBlock + "stop", stop(4)) + whole("delta.stop_sequence", "\"END\"") +
                   whole("delta.container", R"({"id":"c"})") + whole("usage.service_tier", "\"standard\"") +
                   whole("message_delta.context_management", R"({"applied_edits":[1]})") +
                   "0 finish stop stop_sequence\n");
    // Deltas of no block, and of a type that the block has not.
    got = test::decode(dialect(), sse({start(0, R"({"type":"text","text":"a"})"),
                                       delta(0, R"({"type":"input_json_delta","partial_json":"x"})"),
                                       delta(9, R"({"type":"new_delta"})"), stop(9), kEnd, kStop}));
    BOOST_TEST(got.extensions.size() == 2u);
}

BOOST_AUTO_TEST_CASE(stop_reasons) {
    struct Case {
        const char* raw;
        StopReason reason;
    };
    const Case cases[] = {
        {"end_turn", StopReason::stop},       {"stop_sequence", StopReason::stop},
        {"max_tokens", StopReason::length},   {"model_context_window_exceeded", StopReason::length},
        {"tool_use", StopReason::tool_calls}, {"refusal", StopReason::content_filter},
        {"pause_turn", StopReason::paused},   {"compaction", StopReason::paused},
        {"brand_new", StopReason::unknown},
    };
    for (const Case& c : cases) {
        Decoded got =
            decode({R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(c.raw) + R"("}})"});
        BOOST_TEST((got.stop == c.reason));
        BOOST_TEST(got.raw_stop == c.raw);
    }
}

BOOST_AUTO_TEST_CASE(the_end) {
    const std::string text = delta(0, R"({"type":"text_delta","text":"a"})");
    // A stop reason is enough; message_stop too, once there was something.
    BOOST_TEST((decode({text, kEnd}).stop == StopReason::stop));
    BOOST_TEST((decode({text, kStop}).stop == StopReason::unknown));
    check_failure(decode({kStart, text}), stream_truncated, Phase::stream);
    check_failure(decode({kStart, stop(0)}), stream_truncated, Phase::first_event);
    check_failure(decode({kStart, kStop}), stream_truncated, Phase::first_event);
    BOOST_TEST((decode({kStart, kEnd, kStop}).stop == StopReason::stop));
    // Nothing counts after the end.
    BOOST_TEST(decode({text, kEnd, kStop, text, R"({"type":"error","error":{}})"}).text == "a");
}

BOOST_AUTO_TEST_CASE(errors_in_the_stream) {
    struct Case {
        const char* type;
        ErrorKind kind;
    };
    const Case cases[] = {
        {"overloaded_error", provider_overloaded},
        {"api_error", provider_unavailable},
        {"rate_limit_error", rate_limited},
        {"timeout_error", provider_timeout},
        {"invalid_request_error", provider_bad_request},
        {"billing_error", quota_exhausted},
        {"authentication_error", provider_auth_failed},
    };
    for (const Case& c : cases) {
        const std::string error = R"({"type":"error","error":{"details":null,"type":")" +
                                  std::string(c.type) + R"(","message":"Sorry"}})";
        check_failure(decode("event: error\ndata: " + error + "\n\n"), c.kind, Phase::first_event);
        Decoded got = decode({kStart, delta(0, R"({"type":"text_delta","text":"a"})"), error, kStop});
        check_failure(got, c.kind, Phase::stream);
        BOOST_TEST(got.error->code == c.type);
        BOOST_TEST(got.error->provider_message == "Sorry");
        BOOST_TEST((got.usage->input == 18u));  // it may still cost money
    }
    check_failure(decode({R"({"error":{"message":"no type at the top","type":"request_too_large"}})"}),
                  provider_bad_request, Phase::first_event);
    check_failure(decode("event: error\ndata: upstream is gone\n\n"), provider_unavailable,
                  Phase::first_event);
    check_failure(decode({kStart, "{\"type\":"}), provider_unavailable, Phase::first_event);
    check_failure(
        decode({R"({"type":"content_block_start","index":0,"content_block":{"type":"x","y":tru}})"}),
        provider_unavailable, Phase::first_event);
}

BOOST_AUTO_TEST_CASE(whole_bodies) {
    auto decode_body = [](std::string_view body) {
        auto decoder = dialect().make_decoder(test::facts_for_tests());
        adapters::EventBatch batch;
        decoder->on_body(body, batch);
        Decoded decoded;
        for (const StreamEvent& event : batch.events())
            decoded.add(event);
        return decoded;
    };
    Decoded got = decode_body(
        R"({"id":"msg_2","type":"message","role":"assistant","model":"claude","content":[
            {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},
            {"type":"text","text":"a"},{"type":"text","text":"b","citations":[{"url":"u"}]},
            {"type":"web_fetch_tool_result","tool_use_id":"w"},
            {"type":"tool_use","id":"t","name":"f","input":{"x":1}},{"type":"tool_use","id":"t2","name":"g","input":{}}],
            "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}})");
    BOOST_TEST(
        got.trace ==
        "0 reasoning hm\n0 reasoning \nsignature s\n0 reasoning \n  redacted\nsignature d\n0 text a\n"
        "0 extension content_block_start "
        "{\"type\":\"content_block_start\",\"index\":3,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n"
        "0 text b\n0 extension content_block_delta "
        "{\"type\":\"content_block_delta\",\"index\":3,\"delta\":{\"type\":\"citations_delta\",\"citation\":{"
        "\"url\":\"u\"}}}\n0 extension content_block_start "
        "{\"type\":\"content_block_start\",\"index\":4,\"content_block\":{\"type\":\"web_fetch_tool_result\","
        "\"tool_use_id\":\"w\"}}\n0 extension content_block_stop "
        "{\"type\":\"content_block_stop\",\"index\":4}\n"
        "0 start 0 t f\n0 arguments 0 {\"x\":1}\n0 end 0\n0 start 1 t2 g\n0 end 1\n"
        "0 finish tool_calls tool_use\n");
    BOOST_TEST((got.usage->output == 2u));
    BOOST_TEST((decode_body(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})")
                    .error->kind == provider_overloaded));
    BOOST_TEST((decode_body(R"({"hello":"world"})").error->kind == provider_unavailable));
}

BOOST_AUTO_TEST_CASE(caps) {
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += sse({start(i, R"({"type":"text","text":""})")});
    check_failure(test::decode(dialect(), many), provider_unavailable, Phase::first_event);
    many.clear();
    for (int i = 0; i < 1100; ++i)
        many += sse({start(0, R"({"type":"tool_use","id":"t","name":"f"})"), stop(0)});
    check_failure(test::decode(dialect(), many), provider_unavailable, Phase::stream);
    many.clear();
    for (int i = 0; i < 200; ++i)
        many += sse({R"({"type":"message_delta","new)" + std::to_string(i) + R"(":1})"});
    check_failure(test::decode(dialect(), many), provider_unavailable, Phase::first_event);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
