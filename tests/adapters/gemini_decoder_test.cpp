// PROTOCOLS sections 6, 8, 9, 10.3 and 13 for Gemini, one stream each, written by hand.
#include "adapters/gemini/dialect.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using test::Decoded;

/// Gemini ends its lines with CRLF.
std::string crlf(std::initializer_list<std::string> payloads) {
    std::string body;
    for (const std::string& payload : payloads)
        body.append("data: ").append(payload).append("\r\n\r\n");
    return body;
}

std::string chunk(std::string_view parts, std::string_view more = "") {
    return R"({"candidates":[{"content":{"parts":[)" + std::string(parts) + R"(],"role":"model"},"index":0)" +
           std::string(more) + R"(}],"modelVersion":"g-1","responseId":"R1"})";
}

const std::string kStop = R"(,"finishReason":"STOP")";
const std::string kEnd = chunk(R"({"text":""})", kStop);

Decoded decode(const std::string& body) {
    const adapters::Dialect& dialect = adapters::gemini::dialect();
    Decoded whole = test::decode(dialect, body);
    BOOST_TEST(test::decode_bytewise(dialect, body).trace == whole.trace);
    BOOST_TEST(whole.terminals == 1u);
    BOOST_TEST(!whole.after_terminal);
    BOOST_TEST(body.starts_with(whole.raw));
    return whole;
}
Decoded decode(std::initializer_list<std::string> payloads) {
    return decode(crlf(payloads));
}

void check_failure(const Decoded& got, ErrorKind kind, Phase phase) {
    BOOST_REQUIRE(got.error.has_value());
    BOOST_TEST(class_name(got.error->kind) == class_name(kind));
    BOOST_TEST(to_string(got.error->phase) == to_string(phase));
    BOOST_TEST(!got.stop.has_value());
}

const std::string kBareError =
    "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"The model is overloaded.\",\n"
    "    \"status\": \"UNAVAILABLE\"\n  }\n}\n";

BOOST_AUTO_TEST_SUITE(gemini_decoder)

BOOST_AUTO_TEST_CASE(text_and_thoughts) {
    const Decoded got = decode(
        {chunk(R"({"thought":true,"text":"hm"})"), chunk(R"({"text":"Ulaan"},{"text":"baatar\n\u00e9"})"),
         chunk(R"({"text":"","thoughtSignature":"s1"})"), chunk(R"({"thoughtSignature":"s2"})"),
         chunk(R"({"text":"t","thought":true,"thought_signature":"s3"})"), kEnd});
    BOOST_TEST(got.trace ==
               "0 reasoning hm\n0 text Ulaan\n0 text baatar\n\xC3\xA9\n0 text \nsignature s1\n0 text \n"
               "signature s2\n0 reasoning t\nsignature s3\n0 finish stop STOP\n");
    BOOST_TEST(got.info.response_id == "R1");
    BOOST_TEST(got.info.response_model_id == "g-1");
    BOOST_TEST(!got.usage.has_value());
}

BOOST_AUTO_TEST_CASE(whole_calls) {
    const Decoded got =
        decode({chunk(R"({"functionCall":{"name":"f","args":{"a": 1}},"thoughtSignature":"s"},)"
                      R"({"functionCall":{"name":"f"}},{"functionCall":{"name":"g","id":"own","args":{}}})",
                      kStop)});
    BOOST_REQUIRE_EQUAL(got.tools.size(), 3u);
    BOOST_TEST(got.tools[0].id == "call_sluice_R1_0");
    BOOST_TEST(got.tools[0].signature == "s");
    BOOST_TEST(got.tools[0].arguments == "{\"a\": 1}");
    BOOST_TEST(got.tools[1].id == "call_sluice_R1_1");
    BOOST_TEST(got.tools[1].arguments.empty());
    BOOST_TEST(got.tools[1].arguments_are_json);
    BOOST_TEST(got.tools[2].id == "own");
    for (const test::DecodedTool& tool : got.tools)
        BOOST_TEST(tool.ended);
    BOOST_TEST((got.stop == StopReason::tool_calls));
    BOOST_TEST(got.raw_stop == "STOP");
}

std::string piece(std::string_view path, std::string_view value, bool more = true) {
    return chunk(R"({"functionCall":{"partialArgs":[{"jsonPath":")" + std::string(path) + R"(",)" +
                 std::string(value) + R"(}])" + (more ? R"(,"willContinue":true)" : "") + "}}");
}

