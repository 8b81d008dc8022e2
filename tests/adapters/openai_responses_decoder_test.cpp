// PROTOCOLS section 4 and the clones of section 7, one stream each, written by hand.
#include "adapters/openai_responses/dialect.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;
using enum ErrorKind;
using test::Decoded;
using test::sse;

const adapters::Dialect& kDialect = adapters::openai_responses::dialect();

/// {"type":"response.<type>",...}
std::string event(std::string_view type, std::string_view fields = "") {
    std::string json = "{\"type\":\"response." + std::string(type) + "\"";
    if (!fields.empty()) json.append(",").append(fields);
    return json + "}";
}
std::string text(std::string_view delta, std::string_view place = R"("item_id":"m","output_index":0)") {
    return event("output_text.delta",
                 std::string(place) + R"(,"content_index":0,"delta":")" + std::string(delta) + "\"");
}
std::string completed(std::string_view fields = "") {
    return event("completed", R"("response":{"id":"resp_1","model":"m-2","status":"completed")" +
                                  (fields.empty() ? "" : "," + std::string(fields)) + "}");
}

/// The same events whatever the reads, and just one end.
Decoded decode(const std::string& body) {
    Decoded whole = test::decode(kDialect, body);
    BOOST_TEST(test::decode_bytewise(kDialect, body).trace == whole.trace);
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
    BOOST_TEST(got.error->status == 200);
    BOOST_TEST(!got.error->message.empty());
}

BOOST_AUTO_TEST_SUITE(openai_responses_decoder)

BOOST_AUTO_TEST_CASE(text_in_full) {
    Decoded got = decode(
        {event("created", R"("response":{"id":"resp_1","model":"m-2","status":"in_progress","usage":null})"),
         event("in_progress", R"("response":{"id":"resp_1","status":"in_progress"})"),
         R"({"type":"keepalive","sequence_number":3})",
         event(
             "output_item.added",
             R"("output_index":0,"item":{"id":"m","type":"message","status":"in_progress","content":[],"role":"assistant"})"),
         event("content_part.added",
               R"("item_id":"m","output_index":0,"content_index":0,"part":{"type":"output_text","text":""})"),
         text("Ulaan"), text(""), text("baatar\\n\\u00e9\\ud83d\\ude00"),
         event(
             "output_text.done",
             R"("item_id":"m","output_index":0,"content_index":0,"text":"Ulaanbaatar\n\u00e9\ud83d\ude00")"),
         event(
             "content_part.done",
             R"("item_id":"m","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Ulaanbaatar"})"),
         event(
             "output_item.done",
             R"("output_index":0,"item":{"id":"m","type":"message","content":[{"type":"output_text","text":"Ulaanbaatar"}]})"),
         completed(
             R"("output":[{"id":"m","type":"message","content":[{"type":"output_text","text":"Ulaanbaatar"}]}],)"
             R"("usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":0},"output_tokens":7,)"
             R"("output_tokens_details":{"reasoning_tokens":2},"total_tokens":17})")});
    BOOST_TEST(got.trace ==
               "0 text Ulaan\n0 text baatar\n\xC3\xA9\xF0\x9F\x98\x80\n0 finish stop completed\n");
    BOOST_TEST(got.info.response_id == "resp_1");
    BOOST_TEST(got.info.response_model_id == "m-2");
    BOOST_REQUIRE(got.usage.has_value());
    BOOST_TEST((*got.usage == Usage{10, 4, 0, 7, 2}));
}

BOOST_AUTO_TEST_CASE(text_without_deltas_comes_once) {
    const std::string text_done =
        event("output_text.done", R"("item_id":"m","output_index":0,"content_index":0,"text":"hi")");
    const std::string part_done = event(
        "content_part.done",
        R"("item_id":"m","output_index":0,"content_index":0,"part":{"type":"output_text","text":"hi"})");
    const std::string item = R"({"id":"m","type":"message","content":[{"type":"output_text","text":"hi"}]})";
    const std::string item_done = event("output_item.done", R"("output_index":0,"item":)" + item);
    const std::string end = completed(R"("output":[)" + item + "]");
    const std::string trace = "0 text hi\n0 finish stop completed\n";
    BOOST_TEST(decode({text_done, part_done, item_done, end}).trace == trace);
    BOOST_TEST(decode({part_done, item_done, end}).trace == trace);
    BOOST_TEST(decode({item_done, end}).trace == trace);
    BOOST_TEST(decode({end}).trace == trace);
    BOOST_TEST(decode({text("hi"), end}).trace == trace);
    BOOST_TEST(decode({text("hi", R"("output_index":3)"), item_done, end}).text == "hihi");  // two items
    BOOST_TEST(decode({text("hi", R"("a":1)"), end}).trace == trace);                        // no key at all
    // A proxy that gives each event another item_id.
    BOOST_TEST(decode({text("h", R"("output_index":0,"item_id":"x1")"),
                       text("i", R"("output_index":0,"item_id":"x2")"), item_done, end})
                   .text == "hi");
}

