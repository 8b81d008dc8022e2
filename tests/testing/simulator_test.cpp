#include <sluice/testing/simulator.hpp>

#include <asio/error.hpp>

#include <chrono>
#include <map>
#include <stdexcept>

#include "testing/simulator_support.hpp"
#include "wire/http_response.hpp"
#include "wire/json_reader.hpp"

using namespace std::chrono_literals;
using sluice::testing::SimulatedAnswer;
using sluice::testing::SimulatedToolCall;
using sluice::testing::Simulator;
using sluice::tests::Answer;
using sluice::tests::ask;
using sluice::tests::post;
using sluice::tests::RawClient;
using sluice::tests::SimulatorFixture;

BOOST_FIXTURE_TEST_SUITE(simulator, SimulatorFixture)

BOOST_AUTO_TEST_CASE(writes_a_stream_as_openai_does_to_the_byte) {
    simulator->on_model("m", [](std::size_t, std::string_view) {
        SimulatedAnswer answer;
        answer.tokens = {"Hel", "lo \"you\"\n"};
        return answer;
    });
    const auto client = exchange(ask("m"));
    const std::string head =
        "HTTP/1.1 200 OK\r\n"
        "content-type: text/event-stream; charset=utf-8\r\n"
        "openai-processing-ms: 5\r\n"
        "openai-version: 2020-10-01\r\n"
        "x-request-id: req_sim1\r\n"
        "x-ratelimit-limit-requests: 10000\r\n"
        "x-ratelimit-remaining-requests: 9999\r\n"
        "x-ratelimit-reset-requests: 6ms\r\n"
        "transfer-encoding: chunked\r\n\r\n";
    BOOST_TEST(client->received.substr(0, head.size()) == head);
    const std::string start =
        R"(data: {"id":"chatcmpl-sim1","object":"chat.completion.chunk","created":1731900001,"model":"m","choices":)";
    const std::string body =
        start +
        R"([{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})"
        "\n\n" +
        start +
        R"([{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})"
        "\n\n" +
        start +
        R"([{"index":0,"delta":{"content":"lo \"you\"\n"},"finish_reason":null}]})"
        "\n\n" +
        start +
        R"([{"index":0,"delta":{},"finish_reason":"stop"}]})"
        "\n\n" +
        start +
        R"([],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,)"
        R"("prompt_tokens_details":{"cached_tokens":0},)"
        R"("completion_tokens_details":{"reasoning_tokens":0}}})"
        "\n\n" +
        "data: [DONE]\n\n";
    const Answer answer = Answer::parse(client->received);
    BOOST_TEST(answer.body == body);
    BOOST_TEST(answer.complete);
    BOOST_TEST(!client->end.has_value());  // kept alive
}

BOOST_AUTO_TEST_CASE(usage_only_for_who_asks_for_it) {
    const Answer answer =
        this->answer(post(R"({"model":"gpt-5","messages":[{"role":"user","content":"hi"}],"stream":true})"));
    BOOST_TEST(answer.complete);
    BOOST_TEST(!answer.has("usage"));
    BOOST_TEST(answer.has("data: [DONE]"));
}

BOOST_AUTO_TEST_CASE(answers_in_one_object_without_stream) {
    const Answer ok = answer(post(R"({"model":"gpt-5","messages":[{"role":"user","content":"hi"}]})"));
    BOOST_TEST(ok.header("content-type") == "application/json");
    BOOST_TEST(sluice::wire::is_json(ok.body));
    BOOST_TEST(ok.has(R"("object":"chat.completion")"));
    BOOST_TEST(ok.has(R"("content":"The capital of Mongolia is Ulaanbaatar.","refusal":null)"));
    BOOST_TEST(ok.has(R"("finish_reason":"stop")"));
    BOOST_TEST(ok.has(R"("completion_tokens":9)"));

    const Answer tools = answer(post(R"({"model":"sim-tools","messages":[{"role":"user","content":"hi"}]})"));
    BOOST_TEST(sluice::wire::is_json(tools.body));
    BOOST_TEST(
        tools.has(R"("tool_calls":[{"id":"call_sim0","type":"function","function":{"name":"get_weather",)"
                  R"("arguments":"{\"city\":\"Ulaanbaatar\"}"})"));
    BOOST_TEST(
        answer(post(R"({"model":"sim-error-first","messages":[{"role":"user","content":"hi"}]})")).status ==
        500);
    for (const std::string model : {"sim-cut", "sim-stall"}) {
        const auto client =
            exchange(post(R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}]})"));
        BOOST_TEST(!Answer::parse(client->received).complete);
        BOOST_TEST(client->end.has_value() == (model == "sim-cut"));
    }
}

