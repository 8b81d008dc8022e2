// A request to the byte; everything Anthropic takes; and what it does not take, reported.
#include "adapters/anthropic/dialect.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

const ModelSpec kModel("anthropic", "claude");

adapters::Target target(std::string_view version = {}) {
    adapters::Target target(kModel);
    target.origin = "anthropic@anthropic";
    target.api_version = version;
    return target;
}

/// The body; what the parser makes of it must encode to the same again.
adapters::EncodedRequest encode(const Request& request, const adapters::Target& to = target()) {
    const adapters::Dialect& dialect = adapters::anthropic::dialect();
    auto encoded = dialect.encode(request, to);
    if (!encoded) BOOST_FAIL(encoded.error().message);
    auto parsed = dialect.parse_request(adapters::ClientRequest("/v1/messages", encoded->body));
    if (!parsed) BOOST_FAIL(parsed.error().message);
    auto again = dialect.encode(parsed->request, to);
    if (!again) BOOST_FAIL(again.error().message);
    BOOST_TEST(again->body == encoded->body);
    BOOST_TEST(parsed->model == to.model.id);
    BOOST_TEST(parsed->stream);
    return std::move(encoded).value();
}

std::string body(const Request& request, const adapters::Target& to = target()) {
    return encode(request, to).body;
}

/// The fields between `messages` and `stream` of a request with the user's "hi".
std::string options(const Request& request, const adapters::Target& to = target()) {
    const std::string all = body(request, to);
    const std::string messages = R"("messages":[{"role":"user","content":"hi"}],)";
    const std::size_t begin = all.find(messages);
    const std::size_t end = all.find(R"("stream":true)");
    BOOST_REQUIRE(begin != std::string::npos);
    return all.substr(begin + messages.size(), end - begin - messages.size());
}

std::string error(const Request& request, const adapters::Target& to = target()) {
    auto encoded = adapters::anthropic::dialect().encode(request, to);
    if (encoded) return "no error";
    BOOST_TEST((encoded.error().kind == ErrorKind::provider_bad_request));
    return encoded.error().message;
}

std::string messages(const Request& request, const adapters::Target& to = target()) {
    const std::string all = body(request, to);
    const std::size_t begin = all.find("\"messages\":") + 11;
    return all.substr(begin, all.find(",\"stream\":true") - begin);
}

BOOST_AUTO_TEST_SUITE(anthropic_request)

BOOST_AUTO_TEST_CASE(plain) {
    const adapters::EncodedRequest got = encode(Request().system("Be brief.").user("hi"));
    BOOST_TEST(got.path == "/messages");
    BOOST_TEST(
        got.body ==
        R"({"model":"claude","max_tokens":8192,"system":"Be brief.","messages":[{"role":"user","content":"hi"}],"stream":true})");
    BOOST_TEST(got.warnings.empty());
    auto version_of = [](const adapters::EncodedRequest& request) {
        for (const auto& [name, value] : request.headers)
            if (name == "anthropic-version") return value;
        return std::string();
    };
    BOOST_TEST(version_of(got) == "2023-06-01");
    BOOST_TEST(version_of(encode(Request("hi"), target("2026-10-21"))) == "2026-10-21");
}

BOOST_AUTO_TEST_CASE(max_tokens) {
    auto tokens = [](const Request& request, const adapters::Target& to = target()) {
        const std::string all = body(request, to);
        const std::size_t at = all.find("\"max_tokens\":") + 13;
        return all.substr(at, all.find(',', at) - at);
    };
    ModelSpec known = kModel;
    known.max_output = 32000;
    BOOST_TEST(tokens(Request("hi").max_tokens(5)) == "5");
    BOOST_TEST(tokens(Request("hi"), adapters::Target(known)) == "32000");
    BOOST_TEST(tokens(Request("hi").reasoning_budget(4000)) == "8192");
    BOOST_TEST(tokens(Request("hi").reasoning_budget(10000)) == "18192");
    BOOST_TEST(tokens(Request("hi").max_tokens(2000).reasoning_budget(1500)) == "2000");
    const Request raised = Request("hi").max_tokens(500).reasoning_budget(2000);
    BOOST_TEST(tokens(raised) == "2500");
    BOOST_TEST(encode(raised).warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(turns) {
    ToolResultPart result("t", "42");
    ToolResultPart failed("u", "boom");
    failed.is_error = true;
    failed.images.push_back(ImagePart::from_base64("image/png", "AAAA"));
    const Request request =
        Request()
            .user("a")
            .user("b")
            .message(Message(Role::assistant, {TextPart("c"), ToolCallPart("t", "f", "{\"x\":1}"),
                                               ToolCallPart("u", "g", "")}))
            .message(Message(Role::user, {TextPart("and"), ImagePart::from_url("http://i")}))
            .message(Message(Role::tool, {result, failed}));
    BOOST_TEST(
        messages(request) ==
        R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
        R"({"role":"assistant","content":[{"type":"text","text":"c"},)"
        R"({"type":"tool_use","id":"t","name":"f","input":{"x":1}},{"type":"tool_use","id":"u","name":"g","input":{}}]},)"
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"42"},)"
        R"({"type":"tool_result","tool_use_id":"u","content":[{"type":"text","text":"boom"},)"
        R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}],"is_error":true},)"
        R"({"type":"text","text":"and"},{"type":"image","source":{"type":"url","url":"http://i"}}]}])");
}

