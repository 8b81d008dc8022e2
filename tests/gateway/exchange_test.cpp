// One request through the gateway: which bytes the provider sees, which the client, and what is told about
// it.
#include "gateway_world.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::testing {
namespace {

std::string chat(const std::string& model, bool stream = false) {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" +
           (stream ? R"(,"stream":true})" : "}");
}
std::string messages(const std::string& model, bool stream = false) {
    return R"({"model":")" + model + R"(","max_tokens":99,"messages":[{"role":"user","content":"hi"}])" +
           (stream ? R"(,"stream":true})" : "}");
}

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
        ++n;
    return n;
}

/// Two targets of different dialects; the second has a model for everything.
struct World : GatewayWorld {
    World() {
        add_target("one", "openai");
        add_target("two", "anthropic");
        for (const char* model : {"sim-503", "sim-429-retry-after", "sim-silent", "sim-error-first",
                                  "sim-cut", "sim-401", "sim-content-filter", "sim-context-length"})
            config.failover.model_mapping[model] = "sim-ok";
        // Every id is known to the first one, and nothing but sim-ok to the second.
        config.targets[1].models.emplace_back().id = "sim-ok";
    }
};

BOOST_FIXTURE_TEST_SUITE(gateway_exchange, World)

BOOST_AUTO_TEST_CASE(an_answer_names_who_gave_it) {
    start();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-ok"), {{"x-request-id", "mine-1"}});
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.header("x-request-id") == "mine-1");
    BOOST_TEST(reply.header("x-sluice-target") == "one");
    BOOST_TEST(reply.header("x-sluice-model") == "sim-ok");
    BOOST_TEST(reply.header("x-sluice-attempts") == "1");
    BOOST_TEST(reply.header("x-sluice-failover") == "false");
    BOOST_TEST(reply.has(R"("model":"sim-ok")"), reply.body);
    BOOST_TEST(reply.has(R"("sluice_metadata":{"provider":"one","model":"sim-ok")"), reply.body);
    BOOST_TEST(!reply.has("keeptrusts_metadata"));
}

BOOST_AUTO_TEST_CASE(the_body_goes_to_a_provider_of_the_same_dialect_as_it_is) {
    start();
    const std::string body =
        R"({ "model" : "sim-ok", "messages":[{"role":"user","content":"hi"}], "what_we_do_not_know": [1, 2.50] })";
    post("/v1/chat/completions", body);
    BOOST_REQUIRE(simulator("one").requests().size() == 1U);
    const std::string& sent = simulator("one").requests()[0].body;
    BOOST_TEST(
        sent.find(R"("messages":[{"role":"user","content":"hi"}], "what_we_do_not_know": [1, 2.50] })") !=
            std::string::npos,
        sent);
}

BOOST_AUTO_TEST_CASE(a_failover_is_seen_in_model_metadata_and_event) {
    start();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-503"));
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.has(R"("object":"chat.completion")"), reply.body);
    BOOST_TEST(reply.has(R"("model":"sim-ok")"), reply.body);  // decision 8: the fallback's
    BOOST_TEST(reply.has(R"("sluice_metadata":{"provider":"two")"), reply.body);
    BOOST_TEST(reply.header("x-sluice-failover") == "true");
    const HttpReply events = get("/admin/events?last=1");
    BOOST_TEST(
        events.has(
            R"("failover":{"triggered":true,"original_provider":"one","reason":"upstream_overloaded"})"),
        events.body);
}

BOOST_AUTO_TEST_CASE(a_bad_key_is_a_failover_too) {
    start();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-401"));
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.header("x-sluice-target") == "two");
    BOOST_TEST(simulator("one").requests().size() == 1U);
    BOOST_TEST(get("/admin/events").has(R"("reason":"upstream_auth_failed")"));
}

