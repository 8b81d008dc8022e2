// What a client of Chat Completions is told (PROTOCOLS sections 3.1 to 3.6).
#include "adapters/origin.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace std::chrono_literals;

const adapters::Dialect& chat() {
    return adapters::openai_chat::dialect();
}

adapters::AnswerFacts facts(std::string origin) {
    adapters::AnswerFacts facts;
    facts.response_id = "r1";
    facts.model = "m";
    facts.created = 7;
    facts.origin = std::move(origin);
    return facts;
}

std::string encode(const std::vector<StreamEvent>& events, adapters::AnswerFacts with) {
    auto encoder = chat().make_encoder(std::move(with));
    std::string out;
    for (const StreamEvent& event : events)
        encoder->encode(event, out);
    return out;
}

std::string encode(const std::vector<StreamEvent>& events, const char* origin = "anthropic@anthropic") {
    return encode(events, facts(origin));
}

std::string choice(std::string_view delta, std::string_view finish = "null", int index = 0) {
    return R"({"id":"r1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":)" +
           std::to_string(index) + R"(,"delta":)" + std::string(delta) + R"(,"finish_reason":)" +
           std::string(finish) + "}]}";
}

const std::string kRole = choice(R"({"role":"assistant","content":""})");
const StreamEvent kStop(Finish{StopReason::stop, {}, {}});

/// The stream of `events`, without what opens and ends it.
void check(const std::vector<StreamEvent>& events, std::initializer_list<std::string_view> chunks,
           const char* origin = "anthropic@anthropic") {
    std::string expected = test::sse({kRole});
    expected += test::sse(chunks);
    BOOST_TEST(encode(events, origin) == expected);
}

BOOST_AUTO_TEST_SUITE(openai_chat_encoder)

BOOST_AUTO_TEST_CASE(text_and_usage) {
    Usage usage;
    usage.input = 10;
    usage.output = 5;
    usage.cached_input = 4;
    usage.reasoning = 2;
    const std::vector<StreamEvent> events = {TextDelta{"Hi \"there\"\n"}, RefusalDelta{"no"},
                                             Finish{StopReason::length, "max_tokens", usage},
                                             TextDelta{"after the end"}};
    BOOST_TEST(
        encode(events) ==
        test::sse(
            {kRole, choice(R"({"content":"Hi \"there\"\n"})"), choice(R"({"refusal":"no"})"),
             choice("{}", "\"length\""),
             R"({"id":"r1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}})",
             "[DONE]"}));
    adapters::AnswerFacts quiet = facts("anthropic@anthropic");
    quiet.include_usage = false;
    quiet.response_id.clear();
    const std::string out = encode(events, quiet);
    BOOST_TEST(out.find("usage") == std::string::npos);
    BOOST_TEST(out.starts_with(R"(data: {"id":"chatcmpl-7",)"));
    // Counts that are not known are left out, and with them the total.
    Usage half;
    half.output = 3;
    BOOST_TEST(encode({Finish{StopReason::stop, {}, half}}).find(R"("usage":{"completion_tokens":3})") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(opening) {
    auto encoder = chat().make_encoder(facts("x@y"));
    std::string out;
    encoder->open(out);
    encoder->open(out);
    BOOST_TEST(out == test::sse({kRole}));
    encoder->encode(TextDelta{"a"}, out);
    BOOST_TEST(out == test::sse({kRole, choice(R"({"content":"a"})")}));
}

BOOST_AUTO_TEST_CASE(tool_calls) {
    check(
        {ToolCallStart{0, "a", "f"}, ToolCallDelta{0, "{\"x"}, ToolCallStart{1, "b", "g"},
         ToolCallDelta{0, "\":1}"}, ToolCallEnd{0}, ToolCallEnd{1},
         Finish{StopReason::tool_calls, "tool_use", {}}},
        {choice(
             R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})"),
         choice(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x"}}]})"),
         choice(
             R"({"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]})"),
         choice(R"({"tool_calls":[{"index":0,"function":{"arguments":"\":1}"}}]})"),
         choice(R"({"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]})"),
         choice("{}", "\"tool_calls\""), "[DONE]"});
    // The provider's own "" stays what it was.
    check(
        {ToolCallStart{0, "a", "f"}, ToolCallEnd{0}, Finish{StopReason::tool_calls, "stop", {}}},
        {choice(
             R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})"),
         choice("{}", "\"stop\""), "[DONE]"},
        "openai_chat@acme");
}

