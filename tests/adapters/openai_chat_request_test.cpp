#include "adapters/openai_chat/dialect.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace {

using namespace sluice;

adapters::EncodedRequest encode(const Request& request, const std::string& provider = "acme") {
    const ModelSpec spec(provider, "m-1");
    adapters::Target target(spec);
    target.quirks = adapters::quirks_of(provider);
    target.origin = "openai_chat@acme";
    auto encoded = adapters::openai_chat::dialect().encode(request, target);
    BOOST_REQUIRE(encoded.has_value());
    BOOST_TEST(wire::is_json(encoded->body));
    return std::move(encoded).value();
}

/// The body between the model and the stream fields.
std::string inner(const Request& request, const std::string& provider = "acme") {
    std::string body = encode(request, provider).body;
    const std::string head = R"({"model":"m-1","messages":[)",
                      tail = R"(,"stream":true,"stream_options":{"include_usage":true}})";
    BOOST_REQUIRE_MESSAGE(body.starts_with(head) && body.ends_with(tail), body);
    return body.substr(head.size(), body.size() - head.size() - tail.size());
}

BOOST_AUTO_TEST_SUITE(openai_chat_request)

BOOST_AUTO_TEST_CASE(plain) {
    adapters::EncodedRequest encoded = encode("Hi \"there\"\n");
    BOOST_TEST(encoded.path == "/chat/completions");
    BOOST_TEST(encoded.warnings.empty());
    BOOST_TEST(
        encoded.body ==
        R"({"model":"m-1","messages":[{"role":"user","content":"Hi \"there\"\n"}],"stream":true,"stream_options":{"include_usage":true}})");
}

BOOST_AUTO_TEST_CASE(message_parts) {
    ImagePart small = ImagePart::from_url("https://x/y.png");
    small.detail = "low";
    std::vector<Part> parts = {TextPart("see"), small, ImagePart::from_base64("image/png", "QUJD")};
    BOOST_TEST(
        inner(Request().system("Be brief.").user(parts).assistant("ok")) ==
        R"({"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"see"},)"
        R"({"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},{"role":"assistant","content":"ok"}])");
}

BOOST_AUTO_TEST_CASE(tool_round_trip) {
    Message turn(Role::assistant,
                 std::vector<Part>{ReasoningPart("hm", Signature("sig", "x@y")),
                                   ToolCallPart("c1", "f", "{\"a\":1}"), ToolCallPart("c2", "g", "")});
    adapters::EncodedRequest encoded = encode(Request("x").message(turn).tool_result("c1", "42"));
    BOOST_TEST(
        encoded.body.find(
            R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},)"
            R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"42"}])") !=
        std::string::npos);
    BOOST_REQUIRE_EQUAL(encoded.warnings.size(), 1u);
    BOOST_TEST(encoded.warnings[0].find("reasoning") != std::string::npos);
    // Results inside a user's message come before what else it says.
    Message mixed(Role::user, std::vector<Part>{TextPart("and now?"), ToolResultPart("c1", "42")});
    BOOST_TEST(inner(Request().message(mixed)) ==
               R"({"role":"tool","tool_call_id":"c1","content":"42"},{"role":"user","content":"and now?"}])");
    Message refused(Role::assistant, std::vector<Part>{RefusalPart("no")});
    BOOST_TEST(inner(Request().message(refused)) == R"({"role":"assistant","content":null,"refusal":"no"}])");
}

BOOST_AUTO_TEST_CASE(tool_definitions) {
    Tool strict("f", "does", R"({"type":"object"})");
    strict.strict = true;
    BOOST_TEST(
        inner(Request("x")
                  .tool(strict)
                  .tool(Tool("g", "", ""))
                  .tool_choice(ToolChoice::named("f"))
                  .parallel_tool_calls(false)) ==
        R"({"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","description":"does","parameters":{"type":"object"},"strict":true}},)"
        R"({"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{}}}}],)"
        R"("tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false)");
    BOOST_TEST(inner(Request("x").tool_choice(ToolChoice(ToolChoice::Mode::required)))
                   .ends_with(R"(],"tool_choice":"required")"));
}

