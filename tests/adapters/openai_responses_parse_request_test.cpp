#include "adapters/openai_responses/dialect.hpp"
#include "adapters/origin.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

const adapters::Dialect& kDialect = adapters::openai_responses::dialect();

adapters::ParsedRequest parse(const std::string& fields) {
    auto parsed = kDialect.parse_request({"/v1/responses", "{\"model\":\"m\"," + fields + "}"});
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), (parsed.has_value() ? std::string() : parsed.error().message));
    return std::move(parsed).value();
}

/// One line a part: "role kind ...".
std::string shape(const Request& request) {
    std::string lines;
    for (const Message& message : request.messages()) {
        lines += std::string(to_string(message.role)) + ":";
        for (const Part& part : message.parts) {
            if (const auto* p = std::get_if<TextPart>(&part)) lines += " text=" + p->text;
            if (const auto* p = std::get_if<ImagePart>(&part))
                lines += " image=" + p->url + p->data + p->detail;
            if (const auto* p = std::get_if<RefusalPart>(&part)) lines += " refusal=" + p->text;
            if (const auto* p = std::get_if<ReasoningPart>(&part))
                lines += " reasoning=" + p->text + "/" + p->id + "/" + p->signature.value + "/" +
                         p->signature.origin + (p->redacted ? "/redacted" : "");
            if (const auto* p = std::get_if<ToolCallPart>(&part))
                lines += " call=" + p->id + "/" + p->name + "/" + p->arguments +
                         (p->arguments_are_json ? "" : "!") + "/" + p->signature.value;
            if (const auto* p = std::get_if<ToolResultPart>(&part))
                lines +=
                    " result=" + p->tool_call_id + "/" + p->content + "/" + std::to_string(p->images.size());
            if (const auto* p = std::get_if<NativePart>(&part)) lines += " native=" + p->json;
        }
        lines += "\n";
    }
    return lines;
}

std::string shape_of(const std::string& fields) {
    return shape(parse(fields).request);
}

BOOST_AUTO_TEST_SUITE(openai_responses_parse_request)

BOOST_AUTO_TEST_CASE(conversation) {
    BOOST_TEST(shape_of(R"("input":"hi","instructions":"be brief")") ==
               "system: text=be brief\nuser: text=hi\n");
    BOOST_TEST(
        shape_of(
            R"("input":[{"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},)"
            R"({"type":"input_image","image_url":"data:image/png;base64,QQ==","detail":"low"},{"type":"input_image","file_id":"f"}]},)"
            R"({"role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text","text":"b","annotations":[]},{"type":"refusal","refusal":"no"}]}])") ==
        "system: text=d\nuser: text=a image=QQ==low "
        "native={\"type\":\"input_image\",\"file_id\":\"f\"}\nassistant: text=b refusal=no\n");
    BOOST_TEST(
        shape_of(
            R"("input":[{"role":"user","content":"q"},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"s"},)"
            R"({"role":"assistant","content":"t"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}","id":"fc_1"},{"type":"function_call","call_id":"d","name":"g","arguments":"x"},)"
            R"({"type":"function_call_output","call_id":"c","output":"1"},{"type":"function_call_output","call_id":"d","output":[{"type":"input_text","text":"2"},{"type":"input_image","image_url":"u"}]}])") ==
        "user: text=q\nassistant: reasoning=a\n\nb/rs_1/s/openai_responses@* text=t call=c/f/{}/ "
        "call=d/g/x!/\ntool: result=c/1/0\ntool: result=d/2/1\n");
}