BOOST_AUTO_TEST_CASE(every_built_in_model_does_what_it_says) {
    struct Row {
        int status;
        bool complete;
        std::string in_body;
        std::string not_in_body;
    };
    const std::string done = "data: [DONE]";
    const std::map<std::string, Row> rows{
        {"sim-ok", {200, true, R"("content":" Mongolia")", "error"}},
        {"sim-echo", {200, true, R"("content":" of"})", "Ulaanbaatar"}},
        {"sim-slow-first", {200, true, done, "error"}},
        {"sim-slow-head", {200, true, done, "error"}},
        {"sim-slow-tokens", {200, true, done, "error"}},
        {"sim-reasoning", {200, true, R"("reasoning_content":" capital")", "error"}},
        {"sim-tools",
         {200, true,
          R"("tool_calls":[{"index":1,"id":"call_sim1","type":"function","function":{"name":"get_time","arguments":""}}])",
          "error"}},
        {"sim-refusal", {200, true, R"("refusal":" cannot")", "error"}},
        {"sim-400", {400, true, R"("code": "unsupported_parameter")", "data:"}},
        {"sim-401", {401, true, R"("code": "invalid_api_key")", "sk-good-key-of-somebody"}},
        {"sim-403", {403, true, R"("type": "request_forbidden")", "data:"}},
        {"sim-404", {404, true, R"("code": "model_not_found")", "data:"}},
        {"sim-429", {429, true, R"("code": "rate_limit_exceeded")", "try again"}},
        {"sim-429-retry-after", {429, true, "Please try again in 2s.", "data:"}},
        {"sim-429-text", {429, true, "Please try again in 1.574s.", "data:"}},
        {"sim-429-quota", {429, true, R"("code": "insufficient_quota")", "data:"}},
        {"sim-500-once", {500, true, R"("type": "server_error")", "data:"}},
        {"sim-500", {500, true, R"("type": "server_error")", "data:"}},
        {"sim-503", {503, true, R"("code": "server_is_overloaded")", "data:"}},
        {"sim-529", {529, true, R"("code": "server_is_overloaded")", "data:"}},
        {"sim-gzip-error", {503, true, "\x1f\x8b", "server_is_overloaded"}},
        {"sim-html-error", {502, true, "<h1>502 Bad Gateway</h1>", "{"}},
        {"sim-json-200", {200, true, R"("code": "server_is_overloaded")", "data:"}},
        {"sim-context-length", {400, true, R"("code": "context_length_exceeded")", "data:"}},
        {"sim-content-filter", {400, true, R"("code": "content_policy_violation")", "data:"}},
        {"sim-content-filter-finish", {200, true, R"("finish_reason":"content_filter")", "Mongolia"}},
        {"sim-reset", {0, false, "", ""}},
        {"sim-silent", {0, false, "", ""}},
        {"sim-error-first", {200, true, R"(data: {"error":{"message":")", R"("delta")"}},
        {"sim-metadata-then-error", {200, true, R"("type":"server_error")", R"("finish_reason":"stop")"}},
        {"sim-overloaded-first", {200, true, R"("code":"server_is_overloaded")", R"("delta")"}},
        {"sim-quota-in-stream", {200, true, R"("code":"insufficient_quota")", R"("finish_reason":"stop")"}},
        {"sim-error-midstream", {200, true, R"("code":"server_is_overloaded")", R"("content":" is")"}},
        {"sim-error-after-finish", {200, true, R"("code":"server_is_overloaded")", "xxx"}},
        {"sim-pings", {200, true, R"("choices":[]})", "error"}},
        {"sim-cut", {200, false, R"("content":" Mongolia")", R"("content":" is")"}},
        {"sim-stall", {200, false, R"("content":" Mongolia")", R"("content":" is")"}},
        {"sim-malformed",
         {200, true, "\n\ndata: [DONE]", R"("content":" Mongolia"},"finish_reason":null}]})"}},
        {"sim-no-done", {200, true, R"("finish_reason":"stop")", done}},
        {"sim-no-finish", {200, true, R"("content":".")", R"("finish_reason":"stop")"}},
        {"sim-empty", {200, true, "", "data"}},
        {"sim-byte-writes", {200, true, done, "error"}},
        {"sim-one-write", {200, true, done, "error"}},
        {"sim-huge-event", {200, true, std::string(1 << 20, 'x'), "error"}},
        {"sim-crlf", {200, true, "data: [DONE]\r\n\r\n", "\"}}]}\n"}},
        {"sim-comments", {200, true, ": keep-alive\n\ndata: {", "error"}},
    };
    for (const auto& [name, sentence] : Simulator::built_in_models()) {
        BOOST_TEST_CONTEXT(name) {
            const auto row = rows.find(name);
            BOOST_REQUIRE(row != rows.end());
            BOOST_TEST(sentence.size() > 10U);
            const Answer answer =
                this->answer(ask(name, "Authorization: Bearer sk-good-key-of-somebody\r\n"));
            BOOST_TEST(answer.status == row->second.status);
            BOOST_TEST(answer.complete == row->second.complete);
            BOOST_TEST(answer.has(row->second.in_body));
            if (!row->second.not_in_body.empty()) BOOST_TEST(!answer.has(row->second.not_in_body));
            if (answer.status != 0) BOOST_TEST(answer.header("x-request-id").starts_with("req_sim"));
        }
    }
    BOOST_TEST(rows.size() == Simulator::built_in_models().size());
    BOOST_TEST(simulator->open_connections() == 0U);
    BOOST_TEST(clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(a_model_of_your_own_may_answer_anything) {
    simulator->on_model("sim-ok", [](std::size_t turn, std::string_view body) {
        SimulatedAnswer answer;
        answer.headers.emplace_back("x-turn", std::to_string(turn));
        answer.headers.emplace_back("x-body", std::to_string(body.size()));
        if (turn == 0) answer.status = 418;
        if (turn == 1) {
            answer.body = "event: made by hand\n\n";
            answer.content_type = "text/event-stream";
        }
        answer.tokens = {"a"};
        answer.tokens_per_write = 0;
        return answer;
    });
    const Answer empty = this->answer(ask("sim-ok"));
    BOOST_TEST(empty.status == 418);
    BOOST_TEST(empty.complete);
    BOOST_TEST(empty.body.empty());
    BOOST_TEST(empty.header("x-turn") == "0");
    BOOST_TEST(empty.header("x-body") == std::to_string(simulator->requests()[0].body.size()));
    const Answer by_hand = this->answer(ask("sim-ok"));
    BOOST_TEST(by_hand.body == "event: made by hand\n\n");
    BOOST_TEST(by_hand.header("content-type") == "text/event-stream");
    BOOST_TEST(this->answer(ask("sim-ok")).has(R"({"content":"a"})"));
}

BOOST_AUTO_TEST_CASE(an_http_error_has_the_body_that_openai_writes) {
    const Answer answer = this->answer(ask("sim-429-retry-after"));
    BOOST_TEST(answer.body == R"({
    "error": {
        "message": "Rate limit reached for requests in organization org-simulator on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 2s.",
        "type": "requests",
        "param": null,
        "code": "rate_limit_exceeded"
    }
}
)");
    BOOST_TEST(answer.header("retry-after") == "2");
    BOOST_TEST(answer.header("x-ratelimit-remaining-requests") == "0");
    BOOST_TEST(answer.header("content-length") == std::to_string(answer.body.size()));
    const Answer without = this->answer(ask("sim-429"));
    BOOST_TEST(without.header("retry-after") == "<none>");
    BOOST_TEST(without.header("x-ratelimit-reset-requests") == "<none>");
}

BOOST_AUTO_TEST_CASE(a_gzip_error_is_gzip) {
    const Answer answer = this->answer(ask("sim-gzip-error"));
    BOOST_TEST(answer.header("content-encoding") == "gzip");
    std::string text;
    BOOST_TEST(!sluice::wire::decode_content("gzip", answer.body, 65536, text));
    BOOST_TEST(text.find("server_is_overloaded") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_500_and_then_well_counted_by_model) {
    BOOST_TEST(answer(ask("sim-500-once")).status == 500);
    BOOST_TEST(answer(ask("sim-ok")).status == 200);
    BOOST_TEST(answer(ask("sim-500-once")).status == 200);
    BOOST_TEST(answer(ask("sim:status=503,times=2")).status == 503);
    BOOST_TEST(answer(ask("sim:status=503,times=2")).status == 503);
    BOOST_TEST(answer(ask("sim:status=503,times=2")).has("Ula"));
}

BOOST_AUTO_TEST_CASE(keys) {
    const auto with_key = [](std::string_view key) {
        return "Authorization: Bearer " + std::string(key) + "\r\n";
    };
    for (const std::string key : {"sk-invalid-key-for-testing", "bad-key"}) {
        const Answer answer = this->answer(ask("gpt-5", with_key(key)));
        BOOST_TEST(answer.status == 401);
        BOOST_TEST(answer.has("Incorrect API key provided: "));
        BOOST_TEST(!answer.has(key));
    }
    BOOST_TEST(
        answer(ask("gpt-5", with_key("sk-invalid-key-for-testing"))).has("sk-inval**************ting."));
    BOOST_TEST(answer(ask("gpt-5")).status == 200);
    simulator->require_key("right");
    BOOST_TEST(answer(ask("gpt-5", with_key("right"))).status == 200);
    BOOST_TEST(answer(ask("gpt-5", with_key("wrong"))).status == 401);
    BOOST_TEST(answer(ask("gpt-5")).has("You didn't provide an API key"));
    BOOST_TEST(answer("GET /v1/models HTTP/1.1\r\nHost: s\r\n\r\n").status == 401);
}

BOOST_AUTO_TEST_CASE(routes) {
    const Answer models = answer("GET /v1/models?limit=1 HTTP/1.1\r\nHost: s\r\n\r\n");
    BOOST_TEST(models.status == 200);
    BOOST_TEST(sluice::wire::is_json(models.body));
    BOOST_TEST(models.has(R"({"id":"sim-ok","object":"model")"));
    BOOST_TEST(answer("GET /v1/chat/completions HTTP/1.1\r\nHost: s\r\n\r\n").status == 405);
    const Answer lost = answer("GET /v2/models HTTP/1.1\r\nHost: s\r\n\r\n");
    BOOST_TEST(lost.status == 404);
    BOOST_TEST(lost.has("Invalid URL (GET /v2/models)"));
    BOOST_TEST(answer(ask("sim-typo")).status == 404);
    BOOST_TEST(answer(ask("claude-opus-4-8")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_bad_request_is_answered_and_never_believed) {
    const std::string bodies[] = {"",
                                  "{",
                                  "[]",
                                  R"({"messages":[{"role":"user"}]})",
                                  R"({"model":7})",
                                  R"({"model":"m"})",
                                  R"({"model":"m","messages":[]})",
                                  R"({"model":"m","messages":[7]})",
                                  "\xff\xfe"};
    for (const std::string& body : bodies)
        BOOST_TEST(answer(post(body)).status == 400);
    const auto broken = exchange("GET / HTTP/1.1\r\nno colon\r\n\r\n");
    BOOST_TEST(Answer::parse(broken->received).status == 400);
    BOOST_TEST(broken->end.has_value());
    BOOST_TEST(broken->received.find("connection: close\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reads_a_request_in_any_cut_and_keeps_the_connection) {
    sluice::testing::NetworkFaults faults;
    faults.max_read = 1;
    network->set_faults(faults);
    const auto client = exchange(ask("sim-echo", {}, "one two") + ask("sim-echo", {}, "three"));
    const Answer first = Answer::parse(client->received);
    BOOST_TEST(first.has(R"({"content":" two"})"));
    const Answer second = Answer::parse(first.rest);
    BOOST_TEST(second.complete);
    BOOST_TEST(second.has(R"({"content":"three"})"));
    BOOST_TEST(second.rest.empty());
    BOOST_TEST(simulator->connections() == 1U);
    BOOST_TEST(simulator->requests().size() == 2U);

    const auto last = exchange(ask("sim-ok", "Connection: close\r\n"));
    BOOST_TEST(Answer::parse(last->received).complete);
    BOOST_TEST((last->end == asio::error::make_error_code(asio::error::eof)));
}

BOOST_AUTO_TEST_CASE(more_input_than_is_read_ahead_waits) {
    std::string requests;
    for (int i = 0; i < 3; ++i)
        requests += ask("sim-echo", {}, std::string(700'000, 'a' + static_cast<char>(i)));
    network->set_window(std::size_t{4} << 20);
    const auto client = exchange(requests);
    std::string rest = client->received;
    for (int i = 0; i < 3; ++i) {
        const Answer answer = Answer::parse(rest);
        BOOST_TEST(answer.complete);
        BOOST_TEST(answer.has(std::string(700'000, 'a' + static_cast<char>(i))));
        rest = answer.rest;
    }
}

BOOST_AUTO_TEST_CASE(records_what_it_was_asked) {
    answer(ask("sim-404", "Authorization: Bearer k\r\n"));
    answer("GET /nowhere?q HTTP/1.1\r\nHost: s\r\n\r\n");
    BOOST_REQUIRE(simulator->requests().size() == 2U);
    const Simulator::Seen& seen = simulator->requests()[0];
    BOOST_TEST(seen.model == "sim-404");
    BOOST_TEST(seen.path == "/v1/chat/completions");
    BOOST_TEST(seen.authorization == "Bearer k");
    BOOST_TEST(seen.body.starts_with(R"({"model":"sim-404")"));
    BOOST_TEST(simulator->requests()[1].path == "/nowhere");
}

BOOST_AUTO_TEST_CASE(delays_pass_by_the_clock) {
    const auto slow = exchange(ask("sim:tokens=3,delay_head=1s,delay_first=200ms,delay_between=50ms"));
    BOOST_REQUIRE(slow->arrivals.size() == 4U);
    const sluice::Duration times[] = {1s, 1200ms, 1250ms, 1300ms};
    for (std::size_t i = 0; i < 4; ++i)
        BOOST_TEST((slow->arrivals[i].first == times[i]));
    BOOST_TEST(slow->arrivals[0].second.find(R"("role":"assistant")") != std::string::npos);
    BOOST_TEST(slow->arrivals[1].second.find(R"("content":" t0")") != std::string::npos);
    BOOST_TEST(slow->arrivals[3].second.find("[DONE]") != std::string::npos);

    const auto error = exchange(ask("sim:status=503,delay_first=2s"));
    BOOST_REQUIRE(error->arrivals.size() == 2U);
    BOOST_TEST(error->arrivals[0].second.ends_with("\r\n\r\n"));
    BOOST_TEST((error->arrivals[1].first == 2s));
}

BOOST_AUTO_TEST_CASE(writes_in_the_sizes_asked_for) {
    const auto bytes = exchange(ask("sim-byte-writes"));
    BOOST_TEST(bytes->reads.size() == bytes->received.size());
    const auto whole = exchange(ask("sim-one-write"));
    BOOST_TEST(whole->reads.size() == 1U);
    const auto chunks = [](const RawClient& client) {  // HTTP chunks: one a write
        std::size_t count = 0;
        for (std::size_t at = 0; (at = client.received.find("\r\ndata: ", at)) != std::string::npos; ++at)
            ++count;
        return count;
    };
    BOOST_TEST(chunks(*exchange(ask("sim:tokens=10"))) == 10U);
    BOOST_TEST(chunks(*exchange(ask("sim:tokens=10,tokens_per_write=4"))) == 3U);
}

BOOST_AUTO_TEST_CASE(ends_that_are_none) {
    const auto reset = exchange(ask("sim-reset"));
    BOOST_TEST(reset->received.empty());
    BOOST_TEST((reset->end == asio::error::make_error_code(asio::error::connection_reset)));
    const auto cut = exchange(ask("sim-cut"));
    BOOST_TEST((cut->end == asio::error::make_error_code(asio::error::eof)));
    for (const std::string model : {"sim-silent", "sim-stall"})
        BOOST_TEST(!exchange(ask(model))->end.has_value());
}

BOOST_AUTO_TEST_CASE(notices_a_client_that_leaves) {
    std::size_t left = 0;
    for (const std::string model : {"sim-stall", "sim-silent", "sim-slow-first", "sim-slow-head"}) {
        const auto client = start(ask(model));
        clock->advance(context, 1s);
        BOOST_TEST(simulator->open_connections() == 1U);
        client->connection->close();
        clock->advance(context, 0s);
        BOOST_TEST(simulator->open_connections() == 0U);
        BOOST_TEST(simulator->aborted() == ++left);
    }
    network->set_window(1000);  // so that the client leaves under a waiting write
    const auto client = start(ask("sim:tokens=1000"));
    client->connection->close();
    clock->run(context);
    BOOST_TEST(clock->armed() == 0U);
    answer(ask("sim-ok"));
    answer(ask("sim-cut"));
    BOOST_TEST(simulator->aborted() ==
               left);  // the one that left before its request arrived asked for nothing
}

BOOST_AUTO_TEST_CASE(stop_ends_streams_that_stall_and_refuses_new_ones) {
    const auto stalled = start(ask("sim-stall"));
    const auto delayed = start(ask("sim-slow-first"));
    const auto idle = exchange("");
    clock->advance(context, 1s);
    bool stopped = false;
    asio::co_spawn(context, simulator->stop(), [&stopped](std::exception_ptr) { stopped = true; });
    clock->advance(context, 0s);
    BOOST_TEST(stopped);
    BOOST_TEST(simulator->open_connections() == 0U);
    BOOST_TEST(simulator->aborted() == 0U);
    BOOST_TEST(clock->armed() == 0U);
    for (const RawClient* client : {stalled.get(), delayed.get(), idle.get()})
        BOOST_TEST(client->end.has_value());
    BOOST_TEST(
        (exchange(ask("sim-ok"))->end == asio::error::make_error_code(asio::error::connection_refused)));
    simulator->listen(*network, origin);
    BOOST_TEST(answer(ask("sim-ok")).complete);
}

BOOST_AUTO_TEST_CASE(a_simulator_may_go_under_its_clients) {
    const auto stalled = start(ask("sim-stall"));
    clock->advance(context, 1s);
    simulator.reset();
    clock->run(context);
    BOOST_TEST(stalled->end.has_value());
}

BOOST_AUTO_TEST_CASE(an_io_context_may_go_under_a_simulator) {
    auto brief = std::make_unique<asio::io_context>();
    Simulator longer(brief->get_executor(), sluice::Runtime(clock, network, nullptr));
    longer.listen();
    longer.listen(*network, sluice::Origin(false, "other.test", 80));
    auto client = std::make_shared<RawClient>();
    client->connection = network->make(brief->get_executor(), sluice::Origin(false, "other.test", 80));
    asio::co_spawn(*brief, RawClient::talk(client, clock, ask("sim-slow-first")), rethrow);
    clock->advance(*brief, 1s);
    BOOST_TEST(longer.open_connections() == 1U);
    client.reset();  // but for its coroutine's share
    brief.reset();
    BOOST_TEST(longer.open_connections() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_model_function_throws_reaches_the_loop) {
    simulator->on_model(
        "bad", [](std::size_t, std::string_view) -> SimulatedAnswer { throw std::runtime_error("mine"); });
    BOOST_CHECK_THROW(exchange(ask("bad")), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(simulator_scripts, SimulatorFixture)

BOOST_AUTO_TEST_CASE(keys_mean_what_they_say) {
    struct Row {
        std::string script;
        int status;
        std::string in_body;
        std::string not_in_body;
    };
    const std::vector<Row> rows{
        {"", 200, "Ula", "error"},
        {"tokens=2", 200, R"({"content":" t1"})", " t2"},
        {"tokens=0", 200, R"("finish_reason":"stop")", R"("content":" )"},
        {"token_bytes=5", 200, R"({"content":"xxxxx"})", "xxxxxx"},
        {"text=hi there", 200, R"({"content":"hi there"})", "Ula"},
        {"status=418", 418, "The simulator was asked for this error.", "data:"},
        {"status=429,code=slow_down,type=rate_limit_error,message=wait,retry_after=7", 429,
         R"("code": "slow_down")", "RPM"},
        {"metadata=0", 200, "Ula", R"("role")"},
        {"comments", 200, ": keep-alive", "error"},
        {"error=oops,metadata=0", 200, R"(data: {"error":{"message":)", "Ula"},
        {"error=overloaded,error_after=1", 200, R"("code":"server_is_overloaded")", "capital"},
        {"error=overloaded,error_after_finish", 200, R"("finish_reason":"stop")", "xxx"},
        {"error=overloaded,error_shape=in_chunk", 200, R"("finish_reason":"error")", "Ula"},
        {"error=overloaded,error_shape=named_event", 200, "event: error\ndata: {", "[DONE]"},
        {"error=overloaded,error_shape=field_line", 200, "\nerror: {", "[DONE]"},
        {"error=overloaded,error_shape=round", 400, "'error_shape' must be usual, in_chunk, ", "data:"},
        {"reasoning", 200, R"("reasoning_content":" capital")", "error"},
        {"tools", 200, R"("name":"get_time")", "error"},
        {"refusal", 200, R"("refusal":" cannot")", "Ula"},
        {"pings", 200, R"("choices":[]})", "error"},
        {"cut_after=0", 200, R"("role")", "capital"},
        {"stall_after=1", 200, "The", "capital"},
        {"malformed_at=0", 200, R"("content":" capital")", R"("content":"The")"},
        {"finish=length", 200, R"("finish_reason":"length")", "error"},
        {"usage=0", 200, "[DONE]", "prompt_tokens"},
        {"done=0", 200, R"("finish_reason":"stop")", "[DONE]"},
        {"crlf=1", 200, "[DONE]\r\n\r\n", "error"},
        {"one_write=1,tokens=3", 200, " t2", "error"},
        {"one_byte_writes,tokens=1", 200, " t0", "error"},
        {"gzip,status=500", 500, "\x1f\x8b", "server_error"},
        {"silent", 0, "", ""},
        {"reset", 0, "", ""},
        {"nonsense=1", 400, "unknown key 'nonsense'. Known keys: tokens, ", "data:"},
        {"tokens", 400, "'tokens' must be a number up to 1000000, not ''.", "data:"},
        {"tokens=1000001", 400, "'tokens' must be", "data:"},
        {"tokens=1000000,token_bytes=60000000", 400, "more than 256 MiB", "data:"},
        {"tokens=-1", 400, "'tokens' must be", "data:"},
        {"delay_first=200", 400, "'delay_first' must be a number with us, ms or s, not '200'.", "data:"},
        {"status=99", 400, "'status' must be a number from 200 to 599", "data:"},
        {"tokens_per_write=0", 400, "'tokens_per_write' must be", "data:"},
        {"done=yes", 400, "'done' must be 0, 1 or nothing, not 'yes'.", "data:"},
        {",", 400, "unknown key ''", "data:"},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.script) {
            const Answer answer = this->answer(ask("sim:" + row.script));
            BOOST_TEST(answer.status == row.status);
            BOOST_TEST(answer.has(row.in_body));
            if (!row.not_in_body.empty()) BOOST_TEST(!answer.has(row.not_in_body));
        }
    }
    BOOST_TEST(answer(ask("sim:status=429,retry_after=7")).header("retry-after") == "7");
}

BOOST_AUTO_TEST_CASE(is_switched_and_asked_by_another_process) {
    const auto send = [&](std::string_view method, std::string_view path) {
        return exchange(std::string(method) + " " + std::string(path) +
                        " HTTP/1.1\r\nHost: sim.test\r\nContent-Length: 0\r\n\r\n")
            ->received;
    };
    BOOST_TEST(send("POST", "/_sim/down").find("HTTP/1.1 404 ") == 0);  // has not been allowed
    simulator->allow_control();
    BOOST_TEST(send("POST", "/_sim/down").find(R"({"down":true,"requests":1,)") != std::string::npos);
    BOOST_TEST(exchange(ask("sim-ok"))->received.find("HTTP/1.1 503 ") == 0);
    BOOST_TEST(send("GET", "/_sim/down").find("HTTP/1.1 405 ") == 0);
    BOOST_TEST(send("POST", "/_sim/up").find(R"({"down":false,)") != std::string::npos);
    BOOST_TEST(exchange(ask("sim-ok"))->received.find("HTTP/1.1 200 ") == 0);
    BOOST_TEST(send("GET", "/_sim").find(R"("models":{"sim-ok":1}})") != std::string::npos);
    BOOST_TEST(send("GET", "/_sim/requests?last=1")
                   .find(R"([{"model":"sim-ok","dialect":"openai_chat","path":"/v1/chat/completions",)") !=
               std::string::npos);
    BOOST_TEST(simulator->requests().size() == 3);
    BOOST_TEST(send("GET", "/_simulator").find("HTTP/1.1 404 ") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
