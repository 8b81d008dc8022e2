// A client's own body on its way to a target of its dialect.
#include "adapters/dialect.hpp"
#include "adapters/origin.hpp"

#include <boost/test/unit_test.hpp>

#include <simdjson.h>

#include <optional>
#include <string>

namespace {

using namespace sluice;
using adapters::Quirk;

struct Sent {
    std::string_view dialect = "openai_chat";
    std::string_view service = "openai";
    bool stream = true;
};

std::optional<adapters::EncodedRequest> splice(const std::string& body, const Sent& how = {}) {
    const ModelSpec spec("acme", "m-\"1\"");
    adapters::Target target(spec);
    target.quirks = adapters::quirks_of(how.service);
    adapters::ClientBody client;
    client.json = body;
    client.stream = how.stream;
    return adapters::find_dialect(how.dialect)->splice(client, target);
}

/// The spliced body; "-" when it is encode()'s turn.
std::string body_of(const std::string& body, const Sent& how = {}) {
    const auto spliced = splice(body, how);
    if (!spliced) return "-";
    BOOST_TEST(wire::is_json(spliced->body));
    return spliced->body;
}

const std::string kModel = R"("model":"m-\"1\"")";
const std::string kUsage = R"("stream_options":{"include_usage":true})";

BOOST_AUTO_TEST_SUITE(splice_requests)

BOOST_AUTO_TEST_CASE(chat_sets_model_and_stream_and_asks_for_the_usage) {
    struct Case {
        std::string body, expected;
        bool stream = true;
    };
    const Case cases[] = {
        {R"({"model":"x","messages":[],"stream":true})",
         "{" + kUsage + "," + kModel + R"(,"messages":[],"stream":true})"},
        // Everything else is left as it is: order, spaces, escapes, numbers that no parser keeps.
        {"{ \"messages\" : [ {\"content\":\"h\\u0069\xc3\xa9\"} ],\n \"stream\" : true , "
         "\"seed\":12345678901234567890,"
         "\"temperature\":1.0,\"model\":\"x\" , " +
             kUsage + " }\n",
         "{ \"messages\" : [ {\"content\":\"h\\u0069\xc3\xa9\"} ],\n \"stream\" : true , "
         "\"seed\":12345678901234567890,"
         "\"temperature\":1.0," +
             kModel + " , " + kUsage + " }\n"},
        // What is missing or null is put there.
        {R"({"messages":[]})", "{" + kUsage + R"(,"stream":true,)" + kModel + R"(,"messages":[]})"},
        {R"({"model":null,"stream":null,"stream_options":null})",
         "{" + kModel + R"(,"stream":true,)" + kUsage + "}"},
        {"{}", "{" + kUsage + R"(,"stream":true,)" + kModel + "}"},
        {"{}", "{" + kModel + "}", false},
        // The form of the answer is the one that is asked for.
        {R"({"model":"x","stream":false})", "{" + kUsage + "," + kModel + R"(,"stream":true})"},
        {R"({"model":"x","stream":true})", "{" + kModel + R"(,"stream":false})", false},
        {R"({"model":"x","stream":true,"stream_options":{"include_usage":true}})",
         "{" + kModel + R"(,"stream":false,"stream_options":null})", false},
        {R"({"model":"x","stream":false})", "{" + kModel + R"(,"stream":false})", false},
        {R"({"model":"x"})", "{" + kModel + "}", false},
        // stream_options are the client's but for the one.
        {R"({"model":"x","stream":true,"stream_options":{"include_usage":false,"include_obfuscation": false}})",
         "{" + kModel +
             R"(,"stream":true,"stream_options":{"include_usage":true,"include_obfuscation": false}})"},
        {R"({"model":"x","stream":true,"stream_options":{ "a" : 1 }})",
         "{" + kModel + R"(,"stream":true,"stream_options":{"include_usage":true, "a" : 1 }})"},
        {R"({"model":"x","stream":true,"stream_options":{}})",
         "{" + kModel + R"(,"stream":true,)" + kUsage + "}"},
        // A key may be escaped.
        {R"({"mod\u0065l":"x"})", R"({"mod\u0065l":"m-\"1\""})", false},
        {R"({"str\u0065am":true,"model":"x"})", R"({"str\u0065am":false,)" + kModel + "}", false},
        // A model within something else is none.
        {R"({"metadata":{"model":"x"},"model":"y"})", R"({"metadata":{"model":"x"},)" + kModel + "}", false},
    };
    for (const Case& one : cases) {
        Sent how;
        how.stream = one.stream;
        BOOST_TEST(body_of(one.body, how) == one.expected);
    }
}