BOOST_AUTO_TEST_CASE(clones_have_no_event_names_and_a_done_marker) {
    Decoded got = decode({text("a"), completed(), "[DONE]"});
    BOOST_TEST(got.trace == "0 text a\n0 finish stop completed\n");
    got = decode("event: response.output_text.delta\ndata: " + text("a") + "\n\n" + sse({"[DONE]"}));
    check_failure(got, stream_truncated, Phase::stream);
    check_failure(decode(sse({"[DONE]"})), stream_truncated, Phase::first_event);
    check_failure(decode(""), stream_truncated, Phase::first_event);
}

BOOST_AUTO_TEST_CASE(parts_and_refusals) {
    Decoded got = decode(
        {text("a"),
         event("refusal.delta", R"("item_id":"m","output_index":0,"content_index":1,"delta":"no")"),
         event("refusal.done", R"("item_id":"m","output_index":0,"content_index":1,"refusal":"no")"),
         event("content_part.done",
               R"("item_id":"m","output_index":0,"content_index":2,"part":{"type":"refusal","refusal":"!"})"),
         completed()});
    BOOST_TEST(got.trace == "0 text a\n0 refusal no\n0 refusal !\n0 finish content_filter completed\n");
}

BOOST_AUTO_TEST_CASE(reasoning_of_both_families) {
    auto summary = [](int index, std::string_view delta) {
        return event("reasoning_summary_text.delta", R"("item_id":"rs","output_index":0,"summary_index":)" +
                                                         std::to_string(index) + R"(,"delta":")" +
                                                         std::string(delta) + "\"");
    };
    Decoded got = decode(
        {event("output_item.added", R"("output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]})"),
         event(
             "reasoning_summary_part.added",
             R"("item_id":"rs","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""})"),
         summary(0, "a"), summary(0, "b"), summary(1, "c"),
         event(
             "output_item.done",
             R"("output_index":0,"item":{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"ab"},{"type":"summary_text","text":"c"}],"encrypted_content":"sealed"})"),
         completed()});
    BOOST_TEST(got.trace ==
               "0 reasoning a\n  of item rs\n0 reasoning b\n  of item rs\n0 reasoning \n\n\n  of item rs\n0 "
               "reasoning c\n  of item rs\n"
               "0 reasoning \n  of item rs\nsignature sealed\n0 finish stop completed\n");
    got = decode(
        {event(
             "reasoning_part.added",
             R"("item_id":"rs","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":""})"),
         event("reasoning_text.delta", R"("item_id":"rs","output_index":0,"content_index":0,"delta":"hm")"),
         event("reasoning_text.done", R"("item_id":"rs","output_index":0,"content_index":0,"text":"hm")"),
         event(
             "output_item.done",
             R"("output_index":0,"item":{"id":"rs","type":"reasoning","content":[{"type":"reasoning_text","text":"hm"}],"summary":[{"type":"summary_text","text":"hm"}]})"),
         completed()});
    BOOST_TEST(got.reasoning == "hm");
    BOOST_TEST(got.extensions.empty());
    // Without deltas, and an item that is only a reference.
    got = decode(
        {event(
             "output_item.done",
             R"("output_index":0,"item":{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]})"),
         event("output_item.done",
               R"("output_index":1,"item":{"id":"rs_2","type":"reasoning","summary":[]})"),
         completed()});
    BOOST_TEST(got.reasoning == "hm");
    BOOST_REQUIRE_EQUAL(got.extensions.size(), 1u);
    BOOST_TEST(got.extensions[0].starts_with("response.output_item.done="));
}

