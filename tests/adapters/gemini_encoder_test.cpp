// What a client of Google's SDKs is told: frames, whole answers, errors; and that our decoder reads the same
// back.
#include "adapters/decoder_base.hpp"
#include "adapters/gemini/dialect.hpp"
#include "adapters/origin.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using test::Decoded;

adapters::AnswerFacts facts(std::string origin = "gemini@google") {
    adapters::AnswerFacts facts;
    facts.response_id = "R1";
    facts.model = "g-1";
    facts.origin = std::move(origin);
    return facts;
}

std::string encode(const std::vector<StreamEvent>& events, const adapters::AnswerFacts& about = facts()) {
    auto encoder = adapters::gemini::dialect().make_encoder(about);
    std::string out;
    encoder->open(out);
    for (const StreamEvent& event : events)
        encoder->encode(event, out);
    return out;
}

/// Decoded, encoded again, and decoded.
std::string encode_again(const std::string& body) {
    auto decoder = adapters::gemini::dialect().make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    const std::string_view padded = adapters::padded_copy(body, batch.arena());
    reader.finish(padded, padded.size() + wire::kPadding, batch);
    return encode(batch.events());
}

const std::string kTail = R"("modelVersion":"g-1","responseId":"R1"})"
                          "\r\n\r\n";

std::string part(const std::string& json) {
    return R"(data: {"candidates":[{"content":{"parts":[)" + json + R"(],"role":"model"},"index":0}],)" +
           kTail;
}

std::string end(const std::string& reason, const std::string& usage = "") {
    return R"(data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":")" +
           reason + R"(","index":0}],)" + usage + kTail;
}

Usage usage_of(Tokens input, Tokens output, Tokens reasoning) {
    Usage usage;
    usage.input = input;
    usage.output = output;
    usage.reasoning = reasoning;
    return usage;
}

BOOST_AUTO_TEST_SUITE(gemini_encoder)

