// What a client of Anthropic's SDK is sent, for events of every origin, and for errors of every kind.
#include "adapters/anthropic/dialect.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace sluice;

const adapters::Dialect& dialect() {
    return adapters::anthropic::dialect();
}

adapters::AnswerFacts facts(std::string origin = "openai_chat@openai") {
    adapters::AnswerFacts facts;
    facts.model = "claude";
    facts.created = 7;
    facts.origin = std::move(origin);
    return facts;
}

std::string encode(const std::vector<StreamEvent>& events, adapters::AnswerFacts about = facts()) {
    auto encoder = dialect().make_encoder(std::move(about));
    std::string out;
    for (const StreamEvent& event : events)
        encoder->encode(event, out);
    return out;
}

Finish finish(StopReason reason, std::string_view raw = {}) {
    Finish end;
    end.reason = reason;
    end.raw_reason = raw;
    return end;
}

/// The data lines without `message_start`.
std::string events_of(const std::string& stream) {
    std::string events;
    for (std::size_t at = stream.find("data: "); at != std::string::npos;
         at = stream.find("data: ", at + 1)) {
        std::string line = stream.substr(at + 6, stream.find('\n', at) - at - 6);
        if (line.find("message_start") == std::string::npos) events += line + "\n";
    }
    return events;
}

BOOST_AUTO_TEST_SUITE(anthropic_encoder)

BOOST_AUTO_TEST_CASE(a_stream_to_the_byte) {
    Finish end = finish(StopReason::stop, "stop");
    end.usage = Usage();
    end.usage->input = 20;
    end.usage->cached_input = 5;
    end.usage->output = 3;
    end.usage->reasoning = 1;
    BOOST_TEST(
        encode({TextDelta{"a\n"}, TextDelta{}, TextDelta{"b"}, end, TextDelta{"late"}}) ==
        "event: message_start\ndata: "
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_7\",\"type\":\"message\",\"role\":"
        "\"assistant\","
        "\"model\":\"claude\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_"
        "tokens\":0,\"output_tokens\":0}}}\n\n"
        "event: content_block_start\ndata: "
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"
        "\n\n"
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\\n\"}}"
        "\n\n"
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"b\"}}"
        "\n\n"
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: message_delta\ndata: "
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
        "\"usage\":{"
        "\"input_tokens\":15,\"cache_read_input_tokens\":5,\"output_tokens\":3,\"output_tokens_details\":{"
        "\"thinking_tokens\":1}}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

BOOST_AUTO_TEST_CASE(kinds_open_and_close_blocks) {
    const std::string got = events_of(
        encode({ReasoningDelta{"hm"}, TextDelta{"a"}, ToolCallStart{0, "t", "f"}, ToolCallDelta{0, "{}"},
                ToolCallStart{1, "u", "g"}, ToolCallDelta{1, "{\"x\""}, ToolCallDelta{0, " "}, ToolCallEnd{0},
                ToolCallEnd{1, false}, finish(StopReason::tool_calls, "tool_calls")}));
    BOOST_TEST(
        got ==
        R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}
{"type":"content_block_stop","index":0}
{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}
{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}}
{"type":"content_block_stop","index":1}
{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}
{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}
{"type":"content_block_stop","index":2}
{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"u","name":"g","input":{}}}
{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}
{"type":"content_block_stop","index":3}
{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":0,"output_tokens":0}}
{"type":"message_stop"}
)");
}

