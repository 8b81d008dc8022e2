// Every quirk of PROTOCOLS sections 3, 7, 8, 9, 10.3 and 13, one stream each, written by hand.
#include "support/decode.hpp"

#include <simdjson.h>
#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using enum ErrorKind;
using test::decode_chat;
using test::Decoded;
using test::sse;

/// A chunk whose one choice has this delta, and maybe a finish reason.
std::string chunk(std::string_view delta, std::string_view finish = "null", int index = 0) {
    return "{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":" + std::to_string(index) +
           ",\"delta\":" + std::string(delta) + ",\"finish_reason\":" + std::string(finish) + "}]}";
}

std::string tools(std::string_view list) {
    return chunk("{\"tool_calls\":" + std::string(list) + "}");
}

const std::string kStop = chunk("{}", "\"stop\"");
const char* const kDone = "[DONE]";

/// The same events whatever the reads, and just one end.
Decoded decode(const std::string& body) {
    Decoded whole = decode_chat(body);
    BOOST_TEST(test::decode_chat_bytewise(body).trace == whole.trace);
    BOOST_TEST(whole.terminals == 1u);
    BOOST_TEST(!whole.after_terminal);
    BOOST_TEST(body.starts_with(whole.raw));
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
    BOOST_TEST(got.error->model == "m-1");
    BOOST_TEST(got.error->status == 200);
    BOOST_TEST(!got.error->message.empty());
}

BOOST_AUTO_TEST_SUITE(openai_chat_decoder)

BOOST_AUTO_TEST_CASE(text) {
    Decoded got = decode({chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"Ulaan"})"),
                          chunk(R"({"content":"baatar\n\u00e9\ud83d\ude00"})"), chunk(R"({"content":"!"})"),
                          kStop, kDone});
    BOOST_TEST(got.text == "Ulaanbaatar\n\xC3\xA9\xF0\x9F\x98\x80!");
    BOOST_TEST((got.stop == StopReason::stop));
    BOOST_TEST(got.raw_stop == "stop");
    BOOST_TEST(!got.usage.has_value());
    BOOST_TEST(got.info.response_id == "c1");
    BOOST_TEST(got.info.response_model_id == "m");
    // Empty deltas are no events.
    BOOST_TEST(got.trace.starts_with("0 text Ulaan\n"));
}

BOOST_AUTO_TEST_CASE(the_second_chunk_is_not_what_the_first_was) {
    // Chunks of one shape, then each way to differ from it.
    Decoded got =
        decode({chunk(R"({"content":"a"})"), chunk(R"({"content":"b"})"), chunk(R"({"content":"\t"})"),
                chunk(R"({"content":""})"), chunk(R"({"content":"\u4e2d"})"), chunk(R"({"content":"c\"d"})"),
                chunk(R"({"content":"e\\"})"), chunk(R"({"content":"f"})", "null", 1),
                chunk(R"({"content":null})"), chunk(R"({"reasoning":"g"})"),
                chunk(R"({"content":"h"})", "\"length\""), chunk("{}", "\"stop\"", 1), kDone});
    BOOST_TEST(got.trace ==
               "0 text a\n0 text b\n0 text \t\n0 text \xE4\xB8\xAD\n0 text c\"d\n0 text e\\\n1 text f\n0 "
               "reasoning g\n0 text h\n"
               "1 extension choice.finish \"stop\"\n0 finish length length\n");
    for (const char* broken : {R"({"content":"b\x"})", R"({"content":"b\u12"})", "{\"content\":\"b\x01\"}",
                               "{\"content\":\"\xff\"}"}) {
        Decoded failed =
            decode({chunk(R"({"content":"a"})"), chunk(R"({"content":"b"})"), chunk(broken), kStop, kDone});
        BOOST_TEST(failed.text == "ab");
        check_failure(failed, provider_unavailable, Phase::stream);
    }
}

BOOST_AUTO_TEST_CASE(random_padding) {
    auto padded = [](std::string_view text, std::string_view padding) {
        return "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(text) +
               "\"},\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"" + std::string(padding) +
               "\"}";
    };
    Decoded got = decode({padded("a", "x1"), padded("b", "y22"), padded("c", ""), padded("d", "\\u0041"),
                          padded("e", "z"), kStop, kDone});
    BOOST_TEST(got.text == "abcde");
    check_failure(decode({padded("a", "x1"), padded("b", "\\q"), padded("c", "x") + "}"}),
                  provider_unavailable, Phase::stream);
}

