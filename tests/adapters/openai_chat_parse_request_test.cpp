// What a client of Chat Completions asks for.
#include "adapters/openai_chat/dialect.hpp"
#include "adapters/origin.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

Result<adapters::ParsedRequest> try_parse(std::string_view body) {
    return adapters::openai_chat::dialect().parse_request(
        adapters::ClientRequest("/v1/chat/completions", body));
}

adapters::ParsedRequest parse(std::string_view body) {
    auto parsed = try_parse(body);
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), (parsed.has_value() ? std::string() : parsed.error().message));
    return std::move(parsed).value();
}

/// A request with these messages, or with one and these other fields.
adapters::ParsedRequest parse_messages(std::string_view messages) {
    return parse(R"({"model":"m","messages":[)" + std::string(messages) + "]}");
}
adapters::ParsedRequest parse_fields(std::string_view fields) {
    return parse(R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + std::string(fields) + "}");
}

adapters::EncodedRequest encode(const Request& request, const std::string& provider = "acme",
                                std::string_view origin = "openai_chat@acme") {
    const ModelSpec spec(provider, "m");
    adapters::Target target(spec);
    target.quirks = adapters::quirks_of(provider);
    target.origin = origin;
    auto encoded = adapters::openai_chat::dialect().encode(request, target);
    BOOST_REQUIRE_MESSAGE(encoded.has_value(),
                          (encoded.has_value() ? std::string() : encoded.error().message));
    return std::move(encoded).value();
}

template <typename T>
const T& part(const adapters::ParsedRequest& parsed, std::size_t message, std::size_t i) {
    return std::get<T>(parsed.request.messages().at(message).parts.at(i));
}

BOOST_AUTO_TEST_SUITE(openai_chat_parse_request)

BOOST_AUTO_TEST_CASE(one_question) {
    adapters::ParsedRequest parsed = parse(R"({"messages":[{"role":"user","content":"Hi"}],"model":"m"})");
    BOOST_TEST(parsed.model == "m");
    BOOST_TEST(!parsed.stream);
    BOOST_TEST(!parsed.include_usage);
    BOOST_TEST(parsed.warnings.empty());
    BOOST_TEST(part<TextPart>(parsed, 0, 0).text == "Hi");
    parsed = parse_fields(R"("stream":true,"stream_options":{"include_usage":true})");
    BOOST_TEST(parsed.stream);
    BOOST_TEST(parsed.include_usage);
    BOOST_TEST(parsed.request.extras().empty());
}

BOOST_AUTO_TEST_CASE(messages_and_parts) {
    const adapters::ParsedRequest parsed = parse_messages(
        R"({"role":"developer","content":"d"},{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]},)"
        R"({"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},{"type":"input_audio","input_audio":{"data":"QQ==","format":"wav"}}]},)"
        R"({"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":""})");
    BOOST_TEST((parsed.request.messages()[0].role == Role::system));
    BOOST_TEST(part<TextPart>(parsed, 1, 0).cache->ttl == "1h");
    BOOST_TEST(part<ImagePart>(parsed, 2, 1).url == "https://x/y.png");
    BOOST_TEST(part<ImagePart>(parsed, 2, 1).detail == "low");
    BOOST_TEST(part<ImagePart>(parsed, 2, 2).media_type == "image/png");
    BOOST_TEST(part<ImagePart>(parsed, 2, 2).data == "QUJD");
    BOOST_TEST(part<NativePart>(parsed, 2, 3).dialect == "openai_chat");
    BOOST_TEST(part<NativePart>(parsed, 2, 3).json ==
               R"({"type":"input_audio","input_audio":{"data":"QQ==","format":"wav"}})");
    BOOST_TEST(part<RefusalPart>(parsed, 3, 0).text == "no");
    BOOST_TEST(parsed.request.messages()[4].parts.empty());
    BOOST_TEST(parsed.warnings.empty());
}

