// Requests out, and the same requests back in.
#include "adapters/openai_responses/dialect.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace {

using namespace sluice;

const adapters::Dialect& kDialect = adapters::openai_responses::dialect();
const std::string kHead = R"({"model":"m-1",)";
const std::string kTail = R"("store":false,"include":["reasoning.encrypted_content"],"stream":true})";

Result<adapters::EncodedRequest> try_encode(const Request& request, bool reasons = true) {
    ModelSpec spec("acme", "m-1");
    spec.capabilities.reasoning = reasons;
    adapters::Target target(spec);
    target.origin = "openai_responses@acme";
    return kDialect.encode(request, target);
}

adapters::EncodedRequest encode(const Request& request) {
    auto encoded = try_encode(request);
    BOOST_REQUIRE_MESSAGE(encoded.has_value(),
                          (encoded.has_value() ? std::string() : encoded.error().message));
    BOOST_TEST(wire::is_json(encoded->body));
    // What comes back from a client goes out again as it was.
    auto parsed = kDialect.parse_request({"/responses", encoded->body});
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), (parsed.has_value() ? std::string() : parsed.error().message));
    BOOST_TEST(parsed->model == "m-1");
    BOOST_TEST(parsed->stream);
    auto again = try_encode(parsed->request);
    BOOST_REQUIRE_MESSAGE(again.has_value(), (again.has_value() ? std::string() : again.error().message));
    BOOST_TEST(again->body == encoded->body);
    return std::move(encoded).value();
}

/// The body without what every body has.
std::string inner(const Request& request) {
    std::string body = encode(request).body;
    BOOST_REQUIRE_MESSAGE(body.starts_with(kHead) && body.ends_with(kTail), body);
    return body.substr(kHead.size(), body.size() - kHead.size() - kTail.size());
}

const std::string kHi = R"("input":[{"role":"user","content":"x"}],)";

BOOST_AUTO_TEST_SUITE(openai_responses_request)

BOOST_AUTO_TEST_CASE(plain) {
    adapters::EncodedRequest encoded = encode("Hi \"there\"\n");
    BOOST_TEST(encoded.path == "/responses");
    BOOST_TEST(encoded.warnings.empty());
    BOOST_TEST(encoded.body == kHead + R"("input":[{"role":"user","content":"Hi \"there\"\n"}],)" + kTail);
    BOOST_TEST(try_encode("x", false)->body == kHead + kHi + R"("store":false,"stream":true})");
}

BOOST_AUTO_TEST_CASE(messages) {
    ImagePart small = ImagePart::from_url("https://x/y.png");
    small.detail = "low";
    std::vector<Part> parts = {TextPart("see"), small, ImagePart::from_base64("image/png", "QUJD"),
                               NativePart("openai_responses", R"({"type":"input_file","file_id":"f"})")};
    BOOST_TEST(
        inner(Request()
                  .system("Be brief.")
                  .user(parts)
                  .assistant("ok")
                  .system("Now rhyme.")
                  .assistant("a")
                  .assistant("b")) ==
        R"("instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"see"},)"
        R"({"type":"input_image","image_url":"https://x/y.png","detail":"low"},{"type":"input_image","image_url":"data:image/png;base64,QUJD"},)"
        R"({"type":"input_file","file_id":"f"}]},{"role":"assistant","content":"ok"},{"role":"system","content":"Now rhyme."},)"
        R"({"role":"assistant","content":"a"},{"role":"assistant","content":"b"}],)");
    // Two system messages are not fused, and one alone is no instruction without input.
    BOOST_TEST(
        inner(Request().system("a").system("b").user("x")) ==
        R"("instructions":"a","input":[{"role":"system","content":"b"},{"role":"user","content":"x"}],)");
    BOOST_TEST(inner(Request().system("a")) == R"("input":[{"role":"system","content":"a"}],)");
    Message refused(Role::assistant, std::vector<Part>{TextPart("a"), RefusalPart("no")});
    BOOST_TEST(
        inner(Request().message(refused)) ==
        R"("input":[{"role":"assistant","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"no"}]}],)");
}