BOOST_AUTO_TEST_CASE(fields_in_any_order) {
    Decoded got = decode(
        {R"({"usage":null,"choices":[{"finish_reason":null,"logprobs":null,"delta":{"content":"b"},"index":1},{"delta":{"content":"a"}}],"created":0,"model":"m","id":""})",
         R"({"choices":[{"finish_reason":"stop","index":0}]})",
         R"({"choices":[{"index":1,"finish_reason":"stop"}]})", kDone});
    BOOST_TEST(got.trace == "1 text b\n0 text a\n1 extension choice.finish \"stop\"\n0 finish stop stop\n");
}

BOOST_AUTO_TEST_CASE(metadata_is_no_event) {
    Decoded got = decode(
        ": OPENROUTER PROCESSING\n\n"
        "data: "
        "{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":["
        "{\"prompt_index\":0}]}\n\n"
        "event: ping\ndata: 1\n\n"
        "data:\n\n" +
        sse({chunk("{}"),
             chunk(
                 R"({"role":"assistant","content":null,"tool_calls":[],"refusal":"","function_call":null})"),
             "{}",
             R"({"choices":[{"index":0,"content_filter_offsets":{"check_offset":1},"content_filter_results":{"hate":{}}}]})",
             R"({"choices":null,"x_groq":{"id":"r"},"timings":{"a":1},"service_tier":"default"})",
             chunk(R"({"content":"x"})"), kStop, kDone}));
    BOOST_TEST(got.trace == "0 text x\n0 finish stop stop\n");
}

BOOST_AUTO_TEST_CASE(line_ends_and_spaces) {
    Decoded got = decode("data:" + chunk(R"({"content":"a"})") + "   \r\n\r\ndata:  " + kStop +
                         "\r\rdata:[DONE]  \n\n");
    BOOST_TEST(got.text == "a");
    BOOST_TEST((got.stop == StopReason::stop));
    // One chunk in several data lines.
    got = decode(
        "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"a\"}}]}\n\ndata: "
        "{\"choices\":[{\"delta\":\ndata: {\"content\":\"b\"}}]}\n\n" +
        sse({kStop}));
    BOOST_TEST(got.text == "ab");
}

BOOST_AUTO_TEST_CASE(reasoning) {
    for (const char* field : {"reasoning_content", "reasoning", "thinking"}) {
        Decoded got = decode({chunk("{\"content\":\"\",\"" + std::string(field) + "\":\"hm\"}"),
                              chunk("{\"content\":null,\"" + std::string(field) + "\":\"!\"}"),
                              chunk(R"({"content":"yes"})"), kStop, kDone});
        BOOST_TEST(got.reasoning == "hm!");
        BOOST_TEST(got.text == "yes");
        BOOST_TEST(got.extensions.empty());
    }
    // The same text under two names counts once; details give the signature.
    Decoded got = decode(
        {chunk(
             R"({"reasoning":"a","reasoning_content":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]})"),
         chunk(
             R"({"content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]})"),
         chunk(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"enc"}]})"),
         chunk(R"({"reasoning_details":[{"type":"reasoning.summary","summary":"b"}]})"), kStop, kDone});
    BOOST_TEST(got.trace ==
               "0 reasoning a\n0 reasoning \nsignature sig\n0 reasoning \n  redacted\nsignature enc\n"
               "0 reasoning b\n0 finish stop stop\n");
    // What one chunk says of one piece is one event.
    got = decode(
        {chunk(R"({"reasoning":"a","reasoning_details":[{"text":"a","signature":"sig","id":"rs_1"}]})"),
         chunk(R"({"content":"b","extra_content":{"google":{"thought_signature":"t"}}})"), kStop, kDone});
    BOOST_TEST(got.trace ==
               "0 reasoning a\n  of item rs_1\nsignature sig\n0 text b\nsignature t\n0 finish stop stop\n");
}

