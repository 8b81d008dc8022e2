// What clients get: the stream, the whole answer, the errors.
#include "adapters/openai_responses/dialect.hpp"
#include "support/decode.hpp"
#include "wire/json_dom.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace sluice;
using test::Decoded;
using test::sse;
namespace dom = wire::dom;

const adapters::Dialect& kDialect = adapters::openai_responses::dialect();

adapters::AnswerFacts facts(std::string origin = "anthropic@anthropic") {
    adapters::AnswerFacts all;
    all.response_id = "resp_7";
    all.model = "gw-model";
    all.created = 1760000000;
    all.origin = std::move(origin);
    return all;
}

std::string encode(const std::vector<StreamEvent>& events, adapters::AnswerFacts about = facts()) {
    auto encoder = kDialect.make_encoder(std::move(about));
    std::string out;
    for (const StreamEvent& event : events)
        encoder->encode(event, out);
    encoder->encode(TextDelta{"too late"}, out);
    BOOST_TEST(out.find("too late") == std::string::npos);
    return out;
}

/// Decodes with this dialect and writes again what came out, as the same provider's.
std::string through(const std::string& body) {
    auto decoder = kDialect.make_decoder(test::facts_for_tests());
    auto encoder = kDialect.make_encoder(facts("openai_responses@acme"));
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    reader.finish(body, body.size(), batch);
    std::string out;
    for (const StreamEvent& event : batch.events())
        encoder->encode(event, out);
    return out;
}

/// The types of the stream's events in order, and the sequence numbers checked.
std::string types(const std::string& stream) {
    std::string all;
    std::uint64_t expected = 0;
    dom::Element event;
    simdjson::dom::parser parser;
    for (std::size_t at = stream.find("data: "); at != std::string::npos;
         at = stream.find("data: ", at + 1)) {
        const std::string json = stream.substr(at + 6, stream.find('\n', at) - at - 6);
        BOOST_REQUIRE(parser.parse(json).get(event) == simdjson::SUCCESS);
        BOOST_TEST((dom::count_at(event, "sequence_number") == expected++));
        const std::string type(*dom::string_at(event, "type"));
        BOOST_TEST(stream.substr(0, at).ends_with("event: " + type + "\n"));
        all += (type.starts_with("response.") ? type.substr(9) : type) + " ";
    }
    return all;
}

/// The last event's response object.
std::string last_response(const std::string& stream) {
    const std::size_t at = stream.rfind("\"response\":");
    return stream.substr(at + 11, stream.rfind('}') - at - 11);
}

std::string output_of(std::string_view response) {
    simdjson::dom::parser parser;
    dom::Element root;
    BOOST_REQUIRE(parser.parse(response.data(), response.size()).get(root) == simdjson::SUCCESS);
    return dom::json_text(*dom::field(root, "output"));
}

BOOST_AUTO_TEST_SUITE(openai_responses_encoder)