BOOST_AUTO_TEST_CASE(a_streamed_answer_ends_with_metadata_and_its_marker) {
    start();
    const HttpReply same = post("/v1/chat/completions", chat("sim-ok", true));
    BOOST_TEST(same.header("content-type") == "text/event-stream");
    BOOST_TEST(same.complete);
    BOOST_TEST(count(same.body, "sluice_metadata") == 1U, same.body);
    BOOST_TEST(same.body.ends_with("data: [DONE]\n\n"), same.body);
    BOOST_TEST(count(same.body, "\"usage\":{") == 0U, same.body);  // nobody asked for it

    const HttpReply foreign = post("/v1/chat/completions", chat("sim-503", true));
    BOOST_TEST(foreign.header("x-sluice-target") == "two");
    BOOST_TEST(count(foreign.body, "sluice_metadata") == 1U, foreign.body);
    BOOST_TEST(foreign.body.ends_with("data: [DONE]\n\n"), foreign.body);
    const HttpReply events = get("/admin/events");
    BOOST_TEST(events.has(R"("tokens":{"input":)"), events.body);
}

BOOST_AUTO_TEST_CASE(every_client_gets_its_own_dialect) {
    config.routes.emplace_back().name = "two-only";
    config.routes[0].models = {"sim-ok"};
    config.routes[0].targets.emplace_back().target = "two";
    start();
    const HttpReply anthropic = post("/v1/messages", messages("sim-ok", true));
    BOOST_TEST(anthropic.has("event: message_stop"), anthropic.body);
    BOOST_TEST(anthropic.has("sluice_metadata"), anthropic.body);
    const HttpReply responses = post("/v1/responses", R"({"model":"sim-ok","input":"hi","stream":true})");
    BOOST_TEST(responses.has("event: response.completed"), responses.body);
    const std::string gemini = R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})";
    const HttpReply sse = post("/v1beta/models/sim-ok:streamGenerateContent?alt=sse", gemini);
    BOOST_TEST(sse.body.starts_with("data: {"), sse.body);
    BOOST_TEST(sse.has(R"("finishReason":"STOP")"), sse.body);
    const HttpReply array = post("/v1beta/models/sim-ok:streamGenerateContent", gemini);
    BOOST_TEST(array.header("content-type") == "application/json");
    BOOST_TEST(array.body.starts_with("[{"), array.body);
    BOOST_TEST(array.body.ends_with("}]"), array.body);
    const HttpReply whole = post("/v1beta/models/sim-ok:generateContent", gemini);
    BOOST_TEST(whole.has(R"("finishReason":"STOP")"), whole.body);
    BOOST_TEST(whole.has(R"("sluice_metadata":{"provider":"two")"), whole.body);
}

