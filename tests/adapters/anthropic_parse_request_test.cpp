// What a client of Anthropic's SDK sends, as a canonical request; and back, with nothing lost on the way.
#include "adapters/anthropic/dialect.hpp"

#include "adapters/body_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

Result<adapters::ParsedRequest> parse(std::string_view body) {
    return adapters::anthropic::dialect().parse_request(adapters::ClientRequest("/v1/messages", body));
}

adapters::ParsedRequest parsed(std::string_view body) {
    auto got = parse(body);
    if (!got) BOOST_FAIL(got.error().message);
    return std::move(got).value();
}

/// With `fields` after one user message.
std::string request(std::string_view fields) {
    return R"({"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"hi"}])" +
           std::string(fields.empty() ? "" : ",") + std::string(fields) + "}";
}

std::string encoded(const Request& request) {
    const ModelSpec model("anthropic", "claude");
    adapters::Target target(model);
    target.origin = "anthropic@anthropic";
    auto got = adapters::anthropic::dialect().encode(request, target);
    if (!got) BOOST_FAIL(got.error().message);
    return got->body;
}

BOOST_AUTO_TEST_SUITE(anthropic_parse_request)

BOOST_AUTO_TEST_CASE(every_field_we_know) {
    const adapters::ParsedRequest got = parsed(
        R"({"model":"claude","max_tokens":100,"stream":true,"system":"S","temperature":0.5,"top_p":0.9,"top_k":4,
            "stop_sequences":["A","B"],"metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},
            "output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}}},
            "tools":[{"type":"custom","name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"bash_20250124","name":"bash"}],
            "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},"service_tier":"auto","container":null,
            "messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"image","source":{"type":"url","url":"http://i"}}]},
              {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"b"},{"type":"tool_use","id":"t","name":"f","input":{"x":1}}]},
              {"role":"user","content":[{"type":"text","text":"so"},{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"1"},{"type":"text","text":"2"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}],"is_error":true},{"type":"document","source":{}}]}]})");
    BOOST_TEST(got.model == "claude");
    BOOST_TEST(got.stream);
    BOOST_TEST(got.warnings.empty());
    const Request::Options& options = got.request.options();
    BOOST_TEST((options.max_tokens == 100u));
    BOOST_TEST((options.temperature == 0.5));
    BOOST_TEST((options.top_p == 0.9));
    BOOST_TEST((options.top_k == 4u));
    BOOST_TEST(options.stop.size() == 2u);
    BOOST_TEST((options.end_user == "u"));
    BOOST_TEST((options.reasoning_budget == 2000u));
    BOOST_TEST((options.show_reasoning == false));
    BOOST_TEST((options.reasoning_effort == "high"));
    BOOST_TEST(options.response_format->schema_json == R"({"type":"object"})");
    BOOST_TEST(options.tool_choice->name == "f");
    BOOST_TEST((options.parallel_tool_calls == false));
    BOOST_TEST(got.request.tools().size() == 1u);
    BOOST_TEST(got.request.tools()[0].cache->ttl == "1h");
    BOOST_TEST(got.request.native_tools().size() == 1u);
    BOOST_TEST(got.request.extras().size() == 1u);
    const auto& messages = got.request.messages();
    BOOST_REQUIRE(messages.size() == 5u);  // the result is a message of its own
    BOOST_TEST((messages[0].role == Role::system));
    BOOST_TEST(std::get<TextPart>(messages[1].parts[0]).cache.has_value());
    BOOST_TEST(std::get<ReasoningPart>(messages[2].parts[0]).signature.origin == "anthropic@*");
    BOOST_TEST(std::get<ReasoningPart>(messages[2].parts[1]).redacted);
    BOOST_TEST((messages[3].role == Role::tool));
    const auto& result = std::get<ToolResultPart>(messages[3].parts[0]);
    BOOST_TEST(result.content == "1\n2");
    BOOST_TEST(result.images.size() == 1u);
    BOOST_TEST(result.is_error);
    BOOST_TEST(std::get<NativePart>(messages[4].parts[1]).json == R"({"type":"document","source":{}})");
}