BOOST_AUTO_TEST_CASE(opening) {
    auto encoder = kDialect.make_encoder(facts());
    std::string out;
    encoder->open(out);
    encoder->open(out);
    BOOST_TEST(types(out) == "created in_progress ");
    BOOST_TEST(
        out.find(
            R"("response":{"id":"resp_7","object":"response","created_at":1760000000,"status":"in_progress")") !=
        std::string::npos);
    BOOST_TEST(out.find(R"("model":"gw-model","output":[])") != std::string::npos);
    adapters::AnswerFacts nameless = facts();
    nameless.response_id.clear();
    BOOST_TEST(encode({Finish{}}, nameless).find("\"id\":\"resp_1760000000\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(text) {
    const std::string out = encode({TextDelta{"Ulaan"}, TextDelta{""}, TextDelta{"baatar\n"},
                                    Finish{StopReason::stop, "end_turn", Usage{10, 4, {}, 7, 2}}});
    BOOST_TEST(types(out) ==
               "created in_progress output_item.added content_part.added output_text.delta output_text.delta "
               "output_text.done "
               "content_part.done output_item.done completed ");
    BOOST_TEST(
        output_of(last_response(out)) ==
        R"([{"id":"msg_7_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Ulaanbaatar\n","annotations":[],"logprobs":[]}]}])");
    BOOST_TEST(
        out.find(
            R"("usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":17})") !=
        std::string::npos);
    Decoded got = test::decode(kDialect, out);
    BOOST_TEST(got.trace == "0 text Ulaan\n0 text baatar\n\n0 finish stop completed\n");
    BOOST_TEST((*got.usage == Usage{10, 4, {}, 7, 2}));
    BOOST_TEST(got.info.response_id == "resp_7");
}

BOOST_AUTO_TEST_CASE(reasoning_text_and_parallel_calls) {
    // As Chat Completions gives them: calls that end together.
    const std::string out =
        encode({ReasoningDelta{"hm", {}}, ReasoningDelta{{}, "sig"}, ReasoningDelta{{}, "hidden", {}, true},
                TextDelta{"Let me see."}, ToolCallStart{0, "c1", "f"}, ToolCallDelta{0, "{\"a\""},
                ToolCallStart{1, "c2", "g"}, ToolCallDelta{0, ":1}"}, ToolCallEnd{0}, ToolCallEnd{1},
                RefusalDelta{"no"}, Finish{StopReason::tool_calls, "tool_use", {}}});
    BOOST_TEST(
        types(out) ==
        "created in_progress output_item.added reasoning_summary_part.added reasoning_summary_text.delta "
        "reasoning_summary_text.done reasoning_summary_part.done output_item.done "
        "output_item.added output_item.done output_item.added content_part.added output_text.delta "
        "output_text.done content_part.done output_item.done "
        "output_item.added function_call_arguments.delta output_item.added function_call_arguments.delta "
        "function_call_arguments.done output_item.done "
        "function_call_arguments.done output_item.done output_item.added content_part.added refusal.delta "
        "refusal.done content_part.done output_item.done completed ");
    Decoded got = test::decode(kDialect, out);
    BOOST_TEST(got.text == "Let me see.");
    BOOST_TEST(got.reasoning == "hm");
    BOOST_TEST(got.refusal == "no");
    BOOST_REQUIRE_EQUAL(got.tools.size(), 2u);
    BOOST_TEST(got.tools[0].id == "c1");
    BOOST_TEST(got.tools[0].arguments == "{\"a\":1}");
    BOOST_TEST(got.tools[1].arguments == "{}");
    BOOST_TEST(!got.usage.has_value());
    // The signatures come back as what they were.
    auto parsed =
        kDialect.parse_request({"", R"({"model":"m","input":)" + output_of(last_response(out)) + "}"});
    BOOST_REQUIRE(parsed.has_value());
    const std::vector<Part>& parts = parsed->request.messages()[0].parts;
    BOOST_TEST(std::get<ReasoningPart>(parts[0]).signature.value == "sig");
    BOOST_TEST(std::get<ReasoningPart>(parts[0]).signature.origin == "anthropic@anthropic");
    BOOST_TEST(!std::get<ReasoningPart>(parts[0]).redacted);
    BOOST_TEST(std::get<ReasoningPart>(parts[1]).redacted);
}

BOOST_AUTO_TEST_CASE(proofs_of_texts_and_calls) {
    const std::vector<StreamEvent> events = {TextDelta{"a"}, TextDelta{"", "p1"},
                                             ToolCallStart{0, "c", "f", "p2"}, ToolCallEnd{0},
                                             Finish{StopReason::tool_calls, "STOP", {}}};
    const std::string out = encode(events, facts("gemini@google"));
    MessageBuilder builder;
    for (const StreamEvent& event : events)
        builder.add(event);
    AssistantMessage answer = builder.message();
    answer.origin = "gemini@google";
    const std::string body = kDialect.encode_answer(answer, facts("gemini@google"));
    for (const std::string& output : {output_of(last_response(out)), output_of(body)}) {
        auto parsed = kDialect.parse_request({"", R"({"model":"m","input":)" + output + "}"});
        BOOST_REQUIRE(parsed.has_value());
        const std::vector<Part>& parts = parsed->request.messages()[0].parts;
        BOOST_REQUIRE_EQUAL(parts.size(), 2u);
        BOOST_TEST(std::get<TextPart>(parts[0]).signature.value == "p1");
        BOOST_TEST(std::get<ToolCallPart>(parts[1]).signature.value == "p2");
        BOOST_TEST(std::get<ToolCallPart>(parts[1]).signature.origin == "gemini@google");
    }
}

BOOST_AUTO_TEST_CASE(endings) {
    struct Case {
        StopReason reason;
        std::string_view status, details;
    };
    for (const Case& c :
         {Case{StopReason::stop, "completed", "null"}, Case{StopReason::tool_calls, "completed", "null"},
          Case{StopReason::unknown, "completed", "null"},
          Case{StopReason::length, "incomplete", R"({"reason":"max_output_tokens"})"},
          Case{StopReason::content_filter, "incomplete", R"({"reason":"content_filter"})"},
          Case{StopReason::paused, "incomplete", R"({"reason":"paused"})"},
          Case{StopReason::error, "failed", "null"}}) {
        const std::string out = encode({TextDelta{"a"}, Finish{c.reason, "theirs", {}}});
        BOOST_TEST(types(out).ends_with("output_item.done " + std::string(c.status) + " "));
        BOOST_TEST(out.find("\"incomplete_details\":" + std::string(c.details) + ",\"instructions\"",
                            out.rfind("event:")) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(failures) {
    ErrorInfo error(ErrorKind::quota_exhausted, Phase::stream, "no credit");
    const std::string out = encode({TextDelta{"a"}, ToolCallStart{0, "c", "f"}, Failure{&error}});
    BOOST_TEST(types(out) ==
               "created in_progress output_item.added content_part.added output_text.delta output_text.done "
               "content_part.done output_item.done output_item.added error failed ");
    BOOST_TEST(
        out.find(
            R"("error":{"message":"no credit","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})") !=
        std::string::npos);
    Decoded got = test::decode(kDialect, out);
    BOOST_TEST((got.error->kind == ErrorKind::quota_exhausted));
    BOOST_TEST(types(encode({Failure{&error}})) == "created in_progress error failed ");
}

BOOST_AUTO_TEST_CASE(own_events_survive) {
    const std::string foreign = R"({"id":"ws","type":"web_search_call","status":"completed"})";
    for (
        const std::string& body : {
            sse({R"({"type":"response.output_item.added","output_index":0,"item":)" + foreign + "}",
                 R"({"type":"response.web_search_call.completed","output_index":0,"item_id":"ws"})",
                 R"({"type":"response.output_item.done","output_index":0,"item":)" + foreign + "}",
                 R"({"type":"response.output_item.added","output_index":1,"item":{"type":"message","id":"m","phase":"commentary"}})",
                 R"({"type":"response.output_text.delta","item_id":"m","output_index":1,"content_index":0,"delta":"a","logprobs":[{"token":"a","logprob":-0.5}]})",
                 R"({"type":"response.output_text.annotation.added","item_id":"m","output_index":1,"content_index":0,"annotation_index":0,"annotation":{}})",
                 R"({"type":"response.refusal.delta","item_id":"m","output_index":1,"content_index":1,"delta":"no"})",
                 R"({"type":"response.output_item.added","output_index":2,"item":{"type":"custom_tool_call","id":"f","call_id":"c","name":"sh","namespace":"n"}})",
                 R"({"type":"response.custom_tool_call_input.delta","output_index":2,"delta":"ls"})",
                 R"({"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":1}}})"}),
            sse({R"({"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}})",
                 R"({"type":"response.reasoning_summary_text.delta","item_id":"rs_2","output_index":1,"summary_index":0,"delta":"a"})",
                 R"({"type":"response.reasoning_summary_text.delta","item_id":"rs_2","output_index":1,"summary_index":1,"delta":"b"})",
                 R"({"type":"response.output_item.done","output_index":1,"item":{"id":"rs_2","type":"reasoning","encrypted_content":"e"}})",
                 R"({"type":"response.output_item.done","output_index":2,"item":{"id":"f","type":"function_call","call_id":"c","name":"f","arguments":""}})",
                 R"({"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"steered"}}})"}),
            sse({R"({"type":"response.incomplete","response":{"status":"cancelled"}})"}),
        }) {
        const Decoded first = test::decode(kDialect, body);
        BOOST_REQUIRE(first.stop.has_value());
        const Decoded second = test::decode(kDialect, through(body));
        BOOST_TEST(second.trace == first.trace);
        BOOST_TEST((second.usage == first.usage));
    }
}

