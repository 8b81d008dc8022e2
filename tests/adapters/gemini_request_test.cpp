// What goes to Google, and what a client of Google's sends: each request is also parsed back and must encode
// to the same.
#include "adapters/gemini/dialect.hpp"
#include "adapters/origin.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace {

using namespace sluice;

Result<adapters::EncodedRequest> try_encode(const Request& request, const std::string& model = "m-1") {
    const ModelSpec spec("google", model);
    adapters::Target target(spec);
    target.origin = "gemini@google";
    return adapters::gemini::dialect().encode(request, target);
}

adapters::EncodedRequest encode(const Request& request, const std::string& model = "m-1") {
    auto encoded = try_encode(request, model);
    BOOST_REQUIRE(encoded.has_value());
    BOOST_TEST(wire::is_json(encoded->body), encoded->body);
    return std::move(encoded).value();
}

adapters::ParsedRequest parse(const std::string& body,
                              const std::string& path = "/v1beta/models/m-1:streamGenerateContent") {
    auto parsed = adapters::gemini::dialect().parse_request(adapters::ClientRequest(path, body));
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), body);
    return std::move(parsed).value();
}

/// The body, which reads back to a request of the same body.
std::string body_of(const Request& request) {
    const std::string body = encode(request).body;
    BOOST_TEST(encode(parse(body).request).body == body);
    return body;
}

const std::string kHi = R"({"contents":[{"role":"user","parts":[{"text":"x"}]}])";

std::vector<std::string> warnings(const Request& request) {
    return encode(request).warnings;
}

BOOST_AUTO_TEST_SUITE(gemini_request)

BOOST_AUTO_TEST_CASE(paths) {
    struct Case {
        const char* model;
        const char* path;
    };
    for (const Case& test :
         {Case{"gemini-2.5-flash", "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"},
          Case{"models/g@001", "/models/g@001:streamGenerateContent?alt=sse"},
          Case{"tunedModels/my-1", "/tunedModels/my-1:streamGenerateContent?alt=sse"},
          Case{"a b/c:d?", "/models/a%20b%2Fc%3Ad%3F:streamGenerateContent?alt=sse"}}) {
        const adapters::EncodedRequest encoded = encode("x", test.model);
        BOOST_TEST(encoded.path == test.path);
        BOOST_TEST(encoded.body == kHi + "}");
        const std::string path = encoded.path.substr(0, encoded.path.find('?'));
        const std::string model = parse(encoded.body, "/v1beta" + path).model;
        BOOST_TEST(model == (std::string(test.model).starts_with("models/") ? test.model + 7 : test.model));
    }
    const std::string vertex = "/v1/projects/p/locations/l/publishers/google/models/g-1";
    BOOST_TEST(parse(kHi + "}", vertex + ":generateContent").model == "g-1");
    BOOST_TEST(!parse(kHi + "}", vertex + ":generateContent").stream);
    BOOST_TEST(parse(kHi + "}", vertex + ":streamGenerateContent").stream);
    for (const char* path : {"", "/v1beta/models/g", "/v1beta/models/g:countTokens",
                             "/v1beta/models/:generateContent", "/v1beta/g:generateContent"})
        BOOST_TEST(
            !adapters::gemini::dialect().parse_request(adapters::ClientRequest(path, kHi + "}")).has_value());
}

BOOST_AUTO_TEST_CASE(turns) {
    BOOST_TEST(
        body_of(
            Request().system("S1").system("S2").user("a").user("b").assistant("c").assistant("").user("d")) ==
        R"({"contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]},{"role":"model","parts":[{"text":"c"}]},)"
        R"({"role":"user","parts":[{"text":"d"}]}],"systemInstruction":{"parts":[{"text":"S1"},{"text":"S2"}]}})");
    const Request late = Request("a").assistant("b").message(Message(Role::system, "S")).user("c");
    BOOST_TEST(
        body_of(late) ==
        R"({"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},)"
        R"({"role":"user","parts":[{"text":"S"},{"text":"c"}]}]})");
    BOOST_TEST(warnings(late).size() == 1u);
    // Something must be left to answer to.
    BOOST_TEST(body_of(Request().system("S")) == R"({"contents":[{"role":"user","parts":[{"text":"S"}]}]})");
}

BOOST_AUTO_TEST_CASE(images) {
    ImagePart typed = ImagePart::from_url("https://x/y");
    typed.media_type = "image/bmp";
    const std::vector<Part> parts = {ImagePart::from_base64("image/png", "QUJD"),
                                     ImagePart::from_url("https://x/y.JPG?z"), typed,
                                     ImagePart::from_url("data:image/gif;base64,QQ==")};
    BOOST_TEST(
        body_of(Request().user(parts)) ==
        R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"QUJD"}},)"
        R"({"fileData":{"mimeType":"image/jpeg","fileUri":"https://x/y.JPG?z"}},)"
        R"({"fileData":{"mimeType":"image/bmp","fileUri":"https://x/y"}},)"
        R"({"inlineData":{"mimeType":"image/gif","data":"QQ=="}}]}]})");
    const Request untyped = Request().user(std::vector<Part>{ImagePart::from_url("https://x/y")});
    BOOST_TEST(body_of(untyped) ==
               R"({"contents":[{"role":"user","parts":[{"fileData":{"fileUri":"https://x/y"}}]}]})");
    BOOST_TEST(warnings(untyped).size() == 1u);
}