BOOST_AUTO_TEST_CASE(anthropic_gets_back_what_it_alone_knows) {
    // Each of these fields goes out as it came in.
    for (
        const char* fields : {
            R"("thinking":{"type":"adaptive"})",
            R"("thinking":{"type":"adaptive","display":"omitted"})",
            R"("thinking":{"type":"between_tools"})",
            R"("thinking":{"type":"enabled","budget_tokens":5000,"new":1})",
            R"("output_config":{"effort":"low","task_budget":{"total":1}})",
            R"("metadata":{"user_id":"u","team":"t"})",
            R"("tools":[{"type":"web_search_20250305","name":"w"},{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}])",
            R"("tools":[{"name":"f","input_schema":{"type":"object"},"defer_loading":true}])",
            R"("service_tier":"auto")",
            R"("mcp_servers":[{"type":"url"}])",
            R"("context_management":{"edits":[]})",
        })
        BOOST_TEST_CONTEXT(fields) {
            const std::string again = encoded(parsed(request(fields)).request);
            BOOST_TEST(again.find(fields) != std::string::npos);
            BOOST_TEST(encoded(parsed(again).request) == again);
        }
}

BOOST_AUTO_TEST_CASE(blocks_that_only_anthropic_knows) {
    const char* blocks[] = {
        R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})",
        R"({"type":"web_search_tool_result","tool_use_id":"s","content":[]})",
        R"({"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"code_execution_20250825","tool_id":"s"}})",
        R"({"type":"image","source":{"type":"file","file_id":"x"}})",
        R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"document","source":{}}]})",
    };
    for (const char* block : blocks) {
        const std::string body =
            R"({"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","content":[)" +
            std::string(block) + "]}]}";
        const adapters::ParsedRequest got = parsed(body);
        BOOST_TEST(std::get<NativePart>(got.request.messages().at(1).parts.at(0)).json == block);
        BOOST_TEST(encoded(got.request).find(block) != std::string::npos);
    }
    const adapters::ParsedRequest cited =
        parsed(R"({"messages":[{"role":"user","content":[{"type":"text","text":"x","citations":[1]}]}]})");
    BOOST_TEST(cited.warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
    struct Case {
        std::string body;
        const char* message;
    };
    auto message = [](std::string_view m) { return R"({"messages":[)" + std::string(m) + "]}"; };
    const Case cases[] = {
        {"[]", "the body is not a JSON object"},
        {"{}", "messages: expected an array"},
        {R"({"messages":"hi"})", "messages: expected an array"},
        {message("1"), "messages[0]: expected an object"},
        {message(R"({"role":"robot","content":"x"})"),
         "messages[0].role: expected \"user\", \"assistant\" or \"system\""},
        {message(R"({"role":"user","content":5})"), "messages[0].content: expected a string or an array"},
        {message(R"({"role":"user","content":[{"text":"x"}]})"),
         "messages[0].content[0].type: expected a string"},
        {message(R"({"role":"user","content":[{"type":"text"}]})"),
         "messages[0].content[0].text: expected a string"},
        {message(R"({"role":"user","content":[{"type":"image"}]})"),
         "messages[0].content[0].source: expected an object"},
        {message(R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":"x"}]})"),
         "messages[0].content[0].input: expected an object"},
        {message(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":1}]})"),
         "messages[0].content[0].content: expected a string or an array"},
        {request(R"("system":5)"), "system: expected a string or an array"},
        {request(R"("temperature":"hot")"), "temperature: expected a number"},
        {request(R"("top_k":-1)"), "top_k: expected a whole number that is not negative"},
        {request(R"("stream":"yes")"), "stream: expected true or false"},
        {request(R"("stop_sequences":[1])"), "stop_sequences[0]: expected a string"},
        {request(R"("tools":[{"input_schema":{}}])"), "tools[0].name: expected a string"},
        {request(R"("tools":[{"name":"f","input_schema":[]}])"), "tools[0].input_schema: expected an object"},
        {request(R"("tool_choice":"auto")"), "tool_choice: expected an object"},
        {request(R"("tool_choice":{"type":"some"})"),
         "tool_choice.type: expected \"auto\", \"any\", \"tool\" or \"none\""},
        {request(R"("thinking":{"type":"enabled"})"),
         "thinking.budget_tokens: expected a whole number that is not negative"},
        {request(R"("metadata":{"user_id":1})"), "metadata.user_id: expected a string"},
    };
    for (const Case& c : cases) {
        auto got = parse(c.body);
        BOOST_TEST(!got.has_value());
        if (!got) BOOST_TEST(got.error().message == c.message);
        if (!got) BOOST_TEST((got.error().kind == ErrorKind::provider_bad_request));
    }
}