BOOST_AUTO_TEST_CASE(items_of_other_types_keep_their_place) {
    BOOST_TEST(
        shape_of(
            R"("input":[{"role":"user","content":"q"},{"type":"reasoning","id":"rs_1","summary":[]},{"type":"web_search_call","id":"ws"},)"
            R"({"role":"assistant","content":"a"},{"type":"computer_call_output","call_id":"c"},{"role":"user","content":"b"},{"type":"item_reference","id":"i"},)"
            R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}","namespace":"n"}])") ==
        "user: text=q\nassistant: native={\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]} "
        "native={\"type\":\"web_search_call\",\"id\":\"ws\"} text=a\n"
        "user: native={\"type\":\"computer_call_output\",\"call_id\":\"c\"} text=b\nassistant: "
        "native={\"type\":\"item_reference\",\"id\":\"i\"} "
        "native={\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\","
        "\"namespace\":\"n\"}\n");
}

BOOST_AUTO_TEST_CASE(proofs_of_other_dialects_find_their_place) {
    const std::string gemini = adapters::signature_for_client("g", "gemini@google", "openai_responses");
    const std::string anthropic =
        adapters::signature_for_client("a", "anthropic@anthropic", "openai_responses");
    auto item = [](std::string_view id, std::string_view sealed, std::string_view text = "") {
        return R"({"type":"reasoning","id":")" + std::string(id) + R"(","summary":[)" +
               (text.empty() ? "" : R"({"type":"summary_text","text":")" + std::string(text) + "\"}") +
               R"(],"encrypted_content":")" + std::string(sealed) + "\"}";
    };
    const std::string call = R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"})";
    BOOST_TEST(shape_of("\"input\":[" + item("rs_call_1", gemini) + "," + call + "]") ==
               "assistant: call=c/f/{}/g\n");
    BOOST_TEST(shape_of("\"input\":[" + item("", gemini) + "," + call + "]") == "assistant: call=c/f/{}/g\n");
    BOOST_TEST(shape_of("\"input\":[" + item("rs_call_1", gemini) + "]") ==
               "assistant: reasoning=//g/gemini@google\n");
    adapters::ParsedRequest said = parse(R"("input":[{"role":"assistant","content":"t"},)" +
                                         item("rs_text_1", gemini) + "," + call + "]");
    BOOST_TEST(shape(said.request) == "assistant: text=t call=c/f/{}/\n");
    BOOST_TEST(std::get<TextPart>(said.request.messages()[0].parts[0]).signature.value == "g");
    BOOST_TEST(shape_of("\"input\":[" + item("rs_7_0", anthropic, "hm") + "," +
                        item("rs_redacted_7_1", anthropic) + "," + call + "]") ==
               "assistant: reasoning=hm/rs_7_0/a/anthropic@anthropic "
               "reasoning=/rs_redacted_7_1/a/anthropic@anthropic/redacted call=c/f/{}/\n");
}