BOOST_AUTO_TEST_CASE(frames) {
    Finish finish{StopReason::tool_calls, "tool_use", usage_of(10, 8, 3)};
    BOOST_TEST(
        encode({TextDelta{"a\n"}, ReasoningDelta{"hm"}, ToolCallStart{0, "c1", "f"},
                ToolCallDelta{0, "{\"a\":"}, ToolCallDelta{0, "1}"}, ToolCallEnd{0}, finish},
               facts("anthropic@x")) ==
        part(R"({"text":"a\n"})") + part(R"({"text":"hm","thought":true})") +
            part(R"({"functionCall":{"id":"c1","name":"f","args":{"a":1}}})") +
            end("STOP",
                R"("usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":3,"totalTokenCount":18},)"));
    // Nothing for nothing, and nothing after the end.
    BOOST_TEST(encode({TextDelta{""}, Finish{StopReason::length, "", {}}, TextDelta{"late"}}) ==
               end("MAX_TOKENS"));
    adapters::AnswerFacts silent = facts();
    silent.include_usage = false;
    BOOST_TEST(encode({Finish{StopReason::stop, "STOP", usage_of(1, 1, 0)}}, silent) == end("STOP"));
    // A client's SDK wants some id.
    adapters::AnswerFacts anonymous;
    anonymous.created = 5;
    BOOST_TEST(encode({TextDelta{"a"}}, anonymous).find(R"("responseId":"sluice-5")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tool_arguments) {
    struct Case {
        const char* arguments;
        const char* json;
    };
    for (const Case& test :
         {Case{"", ""}, Case{" {\n} ", R"(,"args":{ })"}, Case{"{\"a", R"(,"args":{"INVALID_JSON":"{\"a"})"},
          Case{"[1]", R"(,"args":{"INVALID_JSON":"[1]"})"}}) {
        const std::string want =
            part(std::string(R"({"functionCall":{"id":"c","name":"f")") + test.json + "}}");
        BOOST_TEST(encode({ToolCallStart{0, "c", "f"}, ToolCallDelta{0, test.arguments}, ToolCallEnd{0}}) ==
                   want);
        // Interleaved calls come one by one; one that was never ended comes at the end.
        BOOST_TEST(encode({ToolCallStart{0, "c", "f"}, ToolCallDelta{0, test.arguments},
                           Finish{StopReason::tool_calls, "", {}}}) == want + end("STOP"));
    }
    BOOST_TEST(encode({ToolCallDelta{7, "{}"}, ToolCallEnd{7}}).empty());
}

BOOST_AUTO_TEST_CASE(signatures) {
    BOOST_TEST(encode({TextDelta{"", "s"}}) == part(R"({"text":"","thoughtSignature":"s"})"));
    BOOST_TEST(encode({ToolCallStart{0, "c", "f", "s"}, ToolCallEnd{0}}) ==
               part(R"({"functionCall":{"id":"c","name":"f"},"thoughtSignature":"s"})"));
    const std::string wrapped = adapters::signature_for_client("s", "anthropic@x", "gemini");
    BOOST_TEST(encode({ReasoningDelta{"", "s"}}, facts("anthropic@x")) ==
               part(R"({"text":"","thought":true,"thoughtSignature":")" + wrapped + "\"}"));
    ReasoningDelta redacted{"", "s"};
    redacted.redacted = true;
    BOOST_TEST(encode({redacted}, facts("anthropic@x")).empty());
}

BOOST_AUTO_TEST_CASE(refusals_and_reasons) {
    BOOST_TEST(encode({RefusalDelta{"no"}, Finish{StopReason::stop, "stop", {}}}, facts("openai_chat@o")) ==
               part(R"({"text":"no"})") + end("SAFETY"));
    struct Case {
        StopReason reason;
        const char* word;
    };
    for (const Case& test : {Case{StopReason::stop, "STOP"}, Case{StopReason::length, "MAX_TOKENS"},
                             Case{StopReason::tool_calls, "STOP"}, Case{StopReason::content_filter, "SAFETY"},
                             Case{StopReason::paused, "CONTINUATION"}, Case{StopReason::error, "OTHER"},
                             Case{StopReason::unknown, "OTHER"}})
        BOOST_TEST(encode({Finish{test.reason, "theirs", {}}}, facts("x@y")) == end(test.word));
    BOOST_TEST(encode({Finish{StopReason::content_filter, "RECITATION", {}}}) == end("RECITATION"));
}

BOOST_AUTO_TEST_CASE(extensions_of_others_are_left_out) {
    BOOST_TEST(encode({Extension{"delta.audio", "{}"}}, facts("openai_chat@o")).empty());
    BOOST_TEST(encode({Extension{"x", "{broken"}}).empty());
}

BOOST_AUTO_TEST_CASE(the_same_events_come_back) {
    const auto chunk = [](const std::string& candidate) {
        return R"(data: {"candidates":[)" + candidate + R"(],"responseId":"R1"})" + "\r\n\r\n";
    };
    const auto parts = [&](const std::string& list, const std::string& more = "") {
        return chunk(R"({"content":{"parts":[)" + list + "]}" + more + "}");
    };
    const std::string stop = R"(,"finishReason":"STOP")";
    for (
        const std::string& body :
        {parts(
             R"({"text":"a"},{"text":"t","thought":true,"thoughtSignature":"s"},{"text":"","thoughtSignature":"u"})",
             stop),
         parts(
             R"({"functionCall":{"name":"f","args":{"a": [1, 2]}},"thoughtSignature":"s"},{"functionCall":{"name":"f"}},{"functionCall":{"name":"g","id":"own","args":{}}})",
             stop),
         parts(
             R"({"executableCode":{"code":"1"},"thoughtSignature":"s"},5,{"text":"x","odd":{"y":1}},{"functionCall":{"name":"f","later":[1]}})",
             stop),
         parts(R"({"text":"x"})",
               R"(,"groundingMetadata":{"a":1},"finishReason":"RECITATION","citationMetadata":{"b":"\"c"})"),
         chunk(R"({"content":{"odd":1,"parts":{"text":"x"}},"content2":2,"finishReason":"OTHER"})"),
         chunk(
             R"({"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"},{"index":2,"content":{"parts":[{"text":"b"},{"functionCall":{"name":"f"}}]},"finishReason":"MAX_TOKENS"})"),
         std::string("data: {\"promptFeedback\":{\"blockReason\":\"JAILBREAK\"}}\r\n\r\n"),
         std::string("data: {\"new\":{\"x\":1},\"a.b\":2,\"response.c\":3}\r\n\r\n") +
             parts(R"({"text":"a"})", stop)}) {
        const Decoded first = test::decode(adapters::gemini::dialect(), body);
        BOOST_TEST(first.stop.has_value());
        const Decoded second = test::decode(adapters::gemini::dialect(), encode_again(body));
        BOOST_TEST(second.trace == first.trace);
    }
    const Decoded counted = test::decode(
        adapters::gemini::dialect(),
        encode_again(
            parts(R"({"text":"a"})", stop) +
            "data: {\"usageMetadata\":{\"promptTokenCount\":10,\"toolUsePromptTokenCount\":2,"
            "\"candidatesTokenCount\":5,\"thoughtsTokenCount\":3,\"cachedContentTokenCount\":1}}\r\n\r\n"));
    Usage want = usage_of(12, 8, 3);
    want.cached_input = 1;
    BOOST_TEST((counted.usage == want));
}