BOOST_AUTO_TEST_CASE(what_two_readers_may_understand_differently_is_not_passed_on) {
    for (const std::string_view dialect : {"openai_chat", "openai_responses", "anthropic", "gemini"}) {
        Sent how;
        how.dialect = dialect;
        for (const char* body :
             {R"({"model":"a","model":"b"})", R"({"model":"a","mod\u0065l":"b"})",
              R"({"model":"a","Model":"b"})", R"({"model":"a","messages":[{"content":"a","content":"b"}]})",
              R"({"stream":true,"stream":false})", R"([])", R"({"model":)", "", R"({"a":1}{"model":"b"})"})
            BOOST_TEST(body_of(body, how) == "-", dialect << " " << body);
        BOOST_TEST(body_of(R"({"a":)" + std::string(2000, '[') + std::string(2000, ']') + "}", how) == "-");
    }
    BOOST_TEST(body_of(R"({"model":"a","stream":"yes"})") == "-");
    BOOST_TEST(body_of(R"({"model":"a","stream_options":[]})") == "-");
    BOOST_TEST(body_of(R"({"model":"a","stream_options":{"include_usage":1,"Include_usage":0}})") == "-");
}

BOOST_AUTO_TEST_CASE(services_that_speak_chat_in_their_own_way_are_encoded_for) {
    const std::string plain = R"({"model":"x","messages":[],"tools":[],"seed":1,"temperature":0})";
    for (const adapters::Service& service : adapters::services()) {
        if (service.dialect != "openai_chat") continue;
        Sent how;
        how.service = service.name;
        BOOST_TEST(splice(plain, how).has_value() == (service.name != "mistral"), service.name);
    }
    struct Case {
        std::string_view service;
        std::string member;
        bool spliced;
    };
    const Case cases[] = {
        {"openai", R"("top_k":3)", false},
        {"vllm", R"("top_k":3)", true},
        {"openai", R"("top_k":null)", true},
        {"openai", R"("random_seed":3)", false},
        {"openai", R"("reasoning":{"effort":"low"})", false},
        {"openrouter", R"("reasoning":{"effort":"low"})", true},
        {"openrouter", R"("reasoning_effort":"low")", false},
        {"qwen", R"("reasoning_effort":"low")", false},
        {"openai", R"("reasoning_effort":"low")", true},
        {"groq", R"("reasoning_format":"hidden")", true},
        {"openai", R"("reasoning_format":"hidden")", false},
        {"openai", R"("messages":[{"role":"assistant","reasoning_content":"hm"}])", false},
        {"openai", R"("messages":[{"role":"assistant","reasoning":"hm"}])", false},
        {"openrouter", R"("messages":[{"role":"assistant","reasoning":"hm","reasoning_details":[]}])", true},
        {"openai", R"("messages":[{"role":"user","content":[{"text":"a","cache_control":{}}]}])", false},
        {"openrouter", R"("messages":[{"role":"user","content":[{"text":"a","cache_control":{}}]}])", true},
        {"openai", R"("messages":[{"tool_calls":[{"extra_content":{}}]}])", false},
        {"gemini-openai", R"("messages":[{"tool_calls":[{"extra_content":{}}]}])", true},
        // A tool's parameter may have such a name.
        {"openai", R"("tools":[{"function":{"parameters":{"properties":{"reasoning":{"type":"string"}}}}}])",
         true},
        {"perplexity", R"("stream_options":{"include_usage":true})", false},
    };
    for (const Case& one : cases) {
        Sent how;
        how.service = one.service;
        BOOST_TEST((body_of(R"({"model":"x",)" + one.member + "}", how) != "-") == one.spliced,
                   one.service << " " << one.member);
    }
    Sent quiet;
    quiet.service = "databricks";  // takes no stream_options
    BOOST_TEST(body_of(R"({"model":"x","stream":true})", quiet) == "{" + kModel + R"(,"stream":true})");
}