BOOST_AUTO_TEST_CASE(foreign_events_stay_out) {
    const std::string out =
        encode({Extension{"response.x", "{\"type\":\"response.x\"}"},
                Extension{"item.type", "\"custom_tool_call\""}, ToolCallStart{0, "c", "f"},
                StreamEvent(TextDelta{"other"}, {}, 1), Finish{StopReason::stop, "stop", {}}});
    BOOST_TEST(out.find("response.x") == std::string::npos);
    BOOST_TEST(out.find("custom_tool_call") == std::string::npos);
    BOOST_TEST(out.find("other") == std::string::npos);
    // Whatever an upstream calls its events, a frame stays one frame.
    auto encoder = kDialect.make_encoder(facts("openai_responses@acme"));
    std::string framed;
    encoder->open(framed);
    framed.clear();
    encoder->encode(Extension{"a\nb", "{\"type\":\"a\\nb\",\n\r\"x\":1}"}, framed);
    encoder->encode(Extension{"broken", "{"}, framed);
    BOOST_TEST(framed == "data: {\"type\":\"a\\nb\",  \"x\":1}\n\n");
}

BOOST_AUTO_TEST_CASE(whole_answers) {
    AssistantMessage answer;
    ReasoningPart thought("hm", Signature("sealed", "openai_responses@acme"));
    thought.id = "rs_9";
    answer.parts = {thought, TextPart("a"), RefusalPart("b"), ToolCallPart("c1", "f", "")};
    answer.stop_reason = StopReason::tool_calls;
    answer.raw_stop_reason = "completed";
    answer.usage = Usage{1, {}, {}, 2, {}};
    const std::string body = kDialect.encode_answer(answer, facts("openai_responses@acme"));
    BOOST_TEST(wire::is_json(body));
    BOOST_TEST(
        output_of(body) ==
        R"([{"id":"rs_9","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"sealed","status":"completed"},)"
        R"({"id":"msg_7_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]},{"type":"refusal","refusal":"b"}]},)"
        R"({"id":"fc_7_2","type":"function_call","status":"completed","call_id":"c1","name":"f","arguments":"{}"}])");
    auto decoder = kDialect.make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_body(body, batch);
    MessageBuilder builder;
    for (const StreamEvent& event : batch.events())
        builder.add(event);
    BOOST_TEST(builder.message().text() == "a");
    BOOST_TEST((builder.message().usage == answer.usage));
    BOOST_TEST(builder.message().parts.size() == 4u);
}