BOOST_AUTO_TEST_CASE(tool_round_trip) {
    const adapters::ParsedRequest parsed = parse_messages(
        R"({"role":"user","content":"x"},{"role":"assistant","content":"so","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},"extra_content":{"google":{"thought_signature":"s"}}},)"
        R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{"}},{"id":"c3","type":"custom","custom":{"name":"h","input":"i"}}]},)"
        R"({"role":"tool","tool_call_id":"c1","name":"f","content":[{"type":"text","text":"4"},{"type":"text","text":"2"}]})");
    BOOST_TEST(part<TextPart>(parsed, 1, 0).text == "so");
    BOOST_TEST(part<ToolCallPart>(parsed, 1, 1).arguments == "{\"a\":1}");
    BOOST_TEST(part<ToolCallPart>(parsed, 1, 1).arguments_are_json);
    BOOST_TEST(part<ToolCallPart>(parsed, 1, 1).signature.value == "s");
    BOOST_TEST(part<ToolCallPart>(parsed, 1, 1).signature.origin == "openai_chat@*");
    BOOST_TEST(!part<ToolCallPart>(parsed, 1, 2).arguments_are_json);
    BOOST_TEST(part<ToolResultPart>(parsed, 2, 0).tool_call_id == "c1");
    BOOST_TEST(part<ToolResultPart>(parsed, 2, 0).content == "42");
    BOOST_TEST(parsed.warnings.empty());
    // A custom tool's call goes back among the calls.
    BOOST_TEST(
        encode(parsed.request)
            .body.find(
                R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{"}},{"id":"c3","type":"custom","custom":{"name":"h","input":"i"}}])") !=
        std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_old_functions) {
    const adapters::ParsedRequest parsed = parse(
        R"({"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},)"
        R"({"role":"function","name":"f","content":"42"}],"functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}})");
    BOOST_TEST(part<ToolCallPart>(parsed, 1, 0).id == part<ToolResultPart>(parsed, 2, 0).tool_call_id);
    BOOST_TEST(parsed.request.tools().at(0).name == "f");
    BOOST_TEST(parsed.request.options().tool_choice->name == "f");
    BOOST_TEST(parsed.warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(earlier_reasoning) {
    const std::string wrapped = adapters::signature_for_client("sig", "anthropic@anthropic", "openai_chat");
    auto reasoning = [](std::string_view fields) {
        return parse_messages(R"({"role":"user","content":"x"},{"role":"assistant","content":"y",)" +
                              std::string(fields) + "}");
    };
    BOOST_TEST(part<ReasoningPart>(reasoning(R"("reasoning_content":"hm")"), 1, 0).text == "hm");
    BOOST_TEST(part<ReasoningPart>(reasoning(R"("reasoning":"hm")"), 1, 0).text == "hm");
    // Our own stream, given back piece by piece and joined.
    for (
        const std::string& details :
        {R"([{"type":"reasoning.text","text":"h","index":0},{"type":"reasoning.text","text":"m","index":0},{"type":"reasoning.text","signature":")" +
             wrapped + R"(","index":0},{"type":"reasoning.text","text":"!","index":1}])",
         R"([{"type":"reasoning.text","text":"hm","signature":")" + wrapped +
             R"(","index":0},{"type":"reasoning.text","text":"!","index":1}])"}) {
        const adapters::ParsedRequest parsed =
            reasoning(R"("reasoning_content":"hm!","reasoning_details":)" + details);
        const auto& first = part<ReasoningPart>(parsed, 1, 0);
        BOOST_TEST(first.text == "hm");
        BOOST_TEST(first.signature.value == "sig");
        BOOST_TEST(first.signature.origin == "anthropic@anthropic");
        BOOST_TEST(part<ReasoningPart>(parsed, 1, 1).text == "!");
        BOOST_TEST(part<TextPart>(parsed, 1, 2).text == "y");
    }
    // Only the signature among the details; hidden reasoning.
    adapters::ParsedRequest parsed = reasoning(
        R"("reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","signature":"s","index":0},{"type":"reasoning.encrypted","data":"d","id":"rs_1","index":1}])");
    BOOST_TEST(part<ReasoningPart>(parsed, 1, 0).text == "hm");
    BOOST_TEST(part<ReasoningPart>(parsed, 1, 0).signature.origin == "openai_chat@*");
    BOOST_TEST(part<ReasoningPart>(parsed, 1, 1).redacted);
    BOOST_TEST(part<ReasoningPart>(parsed, 1, 1).id == "rs_1");
    BOOST_TEST(part<ReasoningPart>(parsed, 1, 1).signature.value == "d");
    parsed = reasoning(R"("extra_content":{"google":{"thought_signature":"t"}})");
    BOOST_TEST(part<TextPart>(parsed, 1, 0).signature.value == "t");
    // Mistral's parts.
    parsed = parse_messages(
        R"({"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"y"}]})");
    BOOST_TEST(part<ReasoningPart>(parsed, 0, 0).text == "hm");
}