BOOST_AUTO_TEST_CASE(the_limit_of_tokens_has_the_service_s_name) {
    const auto limit = [](std::string_view service, const std::string& members) {
        Sent how;
        how.service = service;
        how.stream = false;
        return body_of(R"({"model":"x",)" + members + "}", how);
    };
    const auto expected = [](const std::string& members) { return "{" + kModel + "," + members + "}"; };
    BOOST_TEST(limit("openai", R"("max_tokens" : 5)") == expected(R"("max_completion_tokens" : 5)"));
    BOOST_TEST(limit("openai", R"("max_completion_tokens":5)") == expected(R"("max_completion_tokens":5)"));
    BOOST_TEST(limit("vllm", R"("max_completion_tokens":5)") == expected(R"("max_tokens":5)"));
    BOOST_TEST(limit("vllm", R"("max_tokens":5)") == expected(R"("max_tokens":5)"));
    BOOST_TEST(limit("openai", R"("max_tokens":null)") == expected(R"("max_tokens":null)"));
    BOOST_TEST(limit("openai", R"("max_tokens":5,"max_completion_tokens":6)") == "-");
    BOOST_TEST(limit("vllm", R"("max_tokens":null,"max_completion_tokens":6)") == "-");
}

BOOST_AUTO_TEST_CASE(azure_names_the_deployment_in_the_path) {
    const ModelSpec spec("azure", "my deploy/ment");
    adapters::Target target(spec);
    target.quirks = adapters::quirks_of("azure");
    target.quirks.add(Quirk::deployment_in_path);
    adapters::ClientBody body;
    body.json = R"({"model":"x","messages":[]})";
    const auto spliced = adapters::find_dialect("openai_chat")->splice(body, target);
    BOOST_REQUIRE(spliced.has_value());
    BOOST_TEST(spliced->path == "/deployments/my%20deploy%2Fment/chat/completions");
    BOOST_TEST(adapters::find_dialect("openai_chat")->encode("Hi", target)->path == spliced->path);
}

BOOST_AUTO_TEST_CASE(responses) {
    Sent how;
    how.dialect = "openai_responses";
    const auto spliced = splice(R"({"model":"x","input":"Hi","max_output_tokens":20})", how);
    BOOST_REQUIRE(spliced.has_value());
    BOOST_TEST(spliced->path == "/responses");
    BOOST_TEST(spliced->body == R"({"stream":true,)" + kModel + R"(,"input":"Hi","max_output_tokens":20})");
    const auto item = [&](const std::string& members) {
        return body_of(R"({"model":"x","input":[{)" + members + "}]}", how) != "-";
    };
    BOOST_TEST(
        item(R"("type":"reasoning","id":"rs_68af4030592c8193","summary":[],"encrypted_content":"gAAAA")"));
    BOOST_TEST(
        !item(R"("type":"reasoning","id":"rs_chatcmpl-1_0","summary":[{"text":"hm"}])"));  // told by us
    BOOST_TEST(item(R"("type":"function_call","id":"fc_chatcmpl-1_0","call_id":"call_1")"));
    BOOST_TEST(!item(R"("type":"function_call","call_id":")" + std::string(65, 'a') + "\""));
    BOOST_TEST(item(R"("type":"function_call","call_id":")" + std::string(64, 'a') + "\""));
}

BOOST_AUTO_TEST_CASE(anthropic) {
    Sent how;
    how.dialect = "anthropic";
    const auto spliced = splice(R"({"max_tokens":7,"model":"x","stream":false,"messages":[]})", how);
    BOOST_REQUIRE(spliced.has_value());
    BOOST_TEST(spliced->path == "/messages");
    BOOST_REQUIRE_EQUAL(spliced->headers.size(), 1u);
    BOOST_TEST(spliced->headers[0].first == "anthropic-version");
    BOOST_TEST(spliced->headers[0].second == "2023-06-01");
    BOOST_TEST(spliced->body == R"({"max_tokens":7,)" + kModel + R"(,"stream":true,"messages":[]})");
    const auto block = [&](const std::string& members) {
        return body_of(R"({"model":"x","messages":[{"content":[{)" + members + "}]}]}", how) != "-";
    };
    BOOST_TEST(block(R"("type":"tool_result","tool_use_id":"toolu_01-A")"));
    BOOST_TEST(!block(R"("type":"tool_result","tool_use_id":"functions.f:0")"));  // another provider's
    BOOST_TEST(block(R"("type":"thinking","thinking":"hm","signature":"EqQB")"));
    BOOST_TEST(!block(R"("type":"thinking","thinking":"hm","signature":"")"));
}