BOOST_AUTO_TEST_CASE(fields_of_the_body) {
    adapters::ParsedRequest parsed = parse(
        R"("input":"x","stream":true,"max_output_tokens":9,"temperature":0.5,"top_p":1,"parallel_tool_calls":true,"tool_choice":{"type":"function","name":"f"},)"
        R"("reasoning":{"effort":"high","summary":"auto"},"text":{"format":{"type":"json_schema","name":"n","schema":{"a":1},"strict":true}},"safety_identifier":"u",)"
        R"("store":false,"include":["reasoning.encrypted_content"],"metadata":{"k":"v"},"user":null,"tools":[{"type":"function","name":"f","description":"d","parameters":{},"strict":null},{"type":"web_search"}])");
    const Request::Options& options = parsed.request.options();
    BOOST_TEST(parsed.stream);
    BOOST_TEST((options.max_tokens == 9u && options.temperature == 0.5 && options.top_p == 1.0 &&
                options.parallel_tool_calls == true));
    BOOST_TEST(options.tool_choice->name == "f");
    BOOST_TEST((*options.reasoning_effort == "high" && *options.show_reasoning));
    BOOST_TEST(options.response_format->schema_json == "{\"a\":1}");
    BOOST_TEST(*options.end_user == "u");
    BOOST_REQUIRE_EQUAL(parsed.request.tools().size(), 1u);
    BOOST_TEST(!parsed.request.tools()[0].strict.has_value());
    BOOST_REQUIRE_EQUAL(parsed.request.native_tools().size(), 1u);
    BOOST_REQUIRE_EQUAL(parsed.request.extras().size(), 1u);
    BOOST_TEST(parsed.request.extras()[0].name == "metadata");
    // What is only half understood is mapped, and kept whole for this dialect.
    parsed = parse(
        R"("input":"x","reasoning":{"effort":"low","summary":"detailed"},"text":{"format":{"type":"text"},"verbosity":"low"},"tool_choice":{"type":"web_search"},)"
        R"("previous_response_id":"r","store":false,"background":true,"user":"u","safety_identifier":"s")");
    BOOST_TEST(*parsed.request.options().reasoning_effort == "low");
    std::string names;
    for (const Extra& extra : parsed.request.extras())
        names += extra.name + " ";
    BOOST_TEST(names ==
               "reasoning text tool_choice previous_response_id store background safety_identifier ");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
    auto message_of = [](const std::string& body) {
        auto parsed = kDialect.parse_request({"/v1/responses", body});
        BOOST_REQUIRE(!parsed.has_value());
        BOOST_TEST((parsed.error().kind == ErrorKind::provider_bad_request));
        BOOST_TEST((parsed.error().phase == Phase::prepare));
        return parsed.error().message;
    };
    BOOST_TEST(message_of("[]") == "the body is not a JSON object");
    BOOST_TEST(message_of("{").starts_with("the body is not valid JSON"));
    BOOST_TEST(message_of(R"({"input":"x"})") == "model: expected a string");
    BOOST_TEST(message_of(R"({"model":"m"})") == "input: expected a string or an array");
    auto wrong = [&](const std::string& fields) { return message_of("{\"model\":\"m\"," + fields + "}"); };
    BOOST_TEST(wrong(R"("input":7)") == "input: expected a string or an array");
    BOOST_TEST(wrong(R"("input":[7])") == "input[0]: expected an object");
    BOOST_TEST(wrong(R"("input":[{"type":"input_text","text":"a"}])") ==
               "input[0]: a part of a message's content is not an item");
    BOOST_TEST(wrong(R"("input":[{"role":"user","content":"x"},{"role":"user","content":1}])") ==
               "input[1].content: expected a string or an array");
    BOOST_TEST(wrong(R"("input":[{"role":"bot","content":""}])").starts_with("input[0].role: expected"));
    BOOST_TEST(wrong(R"("input":[{"role":"user","content":[{"type":"input_text"}]}])") ==
               "input[0].content[0].text: expected a string");
    BOOST_TEST(wrong(R"("input":[{"role":"user","content":[{}]}])")
                   .starts_with("input[0].content[0].type: expected"));
    BOOST_TEST(wrong(R"("input":[{"type":"function_call","name":"f"}])") ==
               "input[0].call_id: expected a string");
    BOOST_TEST(wrong(R"("input":[{"type":"function_call_output","call_id":"c","output":{}}])") ==
               "input[0].output: expected a string or an array");
    BOOST_TEST(wrong(R"("input":"x","tools":{})") == "tools: expected an array");
    BOOST_TEST(wrong(R"("input":"x","tools":[{"type":"function"}])") == "tools[0].name: expected a string");
    BOOST_TEST(wrong(R"("input":"x","tools":[{"type":"function","name":"f","parameters":[]}])") ==
               "tools[0].parameters: expected an object");
    BOOST_TEST(wrong(R"("input":"x","temperature":"hot")") == "temperature: expected a number");
    BOOST_TEST(wrong(R"("input":"x","max_output_tokens":-1)").starts_with("max_output_tokens: expected"));
    BOOST_TEST(wrong(R"("input":"x","stream":1)") == "stream: expected true or false");
    BOOST_TEST(wrong(R"("input":"x","tool_choice":"any")").starts_with("tool_choice: expected"));
    BOOST_TEST(wrong(R"("input":"x","text":{"format":{"type":"json_schema"}})") ==
               "text.format.schema: expected an object");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