BOOST_AUTO_TEST_CASE(partial_arguments) {
    struct Case {
        std::vector<std::string> pieces;
        const char* json;
    };
    const std::string open = R"("stringValue":"x","willContinue":true)", close = R"("stringValue":"")";
    const Case cases[] = {
        {{}, ""},
        {{piece("$.a", open), piece("$.a", R"("stringValue":"y\"","willContinue":true)"),
          piece("$.a", close)},
         R"({"a":"xy\""})"},
        {{piece("$.a", R"("numberValue":0.5)"), piece("$.b", R"("boolValue":true)"),
          piece("$.c", R"("nullValue":"NULL_VALUE")"), piece("$['d e']", R"("stringValue":"z")")},
         R"({"a":0.5,"b":true,"c":null,"d e":"z"})"},
        {{piece("$.r.i[0].n", open), piece("$.r.i[0].n", close), piece("$.r.i[0].m", R"("numberValue":1)"),
          piece("$.r.i[1].n", R"("stringValue":"q")"), piece("$.r.s[0][0]", R"("numberValue":2)"),
          piece("$.r.s[1][0]", R"("numberValue":3)"), piece("$.t", open)},
         R"({"r":{"i":[{"n":"x","m":1},{"n":"q"}],"s":[[2],[3]]},"t":"x"})"},
    };
    for (const Case& test : cases) {
        for (const bool closed : {true, false}) {
            std::string body =
                crlf({chunk(R"({"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"s"})")});
            for (const std::string& each : test.pieces)
                body += crlf({each, chunk(R"({"functionCall":{"willContinue":true}})")});
            if (closed) body += crlf({chunk(R"({"functionCall":{}})")});
            const Decoded got = decode(body + crlf({chunk(R"({"functionCall":{"name":"g"}})"), kEnd}));
            BOOST_REQUIRE_EQUAL(got.tools.size(), 2u);
            BOOST_TEST(got.tools[0].arguments == test.json);
            BOOST_TEST(got.tools[0].arguments_are_json);
            BOOST_TEST(got.tools[0].ended);
            BOOST_TEST(got.tools[1].name == "g");
        }
    }
}