BOOST_AUTO_TEST_CASE(tool_definitions) {
    const adapters::ParsedRequest parsed = parse_fields(
        R"("tools":[{"type":"function","function":{"name":"f","description":"does","parameters":{"type": "object"},"strict":true},"cache_control":{"type":"ephemeral"}},)"
        R"({"type":"custom","custom":{"name":"g"}}],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false)");
    const Tool& tool = parsed.request.tools().at(0);
    BOOST_TEST(tool.name == "f");
    BOOST_TEST(tool.description == "does");
    BOOST_TEST(tool.parameters_json == R"({"type":"object"})");
    BOOST_TEST((tool.strict == std::optional<bool>(true)));
    BOOST_TEST(tool.cache.has_value());
    BOOST_TEST(parsed.request.native_tools().at(0).json == R"({"type":"custom","custom":{"name":"g"}})");
    BOOST_TEST((parsed.request.options().tool_choice->mode == ToolChoice::Mode::named));
    BOOST_TEST((parsed.request.options().parallel_tool_calls == std::optional<bool>(false)));

    auto mode = [](std::string_view json) {
        return parse_fields("\"tool_choice\":" + std::string(json)).request.options().tool_choice->mode;
    };
    BOOST_TEST((mode("\"auto\"") == ToolChoice::Mode::automatic));
    BOOST_TEST((mode("\"none\"") == ToolChoice::Mode::none));
    BOOST_TEST((mode("\"required\"") == ToolChoice::Mode::required));
    BOOST_TEST((mode("\"any\"") == ToolChoice::Mode::required));
    const adapters::ParsedRequest allowed =
        parse_fields(R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})");
    BOOST_TEST(!allowed.request.options().tool_choice.has_value());
    BOOST_TEST(allowed.request.extras().at(0).name == "tool_choice");
}

BOOST_AUTO_TEST_CASE(every_option) {
    const adapters::ParsedRequest parsed = parse_fields(
        R"("max_tokens":9,"max_completion_tokens":5,"temperature":0.5,"top_p":1,"top_k":3,"frequency_penalty":-1.5,"presence_penalty":2,"seed":-7,"stop":"a","n":2,)"
        R"("reasoning_effort":"low","user":"u","response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}},)"
        R"("store":true,"logit_bias":{"1":2},"service_tier":null)");
    const Request::Options& options = parsed.request.options();
    BOOST_TEST(*options.max_tokens == 5u);
    BOOST_TEST(*options.temperature == 0.5);
    BOOST_TEST(*options.top_p == 1.0);
    BOOST_TEST(*options.top_k == 3u);
    BOOST_TEST(*options.frequency_penalty == -1.5);
    BOOST_TEST(*options.presence_penalty == 2.0);
    BOOST_TEST(*options.seed == -7);
    BOOST_TEST(options.stop == std::vector<std::string>{"a"}, boost::test_tools::per_element());
    BOOST_TEST(*options.choices == 2u);
    BOOST_TEST(*options.reasoning_effort == "low");
    BOOST_TEST(*options.end_user == "u");
    BOOST_TEST(options.response_format->schema_json == R"({"type":"object"})");
    BOOST_REQUIRE_EQUAL(parsed.request.extras().size(), 2u);
    BOOST_TEST(parsed.request.extras()[0].name == "store");
    BOOST_TEST(parsed.request.extras()[1].json == R"({"1":2})");
    BOOST_TEST((parsed.request.extras()[1].scope == Extra::Scope::dialect));

    BOOST_TEST(*parse_fields(R"("max_tokens":9)").request.options().max_tokens == 9u);
    BOOST_TEST(*parse_fields(R"("safety_identifier":"s")").request.options().end_user == "s");
    BOOST_TEST(parse_fields(R"("stop":["a","b"])").request.options().stop.size() == 2u);
    BOOST_TEST(parse_fields(R"("response_format":{"type":"json_object"})")
                   .request.options()
                   .response_format->schema_json == "");
    BOOST_TEST(parse_fields(R"("response_format":{"type":"text"})").request.extras().at(0).name ==
               "response_format");
    const adapters::ParsedRequest router = parse_fields(R"("reasoning":{"max_tokens":100,"exclude":true})");
    BOOST_TEST(*router.request.options().reasoning_budget == 100u);
    BOOST_TEST((router.request.options().show_reasoning == std::optional<bool>(false)));
}