BOOST_AUTO_TEST_CASE(signatures_travel_with_their_origin) {
    ReasoningDelta proof{{}, "secret", "rs_1"};
    const std::string foreign = encode(
        {ReasoningDelta{"a", {}, "rs_1"}, proof, ReasoningDelta{"b", {}, "rs_2"}, finish(StopReason::stop)},
        facts("openai_responses@openai"));
    BOOST_TEST(foreign.find("\"secret\"") == std::string::npos);
    test::Decoded got = test::decode(dialect(), foreign);
    BOOST_TEST(got.reasoning == "ab");
    BOOST_REQUIRE(got.signatures.size() == 1u);
    // ... and comes back as what it was.
    const std::string body =
        R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":")" +
        got.signatures[0] + R"("}]},{"role":"user","content":"go on"}]})";
    auto parsed = dialect().parse_request(adapters::ClientRequest("/v1/messages", body));
    BOOST_REQUIRE(parsed.has_value());
    const auto& part = std::get<ReasoningPart>(parsed->request.messages().at(0).parts.at(0));
    BOOST_TEST(part.signature.value == "secret");
    BOOST_TEST(part.signature.origin == "openai_responses@openai");
    BOOST_TEST(encode({proof}, facts("anthropic@anthropic")).find("\"secret\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ends) {
    struct Case {
        StopReason reason;
        const char* raw;
        const char* origin;
        const char* json;
    };
    const Case cases[] = {
        {StopReason::stop, "stop", "openai_chat@x", "\"end_turn\""},
        {StopReason::length, "length", "openai_chat@x", "\"max_tokens\""},
        {StopReason::tool_calls, "stop", "openai_chat@x", "\"tool_use\""},
        {StopReason::content_filter, "SAFETY", "gemini@x", "\"refusal\""},
        {StopReason::paused, "CONTINUATION", "gemini@x", "\"pause_turn\""},
        {StopReason::error, "MALFORMED_FUNCTION_CALL", "gemini@x", "\"error\""},
        {StopReason::unknown, "eos", "openai_chat@x", "null"},
        {StopReason::length, "model_context_window_exceeded", "anthropic@x",
         "\"model_context_window_exceeded\""},
    };
    for (const Case& c : cases) {
        const std::string got = encode({TextDelta{"a"}, finish(c.reason, c.raw)}, facts(c.origin));
        BOOST_TEST(got.find("\"stop_reason\":" + std::string(c.json) + ",\"stop_sequence\"") !=
                   std::string::npos);
        BOOST_TEST((test::decode(dialect(), got).stop == c.reason));
        AssistantMessage answer;
        answer.stop_reason = c.reason;
        answer.raw_stop_reason = c.raw;
        BOOST_TEST(
            dialect().encode_answer(answer, facts(c.origin)).find("\"stop_reason\":" + std::string(c.json)) !=
            std::string::npos);
    }
    const std::string refused = encode({RefusalDelta{"I won't"}, finish(StopReason::stop, "stop")});
    BOOST_TEST(refused.find("\"stop_reason\":\"refusal\"") != std::string::npos);
    BOOST_TEST(test::decode(dialect(), refused).text == "I won't");
}

BOOST_AUTO_TEST_CASE(a_failure_is_no_end_of_an_answer) {
    ErrorInfo error(ErrorKind::provider_overloaded, Phase::stream, "the provider is overloaded");
    error.request_id = "req_1";
    BOOST_TEST(encode({Failure{&error}, TextDelta{"a"}}) ==
               "event: error\ndata: "
               "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"the provider is "
               "overloaded\"},\"request_id\":\"req_1\"}\n\n");
    const std::string cut = encode({TextDelta{"a"}, Failure{&error}});
    BOOST_TEST(cut.find("message_stop") == std::string::npos);
    BOOST_TEST((test::decode(dialect(), cut).error->kind == ErrorKind::provider_overloaded));
}

BOOST_AUTO_TEST_CASE(whole_answers) {
    AssistantMessage answer;
    answer.parts.emplace_back(ReasoningPart("hm", Signature("s", "anthropic@anthropic")));
    ReasoningPart hidden({}, Signature("d", ""));
    hidden.redacted = true;
    answer.parts.emplace_back(hidden);
    answer.parts.emplace_back(TextPart("a"));
    answer.parts.emplace_back(ToolCallPart("t", "f", "{\"x\":1}"));
    answer.parts.emplace_back(ToolCallPart("u", "g", ""));
    answer.parts.emplace_back(ToolCallPart("v", "h", "{\"x"));
    answer.stop_reason = StopReason::tool_calls;
    adapters::AnswerFacts about = facts("anthropic@anthropic");
    about.response_id = "msg_9";
    BOOST_TEST(
        dialect().encode_answer(answer, about) ==
        R"({"id":"msg_9","type":"message","role":"assistant","model":"claude","content":[)"
        R"({"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},)"
        R"({"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","input":{"x":1}},)"
        R"({"type":"tool_use","id":"u","name":"g","input":{}},)"
        R"({"type":"tool_use","id":"v","name":"h","input":{"INVALID_JSON":"{\"x"}}],)"
        R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}})");
}

BOOST_AUTO_TEST_CASE(errors_keep_their_kind) {
    using enum ErrorKind;
    struct Case {
        ErrorKind kind;
        int status;
        const char* type;
        ErrorKind read_back;  // what Anthropic has no word for becomes the kind above it
    };
    const Case cases[] = {
        {provider_error, 502, "api_error", provider_unavailable},
        {rate_limited, 429, "rate_limit_error", rate_limited},
        {quota_exhausted, 402, "billing_error", quota_exhausted},
        {provider_unavailable, 502, "api_error", provider_unavailable},
        {provider_overloaded, 529, "overloaded_error", provider_overloaded},
        {provider_timeout, 504, "timeout_error", provider_timeout},
        {stream_truncated, 502, "api_error", stream_truncated},
        {all_providers_failed, 502, "api_error", provider_unavailable},
        {context_length_exceeded, 400, "invalid_request_error", context_length_exceeded},
        {provider_auth_failed, 502, "api_error", provider_auth_failed},  // our key, not the client's
        {provider_bad_request, 400, "invalid_request_error", provider_bad_request},
        {model_not_found, 404, "not_found_error", model_not_found},
        {content_filtered, 400, "invalid_request_error", content_filtered},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(std::string(class_name(c.kind))) {
            ErrorInfo error(c.kind, Phase::headers, "our words");
            error.tokens_in = 3000;
            error.context_window = 2000;
            error.retry_after = std::chrono::milliseconds(1500);
            const adapters::EncodedError got = dialect().encode_error(error);
            BOOST_TEST(got.status == c.status);
            BOOST_TEST(got.body.find("\"type\":\"" + std::string(c.type) + "\"") != std::string::npos);
            wire::HeaderList headers;
            for (const auto& [name, value] : got.headers)
                headers.add(name, value);
            BOOST_TEST((headers.find("retry-after") == "2"));
            BOOST_TEST((headers.find("x-should-retry") == "false") == !can_retry_same_target(error),
                       "x-should-retry");
            adapters::ExchangeFacts exchange;
            exchange.status = got.status;
            const ErrorInfo again = dialect().classify(exchange, headers, got.body);
            BOOST_TEST(class_name(again.kind) == class_name(c.read_back));
            const ErrorInfo* sent = &error;
            const test::Decoded in_stream = test::decode(dialect(), encode({Failure{sent}}));
            BOOST_TEST(class_name(in_stream.error->kind) == class_name(c.read_back));
            if (c.kind != context_length_exceeded) continue;
            BOOST_TEST((again.tokens_in == 3000u));
            BOOST_TEST((again.context_window == 2000u));
        }
    ErrorInfo large(provider_bad_request, Phase::headers, "too large");
    large.status = 413;
    BOOST_TEST(dialect().encode_error(large).status == 413);
    BOOST_TEST(dialect().encode_error(large).body.find("request_too_large") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