BOOST_AUTO_TEST_CASE(reasoning_and_signatures) {
    const std::string wrapped = adapters::signature_for_client("sig", "anthropic@anthropic", "openai_chat");
    check(
        {ReasoningDelta{"hm"}, ReasoningDelta{"", "sig"}, ReasoningDelta{"", "sig", "rs_1", true},
         TextDelta{"yes", "sig"}, ToolCallStart{0, "a", "f", "sig"}, ToolCallDelta{0, "{}"}, kStop},
        {choice(
             R"({"reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]})"),
         choice(R"({"reasoning_details":[{"type":"reasoning.text","signature":")" + wrapped +
                R"(","index":0}]})"),
         choice(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":")" + wrapped +
                R"(","id":"rs_1","index":1}]})"),
         choice(R"({"content":"yes","extra_content":{"google":{"thought_signature":")" + wrapped + R"("}}})"),
         choice(
             R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""},"extra_content":{"google":{"thought_signature":")" +
             wrapped + R"("}}}]})"),
         choice(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})"), choice("{}", "\"stop\""),
         "[DONE]"});
    // Of this dialect: bare, and the text is not said twice.
    check({ReasoningDelta{"hm"}, ReasoningDelta{"", "sig"}, kStop},
          {choice(R"({"reasoning_content":"hm"})"),
           choice(R"({"reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]})"),
           choice("{}", "\"stop\""), "[DONE]"},
          "openai_chat@openrouter");
}

BOOST_AUTO_TEST_CASE(finish_reasons) {
    struct Case {
        StopReason reason;
        const char *foreign, *own;  // own: with the raw word "odd"
    };
    const Case cases[] = {{StopReason::stop, "stop", "odd"},
                          {StopReason::length, "length", "odd"},
                          {StopReason::tool_calls, "tool_calls", "odd"},
                          {StopReason::content_filter, "content_filter", "odd"},
                          {StopReason::paused, "stop", "odd"},
                          {StopReason::error, "error", "odd"},
                          {StopReason::unknown, "stop", "odd"}};
    for (const Case& c : cases) {
        check({Finish{c.reason, "odd", {}}}, {choice("{}", '"' + std::string(c.foreign) + '"'), "[DONE]"});
        check({Finish{c.reason, "odd", {}}}, {choice("{}", '"' + std::string(c.own) + '"'), "[DONE]"},
              "openai_chat@acme");
    }
    // The provider gave none.
    check({TextDelta{"a"}, Finish{}}, {choice(R"({"content":"a"})"), "[DONE]"}, "openai_chat@acme");
}

BOOST_AUTO_TEST_CASE(choices) {
    const std::vector<StreamEvent> events = {StreamEvent(TextDelta{"a"}), StreamEvent(TextDelta{"x"}, {}, 1),
                                             StreamEvent(Extension{"choice.finish", "\"length\""}, {}, 1),
                                             kStop};
    const std::string role = choice(R"({"role":"assistant","content":""})", "null", 1);
    check(events,
          {choice(R"({"content":"a"})"), role, choice(R"({"content":"x"})", "null", 1),
           choice("{}", "\"length\"", 1), choice("{}", "\"stop\""), "[DONE]"},
          "openai_chat@acme");
    check(events, {choice(R"({"content":"a"})"), role, choice(R"({"content":"x"})", "null", 1),
                   choice("{}", "\"stop\""), choice("{}", "\"stop\"", 1), "[DONE]"});
}

BOOST_AUTO_TEST_CASE(extensions) {
    const std::vector<StreamEvent> events = {
        ToolCallStart{3, "a", "f"},
        Extension{"delta.audio", R"({"id":"x"})"},
        Extension{"delta.content", R"({"type":"reference"})"},
        Extension{"delta.tool_calls.odd", "1"},
        Extension{"logprobs", R"({"content":[]})"},
        Extension{"choice.odd", "1"},
        Extension{"citations", R"(["u"])"},
        Extension{"a\"b", "2"},
    };
    const std::string start = choice(
        R"({"tool_calls":[{"index":3,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})");
    const std::string head =
        R"({"id":"r1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},)";
    check(events,
          {start, choice(R"({"audio":{"id":"x"}})"), choice(R"({"content":[{"type":"reference"}]})"),
           choice(R"({"tool_calls":[{"index":3,"odd":1}]})"),
           head + R"("logprobs":{"content":[]},"finish_reason":null}]})",
           head + R"("odd":1,"finish_reason":null}]})", head + R"("finish_reason":null}],"citations":["u"]})",
           head + R"("finish_reason":null}],"a\"b":2})"},
          "openai_chat@acme");
    check(events, {start});  // nobody else's can be expressed
}