BOOST_AUTO_TEST_CASE(calls) {
    auto added = [](int index, std::string_view id) {
        return event("output_item.added", R"("output_index":)" + std::to_string(index) +
                                              R"(,"item":{"id":"fc_)" + std::string(id) +
                                              R"(","type":"function_call","call_id":"call_)" +
                                              std::string(id) + R"(","name":"f","arguments":""})");
    };
    auto delta = [](int index, std::string_view json) {
        return event("function_call_arguments.delta", R"("output_index":)" + std::to_string(index) +
                                                          R"(,"delta":")" + std::string(json) + "\"");
    };
    auto done = [](int index, std::string_view id, std::string_view json) {
        return event("output_item.done",
                     R"("output_index":)" + std::to_string(index) + R"(,"item":{"id":"fc_)" +
                         std::string(id) + R"(","type":"function_call","call_id":"call_)" + std::string(id) +
                         R"(","name":"f","arguments":")" + std::string(json) + R"("})");
    };
    Decoded got =
        decode({added(1, "a"), added(4, "b"), delta(1, "{\\\"x\\\""), delta(4, "{}"), delta(1, ":1}"),
                event("function_call_arguments.done", R"("output_index":1,"arguments":"{\"x\":1}")"),
                done(1, "a", "{\\\"x\\\":1}"), done(4, "b", "{}"), completed()});
    BOOST_TEST(
        got.trace ==
        "0 start 0 call_a f\n0 start 1 call_b f\n0 arguments 0 {\"x\"\n0 arguments 1 {}\n0 arguments 0 :1}\n"
        "0 end 0\n0 end 1\n0 finish tool_calls completed\n");
    // Without deltas: from .done, from the item, from the response. Never twice.
    const std::string args_done =
        event("function_call_arguments.done", R"("output_index":1,"item_id":"fc_a","arguments":"{}")");
    const std::string end = completed(
        R"("output":[{"id":"fc_a","type":"function_call","call_id":"call_a","name":"f","arguments":"{}"}])");
    const std::string trace =
        "0 start 0 call_a f\n0 arguments 0 {}\n0 end 0\n0 finish tool_calls completed\n";
    BOOST_TEST(decode({added(1, "a"), args_done, done(1, "a", "{}"), end}).trace == trace);
    BOOST_TEST(decode({added(1, "a"), done(1, "a", "{}"), end}).trace == trace);
    BOOST_TEST(decode({done(1, "a", "{}"), end}).trace == trace);
    BOOST_TEST(decode({added(1, "a"), end}).trace == trace);
    BOOST_TEST(decode({end}).trace == trace);
    BOOST_TEST(decode({delta(1, "{}"), done(1, "a", "{}"), end}).trace == trace);  // before its name
    // Cut by the limit, and one that never gets a name.
    got = decode(
        {added(0, "a"), delta(0, "{\\\"x"), delta(7, "1"),
         event("incomplete",
               R"("response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}})")});
    BOOST_TEST(got.trace ==
               "0 start 0 call_a f\n0 arguments 0 {\"x\n0 end 0 not JSON\n0 start 1 call_1 \n0 arguments 1 "
               "1\n0 end 1\n"
               "0 finish length max_output_tokens\n");
    got = decode(
        {event(
             "output_item.added",
             R"("output_index":0,"item":{"id":"fc","type":"function_call","call_id":"c","name":"f","namespace":"ns"})"),
         completed()});
    BOOST_TEST(got.trace ==
               "0 extension item.namespace \"ns\"\n0 start 0 c f\n0 end 0\n0 finish tool_calls completed\n");
}

BOOST_AUTO_TEST_CASE(custom_tools_take_free_text) {
    Decoded got = decode(
        {event(
             "output_item.added",
             R"("output_index":0,"item":{"id":"ctc","type":"custom_tool_call","call_id":"c","name":"sh","input":""})"),
         event("custom_tool_call_input.delta", R"("output_index":0,"delta":"ls -l")"),
         event("custom_tool_call_input.done", R"("output_index":0,"input":"ls -l")"),
         event(
             "output_item.done",
             R"("output_index":0,"item":{"id":"ctc","type":"custom_tool_call","call_id":"c","name":"sh","input":"ls -l"})"),
         completed()});
    BOOST_TEST(got.trace ==
               "0 extension item.type \"custom_tool_call\"\n0 start 0 c sh\n0 arguments 0 ls -l\n0 end 0 not "
               "JSON\n0 finish tool_calls completed\n");
}