BOOST_AUTO_TEST_CASE(stream_options_still_ask_for_usage) {
    const adapters::ParsedRequest parsed =
        parse_fields(R"("stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false})");
    BOOST_TEST(!parsed.include_usage);
    BOOST_TEST(
        encode(parsed.request)
            .body.ends_with(R"("stream_options":{"include_usage":true,"include_obfuscation":false}})"));
}

BOOST_AUTO_TEST_CASE(what_has_no_place_is_told) {
    const adapters::ParsedRequest parsed = parse_messages(
        R"({"role":"user","content":"x","name":"bob"},{"role":"assistant","content":"y","audio":{"id":"a"},"annotations":[],"name":null},{"role":"user","content":"z","name":"eve"})");
    BOOST_REQUIRE_EQUAL(parsed.warnings.size(), 2u);
    BOOST_TEST(parsed.warnings[0].find("\"name\"") != std::string::npos);
    BOOST_TEST(parsed.warnings[1].find("\"audio\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_requests) {
    struct Case {
        std::string body;
        const char* says;
    };
    auto with = [](std::string_view fields) {
        return R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + std::string(fields) + "}";
    };
    auto message = [](std::string_view json) {
        return R"({"model":"m","messages":[{"role":"user","content":"x"},)" + std::string(json) + "]}";
    };
    const Case cases[] = {
        {"", "not valid JSON"},
        {"[]", "not a JSON object"},
        {"{", "not valid JSON"},
        {R"({"messages":[{"role":"user","content":"x"}]})", "model: expected a string"},
        {R"({"model":5,"messages":[{"role":"user","content":"x"}]})", "model: expected a string"},
        {R"({"model":"m"})", "messages: expected an array"},
        {R"({"model":"m","messages":{}})", "messages: expected an array"},
        {R"({"model":"m","messages":[]})", "messages: expected at least one message"},
        {message("5"), "messages[1]: expected an object"},
        {message(R"({"role":"robot"})"), "messages[1].role: expected"},
        {message(R"({"role":"user","content":5})"), "messages[1].content: expected a string or an array"},
        {message(R"({"role":"user","content":[5]})"), "messages[1].content[0].type: expected a string"},
        {message(R"({"role":"user","content":[{"type":"text"}]})"), "messages[1].content[0].text"},
        {message(R"({"role":"user","content":[{"type":"image_url"}]})"), "messages[1].content[0].image_url"},
        {message(R"({"role":"tool","content":"x"})"), "messages[1].tool_call_id: expected a string"},
        {message(R"({"role":"function","name":"f","content":"x"})"), "messages[1]: a function's result"},
        {message(R"({"role":"assistant","tool_calls":{}})"), "messages[1].tool_calls: expected an array"},
        {message(R"({"role":"assistant","tool_calls":[{"id":"a"}]})"),
         "messages[1].tool_calls[0].function: expected an object"},
        {message(R"({"role":"assistant","tool_calls":[{"function":{"name":"f"}}]})"),
         "messages[1].tool_calls[0].id: expected a string"},
        {message(R"({"role":"assistant","reasoning_details":{}})"), "messages[1].reasoning_details"},
        {with(R"("tools":{})"), "tools: expected an array"},
        {with(R"("tools":[{"type":"function"}])"), "tools[0].function: expected an object"},
        {with(R"("tools":[{"type":"function","function":{}}])"), "tools[0].function.name"},
        {with(R"("tools":[{"type":"function","function":{"name":"f","parameters":"x"}}])"),
         "tools[0].function.parameters: expected an object"},
        {with(R"("tool_choice":5)"), "tool_choice: expected"},
        {with(R"("temperature":"hot")"), "temperature: expected a number"},
        {with(R"("max_tokens":-1)"), "max_tokens: expected a whole number"},
        {with(R"("n":5000000000)"), "n: expected a whole number"},
        {with(R"("seed":"x")"), "seed: expected a whole number"},
        {with(R"("stop":5)"), "stop: expected a string or an array"},
        {with(R"("stop":[5])"), "stop[0]: expected a string"},
        {with(R"("stream":"yes")"), "stream: expected true or false"},
        {with(R"("stream_options":5)"), "stream_options: expected an object"},
        {with(R"("response_format":5)"), "response_format.type: expected a string"},
        {with(R"("reasoning":5)"), "reasoning: expected an object"},
    };
    for (const Case& c : cases)
        BOOST_TEST_CONTEXT(c.says) {
            const auto parsed = try_parse(c.body);
            BOOST_REQUIRE(!parsed.has_value());
            BOOST_TEST((parsed.error().kind == ErrorKind::provider_bad_request));
            BOOST_TEST((parsed.error().phase == Phase::prepare));
            BOOST_TEST(parsed.error().message.find(c.says) != std::string::npos, parsed.error().message);
        }
}

/// A request that uses everything there is.
Request rich() {
    TextPart cached("once");
    cached.cache = CacheControl("1h");
    ImagePart image = ImagePart::from_url("https://x/y.png");
    image.detail = "low";
    ToolCallPart call("call_abc", "f", "{\"a\":1}");
    call.signature = Signature("cs", "openai_chat@*");
    TextPart said("so");
    said.signature = Signature("ts", "openai_chat@*");
    ReasoningPart hidden("", Signature("enc", "openai_chat@*"));
    hidden.redacted = true;
    hidden.id = "rs_1";
    Tool tool("f", "does", R"({"type":"object"})");
    tool.strict = true;
    tool.cache = CacheControl();
    ToolResultPart result("call_abc", "42");
    result.cache = CacheControl();
    return Request()
        .system("Be brief.")
        .user(std::vector<Part>{cached, image, ImagePart::from_base64("image/png", "QUJD"),
                                NativePart("openai_chat", R"({"type":"file","file":{"file_id":"f"}})")})
        .message(
            Message(Role::assistant, std::vector<Part>{ReasoningPart("hm", Signature("sig", "openai_chat@*")),
                                                       hidden, said, call, ToolCallPart("c2", "g", "")}))
        .message(Message(Role::tool, std::vector<Part>{result}))
        .tool_result("c2", "")
        .message(Message(Role::assistant, std::vector<Part>{RefusalPart("no")}))
        .user("and?")
        .tool(tool)
        .tool(Tool("g", "", ""))
        .native_tool("openai_chat", R"({"type":"custom","custom":{"name":"h"}})")
        .tool_choice(ToolChoice(ToolChoice::Mode::required))
        .parallel_tool_calls(true)
        .max_tokens(5)
        .temperature(0.5)
        .top_p(0.25)
        .top_k(7)
        .frequency_penalty(-1.5)
        .presence_penalty(2)
        .seed(-7)
        .stop("a")
        .stop("b")
        .choices(2)
        .response_format(ResponseFormat("s", R"({"type":"object"})"))
        .reasoning_effort("low")
        .show_reasoning(true)
        .end_user("u")
        .dialect_extra("openai_chat", "store", "true");
}

BOOST_AUTO_TEST_CASE(what_was_encoded_parses_to_the_same) {
    for (const adapters::Service& service : adapters::services()) {
        if (service.dialect != "openai_chat") continue;
        if (service.name == "qwen") continue;  // its own fields are extras, and stand last
        BOOST_TEST_CONTEXT(service.name) {
            const std::string provider(service.name);
            const std::string body = encode(rich(), provider).body;
            BOOST_TEST(wire::is_json(body));
            BOOST_TEST(encode(parse(body).request, provider).body == body);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
