// What is at each path, who may ask for it, and how the configuration changes under way.
#include "gateway_world.hpp"

#include "gateway/client_keys.hpp"
#include "gateway/server.hpp"

namespace sluice::testing {
namespace {

std::string chat(const std::string& model, bool stream = false) {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" +
           (stream ? R"(,"stream":true})" : "}");
}

struct World : GatewayWorld {
    World() {
        add_target("one", "openai");
        config.failover.model_mapping["gpt-4o"] = "sim-ok";
        config.aliases["fast"] = "sim-ok";
    }
};

BOOST_FIXTURE_TEST_SUITE(gateway_endpoints, World)

BOOST_AUTO_TEST_CASE(probes_of_an_orchestrator_need_nothing) {
    start();
    for (std::string_view path : {"/healthz", "/livez", "/health/liveliness", "/readyz", "/health/readiness"})
        BOOST_TEST(get(path).status == 200, path);
}

BOOST_AUTO_TEST_CASE(health_has_each_target_before_its_first_check) {
    config.targets[0].health_check.enabled = true;
    simulator("one").on_models_list([](std::size_t) {
        SimulatedAnswer answer;
        answer.delay_head = std::chrono::seconds(1);
        return answer;
    });
    start();
    const HttpReply reply = get("/health");
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.has(R"("status":"healthy","version":")"));
    BOOST_TEST(reply.has(R"("one":{"status":"healthy","consecutive_failures":0,"last_check":null)"),
               reply.body);
}

BOOST_AUTO_TEST_CASE(health_tells_what_a_probe_found_and_when) {
    config.targets[0].health_check.enabled = true;
    add_target("two", "openai");
    simulator("one").set_down(true);
    start();
    advance(std::chrono::seconds(100));
    const HttpReply reply = get("/health");
    BOOST_TEST(reply.has(R"("status":"degraded")"), reply.body);
    BOOST_TEST(reply.has(R"("one":{"status":"unhealthy","consecutive_failures":)"), reply.body);
    BOOST_TEST(reply.has(R"("last_check":"2026-01-01T00:01:)"), reply.body);
}

BOOST_AUTO_TEST_CASE(all_targets_down_is_503_with_retry_after_and_no_attempt) {
    config.targets[0].health_check.enabled = true;
    simulator("one").set_down(true);
    start();
    advance(std::chrono::seconds(100));
    const std::size_t before = simulator("one").requests().size();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-ok"));
    BOOST_TEST(reply.status == 503);
    BOOST_TEST(!reply.header("retry-after").empty());
    BOOST_TEST(reply.has(R"("error":{"message":)"), reply.body);
    BOOST_TEST(reply.has(R"("error_type":"unhealthy")"), reply.body);
    BOOST_TEST(simulator("one").requests().size() == before);
}

BOOST_AUTO_TEST_CASE(a_recovered_target_is_used_again) {
    config.targets[0].health_check.enabled = true;
    config.targets[0].health_check.interval = std::chrono::seconds(1);
    simulator("one").set_down(true);
    start();
    advance(std::chrono::seconds(5));
    BOOST_TEST(post("/v1/chat/completions", chat("sim-ok")).status == 503);
    simulator("one").set_down(false);
    advance(std::chrono::milliseconds(2400));  // two good probes, a jitter each
    BOOST_TEST(post("/v1/chat/completions", chat("sim-ok")).status == 200);
}

BOOST_AUTO_TEST_CASE(models_are_listed_in_the_clients_shape) {
    start();
    const HttpReply openai = get("/v1/models");
    BOOST_TEST(openai.has(R"({"object":"list","data":[{"id":"fast","object":"model")"), openai.body);
    const HttpReply anthropic = get("/v1/models", {{"anthropic-version", "2023-06-01"}});
    BOOST_TEST(anthropic.has(R"("has_more":false,"first_id":"fast","last_id":"gpt-4o")"), anthropic.body);
    BOOST_TEST(get("/v1beta/models").has(R"({"models":[{"name":"models/fast")"));
    BOOST_TEST(get("/v1/models/fast").has(R"({"id":"fast")"));
    BOOST_TEST(get("/v1/models/unheard-of").status == 404);
}

BOOST_AUTO_TEST_CASE(a_wrong_path_or_method_says_what_would_be_right) {
    start();
    const HttpReply wrong = post("/v1/completions", "{}");
    BOOST_TEST(wrong.status == 404);
    BOOST_TEST(wrong.has("/v1/chat/completions"));
    const HttpReply method = get("/v1/chat/completions");
    BOOST_TEST(method.status == 405);
    BOOST_TEST(method.header("allow") == "POST");
    const HttpReply messages = get("/v1/messages");
    BOOST_TEST(messages.has(R"({"type":"error","error":{"type":"invalid_request_error")"), messages.body);
}

BOOST_AUTO_TEST_CASE(a_key_is_wanted_in_any_of_the_clients_ways) {
    ClientKeyConfig& key = config.keys.emplace_back();
    key.name = "team";
    key.sha256 = gateway::hash_of_key("let-me-in");
    key.allowed_models = {"sim-*"};
    start();
    const HttpReply none = post("/v1/chat/completions", chat("sim-ok"));
    BOOST_TEST(none.status == 401);
    BOOST_TEST(none.has(R"("code":"invalid_api_key")"));
    BOOST_TEST(post("/v1/chat/completions", chat("sim-ok"), {{"authorization", "Bearer let-me"}}).status ==
               401);
    BOOST_TEST(get("/v1/models").status == 401);
    BOOST_TEST(get("/admin/events").status == 401);
    BOOST_TEST(get("/health").status == 200);
    for (const auto& [name, value] : {std::pair("authorization", "Bearer let-me-in"),
                                      {"x-api-key", "let-me-in"},
                                      {"x-goog-api-key", "let-me-in"}})
        BOOST_TEST(post("/v1/chat/completions", chat("sim-ok"), {{name, value}}).status == 200, name);
    const HttpReply other = post("/v1/chat/completions", chat("gpt-4o"), {{"x-api-key", "let-me-in"}});
    BOOST_TEST(other.status == 403);
    // The client's key is the gateway's; the provider gets its own.
    for (const Simulator::Seen& seen : simulator("one").requests())
        BOOST_TEST(seen.key == "sk-test");
}

BOOST_AUTO_TEST_CASE(explain_says_where_a_request_would_go_and_asks_nobody) {
    add_target("two", "anthropic");
    start();
    const HttpReply reply = post("/admin/explain", chat("gpt-4o"));
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.has(R"("targets":[{"provider":"one","model":"gpt-4o","shown_model":"gpt-4o")"),
               reply.body);
    BOOST_TEST(reply.has(R"("provider":"two","model":"sim-ok","shown_model":"sim-ok")"), reply.body);
    BOOST_TEST(reply.has(R"("worst_case":{"attempts":4)"), reply.body);
    BOOST_TEST(get("/admin/explain?model=gpt-4o").body == reply.body);
    BOOST_TEST(post("/admin/explain", "{}").status == 400);
    BOOST_TEST(simulator("one").requests().empty());
}

BOOST_AUTO_TEST_CASE(embeddings_are_passed_on_to_the_first_target_that_has_them) {
    add_target("two", "openai");
    simulator("one").set_down(true);
    start();
    const HttpReply reply = post("/v1/embeddings", R"({ "model":"sim-ok" ,"input":"x"})");
    // The simulator has no embeddings: what it says is passed back, from the target that is up.
    BOOST_TEST(reply.status == 404);
    BOOST_REQUIRE(simulator("two").requests().size() == 1U);
    BOOST_TEST(simulator("two").requests()[0].path == "/v1/embeddings");
    BOOST_TEST(simulator("two").requests()[0].body == R"({ "model":"sim-ok" ,"input":"x"})");
    BOOST_TEST(post("/v1/embeddings", "[]").status == 400);

    // Each has its event, with every try, and is counted.
    const std::string events = get("/admin/events").body;
    BOOST_TEST(events.find(R"("endpoint":"/v1/embeddings","stream":false,"requested_model":"sim-ok")") !=
               std::string::npos);
    BOOST_TEST(
        events.find(R"("status":404,"outcome":"error","error_type":"model_not_found")") != std::string::npos,
        events);
    BOOST_TEST(
        events.find(
            R"("attempts":[{"provider":"one","model":"sim-ok","purpose":"answer","outcome":"failed")") !=
            std::string::npos,
        events);
    BOOST_TEST(
        events.find(
            R"({"provider":"two","model":"sim-ok","purpose":"answer","outcome":"failed","http_status":404)") !=
            std::string::npos,
        events);
    BOOST_TEST(events.find(R"("status":400,"outcome":"error","error_type":"upstream_bad_request")") !=
                   std::string::npos,
               events);
    const std::string metrics = get("/metrics").body;
    BOOST_TEST(
        metrics.find(R"(requests_total{endpoint="/v1/embeddings",status="404"} 1)") != std::string::npos,
        metrics);
    BOOST_TEST(
        metrics.find(R"(requests_total{endpoint="/v1/embeddings",status="400"} 1)") != std::string::npos,
        metrics);
    BOOST_TEST(metrics.find(R"(outcome="model_not_found",target="two"} 1)") != std::string::npos, metrics);
}

/// A provider that has embeddings.
class EmbeddingsService final : public gateway::Service {
  public:
    asio::awaitable<void> serve(const gateway::HttpRequest&, gateway::Reply& reply) override {
        return reply.send(gateway::HttpAnswer(
            200,
            R"({"object":"list","data":[{"embedding":[0.5,-1e-3]}],"model":"text-embedding-3-small",)"
            R"("usage":{"prompt_tokens":8,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":0}}})"));
    }
    gateway::HttpAnswer refuse(int status, std::string_view, std::string_view) override {
        return gateway::HttpAnswer(status, "{}");
    }
};