BOOST_AUTO_TEST_CASE(other_items_and_events_are_passed_on) {
    const std::string search = event("web_search_call.searching", R"("output_index":0,"item_id":"ws")");
    const std::string added =
        event("output_item.added", R"("output_index":0,"item":{"id":"ws","type":"web_search_call"})");
    const std::string part =
        event("content_part.added", R"("output_index":1,"content_index":0,"part":{"type":"output_audio"})");
    Decoded got = decode({added, search, part, R"({"type":"new.thing","a":[1]})", completed()});
    BOOST_TEST(got.trace ==
               "0 extension response.output_item.added " + added +
                   "\n0 extension response.web_search_call.searching " + search +
                   "\n0 extension response.content_part.added " + part +
                   "\n0 extension new.thing {\"type\":\"new.thing\",\"a\":[1]}\n0 finish stop completed\n");
    got = decode({event("output_text.delta", R"("output_index":0,"delta":"a","logprobs":[{"token":"a"}])"),
                  completed()});
    BOOST_TEST(got.trace ==
               "0 extension output_text.logprobs [{\"token\":\"a\"}]\n0 text a\n0 finish stop completed\n");
    got = decode({event("output_item.added",
                        R"("output_index":0,"item":{"id":"m","type":"message","phase":"commentary"})"),
                  text("a"), completed()});
    BOOST_TEST(got.trace == "0 extension item.phase \"commentary\"\n0 text a\n0 finish stop completed\n");
}

BOOST_AUTO_TEST_CASE(endings) {
    struct Case {
        std::string_view type, response, finish;
    };
    for (const Case& c : {
             Case{"completed", R"({"status":"completed"})", "stop completed"},
             Case{"completed", "null", "stop completed"},
             Case{"done", R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}})",
                  "length max_output_tokens"},
             Case{"incomplete", R"({"incomplete_details":{"reason":"content_filter"}})",
                  "content_filter content_filter"},
             Case{"incomplete", R"({"status":"incomplete","incomplete_details":{"reason":"steered"}})",
                  "unknown steered"},
             Case{"incomplete", R"({"status":"incomplete","incomplete_details":null})", "unknown incomplete"},
             Case{"incomplete", R"({"status":"cancelled"})", "unknown cancelled"},
             Case{"completed", R"({"status":"of the future"})", "stop completed"},
         })
        BOOST_TEST(decode({event(c.type, "\"response\":" + std::string(c.response))}).trace ==
                   "0 finish " + std::string(c.finish) + "\n");
}

BOOST_AUTO_TEST_CASE(errors) {
    struct Case {
        std::string_view payload;
        ErrorKind kind;
        std::string_view code;
    };
    for (
        const Case& c : {
            Case{
                R"({"type":"error","sequence_number":2,"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded","param":null}})",
                quota_exhausted, "insufficient_quota"},
            Case{
                R"({"type":"error","code":"rate_limit_exceeded","message":"Rate limit reached. Please try again in 1.5s.","param":null})",
                rate_limited, "rate_limit_exceeded"},
            Case{
                R"({"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"oops"}}})",
                provider_unavailable, "server_error"},
            Case{
                R"({"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"x"},"metadata":{"raw":"quota"}}})",
                context_length_exceeded, "context_length_exceeded"},
            Case{R"({"type":"response.failed","response":{"status":"failed","error":null}})",
                 provider_unavailable, ""},
            Case{R"({"type":"response.failed"})", provider_unavailable, ""},
            Case{
                R"({"type":"response.completed","response":{"status":"failed","error":{"code":"invalid_prompt","message":"x"}}})",
                content_filtered, "invalid_prompt"},
            Case{R"({"error":{"message":"busy","code":"server_is_overloaded"}})", provider_overloaded,
                 "server_is_overloaded"},
            Case{R"({"message":"no","type":"invalid_request_error","param":null,"code":null})",
                 provider_bad_request, "invalid_request_error"},
            Case{R"([{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}])", rate_limited,
                 "RESOURCE_EXHAUSTED"},
        }) {
        Decoded got = decode(
            {c.payload,
             R"({"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}})",
             "[DONE]"});
        check_failure(got, c.kind, Phase::first_event);
        BOOST_TEST(got.error->code == c.code);
        check_failure(decode({text("a"), c.payload}), c.kind, Phase::stream);
    }
    Decoded waits =
        decode({R"({"type":"error","code":"rate_limit_exceeded","message":"Please try again in 1.5s."})"});
    BOOST_TEST((waits.error->retry_after == std::chrono::milliseconds(1500)));
    check_failure(decode("event: error\ndata: boom\n\n"), provider_unavailable, Phase::first_event);
    check_failure(decode({text("a"), "{\"type\":\"response.output_text.delta\""}), provider_unavailable,
                  Phase::stream);
    check_failure(decode({text("a"), "{\"type\":\"response.output_text.delta\",\"delta\":\"\xff\"}"}),
                  provider_unavailable, Phase::stream);
    // What is known of the usage stays known.
    Decoded costly = decode({event(
        "failed",
        R"("response":{"status":"failed","error":{"code":"server_error","message":"x"},"usage":{"input_tokens":3}})")});
    BOOST_TEST((costly.usage && costly.usage->input == 3u && !costly.usage->output));
}