BOOST_AUTO_TEST_CASE(content_arrays) {
    Decoded got = decode(
        {chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]})"),
         chunk(
             R"({"content":[{"thinking":"ok","type":"thinking","closed":true},{"type":"text","text":"a"},"b"]})"),
         chunk(R"({"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]}]})"),
         chunk(R"({"content":[{"type":"reference","reference_ids":[1]}]})"), chunk(R"({"content":[]})"),
         chunk(R"({"content":{"type":"text","text":"c"}})"), kStop, kDone});
    BOOST_TEST(got.reasoning == "hmokso");
    BOOST_TEST(got.text == "abc");
    BOOST_TEST(got.extensions ==
                   (std::vector<std::string>{R"(delta.content={"type":"reference","reference_ids":[1]})"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refusal) {
    Decoded got = decode({chunk(R"({"role":"assistant","content":null,"refusal":"I"})"),
                          chunk(R"({"refusal":" won't"})"), kStop, kDone});
    BOOST_TEST(got.refusal == "I won't");
    BOOST_TEST((got.stop == StopReason::content_filter));
    BOOST_TEST(got.raw_stop == "stop");
}

BOOST_AUTO_TEST_CASE(tool_calls) {
    struct Case {
        const char* what;
        std::vector<std::string> chunks;
        const char* trace;
    };
    const Case cases[] = {
        {"as OpenAI does it, two in parallel",
         {tools(R"([{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}])"),
          tools(R"([{"index":0,"function":{"arguments":"{\"x"}}])"),
          tools(R"([{"index":0,"function":{"arguments":"\":1}"}}])"),
          tools(R"([{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}])")},
         "0 start 0 a f\n0 arguments 0 {\"x\n0 arguments 0 \":1}\n0 start 1 b g\n0 arguments 1 {}\n0 end "
         "0\n0 end 1\n"},
        {"fragments that interleave",
         {tools(
              R"([{"index":0,"id":"a","function":{"name":"f"}},{"index":1,"id":"b","function":{"name":"g"}}])"),
          tools(R"([{"index":1,"function":{"arguments":"1"}}])"),
          tools(R"([{"index":0,"function":{"arguments":"2"}}])")},
         "0 start 0 a f\n0 start 1 b g\n0 arguments 1 1\n0 arguments 0 2\n0 end 0\n0 end 1\n"},
        {"without index, whole",
         {tools(
             R"([{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}])")},
         "0 start 0 a f\n0 arguments 0 {}\n0 start 1 b f\n0 arguments 1 {}\n0 end 0\n0 end 1\n"},
        {"without index, in fragments keyed by id",
         {tools(R"([{"id":"a","function":{"name":"f","arguments":"{"}}])"),
          tools(R"([{"id":"a","function":{"arguments":"}"}}])")},
         "0 start 0 a f\n0 arguments 0 {\n0 arguments 0 }\n0 end 0\n"},
        {"without index and id: appended",
         {tools(R"([{"function":{"name":"f","arguments":"{"}}])"),
          tools(R"([{"function":{"arguments":"}"}}])"),
          tools(R"([{"function":{"name":"g","arguments":"{}"}}])")},
         "0 start 0 call_0 f\n0 arguments 0 {\n0 arguments 0 }\n0 start 1 call_1 g\n0 arguments 1 {}\n0 end "
         "0\n0 end 1\n"},
        {"all at index 0, told apart by id",
         {tools(R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}])"),
          tools(R"([{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}])")},
         "0 start 0 a f\n0 arguments 0 {}\n0 start 1 b f\n0 arguments 1 {}\n0 end 0\n0 end 1\n"},
        {"all at index 0 without ids",
         {tools(R"([{"index":0,"function":{"name":"f","arguments":"{}"}}])"),
          tools(R"([{"index":0,"function":{"name":"f","arguments":"{}"}}])")},
         "0 start 0 call_0 f\n0 arguments 0 {}\n0 start 1 call_1 f\n0 arguments 1 {}\n0 end 0\n0 end 1\n"},
        {"id and name repeated or null",
         {tools(R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}])"),
          tools(R"([{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}])"),
          tools(R"([{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":" "}}])"),
          tools(R"([{"index":0,"id":"other","function":{"arguments":" "}}])")},
         "0 start 0 a f\n0 arguments 0 {\n0 arguments 0 }\n0 arguments 0  \n0 arguments 0  \n0 end 0\n"},
        {"the name comes late",
         {tools(R"([{"index":0,"id":"a","function":{"arguments":"{"}}])"),
          tools(R"([{"index":0,"function":{"name":"f","arguments":"}"}}])")},
         "0 start 0 a f\n0 arguments 0 {\n0 arguments 0 }\n0 end 0\n"},
        {"arguments as an object, or none",
         {tools(R"([{"index":0,"id":"a","function":{"name":"f","arguments":{"x": 1}}}])"),
          tools(R"([{"index":1,"id":"b","function":{"name":"g","arguments":null}}])")},
         "0 start 0 a f\n0 arguments 0 {\"x\": 1}\n0 start 1 b g\n0 end 0\n0 end 1\n"},
        {"the old function_call",
         {chunk(R"({"function_call":{"name":"f","arguments":""}})"),
          chunk(R"({"function_call":{"arguments":"{}"}})")},
         "0 start 0 call_0 f\n0 arguments 0 {}\n0 end 0\n"},
        {"a custom tool",
         {tools(R"([{"index":0,"id":"a","type":"custom","custom":{"name":"f","input":"x"}}])"),
          tools(R"([{"index":0,"custom":{"input":"y"}}])")},
         "0 start 0 a f\n0 arguments 0 x\n0 arguments 0 y\n0 end 0 not JSON\n"},
        {"a thought signature beside the call",
         {tools(
             R"([{"index":0,"id":"a","extra_content":{"google":{"thought_signature":"s"}},"function":{"name":"f"}}])")},
         "0 start 0 a f\nsignature s\n0 end 0\n"},
        {"something else there, and a signature that comes late",
         {tools(R"([{"index":0,"id":"a","extra_content":{"x":1},"function":{"name":"f"}}])"),
          tools(R"([{"index":0,"extra_content":{"google":{"thought_signature":"s"}}}])")},
         "0 start 0 a f\n0 extension delta.tool_calls.extra_content {\"x\":1}\n0 extension "
         "delta.tool_calls.extra_content {\"google\":{\"thought_signature\":\"s\"}}\n0 end 0\n"},
        {"arguments that are no JSON",
         {tools(R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}])"),
          tools(R"([{"index":1,"id":"b","function":{"name":"g","arguments":" "}}])")},
         "0 start 0 a f\n0 arguments 0 {\"x\"\n0 start 1 b g\n0 arguments 1  \n0 end 0 not JSON\n0 end 1\n"},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.what) {
            std::string body;
            for (const std::string& one : c.chunks)
                body += sse({one});
            // "stop" although there are calls: derived (PROTOCOLS section 3.3).
            Decoded got = decode(body + sse({kStop, kDone}));
            BOOST_TEST(got.trace == std::string(c.trace) + "0 finish tool_calls stop\n");
        }
}