BOOST_AUTO_TEST_CASE(gemini) {
    Sent how;
    how.dialect = "gemini";
    const std::string body = R"({ "contents":[{"parts":[{"text":"Hi"}]}] })";
    const ModelSpec spec("gemini", "gemini-2.5-pro");
    adapters::ClientBody client;
    client.json = body;
    for (const bool stream : {true, false}) {
        client.stream = stream;
        const auto spliced = adapters::find_dialect("gemini")->splice(client, adapters::Target(spec));
        BOOST_REQUIRE(spliced.has_value());
        BOOST_TEST(spliced->body == body);
        BOOST_TEST(spliced->path == (stream ? "/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
                                            : "/models/gemini-2.5-pro:generateContent"));
    }
    BOOST_TEST(body_of(R"({"contents":[],"model":"models/x"})", how) == "-");
    BOOST_TEST(body_of(R"({"systemInstruction":{},"system_instruction":{}})", how) == "-");
    BOOST_TEST(body_of(R"({"contents":[{"parts":[{"functionCall":{"id":"call_sluice_x_0","name":"f"}}]}]})",
                       how) == "-");
    BOOST_TEST(body_of(R"({"contents":[{"parts":[{"functionCall":{"id":"8f2b1a3x","name":"f"}}]}]})", how) !=
               "-");
}

BOOST_AUTO_TEST_CASE(a_signature_that_we_wrapped_is_encode_s_to_unwrap) {
    const std::string foreign = adapters::signature_for_client("sig", "openai_responses@openai", "anthropic");
    for (const std::string_view dialect : {"openai_chat", "openai_responses", "anthropic", "gemini"}) {
        Sent how;
        how.dialect = dialect;
        BOOST_TEST(body_of(R"({"a":[{"b":{"data":")" + foreign + R"("}}]})", how) == "-", dialect);
        BOOST_TEST(body_of(R"({"a":[{"b":{"data":"EqQB"}}]})", how) != "-", dialect);
    }
}

/// What was spliced is read as the client's own was, but for the model and the form of the answer.
BOOST_AUTO_TEST_CASE(a_spliced_request_says_the_same) {
    const std::pair<std::string_view, std::string> bodies[] = {
        {"openai_chat",
         R"({"model":"x","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text",)"
         R"("text":"\ud83c\udf0a?"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",)"
         R"("function":{"name":"f","arguments":"{\"model\":\"x\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"4"}],)"
         R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"max_tokens":9,)"
         R"("stop":["a"],"logit_bias":{"1":2},"stream_options":{"include_obfuscation":false},"n":2,"user":"u"})"},
        {"openai_responses",
         R"({"model":"x","instructions":"Be brief.","input":[{"role":"user","content":"Hi"},{"type":"reasoning","id":"rs_1",)"
         R"("summary":[],"encrypted_content":"gA"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},)"
         R"({"type":"function_call_output","call_id":"c1","output":"4"}],"temperature":0.5,"metadata":{"model":"x"},)"
         R"("store":false,"reasoning":{"effort":"low"}})"},
        {"anthropic",
         R"({"model":"x","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Hi"},{"role":"assistant",)"
         R"("content":[{"type":"thinking","thinking":"hm","signature":"EqQB"},{"type":"tool_use","id":"toolu_1","name":"f",)"
         R"("input":{"model":"x"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"4"}]}],)"
         R"("top_k":3,"metadata":{"user_id":"u"},"service_tier":"auto"})"},
        {"gemini",
         R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"functionCall":{"name":"f",)"
         R"("args":{"model":"x"}},"thoughtSignature":"AQ=="}]},{"role":"user","parts":[{"functionResponse":{"name":"f",)"
         R"("response":{"output":"4"}}}]}],"generationConfig":{"temperature":0.5},"safetySettings":[]})"},
    };
    for (const auto& [name, body] : bodies) {
        const adapters::Dialect& dialect = *adapters::find_dialect(name);
        const ModelSpec spec("acme", "m-1");
        const adapters::Target target(spec);
        for (const bool stream : {true, false}) {
            adapters::ClientBody client;
            client.json = body;
            client.stream = stream;
            const auto spliced = dialect.splice(client, target);
            BOOST_REQUIRE_MESSAGE(spliced.has_value(), name);
            const std::string path = spliced->path.substr(0, spliced->path.find('?'));
            const bool in_path = name == "gemini";
            const std::string asked = in_path ? "/v1beta/models/x:generateContent" : spliced->path;
            const auto before = dialect.parse_request(adapters::ClientRequest(asked, body));
            const auto after = dialect.parse_request(adapters::ClientRequest(path, spliced->body));
            BOOST_REQUIRE_MESSAGE(before.has_value() && after.has_value(), name);
            BOOST_TEST(before->model == "x");
            BOOST_TEST(after->model == "m-1");
            BOOST_TEST(after->stream == stream);
            BOOST_TEST((after->warnings == before->warnings));
            // All that a Request says goes into what is made of it.
            BOOST_TEST(dialect.encode(after->request, target)->body ==
                       dialect.encode(before->request, target)->body);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