BOOST_AUTO_TEST_CASE(tool_round_trip) {
    ToolCallPart signed_call("own-1", "f", R"({"a": 1})");
    signed_call.signature = Signature("s", "gemini@google");
    ToolCallPart broken("call_2", "g", "{\"a");
    broken.arguments_are_json = false;
    Request request = Request("x").message(
        Message(Role::assistant, std::vector<Part>{ReasoningPart("hm", Signature("t", "gemini@google")),
                                                   signed_call, broken, ToolCallPart("toolu_3", "h", "")}));
    ToolResultPart failed("call_2", "bad");
    failed.is_error = true;
    ToolResultPart pictured("toolu_3", R"({"ok": true})");
    pictured.images.push_back(ImagePart::from_base64("image/png", "QUJD"));
    ToolResultPart worse("own-1", R"({"b":2})");
    worse.is_error = true;
    request.message(Message(Role::tool, std::vector<Part>{pictured}));
    request.message(Message(Role::user, std::vector<Part>{TextPart("and?"), worse, failed}));
    BOOST_TEST(
        body_of(request) ==
        R"({"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[)"
        R"({"text":"hm","thought":true,"thoughtSignature":"t"},)"
        R"({"functionCall":{"id":"own-1","name":"f","args":{"a":1}},"thoughtSignature":"s"},)"
        R"({"functionCall":{"name":"g","args":{"INVALID_JSON":"{\"a"}}},{"functionCall":{"name":"h"}}]},)"
        R"({"role":"user","parts":[{"functionResponse":{"id":"own-1","name":"f","response":{"error":{"b":2}}}},)"
        R"({"functionResponse":{"name":"g","response":{"error":"bad"}}},{"functionResponse":{"name":"h","response":{"ok":true}}},)"
        R"({"inlineData":{"mimeType":"image/png","data":"QUJD"}},{"text":"and?"}]}]})");
    BOOST_TEST(warnings(request).size() == 1u);
    BOOST_TEST(
        body_of(Request("x")
                    .message(Message(Role::assistant, std::vector<Part>{ToolCallPart("a", "f", "{}")}))
                    .tool_result("a", "[1]"))
            .ends_with(R"({"functionResponse":{"id":"a","name":"f","response":{"result":"[1]"}}}]}]})"));
}

BOOST_AUTO_TEST_CASE(reasoning_goes_back_to_its_maker) {
    ToolCallPart call("c", "f", "{}");
    call.signature = Signature("s", "anthropic@anthropic");
    TextPart text("b");
    text.signature = Signature("u", "gemini@*");
    const Request request = Request("x").message(
        Message(Role::assistant, std::vector<Part>{ReasoningPart("unsigned"),
                                                   ReasoningPart("a", Signature("s", "anthropic@anthropic")),
                                                   text, call, RefusalPart("no")}));
    const adapters::EncodedRequest encoded = encode(request);
    BOOST_TEST(
        encoded.body ==
        R"({"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[)"
        R"({"text":"b","thoughtSignature":"u"},{"functionCall":{"id":"c","name":"f","args":{}}},{"text":"no"}]}]})");
    BOOST_TEST(encoded.warnings.size() == 3u);
}