BOOST_AUTO_TEST_CASE(arguments_that_are_not_json) {
    const std::string open = chunk(R"({"functionCall":{"name":"f","willContinue":true}})");
    // Cut in the middle of a string: how it goes on is not ours to guess.
    Decoded got = decode({open, piece("$.a", R"("stringValue":"x","willContinue":true)"),
                          chunk(R"({"text":""})", R"(,"finishReason":"MAX_TOKENS")")});
    BOOST_TEST(got.tools.at(0).arguments == R"({"a":"x)");
    BOOST_TEST(!got.tools[0].arguments_are_json);
    BOOST_TEST((got.stop == StopReason::length));
    // Values that have no place any more, or never had one.
    for (const char* path : {"$.a", "$.b[1]", "$", "a", "$[0]", "$.b[x]", "$.b[", "$.b['x]", "$.a.b"}) {
        got = decode({open, piece("$.a", R"("numberValue":1)"), piece(path, R"("numberValue":2)"), kEnd});
        BOOST_TEST(!got.tools.at(0).arguments_are_json, path);
        BOOST_TEST(got.extensions.size() == 1u);
        BOOST_TEST((got.stop == StopReason::tool_calls));
    }
    // Pieces of no call.
    got = decode({piece("$.a", R"("numberValue":1)"), kEnd});
    BOOST_TEST(got.tools.empty());
    BOOST_TEST(got.extensions.at(0) ==
               R"(content.parts.functionCall.partialArgs={"jsonPath":"$.a","numberValue":1})");
    BOOST_TEST((got.stop == StopReason::stop));
    got = decode({chunk(R"({"functionCall":{"name":"f","args":"{\"a\""}})", kStop)});
    BOOST_TEST(got.tools.at(0).arguments == R"("{\"a\"")");
}

BOOST_AUTO_TEST_CASE(what_we_do_not_model) {
    const Decoded got = decode(
        {chunk(
             R"({"executableCode":{"language":"PYTHON"},"thought":true},{"inlineData":{"mimeType":"image/png","data":"QQ=="}},)"
             R"({"text":"x","videoMetadata":{"fps":1}},{},5,{"functionCall":{"name":"f","later":1}})",
             R"(,"groundingMetadata":{"a":[1]},"safetyRatings":[],"citationMetadata":{"b":2},"tokenCount":7)"),
         R"({"candidates":[],"newField":{"x":1},"createTime":"2026","odd.name":true})", kEnd});
    const std::vector<std::string> want = {
        R"(content.parts={"executableCode":{"language":"PYTHON"},"thought":true})",
        R"(content.parts={"inlineData":{"mimeType":"image/png","data":"QQ=="}})",
        R"(content.parts.videoMetadata={"fps":1})",
        "content.parts=5",
        "content.parts.functionCall.later=1",
        R"(candidate.groundingMetadata={"a":[1]})",
        R"(candidate.citationMetadata={"b":2})",
        "candidate.tokenCount=7",
        R"(newField={"x":1})",
        "response.odd.name=true"};
    BOOST_TEST(got.extensions == want, boost::test_tools::per_element());
    BOOST_TEST(got.text == "x");
}

BOOST_AUTO_TEST_CASE(finish_reasons) {
    struct Case {
        const char* word;
        StopReason reason;
    };
    for (const Case& test :
         {Case{"STOP", StopReason::stop}, Case{"MAX_TOKENS", StopReason::length},
          Case{"SAFETY", StopReason::content_filter}, Case{"RECITATION", StopReason::content_filter},
          Case{"LANGUAGE", StopReason::content_filter}, Case{"SPII", StopReason::content_filter},
          Case{"BLOCKLIST", StopReason::content_filter},
          Case{"PROHIBITED_CONTENT", StopReason::content_filter},
          Case{"IMAGE_SAFETY", StopReason::content_filter}, Case{"CONTINUATION", StopReason::paused},
          Case{"MALFORMED_FUNCTION_CALL", StopReason::error}, Case{"OTHER", StopReason::unknown},
          Case{"FROM_THE_FUTURE", StopReason::unknown}}) {
        const Decoded got =
            decode({R"({"candidates":[{"finishReason":")" + std::string(test.word) + R"("}]})"});
        BOOST_TEST(got.raw_stop == test.word);
        BOOST_TEST((got.stop == test.reason), test.word);
    }
    // The last one that says something wins, and text may come with one and after one.
    const Decoded got = decode({chunk(R"({"text":"a"})", kStop), chunk(R"({"text":"b"})"),
                                R"({"candidates":[{"finishReason":"RECITATION"}]})",
                                R"({"candidates":[{"finishReason":""}]})"});
    BOOST_TEST(got.text == "ab");
    BOOST_TEST(got.raw_stop == "RECITATION");
}

BOOST_AUTO_TEST_CASE(blocked_prompt) {
    const Decoded got = decode(
        {R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}})"});
    BOOST_TEST(got.trace ==
               "0 extension promptFeedback {\"blockReason\":\"SAFETY\"}\n0 finish content_filter SAFETY\n");
    BOOST_TEST((got.usage->input == Tokens{7}));
    BOOST_TEST((got.usage->output == Tokens{0}));
    // Without a reason it blocks nothing.
    check_failure(decode({R"({"promptFeedback":{"safetyRatings":[1]}})"}), ErrorKind::stream_truncated,
                  Phase::first_event);
}

BOOST_AUTO_TEST_CASE(usage) {
    const auto metadata = [](std::string_view counts) {
        return R"({"usageMetadata":{)" + std::string(counts) + "}}";
    };
    const Decoded got = decode(
        {metadata(R"("promptTokenCount":10,"cachedContentTokenCount":4,"totalTokenCount":10)"),
         metadata(R"("trafficType":"ON_DEMAND")"),
         metadata(
             R"("promptTokenCount":11,"candidatesTokenCount":5,"thoughtsTokenCount":3,"toolUsePromptTokenCount":2,"totalTokenCount":21)"),
         metadata(R"("trafficType":"ON_DEMAND")"), kEnd});
    BOOST_REQUIRE(got.usage.has_value());
    BOOST_TEST((got.usage->input == Tokens{13}));
    BOOST_TEST((got.usage->cached_input == Tokens{4}));
    BOOST_TEST((got.usage->output == Tokens{8}));
    BOOST_TEST((got.usage->reasoning == Tokens{3}));
    BOOST_TEST(!got.usage->cache_write.has_value());
    BOOST_TEST(!decode({metadata(R"("trafficType":"ON_DEMAND")"), kEnd}).usage.has_value());
    BOOST_TEST(!decode({metadata(R"("promptTokenCount":"many")"), kEnd}).usage.has_value());
    BOOST_TEST(!decode({metadata(R"("promptTokenCount":1)"), kEnd}).usage->output.has_value());
}

BOOST_AUTO_TEST_CASE(several_candidates) {
    const Decoded got = decode(
        {R"({"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]}},{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]})",
         R"({"candidates":[{"index":1,"finishReason":"MAX_TOKENS"}]})"});
    BOOST_TEST(got.trace ==
               "1 text b\n0 text a\n1 extension candidate.finishReason \"MAX_TOKENS\"\n0 finish stop STOP\n");
    std::string many = R"({"candidates":[)";
    for (int i = 0; i < 129; ++i)
        many += R"({"index":)" + std::to_string(i) + "},";
    many.back() = ']';
    check_failure(decode({many + "}"}), ErrorKind::provider_unavailable, Phase::first_event);
}

