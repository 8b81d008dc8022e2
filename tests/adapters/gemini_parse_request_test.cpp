// What clients of Google's SDKs send, and what we make of it.
#include "adapters/gemini/dialect.hpp"
#include "adapters/origin.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

Result<adapters::ParsedRequest> try_parse(const std::string& body) {
    return adapters::gemini::dialect().parse_request(
        adapters::ClientRequest("/v1beta/models/m-1:generateContent", body));
}

adapters::ParsedRequest parse(const std::string& body) {
    auto parsed = try_parse(body);
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), body);
    return std::move(parsed).value();
}

std::string encode(const Request& request) {
    const ModelSpec spec("google", "m-1");
    adapters::Target target(spec);
    target.origin = "gemini@google";
    auto encoded = adapters::gemini::dialect().encode(request, target);
    BOOST_REQUIRE(encoded.has_value());
    return encoded->body;
}

const std::string kHi = R"("contents":[{"parts":[{"text":"x"}]}])";

template <typename T>
const T& only_part(const Message& message) {
    BOOST_REQUIRE_EQUAL(message.parts.size(), 1u);
    return std::get<T>(message.parts.front());
}

BOOST_AUTO_TEST_SUITE(gemini_parse_request)

BOOST_AUTO_TEST_CASE(snake_case_and_short_forms) {
    const adapters::ParsedRequest parsed = parse(
        R"({"contents":{"parts":{"text":"x"}},"system_instruction":"S","model":"models/other","generation_config":)"
        R"({"max_output_tokens":5,"top_k":40.0,"stop_sequences":["a"],"thinking_config":{"include_thoughts":true,"thinking_level":"HIGH"}},)"
        R"("tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f"]}},)"
        R"("tools":{"function_declarations":[{"name":"f","parameters":null}]},"cachedContent":null})");
    BOOST_TEST(parsed.model == "m-1");
    BOOST_TEST(!parsed.stream);
    const Request& request = parsed.request;
    BOOST_REQUIRE_EQUAL(request.messages().size(), 2u);
    BOOST_TEST((request.messages()[0].role == Role::system));
    BOOST_TEST((request.messages()[1].role == Role::user));
    BOOST_TEST((request.options().max_tokens == 5u));
    BOOST_TEST((request.options().top_k == 40u));
    BOOST_TEST((request.options().show_reasoning == true));
    BOOST_TEST((request.options().reasoning_effort == "high"));
    BOOST_TEST(request.options().stop.size() == 1u);
    BOOST_TEST(request.options().tool_choice->name == "f");
    BOOST_TEST(request.tools().at(0).name == "f");
    BOOST_TEST(request.extras().empty());
}

BOOST_AUTO_TEST_CASE(tool_conversation) {
    const Request request =
        parse(
            R"({"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"f"}},)"
            R"({"functionCall":{"name":"f","id":"own"}},{"functionCall":{"name":"g"},"thoughtSignature":"s"}]},)"
            R"({"role":"function","parts":[{"functionResponse":{"name":"f","id":"own","response":{"result":"3"}}},)"
            R"({"functionResponse":{"name":"g","response":{"error":"bad"}}},{"functionResponse":{"name":"f","response":{"output":1}}},)"
            R"({"functionResponse":{"name":"f","response":{"result":"2"}}}]},)"
            R"({"role":"user","parts":[{"functionResponse":{"name":"nobody","response":{}}},{"text":"and?"}]}]})")
            .request;
    BOOST_REQUIRE_EQUAL(request.messages().size(), 3u);
    const Message& turn = request.messages()[0];
    BOOST_TEST((turn.role == Role::assistant));
    std::vector<std::string> ids;
    for (const Part& part : turn.parts)
        ids.push_back(std::get<ToolCallPart>(part).id);
    const std::vector<std::string> want = {"call_sluice_0", "call_sluice_1", "own", "call_sluice_3"};
    BOOST_TEST(ids == want, boost::test_tools::per_element());
    BOOST_TEST(std::get<ToolCallPart>(turn.parts[0]).arguments == R"({"a":1})");
    BOOST_TEST(std::get<ToolCallPart>(turn.parts[3]).signature.value == "s");
    BOOST_TEST(std::get<ToolCallPart>(turn.parts[3]).signature.origin == "gemini@*");
    const Message& results = request.messages()[1];
    BOOST_TEST((results.role == Role::tool));
    const auto result = [&](std::size_t i) { return std::get<ToolResultPart>(results.parts.at(i)); };
    BOOST_TEST(result(0).tool_call_id == "own");
    BOOST_TEST(result(0).content == "3");
    BOOST_TEST(result(1).tool_call_id == "call_sluice_3");
    BOOST_TEST(result(1).is_error);
    BOOST_TEST(result(1).content == "bad");
    BOOST_TEST(result(2).tool_call_id == "call_sluice_0");
    BOOST_TEST(result(2).content == R"({"output":1})");
    BOOST_TEST(result(3).tool_call_id == "call_sluice_1");
    BOOST_TEST(std::holds_alternative<NativePart>(request.messages()[2].parts[0]));
}