BOOST_AUTO_TEST_CASE(n_greater_than_one) {
    Decoded got =
        decode({chunk(R"({"content":"a"})", "null", 0), chunk(R"({"content":"x"})", "null", 1),
                chunk(R"({"content":"b"})", "null", 0),
                chunk(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f"}}]})", "null", 1),
                chunk("{}", "\"stop\"", 0), chunk(R"({"content":"y"})", "\"tool_calls\"", 1), kDone});
    BOOST_TEST(got.text == "ab");
    BOOST_TEST(got.tools.empty());
    BOOST_TEST(got.trace ==
               "0 text a\n1 text x\n0 text b\n1 start 0 t f\n1 text y\n1 extension choice.finish "
               "\"tool_calls\"\n1 end 0\n0 finish stop stop\n");
    // One choice's end is not the end of the answer.
    check_failure(decode({chunk(R"({"content":"x"})", "null", 1), chunk("{}", "\"stop\"", 0)}),
                  stream_truncated, Phase::stream);
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_passed_on) {
    Decoded got = decode(
        {chunk(
             R"({"content":"a","audio":{"id":"x"},"annotations":[{"type":"url_citation"}],"images":[],"new":null,"flag":false})"),
         R"({"choices":[{"index":0,"delta":{},"logprobs":{"content":[{"token":"a"}]},"odd":1}],"citations":["u"],"a\"b":2,"search_results":[]})",
         kStop, kDone});
    BOOST_TEST(got.extensions == (std::vector<std::string>{R"(delta.audio={"id":"x"})",
                                                           R"(delta.annotations=[{"type":"url_citation"}])",
                                                           R"(logprobs={"content":[{"token":"a"}]})",
                                                           "choice.odd=1", R"(citations=["u"])", "a\"b=2"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(cumulative_message_beside_delta) {
    Decoded got = decode(
        {R"({"choices":[{"index":0,"finish_reason":null,"message":{"content":"a"},"delta":{"role":"assistant","content":"a"}}]})",
         R"({"choices":[{"index":0,"delta":{"content":"b"},"message":{"content":"ab"}}]})",
         R"({"choices":[{"index":0,"message":{"content":"ab"},"finish_reason":"stop"}]})"});
    BOOST_TEST(got.text == "ab");
    BOOST_TEST((got.stop == StopReason::stop));
}

BOOST_AUTO_TEST_CASE(finish_reasons) {
    struct Case {
        const char* raw;
        StopReason reason;
    };
    const Case cases[] = {
        {"stop", StopReason::stop},
        {"length", StopReason::length},
        {"model_length", StopReason::length},
        {"tool_calls", StopReason::tool_calls},
        {"function_call", StopReason::tool_calls},
        {"content_filter", StopReason::content_filter},
        {"error", StopReason::error},
        {"insufficient_system_resource", StopReason::error},
        {"abort", StopReason::error},
        {"something_new", StopReason::unknown},
    };
    for (const Case& c : cases) {
        Decoded got = decode({chunk(R"({"content":"a"})", "\"" + std::string(c.raw) + "\""), kDone});
        BOOST_TEST((got.stop == c.reason));
        BOOST_TEST(got.raw_stop == c.raw);
    }
    // An empty reason is none.
    Decoded got =
        decode({chunk(R"({"content":"a"})", "\"\""), chunk(R"({"content":"b"})", "\"stop\""), kDone});
    BOOST_TEST(got.text == "ab");
    BOOST_TEST(got.raw_stop == "stop");
}

BOOST_AUTO_TEST_CASE(ends) {
    // finish_reason without [DONE]; [DONE] without finish_reason; both missing; nothing at all.
    BOOST_TEST((decode({chunk(R"({"content":"a"})"), kStop}).stop == StopReason::stop));
    Decoded done = decode({chunk(R"({"content":"a"})"), kDone});
    BOOST_TEST((done.stop == StopReason::unknown));
    BOOST_TEST(done.raw_stop.empty());
    check_failure(decode({chunk(R"({"content":"a"})")}), stream_truncated, Phase::stream);
    check_failure(decode(std::initializer_list<std::string_view>{}), stream_truncated, Phase::first_event);
    check_failure(decode({kDone}), stream_truncated, Phase::first_event);
    check_failure(decode({chunk(R"({"role":"assistant"})"), kDone}), stream_truncated, Phase::first_event);
    // An answer that stopped at once is an answer.
    BOOST_TEST((decode({chunk("{}", "\"length\""), kDone}).stop == StopReason::length));
    // Whatever follows the end is ignored.
    Decoded got = decode({chunk(R"({"content":"a"})"), kStop, kDone, chunk(R"({"content":"b"})"),
                          R"({"error":{"message":"x"}})", "garbage"});
    BOOST_TEST(got.text == "a");
    BOOST_TEST((got.stop == StopReason::stop));
}

BOOST_AUTO_TEST_CASE(every_cut_is_seen) {
    const std::string body =
        sse({chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"a"})"),
             chunk(R"({"content":"b"})"), kStop,
             R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})", kDone});
    const std::size_t finished = body.find(kStop) + kStop.size();
    for (std::size_t cut = 0; cut < body.size(); ++cut) {
        Decoded got = decode_chat(std::string_view(body).substr(0, cut));
        BOOST_REQUIRE_EQUAL(got.terminals, 1u);
        BOOST_REQUIRE_EQUAL(got.stop.has_value(), cut >= finished);
        if (got.error) BOOST_REQUIRE((got.error->kind == stream_truncated));
    }
}

BOOST_AUTO_TEST_CASE(usage_counts) {
    struct Case {
        const char* json;
        Usage usage;
    };
    auto of = [](std::optional<Tokens> in, std::optional<Tokens> cached, std::optional<Tokens> write,
                 std::optional<Tokens> out, std::optional<Tokens> reasoning) {
        Usage usage;
        usage.input = in;
        usage.cached_input = cached;
        usage.cache_write = write;
        usage.output = out;
        usage.reasoning = reasoning;
        return usage;
    };
    const Case cases[] = {
        {R"({"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":5,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":6}})",
         of(10, 4, 5, 20, 6)},
        // xAI: reasoning is on top; the same numbers with it inside.
        {R"({"prompt_tokens":12,"completion_tokens":2,"total_tokens":354,"completion_tokens_details":{"reasoning_tokens":340}})",
         of(12, {}, {}, 342, 340)},
        {R"({"prompt_tokens":12,"completion_tokens":342,"total_tokens":354,"completion_tokens_details":{"reasoning_tokens":340}})",
         of(12, {}, {}, 342, 340)},
        // DeepSeek, Moonshot, Azure, a proxy.
        {R"({"prompt_tokens":6,"completion_tokens":1,"total_tokens":7,"prompt_cache_hit_tokens":5,"prompt_cache_miss_tokens":1})",
         of(6, 5, {}, 1, {})},
        {R"({"prompt_tokens":6,"completion_tokens":1,"total_tokens":7,"cached_tokens":3})",
         of(6, 3, {}, 1, {})},
        {R"({"prompt_tokens":6,"completion_tokens":1,"total_tokens":7,"prompt_tokens_details":null,"reasoning_tokens":0})",
         of(6, {}, {}, 1, 0)},
        {R"({"prompt_tokens":6,"completion_tokens":1,"total_tokens":7,"cache_read_input_tokens":2,"cache_creation_input_tokens":3})",
         of(6, 2, 3, 1, {})},
        // Counts that are missing stay unknown, zeros stay zero, the largest fit.
        {R"({"prompt_tokens":6})", of(6, {}, {}, {}, {})},
        {R"({"prompt_tokens":6,"total_tokens":10})", of(6, {}, {}, 4, {})},
        {R"({"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})", of(0, {}, {}, 0, {})},
        {R"({"prompt_tokens":18446744073709551615,"completion_tokens":7.0})",
         of(18446744073709551615u, {}, {}, 7, {})},
        {R"({"prompt_tokens":null,"completion_tokens":-1,"total_tokens":"x"})", of({}, {}, {}, {}, {})},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.json) {
            for (const std::string& place :
                 {"{\"choices\":[],\"usage\":" + std::string(c.json) + "}",
                  "{\"usage\":" + std::string(c.json) + ",\"choices\":[{\"delta\":{}}]}",
                  "{\"choices\":[],\"x_groq\":{\"usage\":" + std::string(c.json) + "}}",
                  "{\"choices\":[{\"delta\":{},\"usage\":" + std::string(c.json) + "}]}"}) {
                Decoded got = decode({chunk(R"({"content":"a"})"), kStop, place, kDone});
                BOOST_REQUIRE(got.usage.has_value());
                BOOST_TEST((*got.usage == c.usage));
            }
        }
    // On every chunk, cumulative: the last one wins, field by field.
    Decoded got = decode(
        {R"({"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}})",
         R"({"choices":[{"delta":{"content":"b"}}],"usage":null})",
         R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"completion_tokens":2}})"});
    BOOST_TEST((*got.usage == of(5, {}, {}, 2, {})));
}