BOOST_AUTO_TEST_CASE(system_messages) {
    TextPart cached("rules");
    cached.cache = CacheControl("1h");
    BOOST_TEST(
        body(Request().message(Message(Role::system, {cached})).system("more").user("hi"))
            .find(
                R"("system":[{"type":"text","text":"rules","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"more"}],)") !=
        std::string::npos);
    const Request later = Request().system("a").user("hi").system("b").user("go");
    const adapters::EncodedRequest old = encode(later);
    BOOST_TEST(old.body.find(R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])") !=
               std::string::npos);
    BOOST_TEST(old.warnings.size() == 1u);
    const adapters::EncodedRequest now = encode(later, target("2026-10-21"));
    BOOST_TEST(
        now.body.find(
            R"("system":"a","messages":[{"role":"user","content":"hi"},{"role":"system","content":"b"},{"role":"user","content":"go"}])") !=
        std::string::npos);
    BOOST_TEST(now.warnings.empty());
}

BOOST_AUTO_TEST_CASE(reasoning_goes_back_to_who_signed_it) {
    ReasoningPart hidden({}, Signature("d", "anthropic@*"));
    hidden.redacted = true;
    const Request own =
        Request()
            .user("hi")
            .message(Message(Role::assistant, {ReasoningPart("hm", Signature("s", "anthropic@anthropic")),
                                               hidden, TextPart("a")}))
            .user("go");
    BOOST_TEST(
        messages(own).find(
            R"([{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"a"}])") !=
        std::string::npos);
    // Another's, and nobody's: the turn is empty then, and its neighbours are one.
    const Request other =
        Request()
            .user("hi")
            .message(Message(Role::assistant,
                             {ReasoningPart("hm", Signature("s", "gemini@google")), ReasoningPart("x")}))
            .user("go");
    const adapters::EncodedRequest got = encode(other);
    BOOST_TEST(got.warnings.size() == 2u);
    BOOST_TEST(messages(other) ==
               R"([{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"go"}]}])");
}

BOOST_AUTO_TEST_CASE(tool_ids) {
    const Request request = Request()
                                .user("hi")
                                .message(Message(Role::assistant, {ToolCallPart("call:1", "f", "{"),
                                                                   ToolCallPart("call.1", "f", "[1]")}))
                                .tool_result("call:1", "x")
                                .tool_result("call.1", "y");
    const adapters::EncodedRequest got = encode(request);
    const std::size_t use = got.body.find("\"id\":\"call_1_"),
                      result = got.body.find("\"tool_use_id\":\"call_1_");
    BOOST_REQUIRE(use != std::string::npos);
    BOOST_REQUIRE(result != std::string::npos);
    BOOST_TEST(got.body.substr(use + 6, 23) == got.body.substr(result + 15, 23));
    BOOST_TEST(got.body.find("\"id\":\"" + got.body.substr(use + 6, 23), use + 30) == std::string::npos);
    BOOST_TEST(got.body.find(R"("input":{"INVALID_JSON":"{"})") != std::string::npos);
    BOOST_TEST(got.body.find(R"("input":{"INVALID_JSON":"[1]"})") != std::string::npos);
    BOOST_TEST(got.warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(tools) {
    Tool strict("f", "does f", R"({"type":"object"})");
    strict.strict = true;
    strict.cache = CacheControl();
    BOOST_TEST(
        options(Request("hi")
                    .tool(strict)
                    .tool(Tool("g", "", ""))
                    .native_tool("anthropic", R"({"type":"web_search_20250305","name":"web_search"})")) ==
        R"("tools":[{"name":"f","description":"does f","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}},)"
        R"({"name":"g","input_schema":{"type":"object","properties":{}}},{"type":"web_search_20250305","name":"web_search"}],)");
    const Request one = Request("hi").tool(Tool("g", "", ""));
    const std::string list = R"("tools":[{"name":"g","input_schema":{"type":"object","properties":{}}}],)";
    using Mode = ToolChoice::Mode;
    struct Case {
        Request request;
        const char* json;
    };
    const Case cases[] = {
        {Request(one).tool_choice(ToolChoice(Mode::automatic)), R"("tool_choice":{"type":"auto"},)"},
        {Request(one).tool_choice(ToolChoice(Mode::required)).parallel_tool_calls(true),
         R"("tool_choice":{"type":"any"},)"},
        {Request(one).tool_choice(ToolChoice(Mode::none)).parallel_tool_calls(false),
         R"("tool_choice":{"type":"none"},)"},
        {Request(one).tool_choice(ToolChoice::named("g")).parallel_tool_calls(false),
         R"("tool_choice":{"type":"tool","name":"g","disable_parallel_tool_use":true},)"},
        {Request(one).parallel_tool_calls(false),
         R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true},)"},
    };
    for (const Case& c : cases)
        BOOST_TEST(options(c.request) == list + c.json);
    BOOST_TEST(options(Request("hi").parallel_tool_calls(false)).empty());
}