const ErrorKind kKinds[] = {
    ErrorKind::provider_error,       ErrorKind::rate_limited,         ErrorKind::quota_exhausted,
    ErrorKind::provider_unavailable, ErrorKind::provider_overloaded,  ErrorKind::provider_timeout,
    ErrorKind::stream_truncated,     ErrorKind::all_providers_failed, ErrorKind::context_length_exceeded,
    ErrorKind::provider_auth_failed, ErrorKind::provider_bad_request, ErrorKind::model_not_found,
    ErrorKind::content_filtered,
};

/// What a client can learn: a chain's end and an unnamed error are both "unavailable".
ErrorKind as_seen(ErrorKind kind) {
    const bool plain = kind == ErrorKind::provider_error || kind == ErrorKind::all_providers_failed;
    return plain ? ErrorKind::provider_unavailable : kind;
}

BOOST_AUTO_TEST_CASE(errors_keep_their_kind) {
    for (ErrorKind kind : kKinds)
        BOOST_TEST_CONTEXT(class_name(kind)) {
            ErrorInfo error(kind, Phase::stream, "our words");
            error.provider_message = "their words";
            error.retry_after = 1500ms;
            const adapters::EncodedError answer = chat().encode_error(error);
            BOOST_TEST(wire::is_json(answer.body));
            adapters::ExchangeFacts exchange = test::facts_for_tests();
            exchange.status = answer.status;
            wire::HeaderList headers;
            for (const auto& [name, value] : answer.headers)
                headers.add(name, value);
            const ErrorInfo back = chat().classify(exchange, headers, answer.body);
            BOOST_TEST(class_name(back.kind) == class_name(as_seen(kind)));
            BOOST_TEST((back.retry_after == std::optional<std::chrono::milliseconds>(2s)));
            BOOST_TEST(back.provider_message == "our words: their words");

            // In the stream: one frame, no marker of success, nothing after it.
            const std::string out = encode({TextDelta{"a"}, Failure{&error}, kStop});
            BOOST_TEST(out == test::sse({kRole, choice(R"({"content":"a"})"), answer.body}));
            const test::Decoded got = test::decode_chat(out);
            BOOST_REQUIRE(got.error.has_value());
            BOOST_TEST(class_name(got.error->kind) == class_name(as_seen(kind)));
            BOOST_TEST(encode({Failure{&error}}) == test::sse({answer.body}));
        }
}

BOOST_AUTO_TEST_CASE(error_answers) {
    ErrorInfo limit(ErrorKind::rate_limited, Phase::headers, "too fast");
    limit.retry_after = 1001ms;
    adapters::EncodedError answer = chat().encode_error(limit);
    BOOST_TEST(answer.status == 429);
    BOOST_TEST(
        answer.body ==
        R"({"error":{"message":"too fast","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})");
    const std::vector<std::pair<std::string_view, std::string>> headers = {
        {"content-type", "application/json"}, {"retry-after", "2"}};
    BOOST_TEST((answer.headers == headers));
    // The code of a wrong request says which field to mend.
    ErrorInfo wrong(ErrorKind::provider_bad_request, Phase::headers, "wrong");
    wrong.code = "unsupported_parameter";
    answer = chat().encode_error(wrong);
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(
        answer.body ==
        R"({"error":{"message":"wrong","type":"invalid_request_error","param":null,"code":"unsupported_parameter"}})");
}

BOOST_AUTO_TEST_CASE(whole_answers) {
    AssistantMessage answer;
    answer.parts = {ReasoningPart("hm", Signature("sig", "")), TextPart("a"), TextPart("b"),
                    ToolCallPart("c1", "f", "")};
    answer.stop_reason = StopReason::tool_calls;
    answer.raw_stop_reason = "tool_calls";
    answer.usage = Usage();
    answer.usage->input = 1;
    answer.usage->output = 2;
    BOOST_TEST(
        chat().encode_answer(answer, facts("openai_chat@openrouter")) ==
        R"({"id":"r1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ab","refusal":null,"reasoning_content":"hm",)"
        R"("reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig","index":0}],)"
        R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],)"
        R"("usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})");
    AssistantMessage refused;
    refused.parts = {RefusalPart("no")};
    refused.stop_reason = StopReason::content_filter;
    BOOST_TEST(
        chat().encode_answer(refused, facts("gemini@google")) ==
        R"({"id":"r1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"no"},"logprobs":null,"finish_reason":"content_filter"}]})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