BOOST_AUTO_TEST_CASE(errors_in_the_stream) {
    struct Case {
        const char* what;
        std::string body;
        ErrorKind kind;
        const char* code;
    };
    const std::string zeros =
        sse({R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}})", kDone});
    const Case cases[] = {
        {"OpenAI",
         sse({R"({"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}})"}) +
             zeros,
         provider_unavailable, "server_error"},
        {"vLLM",
         sse({R"({"error":{"message":"boom","type":"InternalServerError","param":null,"code":500}})", kDone}),
         provider_unavailable, "InternalServerError"},
        {"OpenRouter",
         sse({R"({"id":"g","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"slow"}})",
              kDone}),
         rate_limited, "429"},
        {"OpenRouter, null reason",
         sse({R"({"error":{"code":502,"message":"down"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":null}]})",
              kDone}),
         provider_unavailable, "502"},
        {"Groq",
         "event: error\ndata: "
         "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"code\":\"tool_use_failed\","
         "\"status_code\":400}}\n\n",
         provider_bad_request, "tool_use_failed"},
        {"Groq, x_groq", sse({R"({"choices":[],"x_groq":{"id":"r","error":"over capacity"}})"}),
         provider_overloaded, ""},
        {"Anthropic behind a gateway",
         "event: error\ndata: "
         "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
         provider_overloaded, "overloaded_error"},
        {"no event name",
         sse({R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}),
         provider_overloaded, "overloaded_error"},
        {"llama-box",
         "error: {\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}\n\n",
         provider_overloaded, "unavailable_error"},
        {"Gemini, bare lines",
         "{\r\n  \"error\": {\r\n    \"code\": 503,\r\n    \"message\": \"The model is overloaded.\",\r\n    "
         "\"status\": \"UNAVAILABLE\"\r\n  }\r\n}\r\n",
         provider_overloaded, "UNAVAILABLE"},
        {"Gemini, as an array",
         "[{\n\"error\": {\n\"code\": 429,\n\"status\": \"RESOURCE_EXHAUSTED\",\n\"message\": \"x\"}\n}]\n",
         rate_limited, "RESOURCE_EXHAUSTED"},
        {"bare lines that are cut",
         "{\n  \"error\": {\n    \"code\": 503,\n    \"status\": \"UNAVAILABLE\",\n", provider_overloaded,
         "UNAVAILABLE"},
        {"Ollama, one line", "{\"error\":\"model runner has unexpectedly stopped\"}\n", provider_unavailable,
         ""},
        {"an error string", sse({R"({"error":"out of memory"})", kDone}), provider_unavailable, ""},
        {"an array", sse({R"([{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT"}}])"}),
         provider_bad_request, "INVALID_ARGUMENT"},
        {"old vLLM",
         sse({R"({"object":"error","message":"too much","type":"BadRequestError","param":null,"code":400})",
              kDone}),
         provider_bad_request, "BadRequestError"},
        {"quota with status 200",
         sse({R"({"error":{"message":"x","type":"insufficient_quota","code":"insufficient_quota"}})"}),
         quota_exhausted, "insufficient_quota"},
        {"context with status 200",
         sse({R"({"error":{"message":"This model's maximum context length is 10 tokens."}})"}),
         context_length_exceeded, ""},
        {"text in an error event", "event: error\ndata: Internal error\n\n", provider_unavailable, ""},
        {"detail", sse({R"({"detail":"Unauthorized"})"}), provider_unavailable, ""},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.what) {
            Decoded first = decode(c.body);
            check_failure(first, c.kind, Phase::first_event);
            BOOST_TEST(first.error->code == c.code);
            BOOST_TEST(!first.error->provider_message.empty());
            // In the middle of an answer, and with a false end after it.
            Decoded later = decode(sse({chunk(R"({"content":"a"})")}) + c.body +
                                   (c.body.ends_with("\n\n") ? sse({kStop, kDone}) : ""));
            BOOST_TEST(later.text == "a");
            check_failure(later, c.kind, Phase::stream);
            BOOST_TEST(!later.usage.has_value());
        }
    // After a finish reason too: the answer may be whole, but the provider says it is not.
    check_failure(decode({chunk(R"({"content":"a"})"), kStop, R"({"error":{"code":503,"message":"x"}})"}),
                  provider_overloaded, Phase::stream);
    // Fields that say there is no error.
    for (const char* none : {"null", "\"\"", "{}", "false"})
        BOOST_TEST(
            (decode({"{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"error\":" + std::string(none) + "}",
                     kStop, kDone})
                 .stop == StopReason::stop));
}