BOOST_AUTO_TEST_CASE(errors_in_the_stream) {
    const std::string said = crlf({chunk(R"({"text":"a"})")}), stopped = crlf({kEnd});
    struct Case {
        std::string body;
        Phase phase;
    };
    std::string crlf_error;
    for (char c : kBareError)
        crlf_error += c == '\n' ? std::string("\r\n") : std::string(1, c);
    for (
        const Case& test :
        {Case{kBareError, Phase::first_event}, Case{said + kBareError, Phase::stream},
         Case{said + crlf_error, Phase::stream}, Case{said + stopped + kBareError, Phase::stream},
         Case{crlf({chunk(R"({"text":"a","thought":true})")}) + kBareError, Phase::stream},
         Case{said + kBareError + "\n" + stopped, Phase::stream},
         Case{said + "data: " +
                  R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})" +
                  "\r\n\r\n",
              Phase::stream},
         Case{
             "data: [" +
                 std::string(
                     R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})") +
                 "]\r\n\r\n",
             Phase::first_event}}) {
        const Decoded got = decode(test.body);
        check_failure(got, ErrorKind::provider_overloaded, test.phase);
        BOOST_TEST(got.error->provider_message == "The model is overloaded.");
        BOOST_TEST(got.error->code == "UNAVAILABLE");
    }
}

BOOST_AUTO_TEST_CASE(broken_streams) {
    check_failure(decode(""), ErrorKind::stream_truncated, Phase::first_event);
    check_failure(decode({chunk(R"({"text":"a"})")}), ErrorKind::stream_truncated, Phase::stream);
    check_failure(decode({chunk(R"({"text":"a"})"), "{\"candidates\":[}"}), ErrorKind::provider_unavailable,
                  Phase::stream);
    check_failure(decode({"nonsense"}), ErrorKind::provider_unavailable, Phase::first_event);
    check_failure(decode({"<html>"}), ErrorKind::provider_unavailable, Phase::first_event);
    // More calls than anybody makes.
    std::string calls;
    for (int i = 0; i < 1025; ++i)
        calls += R"({"functionCall":{"name":"f"}},)";
    calls.pop_back();
    check_failure(decode({chunk(calls)}), ErrorKind::provider_unavailable, Phase::stream);
}

Decoded decode_body(std::string_view body) {
    auto decoder = adapters::gemini::dialect().make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_body(body, batch);
    Decoded decoded;
    for (const StreamEvent& event : batch.events())
        decoded.add(event);
    BOOST_TEST(decoded.terminals == 1u);
    return decoded;
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_stream) {
    BOOST_TEST(decode_body(chunk(R"({"text":"a"})", kStop)).trace == "0 text a\n0 finish stop STOP\n");
    const std::string array = "[" + chunk(R"({"text":"a"})") + "\n,\r\n" + chunk(R"({"text":"b"})", kStop);
    BOOST_TEST(decode_body(array + "]").trace == "0 text a\n0 text b\n0 finish stop STOP\n");
    check_failure(decode_body("[" + chunk(R"({"text":"a"})")), ErrorKind::stream_truncated, Phase::stream);
    BOOST_TEST(decode_body(crlf({chunk(R"({"text":"a"})", kStop)})).text == "a");
    check_failure(
        decode_body(
            R"([{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}},])"),
        ErrorKind::provider_auth_failed, Phase::first_event);
    check_failure(decode_body(array + "," + kBareError + "]"), ErrorKind::provider_overloaded, Phase::stream);
    check_failure(decode_body("[1,2]"), ErrorKind::provider_unavailable, Phase::first_event);
    check_failure(decode_body("{}"), ErrorKind::provider_unavailable, Phase::first_event);
    check_failure(decode_body(""), ErrorKind::provider_unavailable, Phase::first_event);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