BOOST_AUTO_TEST_CASE(failures) {
    ErrorInfo error(ErrorKind::provider_overloaded, Phase::stream, "busy");
    error.provider_message = "Overloaded";
    const std::string out = encode({TextDelta{"a"}, Failure{&error}, Finish{StopReason::stop, "STOP", {}}});
    BOOST_TEST(
        out ==
        part(R"({"text":"a"})") +
            R"(data: {"error":{"code":503,"message":"busy: Overloaded","status":"UNAVAILABLE","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"OVERLOADED","domain":"sluice"}]}})"
            "\r\n\r\n");
    const Decoded got = test::decode(adapters::gemini::dialect(), out);
    BOOST_REQUIRE(got.error.has_value());
    BOOST_TEST(class_name(got.error->kind) == "ProviderOverloaded");
}

BOOST_AUTO_TEST_CASE(whole_answers) {
    AssistantMessage answer;
    answer.parts = {ReasoningPart("hm", Signature("s", "gemini@google")),
                    TextPart("a"),
                    ToolCallPart("c", "f", "{\"a\":1}"),
                    NativePart("gemini", R"({"executableCode":{}})"),
                    NativePart("anthropic", "{}"),
                    RefusalPart("no")};
    answer.stop_reason = StopReason::length;
    answer.usage = usage_of(3, 2, 0);
    BOOST_TEST(
        adapters::gemini::dialect().encode_answer(answer, facts()) ==
        R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true,"thoughtSignature":"s"},{"text":"a"},)"
        R"({"functionCall":{"id":"c","name":"f","args":{"a":1}}},{"executableCode":{}},{"text":"no"}],"role":"model"},)"
        R"("finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":0,"totalTokenCount":5},)"
        R"("modelVersion":"g-1","responseId":"R1"})");
}

BOOST_AUTO_TEST_CASE(errors_keep_their_kind) {
    using enum ErrorKind;
    for (const ErrorKind kind : {rate_limited, quota_exhausted, provider_unavailable, provider_overloaded,
                                 provider_timeout, context_length_exceeded, provider_auth_failed,
                                 provider_bad_request, model_not_found, content_filtered}) {
        ErrorInfo error(kind, Phase::headers, "what we say");
        error.retry_after = std::chrono::milliseconds(1500);
        error.tokens_in = 200;
        error.context_window = 100;
        const adapters::EncodedError encoded = adapters::gemini::dialect().encode_error(error);
        BOOST_TEST(wire::is_json(encoded.body));
        wire::HeaderList headers;
        for (const auto& [name, value] : encoded.headers)
            headers.add(name, value);
        adapters::ExchangeFacts exchange = test::facts_for_tests();
        exchange.status = encoded.status;
        const ErrorInfo read = adapters::gemini::dialect().classify(exchange, headers, encoded.body);
        BOOST_TEST(class_name(read.kind) == class_name(kind));
        BOOST_TEST((read.retry_after >= std::chrono::milliseconds(1500)));
        if (kind == context_length_exceeded) {
            BOOST_TEST((read.tokens_in == 200u));
            BOOST_TEST((read.context_window == 100u));
        }
        // The same inside a stream.
        const Decoded got = test::decode(adapters::gemini::dialect(), encode({Failure{&error}}));
        BOOST_REQUIRE(got.error.has_value());
        BOOST_TEST(class_name(got.error->kind) == class_name(kind));
        BOOST_TEST((got.error->retry_after == std::chrono::milliseconds(1500)));
    }
    // What only we can know is the provider's failure to whoever is asked.
    for (const ErrorKind kind : {provider_error, stream_truncated, all_providers_failed})
        BOOST_TEST(adapters::gemini::dialect().encode_error(ErrorInfo(kind, Phase::stream, "x")).status ==
                   502);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