BOOST_AUTO_TEST_CASE(stray_lines_that_are_no_error) {
    Decoded got = decode("retry: 3000\nnew-field: 1\n" + sse({chunk(R"({"content":"a"})")}) +
                         "x-ray: {\n}\n\n{\"note\": \"nothing\"}\n\n" + sse({kStop, kDone}));
    BOOST_TEST(got.text == "a");
    BOOST_TEST((got.stop == StopReason::stop));
    // Chunks of a server that forgot the framing.
    got = decode(chunk(R"({"content":"a"})") + "\n" + chunk(R"({"content":"b"})") + "\n" + kStop + "\n");
    BOOST_TEST(got.text == "ab");
}

BOOST_AUTO_TEST_CASE(malformed_chunks) {
    const char* const cases[] = {
        "{",
        "{\"choices\":[{\"delta\":{\"content\":\"Hel",
        "{\"choices\":[{\"delta\":{\"content\":\"Hel\"}}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]} x",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"},}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}},]}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}] \"id\":\"x\"}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\\q\"}}]}",
        "{\"choices\":[{\"delta\":{\"content\":}}]}",
        "{\"choices\"}",
        "{choices:[]}",
        "{\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}",
        "{\"choices\":[{\"delta\":{\"content\":\"a\x01\"}}]}",
        "{\"id\":}",
        "{\"a\":1,}",
        "plain text",
        "<html>",
        "null",
        "\"text\"",
        "1",
        "[DONE",
        "[DONE]]",
        "[done]",
    };
    for (const char* broken : cases)
        BOOST_TEST_CONTEXT(broken) {
            Decoded got =
                decode({chunk(R"({"content":"a"})"), broken, chunk(R"({"content":"b"})"), kStop, kDone});
            BOOST_TEST(got.text == "a");
            check_failure(got, provider_unavailable, Phase::stream);
            BOOST_TEST(got.error->message.starts_with("malformed chunk"));
            BOOST_TEST(got.error->provider_message.size() <= ErrorInfo::kMaxExcerpt);
            BOOST_TEST(simdjson::validate_utf8(got.error->provider_message));
            check_failure(decode({broken}), provider_unavailable, Phase::first_event);
        }
}