BOOST_AUTO_TEST_CASE(embeddings_that_are_answered_have_their_tokens_and_cost_in_the_event) {
    EmbeddingsService service;
    test::MemoryAcceptor acceptor(context.get_executor(), *network, Origin(false, "vectors.test", 80));
    gateway::Server server(context.get_executor(), ServerConfig(), clock, service,
                           std::make_shared<gateway::Load>());
    bool served = false;
    asio::co_spawn(context, server.run(acceptor), [&](std::exception_ptr) { served = true; });
    config.targets[0].base_url = "http://vectors.test/v1";
    ModelConfig& listed = config.targets[0].models.emplace_back();
    listed.id = "text-embedding-3-small";
    listed.price.input = PicoUsd(20'000);
    listed.price.output = PicoUsd(0);
    start();
    const HttpReply reply = post("/v1/embeddings", R"({"model":"text-embedding-3-small","input":"x"})");
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.has(R"("embedding":[0.5,-1e-3])"), reply.body);
    BOOST_TEST(reply.header("x-sluice-target") == "one");
    const std::string events = get("/admin/events").body;
    BOOST_TEST(events.find(R"("model":"text-embedding-3-small","provider":"one","provider_kind":"openai")"
                           R"(,"status":200,"outcome":"ok","error_type":null)") != std::string::npos,
               events);
    BOOST_TEST(events.find(R"("tokens":{"input":8,"output":0)") != std::string::npos, events);
    BOOST_TEST(events.find(R"("outcome":"ok","http_status":null)") != std::string::npos, events);
    BOOST_TEST(events.find(R"("cost":{"amount":"0.00000016")") != std::string::npos, events);
    const std::string metrics = get("/metrics").body;
    BOOST_TEST(metrics.find(R"(direction="input",model="text-embedding-3-small",target="one"} 8)") !=
                   std::string::npos,
               metrics);
    server.stop();
    run_until([&] { return served; });
}