BOOST_AUTO_TEST_CASE(tools) {
    const Request request = Request("x")
                                .tool(Tool("f", "does", R"({"type":"object"})"))
                                .tool(Tool("g", "", ""))
                                .native_tool("gemini", R"({"googleSearch":{}})")
                                .native_tool("anthropic", "{}");
    BOOST_TEST(
        body_of(request) ==
        kHi +
            R"(,"tools":[{"functionDeclarations":[{"name":"f","description":"does","parametersJsonSchema":{"type":"object"}},{"name":"g"}]},{"googleSearch":{}}]})");
    BOOST_TEST(warnings(request).size() == 1u);
    using Mode = ToolChoice::Mode;
    const auto choice = [](ToolChoice how) { return body_of(Request("x").tool_choice(std::move(how))); };
    const std::string head = kHi + R"(,"toolConfig":{"functionCallingConfig":{"mode":)";
    BOOST_TEST(choice(ToolChoice(Mode::automatic)) == head + R"("AUTO"}}})");
    BOOST_TEST(choice(ToolChoice(Mode::none)) == head + R"("NONE"}}})");
    BOOST_TEST(choice(ToolChoice(Mode::required)) == head + R"("ANY"}}})");
    BOOST_TEST(choice(ToolChoice::named("f")) == head + R"("ANY","allowedFunctionNames":["f"]}}})");
    Tool strict("f", "", "");
    strict.strict = true;
    BOOST_TEST(warnings(Request("x").tool(strict)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(options) {
    const auto config = [](const Request& request) {
        const std::string body = body_of(request), head = kHi + R"(,"generationConfig":)";
        BOOST_REQUIRE_MESSAGE(body.starts_with(head), body);
        return body.substr(head.size(), body.size() - head.size() - 1);
    };
    BOOST_TEST(
        config(Request("x")
                   .max_tokens(5)
                   .temperature(0.5)
                   .top_p(1)
                   .top_k(40)
                   .stop("a")
                   .stop("b")
                   .seed(-7)
                   .presence_penalty(2)
                   .frequency_penalty(-1.5)
                   .choices(2)) ==
        R"({"maxOutputTokens":5,"temperature":0.5,"topP":1,"topK":40,"stopSequences":["a","b"],"seed":-7,)"
        R"("presencePenalty":2,"frequencyPenalty":-1.5,"candidateCount":2})");
    BOOST_TEST(config(Request("x").response_format(ResponseFormat())) ==
               R"({"responseMimeType":"application/json"})");
    BOOST_TEST(config(Request("x").response_format(ResponseFormat("s", R"({"type":"object"})"))) ==
               R"({"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}})");
    BOOST_TEST(config(Request("x").show_reasoning(true).reasoning_budget(512)) ==
               R"({"thinkingConfig":{"includeThoughts":true,"thinkingBudget":512}})");
    BOOST_TEST(config(Request("x").reasoning_effort("low")) ==
               R"({"thinkingConfig":{"thinkingLevel":"LOW"}})");
    BOOST_TEST(config(Request("x").reasoning_effort("none")) == R"({"thinkingConfig":{"thinkingBudget":0}})");
    BOOST_TEST(config(Request("x").reasoning_effort("max")) ==
               R"({"thinkingConfig":{"thinkingLevel":"HIGH"}})");
    BOOST_TEST(config(Request("x").reasoning_effort("low").reasoning_budget(9)) ==
               R"({"thinkingConfig":{"thinkingBudget":9}})");
    BOOST_TEST(warnings(Request("x").reasoning_effort("low").reasoning_budget(9)).size() == 1u);
    BOOST_TEST(warnings(Request("x").parallel_tool_calls(false).end_user("u")).size() == 2u);
    BOOST_TEST(warnings(Request("x").parallel_tool_calls(true)).empty());
}

BOOST_AUTO_TEST_CASE(extras) {
    const std::string body =
        encode(Request("x")
                   .temperature(1)
                   .max_tokens(5)
                   .extra("google", "generationConfig", R"({"temperature":0.25,"mediaResolution":"LOW"})")
                   .extra("google", "cachedContent", R"("c")"))
            .body;
    BOOST_TEST(
        body ==
        kHi +
            R"(,"generationConfig":{"maxOutputTokens":5,"temperature":0.25,"mediaResolution":"LOW"},"cachedContent":"c"})");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_expressed) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    struct Case {
        Request request;
        const char* names;
    };
    const Case cases[] = {
        {Request(), "messages"},
        {Request(""), "say nothing"},
        {Request().user(std::vector<Part>{ImagePart()}), "image"},
        {Request("x").tool_result("nobody", "42"), "answers no earlier tool call"},
        {Request("x").tool_result("", "42"), "names no tool call"},
        {Request().user(std::vector<Part>{ToolCallPart("a", "f", "{}")}), "only an assistant"},
        {Request("x").message(Message(Role::assistant, std::vector<Part>{ToolResultPart("a", "b")})),
         "tool result"},
        {Request("x").message(Message(Role::assistant, std::vector<Part>{ToolCallPart("a", "", "{}")})),
         "name"},
        {Request("x").tool(Tool("f", "", "{")), "\"f\""},
        {Request("x").tool(Tool("", "", "{}")), "name"},
        {Request("x").tool_choice(ToolChoice::named("")), "names no tool"},
        {Request("x").response_format(ResponseFormat("s", "{]")), "response format"},
        {Request("x").temperature(nan), "temperature"},
        {Request("x").extra("google", "contents", "[]"), "\"contents\""},
        {Request("x").extra("google", "generationConfig", "[]"), "\"generationConfig\""},
    };
    for (const Case& test : cases) {
        const auto encoded = try_encode(test.request);
        BOOST_REQUIRE_MESSAGE(!encoded.has_value(), test.names);
        BOOST_TEST(encoded.error().message.find(test.names) != std::string::npos, encoded.error().message);
        BOOST_TEST(class_name(encoded.error().kind) == "ProviderBadRequest");
    }
    BOOST_TEST(!try_encode("x", "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