BOOST_AUTO_TEST_CASE(tool_round_trip) {
    ReasoningPart thought("hm", Signature("sealed", "openai_responses@acme"));
    thought.id = "rs_1";
    ToolResultPart seen("c2", "look");
    seen.images.push_back(ImagePart::from_url("u"));
    Message turn(Role::assistant,
                 std::vector<Part>{thought, TextPart("Let me see."), ToolCallPart("c1", "f", "{\"a\":1}"),
                                   ToolCallPart("c2", "g", "not json")});
    BOOST_TEST(
        inner(Request("x")
                  .message(turn)
                  .tool_result("c1", "42")
                  .message(Message(Role::tool, std::vector<Part>{seen}))) ==
        R"("input":[{"role":"user","content":"x"},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"sealed"},)"
        R"({"role":"assistant","content":"Let me see."},{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},)"
        R"({"type":"function_call","call_id":"c2","name":"g","arguments":"not json"},{"type":"function_call_output","call_id":"c1","output":"42"},)"
        R"({"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"u"}]}],)");
    // No arguments, and ids that the API would refuse.
    const std::string long_id(100, 'i');
    std::string body =
        inner(Request("x")
                  .message(Message(Role::assistant, std::vector<Part>{ToolCallPart(long_id, "f", "")}))
                  .tool_result(long_id, "1"));
    const std::size_t at = body.find("\"call_id\":\"") + 11;
    const std::string id = body.substr(at, body.find('"', at) - at);
    BOOST_TEST(id.size() <= 64u);
    BOOST_TEST(body.find(id, at + id.size()) != std::string::npos);
    BOOST_TEST(body.find(R"("arguments":"{}")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reasoning_of_others_stays_here) {
    Message turn(
        Role::assistant,
        std::vector<Part>{ReasoningPart("a", Signature("s", "anthropic@anthropic")), ReasoningPart("b"),
                          ReasoningPart("c", Signature("s", "openai_responses@other")), TextPart("ok")});
    adapters::EncodedRequest encoded = encode(Request("x").message(turn));
    BOOST_TEST(encoded.body ==
               kHead + R"("input":[{"role":"user","content":"x"},{"role":"assistant","content":"ok"}],)" +
                   kTail);
    BOOST_TEST(encoded.warnings.size() == 2u);
    ToolCallPart call("c", "f", "{}");
    call.signature = Signature("s", "gemini@google");
    BOOST_TEST(
        encode(Request("x").message(Message(Role::assistant, std::vector<Part>{call}))).warnings.size() ==
        1u);
}

BOOST_AUTO_TEST_CASE(tools) {
    Tool strict("f", "does", R"({"type":"object"})");
    strict.strict = true;
    BOOST_TEST(
        inner(Request("x")
                  .tool(strict)
                  .tool(Tool("g", "", ""))
                  .native_tool("openai_responses", R"({"type":"web_search"})")
                  .tool_choice(ToolChoice::named("f"))
                  .parallel_tool_calls(false)) ==
        kHi +
            R"("tools":[{"type":"function","name":"f","description":"does","parameters":{"type":"object"},"strict":true},)"
            R"({"type":"function","name":"g","parameters":{"type":"object","properties":{}}},{"type":"web_search"}],)"
            R"("tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,)");
    using Mode = ToolChoice::Mode;
    for (auto [mode, word] : {std::pair(Mode::automatic, "auto"), std::pair(Mode::none, "none"),
                              std::pair(Mode::required, "required")})
        BOOST_TEST(inner(Request("x").tool_choice(ToolChoice(mode))) ==
                   kHi + "\"tool_choice\":\"" + word + "\",");
    // A custom tool's call and result are items of their own types.
    Message turn(Role::assistant, std::vector<Part>{ToolCallPart("c", "sh", "ls -l")});
    BOOST_TEST(
        inner(Request("x")
                  .native_tool("openai_responses", R"({"type":"custom","name":"sh"})")
                  .message(turn)
                  .tool_result("c", "a.txt")) ==
        R"("input":[{"role":"user","content":"x"},{"type":"custom_tool_call","call_id":"c","name":"sh","input":"ls -l"},)"
        R"({"type":"custom_tool_call_output","call_id":"c","output":"a.txt"}],"tools":[{"type":"custom","name":"sh"}],)");
    BOOST_TEST(encode(Request("x").native_tool("anthropic", "{}")).warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(options) {
    BOOST_TEST(
        inner(Request("x")
                  .max_tokens(7)
                  .temperature(0.5)
                  .top_p(1)
                  .reasoning_effort("low")
                  .show_reasoning(true)
                  .response_format(ResponseFormat("city", R"({"type":"object"})"))
                  .end_user("u-1")) ==
        kHi +
            R"("max_output_tokens":7,"temperature":0.5,"top_p":1,"reasoning":{"effort":"low","summary":"auto"},)"
            R"("text":{"format":{"type":"json_schema","name":"city","strict":true,"schema":{"type":"object"}}},"user":"u-1",)");
    BOOST_TEST(inner(Request("x").response_format(ResponseFormat())) ==
               kHi + R"("text":{"format":{"type":"json_object"}},)");
    Request lossy("x");
    lossy.stop("END").seed(1).frequency_penalty(1).presence_penalty(1).top_k(3).reasoning_budget(100).choices(
        2);
    adapters::EncodedRequest encoded = encode(lossy);
    BOOST_TEST(encoded.body == kHead + kHi + kTail);
    BOOST_TEST(encoded.warnings.size() == 7u);
    BOOST_TEST(encode(Request("x").choices(1)).warnings.empty());
}

BOOST_AUTO_TEST_CASE(extras) {
    BOOST_TEST(encode(Request("x")
                          .dialect_extra("openai_responses", "store", "true")
                          .extra("acme", "verbosity", "1")
                          .extra("other", "a", "2"))
                   .body ==
               kHead + kHi +
                   R"("include":["reasoning.encrypted_content"],"stream":true,"store":true,"verbosity":1})");
    // Who works with what the provider keeps, keeps its defaults.
    BOOST_TEST(encode(Request("x").dialect_extra("openai_responses", "previous_response_id", "\"r\"")).body ==
               kHead + kHi + R"("stream":true,"previous_response_id":"r"})");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sent) {
    auto message_of = [](const Request& request) {
        auto encoded = try_encode(request);
        BOOST_REQUIRE(!encoded.has_value());
        BOOST_TEST((encoded.error().kind == ErrorKind::provider_bad_request));
        BOOST_TEST((encoded.error().phase == Phase::prepare));
        return encoded.error().message;
    };
    BOOST_TEST(message_of(Request()) == "the request has no messages");
    message_of(Request("x").tool(Tool("f", "", "{")));
    message_of(Request("x").tool(Tool("", "", "")));
    message_of(Request("x").response_format(ResponseFormat("a", "[")));
    message_of(Request("x").temperature(std::numeric_limits<double>::infinity()));
    message_of(Request("x").tool_choice(ToolChoice(ToolChoice::Mode::named)));
    message_of(Request("x").tool_result("", "1"));
    message_of(Request().user(std::vector<Part>{ToolCallPart("c", "f", "")}));
    message_of(Request().user(std::vector<Part>{ImagePart()}));
    message_of(Request().message(Message(Role::tool, "text")));
    message_of(Request().message(Message(Role::assistant, std::vector<Part>{ToolResultPart("c", "")})));
    message_of(Request("x").dialect_extra("openai_responses", "stream", "false"));
    message_of(Request().user(std::vector<Part>{NativePart("openai_responses", "{")}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