BOOST_AUTO_TEST_CASE(options) {
    BOOST_TEST(
        inner(Request("x")
                  .max_tokens(5)
                  .temperature(0.5)
                  .top_p(1)
                  .frequency_penalty(-1.5)
                  .presence_penalty(2)
                  .seed(-7)
                  .stop("a")
                  .stop("b")
                  .choices(2)
                  .reasoning_effort("low")
                  .end_user("u")) ==
        R"({"role":"user","content":"x"}],"max_tokens":5,"temperature":0.5,"top_p":1,"frequency_penalty":-1.5,"presence_penalty":2,"seed":-7,)"
        R"("stop":["a","b"],"n":2,"reasoning_effort":"low","user":"u")");
    for (const char* provider : {"openai", "azure"})
        BOOST_TEST(inner(Request("x").max_tokens(5), provider).ends_with(R"(],"max_completion_tokens":5)"));
    BOOST_TEST(inner(Request("x").response_format(ResponseFormat()))
                   .ends_with(R"("response_format":{"type":"json_object"})"));
    BOOST_TEST(
        inner(Request("x").response_format(ResponseFormat("s", R"({"type":"object"})")))
            .ends_with(
                R"("response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}})"));
}

/// What comes of a turn of the assistant within and before a tool loop, for a service.
std::string assistant(const std::string& provider, std::vector<Part> parts, bool in_loop,
                      std::vector<std::string>* warnings = nullptr) {
    Request request = Request("x").message(Message(Role::assistant, std::move(parts)));
    if (!in_loop) request.user("y");
    adapters::EncodedRequest encoded = encode(request, provider);
    const std::string head = R"({"role":"user","content":"x"},{"role":"assistant","content":)",
                      tail = in_loop ? R"(}],"stream":)" : R"(},{"role":"user","content":"y"}])";
    const std::size_t begin = encoded.body.find(head), end = encoded.body.find(tail, begin);
    BOOST_REQUIRE(begin != std::string::npos && end != std::string::npos);
    if (warnings) *warnings = encoded.warnings;
    return encoded.body.substr(begin + head.size(), end - begin - head.size());
}