BOOST_AUTO_TEST_CASE(events_are_one_array_of_what_happened) {
    start();
    BOOST_TEST(get("/admin/events").body == "[]\n");
    post("/v1/chat/completions", chat("sim-ok"));
    post("/v1/chat/completions", chat("sim-404"));
    const HttpReply reply = get("/admin/events?last=5");
    BOOST_TEST(reply.has(R"([{"number":1,"id":"evt_)"), reply.body);
    BOOST_TEST(reply.has(R"(,{"number":2,"id":"evt_)"), reply.body);
    BOOST_TEST(reply.has(R"("failover":{"triggered":false,"original_provider":null,"reason":null})"),
               reply.body);
    BOOST_TEST(!reply.has("hi\""));
    BOOST_TEST(get("/admin/events?lats=5").status == 400);
}

BOOST_AUTO_TEST_CASE(metrics_are_in_the_text_format) {
    start();
    post("/v1/chat/completions", chat("sim-ok"));
    const HttpReply reply = get("/metrics");
    BOOST_TEST(reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    BOOST_TEST(reply.has(R"(sluice_gateway_requests_total{)"), reply.body);
    BOOST_TEST(reply.has(R"(target="one")"), reply.body);
}

BOOST_AUTO_TEST_CASE(a_reload_changes_what_requests_get_and_keeps_what_targets_know) {
    config.targets[0].health_check.enabled = true;
    config.targets[0].models.emplace_back().id = "sim-ok";
    start();
    advance(std::chrono::seconds(1));
    GatewayConfig next = config;
    next.aliases["slow"] = "sim-ok";
    BOOST_TEST(post("/v1/chat/completions", chat("slow")).status == 404);
    std::vector<ConfigFinding> findings = gateway->reload(next);
    BOOST_TEST(post("/v1/chat/completions", chat("slow")).status == 200);
    BOOST_TEST(!get("/health").has(R"("last_check":null)"));

    next.targets.clear();
    findings = gateway->reload(next);
    BOOST_TEST(!findings.empty());
    BOOST_TEST(post("/v1/chat/completions", chat("slow")).status == 200);
    BOOST_TEST(get("/metrics").has(R"(config_reloads_total{result="failure"} 1)"));
    gateway->note_failed_reload();
    BOOST_TEST(get("/metrics").has(R"(config_reloads_total{result="failure"} 2)"));
    BOOST_TEST(get("/metrics").has(R"(config_reloads_total{result="success"} 2)"));
}

BOOST_AUTO_TEST_CASE(the_summary_is_the_startup_log) {
    add_target("two", "anthropic");
    config.targets[1].health_check.enabled = true;
    config.policies.emplace_back().name = "content-safety";
    config.policies[0].categories = {"hate", "violence"};
    start();
    const std::vector<std::string> expected{
        "Loaded 2 provider(s), 1 policy(ies)", "Provider one: priority=1, health_check=disabled",
        "Provider two: priority=2, health_check=enabled", "Failover: strategy=priority, model_mappings=1"};
    BOOST_TEST(gateway->summary() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::testing