BOOST_AUTO_TEST_CASE(thoughts_in_pieces) {
    const std::string wrapped = adapters::signature_for_client("sig", "anthropic@anthropic", "gemini");
    const Request request =
        parse(
            R"({"contents":[{"role":"model","parts":[{"text":"a","thought":true},{"text":"b","thought":true},)"
            R"({"thought":true,"thoughtSignature":")" +
            wrapped + R"("},{"text":"c","thought":true},{"text":"d","thoughtSignature":"t"}]}]})")
            .request;
    const std::vector<Part>& parts = request.messages().at(0).parts;
    BOOST_REQUIRE_EQUAL(parts.size(), 3u);
    BOOST_TEST(std::get<ReasoningPart>(parts[0]).text == "ab");
    BOOST_TEST(std::get<ReasoningPart>(parts[0]).signature.value == "sig");
    BOOST_TEST(std::get<ReasoningPart>(parts[0]).signature.origin == "anthropic@anthropic");
    BOOST_TEST(std::get<ReasoningPart>(parts[1]).text == "c");
    BOOST_TEST(std::get<TextPart>(parts[2]).signature.value == "t");
}

BOOST_AUTO_TEST_CASE(what_only_gemini_knows_comes_through) {
    // The same body again: parts, tools and fields that the canonical request has no place for.
    for (
        const std::string& body :
        {R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/wav","data":"QQ=="}},{"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/c"}},)" +
             std::string(
                 R"({"text":"x","videoMetadata":{"fps":1}}]},{"role":"model","parts":[{"executableCode":{"code":"1"},"thoughtSignature":"s"}]}]})"),
         "{" + std::string(R"("contents":[{"role":"user","parts":[{"text":"x"}]}])") +
             R"(,"tools":[{"googleSearch":{}},{"codeExecution":{}}],"safetySettings":[{"a":1}],"cachedContent":"c"})",
         "{" + std::string(R"("contents":[{"role":"user","parts":[{"text":"x"}]}])") +
             R"(,"generationConfig":{"topP":0.5,"speechConfig":{"v":1},"thinkingConfig":{"thinkingBudget":-1}},"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}}})",
         "{" + std::string(R"("contents":[{"role":"user","parts":[{"text":"x"}]}])") +
             R"(,"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["a","b"]}}})"}) {
        const adapters::ParsedRequest parsed = parse(body);
        BOOST_TEST(parsed.warnings.empty());
        BOOST_TEST(encode(parsed.request) == body);
    }
}

BOOST_AUTO_TEST_CASE(schemas_of_googles) {
    const Request request =
        parse(
            "{" + kHi +
            R"(,"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true,"enum":["A"]},)"
            R"("list":{"type":"ARRAY","items":{"type":"INTEGER"}}}}}]}],"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"BOOLEAN"}}})")
            .request;
    BOOST_TEST(
        request.tools().at(0).parameters_json ==
        R"({"type":"object","properties":{"type":{"type":["string","null"],"enum":["A"]},"list":{"type":"array","items":{"type":"integer"}}}})");
    BOOST_TEST(request.options().response_format->schema_json == R"({"type":"boolean"})");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
    struct Case {
        const char* body;
        const char* names;
    };
    for (const Case& test : {
             Case{"", "not valid JSON"},
             Case{"[]", "not a JSON object"},
             Case{"{}", "contents: expected an array"},
             Case{R"({"contents":"x"})", "contents: expected an array"},
             Case{R"({"contents":[1]})", "contents[0]: expected an object"},
             Case{R"({"contents":[{"role":"system","parts":[]}]})", "contents[0].role"},
             Case{R"({"contents":[{"role":5,"parts":[]}]})", "contents[0].role: expected a string"},
             Case{R"({"contents":[{"parts":"x"}]})", "contents[0].parts: expected an array"},
             Case{R"({"contents":[{"parts":[{"text":"a"},5]}]})", "contents[0].parts[1]: expected an object"},
             Case{R"({"contents":[{"parts":[{"text":5}]}]})", "contents[0].parts[0].text: expected a string"},
             Case{R"({"contents":[{"parts":[{"functionCall":{"name":"f"}}]}]})",
                  "functionCall: expected in a content of the model"},
             Case{R"({"contents":[{"role":"model","parts":[{"functionCall":{}}]}]})",
                  "functionCall.name: expected a string"},
             Case{R"({"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":[]}}]}]})",
                  "functionCall.args: expected an object"},
             Case{R"({"contents":[{"role":"model","parts":[{"functionResponse":{}}]}]})",
                  "functionResponse: expected in a content of the user"},
             Case{R"({"contents":[],"tools":5})", "tools: expected an array"},
             Case{R"({"contents":[],"tools":[{"functionDeclarations":[{}]}]})",
                  "tools[0].functionDeclarations[0].name"},
             Case{R"({"contents":[],"generationConfig":{"temperature":"hot"}})",
                  "generationConfig.temperature: expected a number"},
             Case{R"({"contents":[],"generationConfig":{"maxOutputTokens":-1}})",
                  "generationConfig.maxOutputTokens"},
             Case{R"({"contents":[],"generationConfig":{"stopSequences":[1]}})",
                  "generationConfig.stopSequences[0]: expected a string"},
             Case{R"({"contents":[],"toolConfig":[]})", "toolConfig: expected an object"},
             Case{R"({"contents":[],"systemInstruction":5})", "systemInstruction: expected an object"},
         }) {
        const auto parsed = try_parse(test.body);
        BOOST_REQUIRE_MESSAGE(!parsed.has_value(), test.body);
        BOOST_TEST(parsed.error().message.find(test.names) != std::string::npos, parsed.error().message);
        BOOST_TEST((parsed.error().kind == ErrorKind::provider_bad_request));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