BOOST_AUTO_TEST_CASE(reasoning_back) {
    const std::vector<Part> own = {ReasoningPart("hm", Signature("sig", "openai_chat@acme")),
                                   TextPart("yes")};
    struct Case {
        const char* provider;
        bool in_loop;
        const char* content;
        std::size_t warnings;
    };
    const Case cases[] = {
        {"acme", true, R"("yes")", 1},
        {"deepseek", true, R"("yes","reasoning_content":"hm")", 1},  // its signature has no place
        {"deepseek", false, R"("yes")", 0},
        {"mistral", true,
         R"([{"type":"thinking","thinking":[{"type":"text","text":"hm"}],"signature":"sig"},{"type":"text","text":"yes"}])",
         0},
        {"openrouter", false,
         R"("yes","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig","index":0}])",
         0},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.provider) {
            std::vector<std::string> warnings;
            BOOST_TEST(assistant(c.provider, own, c.in_loop, &warnings) == c.content);
            BOOST_TEST(warnings.size() == c.warnings);
        }
    // Of another provider: left out, and told.
    std::vector<std::string> warnings;
    ReasoningPart hidden("", Signature("sig", "anthropic@anthropic"));
    hidden.redacted = true;
    BOOST_TEST(assistant("openrouter", {hidden, TextPart("yes")}, false, &warnings) == R"("yes")");
    BOOST_TEST(warnings.size() == 1u);
    hidden.signature.origin = "openai_chat@*";
    BOOST_TEST(assistant("openrouter", {hidden, TextPart("yes")}, false) ==
               R"("yes","reasoning_details":[{"type":"reasoning.encrypted","data":"sig","index":0}])");
    // A tool result is no new turn.
    BOOST_TEST(
        encode(Request("x")
                   .message(Message(Role::assistant,
                                    std::vector<Part>{ReasoningPart("hm"), ToolCallPart("c", "f", "")}))
                   .tool_result("c", "1"),
               "deepseek")
            .body.find(R"("content":null,"reasoning_content":"hm","tool_calls")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(thought_signatures) {
    ToolCallPart call("c", "f", "");
    call.signature = Signature("sig", "openai_chat@acme");
    TextPart said("yes");
    said.signature = Signature("old", "openai_chat@acme");
    BOOST_TEST(
        assistant("gemini-openai", {said, call}, true) ==
        R"("yes","extra_content":{"google":{"thought_signature":"old"}},"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"sig"}}}])");
    std::vector<std::string> warnings;
    BOOST_TEST(
        assistant("acme", {call}, true, &warnings) ==
        R"(null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}])");
    BOOST_TEST(warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(nine_letter_ids) {
    const std::string body =
        encode(Request("x")
                   .message(Message(Role::assistant, std::vector<Part>{ToolCallPart("call_123456", "f", ""),
                                                                       ToolCallPart("abcDEF123", "g", "")}))
                   .tool_result("call_123456", "1")
                   .tool_result("abcDEF123", "2"),
               "mistral")
            .body;
    const std::size_t at = body.find(R"("id":")") + 6;
    const std::string id = body.substr(at, 9);
    BOOST_TEST(id.find_first_of("_\"") == std::string::npos);
    BOOST_TEST(body[at + 9] == '"');
    BOOST_TEST(body.find(R"("tool_call_id":")" + id + '"') != std::string::npos);
    BOOST_TEST(body.find(R"("id":"abcDEF123")") != std::string::npos);
    BOOST_TEST(body.find(R"("tool_call_id":"abcDEF123")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_of_services) {
    const Request thinking = Request("x").reasoning_budget(100).show_reasoning(true);
    struct Case {
        const char* provider;
        Request request;
        const char* fields;
        std::size_t warnings;
    };
    const Case cases[] = {
        {"acme", thinking, "", 1},
        {"openai", thinking, "", 2},  // no budget, and nothing to show
        {"acme", Request("x").show_reasoning(false), "", 1},
        {"openai", Request("x").show_reasoning(false), "", 0},
        {"groq", Request("x").show_reasoning(true), R"(,"reasoning_format":"parsed")", 0},
        {"qwen", thinking, R"(,"enable_thinking":true,"thinking_budget":100)", 0},
        {"qwen", Request("x").reasoning_budget(0), R"(,"enable_thinking":false)", 0},
        {"qwen", Request("x").reasoning_effort("none"), R"(,"enable_thinking":false)", 0},
        {"qwen", Request("x").reasoning_effort("high"), R"(,"enable_thinking":true)", 1},
        {"openrouter", thinking, R"(,"reasoning":{"max_tokens":100,"exclude":false})", 0},
        {"openrouter", Request("x").reasoning_effort("low"), R"(,"reasoning":{"effort":"low"})", 0},
        {"openrouter", Request("x").reasoning_effort("low").reasoning_budget(1),
         R"(,"reasoning":{"effort":"low"})", 1},
        {"openai", Request("x").top_k(3), "", 1},
        {"vllm", Request("x").top_k(3), R"(,"top_k":3)", 0},
        {"mistral", Request("x").seed(3).tool_choice(ToolChoice(ToolChoice::Mode::required)),
         R"(,"tool_choice":"any","random_seed":3)", 0},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.provider << c.fields) {
            const adapters::EncodedRequest encoded = encode(c.request, c.provider);
            const bool plain = !adapters::quirks_of(c.provider).has(adapters::Quirk::no_stream_options);
            BOOST_TEST(encoded.body == R"({"model":"m-1","messages":[{"role":"user","content":"x"}])" +
                                           std::string(c.fields) + R"(,"stream":true)" +
                                           (plain ? R"(,"stream_options":{"include_usage":true}})" : "}"));
            BOOST_TEST(encoded.warnings.size() == c.warnings);
        }
}

BOOST_AUTO_TEST_CASE(cache_control) {
    TextPart text("x");
    text.cache = CacheControl("1h");
    ToolResultPart result("c", "1");
    result.cache = CacheControl();
    Tool tool("f", "", "");
    tool.cache = CacheControl();
    const Request request = Request()
                                .user(std::vector<Part>{text})
                                .message(Message(Role::tool, std::vector<Part>{result}))
                                .tool(tool);
    BOOST_TEST(
        inner(request, "openrouter") ==
        R"({"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}]},)"
        R"({"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"1","cache_control":{"type":"ephemeral"}}]}],)"
        R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}},"cache_control":{"type":"ephemeral"}}])");
    // Elsewhere prompts are cached without being asked: no loss.
    const adapters::EncodedRequest plain = encode(request);
    BOOST_TEST(plain.body.find("cache_control") == std::string::npos);
    BOOST_TEST(plain.warnings.empty());
}