BOOST_AUTO_TEST_CASE(proofs_of_texts_and_calls_come_back_to_their_place) {
    const std::string gemini = "gemini@google";
    AssistantMessage answer;
    answer.stop_reason = StopReason::tool_calls;
    TextPart text("Let me look.");
    text.signature = Signature("text proof", gemini);
    ToolCallPart first("call_1", "look", R"({"at":1})"), second("call_2", "look", "{}");
    first.signature = Signature("call proof", gemini);
    answer.parts = {ReasoningPart("hm", Signature("thought", gemini)), text, first, second};
    adapters::AnswerFacts facts;
    facts.origin = gemini;

    StreamEvent const events[] = {ReasoningDelta{"hm", "thought"},
                                  TextDelta{"Let me look."},
                                  TextDelta{"", "text proof"},
                                  ToolCallStart{0, "call_1", "look", "call proof"},
                                  ToolCallDelta{0, R"({"at":1})"},
                                  ToolCallEnd{0},
                                  ToolCallStart{1, "call_2", "look"},
                                  ToolCallEnd{1},
                                  Finish{StopReason::tool_calls, "STOP", {}}};
    auto encoder = adapters::anthropic::dialect().make_encoder(facts);
    std::string stream;
    for (const StreamEvent& event : events)
        encoder->encode(event, stream);
    MessageBuilder builder;
    auto decoder = adapters::anthropic::dialect().make_decoder({});
    adapters::EventBatch batch;
    adapters::BodyReader(*decoder).finish(stream, 0, batch);
    for (const StreamEvent& event : batch.events())
        builder.add(event);
    // A client of the SDK sends the blocks of the answer, streamed or not, back as they are.
    adapters::AnswerFacts own;
    own.origin = "anthropic@*";
    for (const std::string& body :
         {adapters::anthropic::dialect().encode_answer(answer, facts),
          adapters::anthropic::dialect().encode_answer(std::move(builder).take(), own)}) {
        const std::size_t from = body.find("\"content\":") + 10, to = body.find("],\"stop_reason\"");
        BOOST_REQUIRE(to != std::string::npos);
        const adapters::ParsedRequest got =
            parsed(R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},)"
                   R"({"role":"assistant","content":)" +
                   body.substr(from, to + 1 - from) + "}]}");
        const std::vector<Part>& parts = got.request.messages().at(1).parts;
        BOOST_REQUIRE_EQUAL(parts.size(), 4u);
        const auto is = [&](const Signature& proof, const char* value) {
            return proof.value == value && proof.origin == gemini;
        };
        BOOST_TEST(is(std::get<ReasoningPart>(parts[0]).signature, "thought"));
        BOOST_TEST(is(std::get<TextPart>(parts[1]).signature, "text proof"));
        BOOST_TEST(is(std::get<ToolCallPart>(parts[2]).signature, "call proof"));
        BOOST_TEST(std::get<ToolCallPart>(parts[3]).signature.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