BOOST_AUTO_TEST_CASE(hostile_numbers) {
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += chunk(R"({"content":"a"})", "null", i).insert(0, "data: ") + "\n\n";
    check_failure(decode_chat(many), provider_unavailable, Phase::stream);
    check_failure(decode({chunk(R"({"content":"a"})").replace(33, 1, "99999999999")}), provider_unavailable,
                  Phase::first_event);
    std::string calls;
    for (int i = 0; i < 1100; ++i)
        calls += sse({tools("[{\"index\":" + std::to_string(i) + ",\"id\":\"t" + std::to_string(i) +
                            "\",\"function\":{\"name\":\"f\"}}]")});
    check_failure(decode_chat(calls), provider_unavailable, Phase::stream);
    std::string deep = "{\"choices\":[{\"delta\":{\"x\":";
    deep += std::string(2000, '[') + std::string(2000, ']') + "}}]}";
    Decoded got = decode_chat(sse({deep, kStop, kDone}));
    BOOST_TEST(got.terminals == 1u);
}

BOOST_AUTO_TEST_CASE(whole_bodies) {
    auto decode_body = [](std::string_view body) {
        auto decoder = adapters::openai_chat::dialect().make_decoder(test::facts_for_tests());
        adapters::EventBatch batch;
        std::string copy(body);
        decoder->on_body(copy, batch);
        decoder->on_end(batch);
        Decoded decoded;
        for (const StreamEvent& event : batch.events())
            decoded.add(event);
        decoded.info = decoder->info();
        BOOST_TEST(decoded.terminals == 1u);
        return decoded;
    };
    Decoded got = decode_body(
        R"({"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null,"annotations":[],
        "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})");
    BOOST_TEST(got.trace ==
               "0 text Hi\n0 start 0 a f\n0 arguments 0 {}\n0 end 0\n0 finish tool_calls tool_calls\n");
    BOOST_TEST((got.usage->output == std::optional<Tokens>(2)));
    BOOST_TEST(got.info.response_id == "x");
    // An event stream under a wrong content type.
    BOOST_TEST(decode_body(sse({chunk(R"({"content":"a"})"), kStop, kDone})).text == "a");

    check_failure(decode_body(R"({"error":{"message":"x","code":"rate_limit_exceeded"}})"), rate_limited,
                  Phase::first_event);
    check_failure(decode_body(R"([{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}])"),
                  provider_overloaded, Phase::first_event);
    for (const char* odd : {"", "   ", "{}", "{\"choices\":[]}", "[]", "{\"a\":1}", "hello",
                            "<html><title>Sign in</title>", "{\"choices\":[{\"mess", "null", "\xff"})
        BOOST_TEST_CONTEXT(odd) {
            check_failure(decode_body(odd), provider_unavailable, Phase::first_event);
        }
}

BOOST_AUTO_TEST_CASE(failure_from_outside) {
    auto decoder = adapters::openai_chat::dialect().make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_failure(ErrorInfo(provider_timeout, Phase::idle, "too slow"), batch);
    decoder->on_failure(ErrorInfo(provider_timeout, Phase::leg, "later"), batch);
    decoder->on_end(batch);
    BOOST_REQUIRE_EQUAL(batch.events().size(), 1u);
    const ErrorInfo& error = batch.events()[0].as<Failure>()->error();
    BOOST_TEST((error.phase == Phase::idle));
    BOOST_TEST(error.provider == "acme");
    BOOST_TEST((decoder->state() == adapters::DecoderState::ended));
}

BOOST_AUTO_TEST_CASE(no_key_in_a_malformed_chunk) {
    adapters::ExchangeFacts facts = test::facts_for_tests();
    facts.secrets = {"my-secret-key"};
    const std::string body = sse({"{\"echo\":\"my-secret-key\""});
    Decoded got = decode_chat(
        body, [](std::size_t left) { return left; }, facts);
    BOOST_REQUIRE(got.error.has_value());
    BOOST_TEST(got.error->provider_message.find("my-secret-key") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