BOOST_AUTO_TEST_CASE(whole_bodies) {
    auto on_body = [](std::string_view body) {
        auto decoder = kDialect.make_decoder(test::facts_for_tests());
        adapters::EventBatch batch;
        decoder->on_body(body, batch);
        Decoded got;
        for (const StreamEvent& each : batch.events())
            got.add(each);
        BOOST_TEST(got.terminals == 1u);
        return got;
    };
    Decoded got = on_body(
        R"({"id":"r","object":"response","status":"completed","error":null,"model":"m","output":[)"
        R"({"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"s"},)"
        R"({"type":"web_search_call","id":"ws"},)"
        R"({"type":"message","id":"m1","content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"b"}]},)"
        R"({"type":"message","id":"m2","content":[{"type":"output_text","text":"c"}]},)"
        R"({"type":"function_call","id":"f","call_id":"c1","name":"f","arguments":"{}"}],"usage":{"input_tokens":1,"output_tokens":2}})");
    BOOST_TEST(got.trace ==
               "0 reasoning hm\n  of item rs\n0 reasoning \n  of item rs\nsignature s\n0 extension "
               "output.web_search_call {\"type\":\"web_search_call\",\"id\":\"ws\"}\n"
               "0 text a\n0 text b\n0 text c\n0 start 0 c1 f\n0 arguments 0 {}\n0 end 0\n0 finish tool_calls "
               "completed\n");
    BOOST_TEST(
        (on_body(R"({"object":"response","status":"failed","error":{"code":"server_error","message":"x"}})")
             .error->code == "server_error"));
    BOOST_TEST(
        (on_body(R"({"object":"response","status":"in_progress"})").error->kind == provider_unavailable));
    BOOST_TEST((on_body(R"({"error":"Incorrect API key provided"})").error->kind == provider_auth_failed));
    BOOST_TEST((on_body("<html>").error->kind == provider_unavailable));
}

BOOST_AUTO_TEST_CASE(limits) {
    std::string items;
    for (int i = 0; i < 1100; ++i)
        items += sse({text("x", "\"output_index\":" + std::to_string(i))});
    Decoded got = test::decode(kDialect, items);
    BOOST_TEST(got.text.size() == 1024u);
    check_failure(got, provider_unavailable, Phase::stream);
    std::string parts;
    for (int i = 0; i < 1100; ++i)
        parts += sse({event("output_text.delta",
                            R"("output_index":0,"delta":"x","content_index":)" + std::to_string(i))});
    BOOST_TEST(test::decode(kDialect, parts).text.size() == 1024u);
    const std::string huge = sse({event("function_call_arguments.delta",
                                        R"("output_index":0,"delta":")" + std::string(600000, 'x') + "\"")});
    check_failure(test::decode(kDialect, huge + huge), provider_unavailable, Phase::first_event);
    // Indices of any size and type.
    got = decode(
        {event("output_text.delta", R"("output_index":18446744073709551615,"content_index":-1,"delta":"a")"),
         event("output_text.delta", R"("output_index":"x","content_index":{},"delta":"b")"),
         event("output_text.delta", R"("output_index":1e300,"delta":null)"), completed()});
    BOOST_TEST(got.text == "ab");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