BOOST_AUTO_TEST_CASE(native_parts_and_tools) {
    const NativePart file("openai_chat", R"({"type":"file","file":{}})"), block("anthropic", "{}");
    const adapters::EncodedRequest encoded = encode(Request()
                                                        .user(std::vector<Part>{file, block})
                                                        .native_tool("openai_chat", R"({"type":"custom"})")
                                                        .native_tool("gemini", R"({"googleSearch":{}})"));
    BOOST_TEST(
        encoded.body.find(
            R"([{"role":"user","content":[{"type":"file","file":{}}]}],"tools":[{"type":"custom"}])") !=
        std::string::npos);
    BOOST_TEST(encoded.warnings.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_deployment_in_the_path) {
    const ModelSpec spec("azure", "my model/1");
    adapters::Target target(spec);
    target.quirks.add(adapters::Quirk::deployment_in_path);
    BOOST_TEST(adapters::openai_chat::dialect().encode("x", target)->path ==
               "/deployments/my%20model%2F1/chat/completions");
}

BOOST_AUTO_TEST_CASE(tool_results) {
    ToolResultPart result("c", "1");
    result.is_error = true;
    result.images.push_back(ImagePart::from_url("https://x/y.png"));
    const adapters::EncodedRequest encoded =
        encode(Request("x").message(Message(Role::tool, std::vector<Part>{result})));
    BOOST_TEST(encoded.warnings.size() == 2u);
}

BOOST_AUTO_TEST_CASE(extras) {
    Request request = Request("x")
                          .temperature(1)
                          .extra("acme", "top_k", "5")
                          .extra("acme", "temperature", "0.25")
                          .extra("other", "secret", "true");
    adapters::EncodedRequest encoded = encode(request);
    BOOST_TEST(encoded.body.ends_with(
        R"("stream":true,"stream_options":{"include_usage":true},"top_k":5,"temperature":0.25})"));
    BOOST_TEST(encoded.body.find("secret") == std::string::npos);
    BOOST_TEST(encoded.body.find("\"temperature\":1") == std::string::npos);
    BOOST_TEST(encode(Request("x")
                          .extra("acme", "stream_options", "null")
                          .extra("acme", "k", "1")
                          .extra("acme", "k", "2"))
                   .body.ends_with(R"("stream":true,"stream_options":null,"k":2})"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_expressed) {
    const double nan = std::numeric_limits<double>::quiet_NaN(),
                 inf = std::numeric_limits<double>::infinity();
    struct Case {
        Request request;
        const char* names;
    };
    const Case cases[] = {
        {Request(), "messages"},
        {Request("x").tool(Tool("f", "", "{")), "\"f\""},
        {Request("x").tool(Tool("", "", "{}")), "name"},
        {Request("x").response_format(ResponseFormat("s", "{]")), "response format"},
        {Request("x").extra("acme", "k", "nope"), "\"k\""},
        {Request("x").extra("acme", "", "1"), "name"},
        {Request("x").extra("acme", "stream", "false"), "\"stream\""},
        {Request("x").extra("acme", "messages", "[]"), "\"messages\""},
        {Request("x").temperature(nan), "temperature"},
        {Request("x").top_p(inf), "top_p"},
        {Request("x").frequency_penalty(-inf), "frequency_penalty"},
        {Request("x").presence_penalty(nan), "presence_penalty"},
        {Request("x").tool_choice(ToolChoice(ToolChoice::Mode::named)), "tool choice"},
        {Request("x").tool_result("", "y"), "tool result"},
        {Request().message(Message(Role::tool, "text")), "tool message"},
        {Request().message(Message(Role::user, std::vector<Part>{ToolCallPart("c", "f", "{}")})),
         "user message"},
        {Request().message(Message(Role::user, std::vector<Part>{ImagePart()})), "image"},
        {Request().message(Message(Role::assistant, std::vector<Part>{ToolResultPart("c", "x")})),
         "assistant message"},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.names) {
            auto encoded = adapters::openai_chat::dialect().encode(c.request, ModelSpec("acme", "m-1"));
            BOOST_REQUIRE(!encoded.has_value());
            BOOST_TEST((encoded.error().kind == ErrorKind::provider_bad_request));
            BOOST_TEST((encoded.error().phase == Phase::prepare));
            BOOST_TEST(encoded.error().message.find(c.names) != std::string::npos);
            BOOST_TEST(encoded.error().provider == "acme");
            BOOST_TEST(encoded.error().model == "m-1");
        }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
