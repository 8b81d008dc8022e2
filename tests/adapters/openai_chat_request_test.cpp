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