BOOST_AUTO_TEST_CASE(total_failure_is_a_status_in_the_clients_dialect_with_all_attempts) {
    struct Case {
        const char* model;
        int status;
    };
    config.failover.model_mapping.clear();
    config.failover.pass_through_unmapped = true;
    config.targets[1].models.clear();
    for (TargetConfig& target : config.targets) {
        target.deadlines.first_event = target.deadlines.headers = std::chrono::seconds(10);
        target.breaker.enabled = false;
    }
    start();
    for (const Case& one :
         {Case{"sim-429-retry-after", 429}, Case{"sim-silent", 504}, Case{"sim-503", 502},
          Case{"sim-content-filter", 400}, Case{"sim-context-length", 400}, Case{"sim-404", 404}}) {
        for (const bool stream : {false, true}) {
            const HttpReply reply = post("/v1/messages", messages(one.model, stream));
            BOOST_TEST(reply.status == one.status, one.model << ": " << reply.body);
            BOOST_TEST(reply.has(R"({"type":"error","error":{"type":")"), reply.body);
            BOOST_TEST(reply.has(R"("sluice_metadata":{"request_id":")"), reply.body);
            if (one.status == 429) BOOST_TEST(!reply.header("retry-after").empty());
        }
    }
    const HttpReply both = post("/v1/messages", messages("sim-503"));
    BOOST_TEST(both.has(R"("provider":"one")"), both.body);
    BOOST_TEST(both.has(R"("provider":"two")"), both.body);
}

BOOST_AUTO_TEST_CASE(a_cut_stream_is_an_error_in_the_stream_and_never_a_success) {
    start();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-cut", true));
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(!reply.has("[DONE]"), reply.body);
    BOOST_TEST(reply.has(R"("error":{)"), reply.body);
    BOOST_TEST(get("/admin/events").has(R"("outcome":"interrupted")"));
}

BOOST_AUTO_TEST_CASE(what_is_held_until_it_is_complete_is_rescued_whole) {
    start();
    const HttpReply asked =
        post("/v1/chat/completions", chat("sim-cut", true), {{"x-sluice-deliver", "complete"}});
    BOOST_TEST(asked.body.ends_with("data: [DONE]\n\n"), asked.body);
    BOOST_TEST(asked.header("x-sluice-target") == "two");
    // Nobody sees an answer that is not streamed before it is whole.
    const HttpReply whole = post("/v1/chat/completions", chat("sim-cut"));
    BOOST_TEST(whole.status == 200);
    BOOST_TEST(whole.header("x-sluice-target") == "two");
}

BOOST_AUTO_TEST_CASE(a_refusal_by_policy_reaches_no_provider) {
    PolicyConfig& policy = config.policies.emplace_back();
    policy.name = "no-secrets";
    policy.action = PolicyAction::block;
    policy.words["secrets"] = {"open sesame"};
    start();
    const HttpReply in =
        post("/v1/chat/completions",
             R"({"model":"sim-ok","messages":[{"role":"user","content":"say Open  Sesame!"}]})");
    BOOST_TEST(in.status == 400);
    BOOST_TEST(in.has("no-secrets"), in.body);
    BOOST_TEST(simulator("one").requests().empty());

    BOOST_TEST(get("/admin/events").has(R"("outcome":"blocked")"));
    BOOST_TEST(get("/admin/events").has(R"("error_type":"policy_violation")"));
    BOOST_TEST(!get("/admin/events").has("esame"));
}

BOOST_AUTO_TEST_CASE(an_answer_is_blocked_in_the_stream_and_out_of_it) {
    PolicyConfig& policy = config.policies.emplace_back();
    policy.name = "no-capitals";
    policy.action = PolicyAction::block;
    policy.scope = PolicyScope::output;
    policy.words["cities"] = {"Ulaanbaatar"};  // which comes in three pieces
    start();
    const HttpReply whole = post("/v1/chat/completions", chat("sim-ok"));
    BOOST_TEST(whole.status == 400);
    BOOST_TEST(whole.has("no-capitals"), whole.body);
    BOOST_TEST(!whole.has("anba"), whole.body);
    const HttpReply stream = post("/v1/chat/completions", chat("sim-ok", true));
    BOOST_TEST(stream.status == 200);
    BOOST_TEST(stream.has("no-capitals"), stream.body);
    BOOST_TEST(!stream.has("[DONE]"), stream.body);
    BOOST_TEST(stream.complete);
}

BOOST_AUTO_TEST_CASE(what_is_not_a_request_is_told_so_in_the_clients_dialect) {
    start();
    const HttpReply chat_error = post("/v1/chat/completions", "{");
    BOOST_TEST(chat_error.status == 400);
    BOOST_TEST(chat_error.has(R"("type":"invalid_request_error")"), chat_error.body);
    const HttpReply anthropic = post("/v1/messages", R"({"model":7})");
    BOOST_TEST(anthropic.status == 400);
    BOOST_TEST(anthropic.has(R"({"type":"error","error":{"type":"invalid_request_error")"), anthropic.body);
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_takes_its_upstream_along) {
    start();
    asio::cancellation_signal cancel;
    HttpReply reply;
    bool done = false;
    asio::co_spawn(context, fetch("POST", "/v1/chat/completions", chat("sim-slow-tokens", true), {}, reply),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { done = true; }));
    advance(std::chrono::milliseconds(250));
    BOOST_TEST(simulator("one").aborted() == 0U);
    cancel.emit(asio::cancellation_type::terminal);
    context.restart();
    context.poll();  // no time passes
    BOOST_TEST(done);
    BOOST_TEST(simulator("one").aborted() == 1U);
    BOOST_TEST(get("/admin/events").has(R"("outcome":"client_gone")"));
}

BOOST_AUTO_TEST_CASE(a_trace_is_the_events_too) {
    start();
    constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    post("/v1/chat/completions", chat("sim-503"), {{"traceparent", kParent}, {"tracestate", "vendor=1"}});
    BOOST_TEST(get("/admin/events").has(R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736")"));
}

BOOST_AUTO_TEST_CASE(a_mirror_that_ends_after_its_request_is_counted) {
    RouteConfig& route = config.routes.emplace_back();
    route.name = "mirrored";
    route.models = {"sim-ok"};
    route.mirror.emplace();
    route.mirror->target = "two";
    route.mirror->model = "sim-slow-tokens";
    start();
    BOOST_TEST(post("/v1/chat/completions", chat("sim-ok")).status == 200);
    advance(std::chrono::minutes(1));
    const HttpReply metrics = get("/metrics");
    BOOST_TEST(metrics.has(R"(upstream_attempts_total{model="sim-slow-tokens",outcome="ok",target="two"} 1)"),
               metrics.body);
}

BOOST_AUTO_TEST_CASE(an_early_head_keeps_an_impatient_client_and_failover_still_works) {
    config.server.early_headers_after = std::chrono::seconds(1);
    config.targets[0].deadlines.first_event = config.targets[0].deadlines.headers = std::chrono::seconds(5);
    start();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-silent", true));
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.body.starts_with(": keep-alive\n\n"), reply.body);
    BOOST_TEST(reply.header("x-sluice-target") == "");  // nobody knew it then
    BOOST_TEST(reply.body.ends_with("data: [DONE]\n\n"), reply.body);
    BOOST_TEST(reply.has(R"("provider":"two")"));
}