BOOST_AUTO_TEST_CASE(options_and_reasoning) {
    const Request hi("hi");
    struct Case {
        Request request;
        const char* json;
        std::size_t warnings;
    };
    const Case cases[] = {
        {Request(hi).stop("END").temperature(0.5).top_p(0.9).top_k(3),
         R"("stop_sequences":["END"],"temperature":0.5,"top_p":0.9,"top_k":3,)", 0},
        {Request(hi).end_user("u1"), R"("metadata":{"user_id":"u1"},)", 0},
        {Request(hi).reasoning_budget(2048), R"("thinking":{"type":"enabled","budget_tokens":2048},)", 0},
        {Request(hi).reasoning_budget(100), R"("thinking":{"type":"enabled","budget_tokens":1024},)", 1},
        {Request(hi).reasoning_budget(2048).show_reasoning(false),
         R"("thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"},)", 0},
        {Request(hi).reasoning_budget(0), R"("thinking":{"type":"disabled"},)", 0},
        {Request(hi).reasoning_budget(0).show_reasoning(true), R"("thinking":{"type":"disabled"},)", 1},
        {Request(hi).reasoning_effort("none"), R"("thinking":{"type":"disabled"},)", 0},
        {Request(hi).reasoning_effort("minimal"), R"("output_config":{"effort":"low"},)", 1},
        {Request(hi).reasoning_effort("xhigh").show_reasoning(true),
         R"("thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"},)", 0},
        {Request(hi).show_reasoning(false), "", 0},
        {Request(hi).response_format(ResponseFormat("x", R"({"type":"object"})")),
         R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},)", 0},
        {Request(hi).response_format(ResponseFormat()), "", 1},
        {Request(hi).frequency_penalty(1).presence_penalty(1).seed(1).choices(2), "", 4},
        {Request(hi).choices(1), "", 0},
    };
    for (const Case& c : cases) {
        BOOST_TEST(options(c.request) == c.json);
        BOOST_TEST(encode(c.request).warnings.size() == c.warnings);
    }
    const Request sampled = Request(hi).temperature(0.5).top_p(0.9).top_k(3);
    BOOST_TEST(options(sampled, target("2026-10-21")).empty());
    BOOST_TEST(encode(sampled, target("2026-10-21")).warnings.size() == 3u);
}

BOOST_AUTO_TEST_CASE(native_parts_and_extras) {
    const Request request =
        Request()
            .user({NativePart("anthropic", R"({"type":"document","source":{}})"), NativePart("gemini", "{}")})
            .dialect_extra("anthropic", "service_tier", "\"auto\"")
            .extra("anthropic", "container", "\"c\"")
            .extra("other", "x", "1");
    const adapters::EncodedRequest got = encode(request);
    BOOST_TEST(
        got.body ==
        R"({"model":"claude","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"document","source":{}}]}],"stream":true,"service_tier":"auto","container":"c"})");
    BOOST_TEST(got.warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be) {
    BOOST_TEST(error(Request()) == "the request has no messages");
    BOOST_TEST(error(Request().system("a")) == "the request has no message that says anything to Anthropic");
    BOOST_TEST(error(Request("hi").reasoning_effort("none").reasoning_budget(2000)) ==
               "a reasoning budget contradicts the reasoning effort \"none\"");
    BOOST_TEST(error(Request("hi").tool(Tool("f", "", "{"))) ==
               "the parameters schema of the tool \"f\" is not valid JSON");
    BOOST_TEST(error(Request("hi").tool_choice(ToolChoice::named(""))) == "the tool choice names no tool");
    BOOST_TEST(error(Request().user({ToolCallPart("t", "f", "")})) ==
               "a user message holds a part that it cannot hold");
    BOOST_TEST(error(Request("hi").message(Message(Role::assistant, {ToolCallPart("", "f", "")}))) ==
               "a tool call has no id");
    BOOST_TEST(error(Request().user({ImagePart()})) == "an image has neither a URL nor data");
    BOOST_TEST(error(Request("hi").response_format(ResponseFormat("x", "nope"))) ==
               "the schema of the response format is not valid JSON");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