BOOST_AUTO_TEST_CASE(errors_keep_their_kind) {
    using enum ErrorKind;
    struct Case {
        ErrorKind kind;
        int status;
        ErrorKind back;
    };
    for (const Case& c :
         {Case{rate_limited, 429, rate_limited}, Case{quota_exhausted, 429, quota_exhausted},
          Case{provider_unavailable, 502, provider_unavailable},
          Case{provider_overloaded, 503, provider_overloaded}, Case{provider_timeout, 504, provider_timeout},
          Case{context_length_exceeded, 400, context_length_exceeded},
          Case{provider_auth_failed, 502, provider_auth_failed},
          Case{provider_bad_request, 400, provider_bad_request}, Case{model_not_found, 404, model_not_found},
          Case{content_filtered, 400, content_filtered},
          // No words of its own in this dialect:
          Case{stream_truncated, 502, provider_unavailable},
          Case{all_providers_failed, 502, provider_unavailable},
          Case{provider_error, 502, provider_unavailable}}) {
        ErrorInfo error(c.kind, Phase::headers, "it failed");
        error.retry_after = std::chrono::milliseconds(1500);
        const adapters::EncodedError encoded = kDialect.encode_error(error);
        BOOST_TEST(encoded.status == c.status);
        BOOST_TEST(wire::is_json(encoded.body));
        BOOST_TEST(encoded.body.find("\"message\":\"it failed\"") != std::string::npos);
        adapters::ExchangeFacts about = test::facts_for_tests();
        about.status = encoded.status;
        wire::HeaderList headers;
        for (const auto& [name, value] : encoded.headers)
            headers.add(name, value);
        const ErrorInfo back = kDialect.classify(about, headers, encoded.body);
        BOOST_TEST(class_name(back.kind) == class_name(c.back));
        BOOST_TEST((back.retry_after == std::chrono::milliseconds(2000)));
        // In a stream only the words are left.
        BOOST_TEST(class_name(test::decode(kDialect, encode({Failure{&error}})).error->kind) ==
                   class_name(c.back));
    }
    ErrorInfo param(provider_bad_request, Phase::headers, "x");
    param.code = "unsupported_parameter";
    BOOST_TEST(
        kDialect.encode_error(param).body ==
        R"({"error":{"message":"x","type":"invalid_request_error","param":null,"code":"unsupported_parameter"}})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
