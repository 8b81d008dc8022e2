// What each path, header and key means to the simulator, seen from the wire.
#include <sluice/message.hpp>
#include <sluice/testing/simulator.hpp>

#include <string>
#include <utility>
#include <vector>

#include "adapters/dialect.hpp"
#include "testing/simulator_support.hpp"
#include "wire/json_reader.hpp"

using sluice::testing::SimulatedAnswer;
using sluice::tests::Answer;
using sluice::tests::SimulatorFixture;

namespace {

std::string http(std::string_view method, std::string_view target, std::string_view fields,
                 std::string_view body = {}) {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: sim.test\r\n" +
           std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

const std::string kVersion = "anthropic-version: 2023-06-01\r\n";
const std::string kContents = R"({"contents":[{"role":"user","parts":[{"text":"Capital of Mongolia?"}]}]})";

std::string chat_body(std::string_view more = {}) {
    return R"({"model":"sim-ok","messages":[{"role":"user","content":"hi"}])" + std::string(more) + "}";
}
std::string responses_body(std::string_view model, std::string_view more = {}) {
    return R"({"model":")" + std::string(model) + R"(","input":"hi")" + std::string(more) + "}";
}
std::string messages_body(std::string_view more = R"(,"max_tokens":16)") {
    return R"({"model":"sim-ok","messages":[{"role":"user","content":"hi"}])" + std::string(more) + "}";
}
std::string gemini_path(std::string_view model, std::string_view method) {
    return "/v1beta/models/" + std::string(model) + ":" + std::string(method);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(simulator_paths, SimulatorFixture)

BOOST_AUTO_TEST_CASE(the_path_tells_the_dialect) {
    const std::string project = "/v1beta1/projects/p/locations/global/publishers/google";
    struct Row {
        std::string target;
        std::string body;
        std::string dialect;
        std::string in_answer;
    };
    const std::vector<Row> rows{
        {"/v1/chat/completions", chat_body(), "openai_chat", R"("object":"chat.completion")"},
        {"/openai/v1/chat/completions", chat_body(), "openai_chat", R"("object":"chat.completion")"},
        {"/openai/deployments/sim-ok/chat/completions?api-version=2026-01-01",
         R"({"messages":[{"role":"user","content":"hi"}]})", "openai_chat", R"("model":"sim-ok")"},
        {"/v1/responses", responses_body("sim-ok"), "openai_responses", R"("object":"response")"},
        {"/openai/v1/responses", responses_body("sim-ok"), "openai_responses", R"("object":"response")"},
        {"/v1/messages?beta=true", messages_body(), "anthropic", R"("type":"message")"},
        {gemini_path("sim-ok", "generateContent"), kContents, "gemini", R"("candidates":)"},
        {"/v1/models/sim-ok:generateContent", kContents, "gemini", R"("candidates":)"},
        {project + "/models/sim-ok:generateContent", kContents, "gemini", R"("candidates":)"},
        {"/v1beta1/publishers/google/models/sim-ok:generateContent", kContents, "gemini", R"("candidates":)"},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.target) {
            const Answer answer = this->answer(http("POST", row.target, kVersion, row.body));
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(answer.header("content-type").starts_with("application/json"));
            BOOST_TEST(sluice::wire::is_json(answer.body));
            BOOST_TEST(answer.has(row.in_answer));
            BOOST_TEST(answer.has("The capital of Mongolia is Ulaanbaatar."));
            BOOST_TEST(simulator->requests().back().dialect == row.dialect);
            BOOST_TEST(simulator->requests().back().model == "sim-ok");
            BOOST_TEST(simulator->requests().back().path == row.target.substr(0, row.target.find('?')));
        }
    }
    for (const std::string target :
         {"/", "/v1", "/v1/messages/count_tokens", "/v1beta/models/sim-ok:countTokens",
          "/v1beta/models/sim-ok", "/v1beta/models/:generateContent", "/openai/deployments/x/embeddings",
          "/openai/v1/messages", "/v2/models/m:generateContent"}) {
        BOOST_TEST_CONTEXT(target) {
            BOOST_TEST(answer(http("POST", target, kVersion, kContents)).status >= 400);
            BOOST_TEST(simulator->requests().back().model == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_answer_in_one_piece_says_what_a_stream_says) {
    const auto ask = [&](const std::string& dialect, const std::string& model) {
        const std::string messages = R"("messages":[{"role":"user","content":"hi"}]})";
        if (dialect == "openai_chat")
            return http("POST", "/v1/chat/completions", {}, R"({"model":")" + model + "\"," + messages);
        if (dialect == "openai_responses") return http("POST", "/v1/responses", {}, responses_body(model));
        if (dialect == "anthropic")
            return http("POST", "/v1/messages", kVersion,
                        R"({"max_tokens":9,"model":")" + model + "\"," + messages);
        return http("POST", gemini_path(model, "generateContent"), {}, kContents);
    };
    for (const sluice::adapters::Dialect* dialect : sluice::adapters::dialects()) {
        const auto whole = [&](const std::string& model) {
            const std::string body = answer(ask(std::string(dialect->name()), model)).body;
            const auto decoder = dialect->make_decoder({});
            sluice::adapters::EventBatch batch;
            decoder->on_body(body, batch);
            decoder->on_end(batch);
            sluice::MessageBuilder builder;
            for (const sluice::StreamEvent& event : batch.events())
                builder.add(event);
            return std::move(builder).take();
        };
        BOOST_TEST_CONTEXT(dialect->name()) {
            const sluice::AssistantMessage thought = whole("sim-reasoning");
            BOOST_TEST(thought.reasoning() == "The user asks for a capital.");
            BOOST_TEST(thought.text() == "The capital of Mongolia is Ulaanbaatar.");
            BOOST_TEST(to_string(thought.stop_reason) == "stop");
            BOOST_REQUIRE(thought.usage.has_value());
            BOOST_TEST((thought.usage->output == sluice::Tokens{16}));
            const std::vector<sluice::ToolCallPart> calls = whole("sim-tools").tool_calls();
            BOOST_REQUIRE(calls.size() == 2U);
            BOOST_TEST(calls[0].id == "call_sim0");
            BOOST_TEST(calls[1].name == "get_time");
            BOOST_TEST(calls[1].arguments == R"({"zone":"Asia/Ulaanbaatar"})");
            const sluice::AssistantMessage refusal = whole("sim-refusal");
            BOOST_TEST(refusal.refusal() + refusal.text() == "I cannot help with that.");
            BOOST_TEST(to_string(refusal.stop_reason) == "content_filter");
        }
        // What would have come inside a stream comes as an HTTP error.
        const sluice::tests::Answer failed = answer(ask(std::string(dialect->name()), "sim-error-midstream"));
        BOOST_TEST(failed.status == (dialect->name() == "anthropic" ? 529 : 503));
    }
}

BOOST_AUTO_TEST_CASE(base_urls) {
    BOOST_TEST(base_url == "http://sim.test:80/v1");
    for (const std::string name : {"openai_chat", "openai_responses", "anthropic", "openai", "groq", "local"})
        BOOST_TEST(simulator->base_url(name) == base_url);
    BOOST_TEST(simulator->base_url("gemini") == "http://sim.test:80/v1beta");
    BOOST_TEST(simulator->base_url("azure") == "http://sim.test:80/openai/v1");
    BOOST_TEST(simulator->base_url("vertex").ends_with("/publishers/google"));
    BOOST_TEST(sluice::testing::Simulator(context.get_executor()).base_url("gemini") == "");
}

BOOST_AUTO_TEST_CASE(lists_of_models) {
    const Answer openai = answer(http("GET", "/v1/models", {}));
    BOOST_TEST(openai.has(R"({"object":"list","data":[{"id":"sim-ok","object":"model")"));
    const Answer anthropic = answer(http("GET", "/v1/models?limit=20", kVersion));
    BOOST_TEST(anthropic.has(R"({"data":[{"type":"model","id":"sim-ok","display_name":"sim-ok")"));
    BOOST_TEST(anthropic.has(R"("has_more":false)"));
    const Answer gemini = answer(http("GET", "/v1beta/models", {}));
    BOOST_TEST(gemini.has(R"({"models":[{"name":"models/sim-ok")"));
    for (const Answer* list : {&openai, &anthropic, &gemini}) {
        BOOST_TEST(list->status == 200);
        BOOST_TEST(sluice::wire::is_json(list->body));
    }
    BOOST_TEST(answer(http("POST", "/v1beta/models", {}, "{}")).status == 405);
    BOOST_TEST(answer(http("GET", "/openai/models?api-version=2024-10-21", {})).body == openai.body);
}

BOOST_AUTO_TEST_CASE(the_list_of_models_can_fail_and_be_replaced) {
    simulator->on_models_list([](std::size_t turn) {
        sluice::testing::SimulatedAnswer list;
        if (turn == 0) list.error = sluice::ErrorKind::rate_limited;
        if (turn == 1) list.body = R"({"data":[]})";
        return list;
    });
    BOOST_TEST(answer(http("GET", "/v1/models", "Authorization: Bearer bad-key\r\n")).status == 401);
    BOOST_TEST(answer(http("GET", "/v1beta/models", {})).has(R"("status": "RESOURCE_EXHAUSTED")"));
    BOOST_TEST(answer(http("GET", "/v1/models", {})).body == R"({"data":[]})");
    BOOST_TEST(answer(http("GET", "/v1/models", {})).has(R"("id":"sim-ok")"));
}

BOOST_AUTO_TEST_CASE(while_it_is_down_everything_gets_503_in_the_words_of_its_dialect) {
    simulator->set_down(true);
    BOOST_TEST(answer(http("GET", "/v1/models", {})).status == 503);
    BOOST_TEST(answer(http("POST", "/v1/chat/completions", {}, chat_body())).status == 503);
    const Answer gemini = answer(
        http("POST", gemini_path("sim-ok", "generateContent"), "x-goog-api-key: bad-key\r\n", kContents));
    BOOST_TEST(gemini.status == 503);
    BOOST_TEST(gemini.has(R"("status": "UNAVAILABLE")"));
    simulator->set_down(false);
    BOOST_TEST(answer(http("GET", "/v1/models", {})).status == 200);
}

BOOST_AUTO_TEST_CASE(keys_have_their_places) {
    simulator->require_key("right");
    struct Row {
        std::string target;
        std::string field;
        std::string body;
        bool accepted;
    };
    const std::string gemini = gemini_path("sim-ok", "generateContent");
    const std::vector<Row> rows{
        {"/v1/chat/completions", "Authorization: Bearer right\r\n", chat_body(), true},
        {"/v1/chat/completions", "x-api-key: right\r\n", chat_body(), false},
        {"/openai/v1/chat/completions", "api-key: right\r\n", chat_body(), true},
        {"/v1/responses", "Authorization: Bearer right\r\n", responses_body("sim-ok"), true},
        {"/v1/messages", kVersion + "x-api-key: right\r\n", messages_body(), true},
        {"/v1/messages", kVersion + "Authorization: Bearer right\r\n", messages_body(), true},
        {"/v1/messages", kVersion + "x-api-key: wrong\r\nAuthorization: Bearer right\r\n", messages_body(),
         false},
        {gemini, "x-goog-api-key: right\r\n", kContents, true},
        {gemini + "?key=right", "", kContents, true},
        {gemini + "?alt=sse&key=r%69ght", "", kContents, true},
        {gemini + "?key=wrong", "x-goog-api-key: right\r\n", kContents, false},
        {gemini, "x-api-key: right\r\n", kContents, false},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.target << " " << row.field) {
            const Answer answer = this->answer(http("POST", row.target, row.field, row.body));
            const bool is_gemini = row.target.starts_with("/v1beta");
            BOOST_TEST(answer.status == (row.accepted ? 200 : is_gemini ? 400 : 401));
            if (is_gemini && !row.accepted) BOOST_TEST(answer.has(R"("reason": "API_KEY_INVALID")"));
        }
    }
    BOOST_TEST(answer(http("GET", "/v1beta/models?key=bad-key", {})).status == 400);
    BOOST_TEST(
        answer(http("POST", "/v1/messages", kVersion, messages_body())).has("x-api-key header is required"));
    const Answer vertex =
        answer(http("POST", "/v1/projects/p/locations/l/publishers/google/models/m:generateContent",
                    "Authorization: Bearer bad-key\r\n", kContents));
    BOOST_TEST(vertex.status == 401);
    BOOST_TEST(vertex.has(R"("status": "UNAUTHENTICATED")"));
}

BOOST_AUTO_TEST_CASE(anthropic_insists_on_its_version_and_a_limit) {
    const Answer no_version = answer(http("POST", "/v1/messages", {}, messages_body()));
    BOOST_TEST(no_version.status == 400);
    BOOST_TEST(
        no_version.body ==
        R"({"type":"error","error":{"type":"invalid_request_error","message":"anthropic-version: header is required"}})");
    const Answer no_limit = answer(http("POST", "/v1/messages", kVersion, messages_body("")));
    BOOST_TEST(no_limit.status == 400);
    BOOST_TEST(no_limit.has("max_tokens: "));
}

BOOST_AUTO_TEST_CASE(a_wrong_body_is_told_in_the_dialect) {
    const Answer responses = answer(http("POST", "/v1/responses", {}, R"({"model":"m","input":7})"));
    BOOST_TEST(responses.status == 400);
    BOOST_TEST(responses.has(R"("type": "invalid_request_error")"));
    const Answer anthropic = answer(http("POST", "/v1/messages", kVersion, "{"));
    BOOST_TEST(anthropic.status == 400);
    BOOST_TEST(anthropic.has(R"({"type":"error","error":{"type":"invalid_request_error")"));
    const Answer gemini = answer(http("POST", gemini_path("m", "generateContent"), {}, R"({"contents":7})"));
    BOOST_TEST(gemini.status == 400);
    BOOST_TEST(gemini.has(R"("status": "INVALID_ARGUMENT")"));
    for (const Answer* wrong : {&responses, &anthropic, &gemini})
        BOOST_TEST(sluice::wire::is_json(wrong->body));
    const Answer script =
        answer(http("POST", gemini_path("sim:nonsense=1", "generateContent"), {}, kContents));
    BOOST_TEST(script.status == 400);
    BOOST_TEST(script.has("unknown key 'nonsense'"));
}

BOOST_AUTO_TEST_CASE(each_dialect_has_headers_of_its_own) {
    const Answer openai = answer(http("POST", "/v1/responses", {}, responses_body("sim-ok")));
    BOOST_TEST(openai.header("x-request-id").starts_with("req_sim"));
    BOOST_TEST(openai.header("x-ratelimit-limit-requests") == "10000");
    const Answer anthropic = answer(http("POST", "/v1/messages", kVersion, messages_body()));
    BOOST_TEST(anthropic.header("request-id").starts_with("req_sim"));
    BOOST_TEST(anthropic.header("anthropic-ratelimit-requests-limit") == "10000");
    BOOST_TEST(anthropic.header("x-request-id") == "<none>");
    const Answer gemini = answer(http("POST", gemini_path("sim-ok", "generateContent"), {}, kContents));
    BOOST_TEST(gemini.header("x-request-id") == "<none>");
    const Answer limited =
        answer(http("POST", gemini_path("sim-429-retry-after", "generateContent"), {}, kContents));
    BOOST_TEST(limited.header("retry-after") == "<none>");  // only in its body
    BOOST_TEST(limited.has(R"("retryDelay": "2s")"));
}

BOOST_AUTO_TEST_CASE(gemini_frames_end_with_cr_lf) {
    const Answer answer =
        this->answer(http("POST", gemini_path("sim-ok", "streamGenerateContent?alt=sse"), {}, kContents));
    BOOST_TEST(answer.header("content-type") == "text/event-stream");
    BOOST_TEST(answer.body.starts_with("data: {\"candidates\":"));
    BOOST_TEST(answer.body.ends_with("}\r\n\r\n"));
    const Answer plain =
        this->answer(http("POST", gemini_path("sim:crlf=0", "streamGenerateContent?alt=sse"), {}, kContents));
    BOOST_TEST(!plain.has("\r"));
}

BOOST_AUTO_TEST_CASE(gemini_without_alt_sse_streams_one_array) {
    const auto ask = [&](const std::string& model) {
        return exchange(http("POST", gemini_path(model, "streamGenerateContent"), {}, kContents));
    };
    const auto client = ask("sim-slow-tokens");
    BOOST_TEST(client->arrivals.size() > 8U);  // piece by piece
    const Answer answer = Answer::parse(client->received);
    BOOST_TEST(answer.header("content-type") == "application/json; charset=UTF-8");
    BOOST_TEST(sluice::wire::is_json(answer.body));
    BOOST_TEST(answer.body.starts_with(R"([{"candidates":)"));
    BOOST_TEST(answer.has(",\r\n{\"candidates\":"));
    BOOST_TEST(answer.has(R"("finishReason":"STOP")"));
    BOOST_TEST(answer.body.ends_with("}]"));

    for (const std::string model :
         {"sim-error-first", "sim-error-midstream", "sim-error-after-finish", "sim-pings", "sim-comments",
          "sim-content-filter", "sim-empty", "sim-503"}) {
        BOOST_TEST_CONTEXT(model) {
            const Answer other = Answer::parse(ask(model)->received);
            BOOST_TEST(other.complete);
            BOOST_TEST(sluice::wire::is_json(other.body));
            BOOST_TEST(other.body.starts_with("["));
            if (model.find("error") != std::string::npos) BOOST_TEST(other.has(R"({"error":{"code":)"));
        }
    }
    for (const std::string model : {"sim-cut", "sim-malformed"})
        BOOST_TEST(!sluice::wire::is_json(Answer::parse(ask(model)->received).body));
}

BOOST_AUTO_TEST_CASE(errors_inside_a_stream_are_written_as_the_providers_do) {
    const auto body = [&](const std::string& target, const std::string& request) {
        return answer(http("POST", target, kVersion, request)).body;
    };
    const std::string sse = "streamGenerateContent?alt=sse";
    // OpenAI: the error, a usage of zeros, and the marker as if all had been well.
    const std::string chat =
        body("/v1/chat/completions",
             R"({"model":"sim-error-first","messages":[{"role":"user","content":"hi"}],"stream":true,)"
             R"("stream_options":{"include_usage":true}})");
    BOOST_TEST(chat.starts_with(
        R"(data: {"error":{"message":"The server had an error while processing your request. Sorry about that!",)"
        R"("type":"server_error","param":null,"code":null}})"
        "\n\ndata: {"));
    BOOST_TEST(chat.find(R"("choices":[],"usage":{"prompt_tokens":0,)") != std::string::npos);
    BOOST_TEST(chat.ends_with("data: [DONE]\n\n"));
    // Responses: nested, numbered behind response.created, and then response.failed.
    const std::string responses =
        body("/v1/responses", responses_body("sim-quota-in-stream", R"(,"stream":true)"));
    BOOST_TEST(responses.starts_with("event: response.created\n"));
    BOOST_TEST(responses.find("event: error\ndata: "
                              R"({"type":"error","sequence_number":2,"error":{"type":"insufficient_quota",)"
                              R"("code":"insufficient_quota","message":"You exceeded)") != std::string::npos);
    BOOST_TEST(responses.find(R"({"type":"response.failed","sequence_number":3,"response":{)") !=
               std::string::npos);
    const std::string flat =
        body("/v1/responses", responses_body("sim:error=overloaded,error_shape=flat", R"(,"stream":true)"));
    BOOST_TEST(
        flat.find(R"({"type":"error","sequence_number":2,"code":"server_is_overloaded","message":")") !=
        std::string::npos);
    // Anthropic: the very first event, and nothing behind it.
    const std::string anthropic = body(
        "/v1/messages",
        R"({"model":"sim-overloaded-first","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})");
    BOOST_TEST(anthropic ==
               "event: error\ndata: "
               R"({"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"}})"
               "\n\n");
    // Gemini: bare, on many lines, behind text and behind STOP.
    const std::string bare =
        "}\r\n\r\n{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"The model is overloaded. Please "
        "try "
        "again later.\",\n    \"status\": \"UNAVAILABLE\"\n  }\n}\n";
    BOOST_TEST(body(gemini_path("sim-error-midstream", sse), kContents).ends_with(bare));
    const std::string after_stop = body(gemini_path("sim-error-after-finish", sse), kContents);
    BOOST_TEST(after_stop.ends_with(bare));
    BOOST_TEST(after_stop.find(R"("finishReason":"STOP")") != std::string::npos);
    BOOST_TEST(body(gemini_path("sim-content-filter", sse), kContents)
                   .starts_with(R"(data: {"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"})"));
}

BOOST_AUTO_TEST_CASE(signs_of_life_are_the_dialects_own) {
    const auto has = [&](const std::string& target, const std::string& request, std::string_view what) {
        BOOST_TEST_CONTEXT(target) {
            BOOST_TEST(answer(http("POST", target, kVersion, request)).has(what));
        }
    };
    has("/v1/chat/completions",
        R"({"model":"sim-pings","messages":[{"role":"user","content":"hi"}],"stream":true})",
        R"("choices":[]})");
    has("/v1/responses", responses_body("sim-pings", R"(,"stream":true)"),
        "event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":");
    has("/v1/messages",
        R"({"model":"sim-pings","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n");
    has(gemini_path("sim-pings", "streamGenerateContent?alt=sse"), kContents,
        R"(data: {"usageMetadata":{"trafficType":"ON_DEMAND"}})");
}

BOOST_AUTO_TEST_CASE(an_own_model_answers_in_every_dialect) {
    simulator->on_model("mine", [](std::size_t turn, std::string_view) {
        SimulatedAnswer answer;
        answer.tokens = {"turn ", std::to_string(turn)};
        return answer;
    });
    BOOST_TEST(answer(http("POST", "/v1/responses", {}, responses_body("mine"))).has("turn 0"));
    BOOST_TEST(answer(http("POST", gemini_path("mine", "generateContent"), {}, kContents)).has("turn 1"));
    BOOST_TEST(answer(http("POST", "/v1/messages", kVersion,
                           R"({"model":"mine","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})"))
                   .has("turn 2"));
}

BOOST_AUTO_TEST_SUITE_END()