BOOST_AUTO_TEST_CASE(behind_an_early_head_a_total_failure_is_told_in_the_stream) {
    config.server.early_headers_after = std::chrono::seconds(1);
    config.failover.model_mapping.clear();
    config.targets[0].deadlines.first_event = config.targets[0].deadlines.headers = std::chrono::seconds(5);
    start();
    const HttpReply reply = post("/v1/chat/completions", chat("sim-silent", true));
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.complete);
    BOOST_TEST(!reply.has("[DONE]"), reply.body);
    BOOST_TEST(reply.has(R"("error":{)"), reply.body);
}

BOOST_AUTO_TEST_CASE(a_drain_lets_streams_end_and_tells_those_that_do_not) {
    config.server.drain_timeout = std::chrono::milliseconds(500);
    start();
    HttpReply reply;
    bool done = false;
    asio::co_spawn(context, fetch("POST", "/v1/chat/completions", chat("sim-slow-tokens", true), {}, reply),
                   [&](std::exception_ptr) { done = true; });
    advance(std::chrono::milliseconds(250));
    gateway->drain();
    advance(std::chrono::seconds(2));
    BOOST_TEST(done);
    BOOST_TEST(reply.complete);
    BOOST_TEST(!reply.has("[DONE]"), reply.body);
    BOOST_TEST(reply.has("shutting down"), reply.body);
}

BOOST_AUTO_TEST_CASE(a_drain_tells_a_request_that_has_no_answer_yet_a_status) {
    config.server.drain_timeout = std::chrono::milliseconds(500);
    config.events.file = "drained-events.jsonl";
    std::filesystem::remove(config.events.file);
    start();
    HttpReply reply;
    bool done = false;
    asio::co_spawn(context, fetch("POST", "/v1/chat/completions", chat("sim-silent"), {}, reply),
                   [&](std::exception_ptr) { done = true; });
    advance(std::chrono::milliseconds(250));
    gateway->drain();
    advance(std::chrono::seconds(2));
    BOOST_TEST(done);
    BOOST_TEST(reply.status == 503);
    BOOST_TEST(reply.header("retry-after") == "1");
    BOOST_TEST(reply.has(R"({"error":{"message":")"), reply.body);
    gateway.reset();  // writes what is left
    std::ifstream file(config.events.file);
    const std::string events{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    BOOST_TEST(events.find(R"("outcome":"drained","error_type":"drained")") != std::string::npos, events);
    std::filesystem::remove(config.events.file);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::testing
