// A client's own body over the whole client stack: what its provider is sent, what comes back as the answer's
// bytes, and what other targets get.
#include <sluice/api_provider.hpp>
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>

#include "net/pool.hpp"
#include "provider_world.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using testing::SimulatedAnswer;

namespace {

constexpr const char* kAnswer = "The capital of Mongolia is Ulaanbaatar.";
constexpr const char* kDialects[] = {"openai_chat", "openai_responses", "anthropic", "gemini"};

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator simulator{context.get_executor(), runtime};
    std::string base_url = simulator.listen(*network, Origin(false, "sim.test", 80));

    BoundModel model(const std::string& dialect, std::string id, Deadlines deadlines = {}) {
        ApiProviderOptions options;
        options.service = dialect == "anthropic" || dialect == "gemini" ? dialect : "openai";
        options.id = dialect;
        options.dialect = dialect;
        options.base_url = simulator.base_url(dialect);
        options.deadlines = deadlines;
        options.runtime = runtime;
        return ApiProvider(options).model(std::move(id));
    }
    bool is_clean() {
        return net::Pool::of(context.get_executor())->stats().leased == 0 && clock->armed() == 0;
    }
};

/// A client's request, with spaces and a field that nobody here knows.
std::string body_in(std::string_view dialect) {
    if (dialect == "gemini") return R"({ "contents":[{"parts":[{"text":"Capital?"}]}],"labels":{"a":"b"}})";
    if (dialect == "openai_responses") return R"({"model":"alias", "input":"Capital?","metadata":{"a":"b"}})";
    return R"({"model":"alias", "max_tokens":9,"messages":[{"role":"user","content":"Capital?"}],"metadata":{"a":"b"}})";
}

CallOptions native(const std::string& dialect, std::string json, bool stream = true) {
    NativeBody body;
    body.dialect = dialect;
    body.json = std::make_shared<const std::string>(std::move(json));
    body.stream = stream;
    CallOptions options;
    options.native_body(std::move(body));
    return options;
}

struct Outcome {
    Outcome() = default;
    std::string text;
    std::string raw;
    std::string first_raw;
    std::optional<ErrorInfo> failure;
    std::size_t events = 0;
    std::size_t tried = 0;  // batches that came without waiting
    bool finished = false;
    Answerer answerer;

    void add(const StreamEvent& event) {
        if (events++ == 0) first_raw = event.raw();
        raw += event.raw();
        if (const auto* said = event.as<TextDelta>()) text += said->text;
        if (const auto* failed = event.as<Failure>()) failure = failed->error();
        finished |= event.is<Finish>();
    }
};

asio::awaitable<Outcome> consume(BoundModel model, CallOptions options, bool try_first) {
    Outcome outcome;
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?", std::move(options));
    if (!opened) {
        outcome.failure = opened.error();
        co_return outcome;
    }
    TokenStream stream = std::move(opened).value();
    for (;;) {
        std::span<const StreamEvent> batch;
        if (try_first) batch = stream.try_next_batch();
        outcome.tried += batch.empty() ? 0U : 1U;
        if (batch.empty()) {
            const std::span<const StreamEvent> waited = co_await stream.next_batch();
            batch = waited;
        }
        if (batch.empty()) break;
        for (const StreamEvent& event : batch)
            outcome.add(event);
    }
    outcome.answerer = stream.answerer();
    co_return outcome;
}

Outcome ask(World& world, BoundModel model, CallOptions options, bool try_first = false) {
    return test::run(world.context, *world.clock, consume(std::move(model), std::move(options), try_first));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(native_body)

BOOST_AUTO_TEST_CASE(a_target_of_the_dialect_is_sent_the_clients_bytes) {
    const std::pair<std::string, std::string> sent[] = {
        {"openai_chat",
         R"({"stream_options":{"include_usage":true},"stream":true,"model":"m-1", "max_completion_tokens":9,)"
         R"("messages":[{"role":"user","content":"Capital?"}],"metadata":{"a":"b"}})"},
        {"openai_responses", R"({"stream":true,"model":"m-1", "input":"Capital?","metadata":{"a":"b"}})"},
        {"anthropic",
         R"({"stream":true,"model":"m-1", "max_tokens":9,"messages":[{"role":"user","content":"Capital?"}],"metadata":{"a":"b"}})"},
        {"gemini", body_in("gemini")}};
    for (const auto& [dialect, body] : sent) {
        World world;
        const Outcome outcome = ask(world, world.model(dialect, "m-1"), native(dialect, body_in(dialect)));
        BOOST_TEST(outcome.text == kAnswer);
        BOOST_TEST(outcome.finished);
        BOOST_TEST(outcome.answerer.native);
        BOOST_TEST((outcome.answerer.form == AnswerForm::event_stream));
        BOOST_TEST(outcome.answerer.model_id == "m-1");
        BOOST_REQUIRE_EQUAL(world.simulator.requests().size(), 1U);
        const testing::Simulator::Seen& seen = world.simulator.requests()[0];
        BOOST_TEST(seen.dialect == dialect);
        BOOST_TEST(seen.model == "m-1");
        BOOST_TEST(seen.body == body);
        BOOST_TEST(world.is_clean());
    }
}

BOOST_AUTO_TEST_CASE(a_document_is_the_first_events_bytes) {
    for (const std::string dialect : kDialects) {
        World world;
        const Outcome outcome =
            ask(world, world.model(dialect, "m-1"), native(dialect, body_in(dialect), false));
        BOOST_TEST(outcome.text == kAnswer);
        BOOST_TEST(outcome.finished);
        BOOST_TEST(outcome.answerer.native);
        BOOST_TEST((outcome.answerer.form == AnswerForm::document));
        BOOST_TEST(outcome.first_raw.starts_with("{"));
        BOOST_TEST(outcome.first_raw.find(kAnswer) != std::string::npos);
        BOOST_TEST(outcome.raw == outcome.first_raw);
        BOOST_TEST(world.is_clean());
    }
}

// Its head comes when all of it is generated, which takes longer than any head or first token of a stream.
BOOST_AUTO_TEST_CASE(a_document_may_take_as_long_as_the_longer_of_two_limits) {
    struct Case {
        std::chrono::milliseconds headers, first_event;
        Duration takes;
        bool in_time;
    };
    const Case cases[] = {{10s, 120s, 119s, true},  {10s, 120s, 121s, false}, {120s, 10s, 119s, true},
                          {120s, 10s, 121s, false}, {0s, 10s, 300s, true},    {10s, 0s, 300s, true}};
    for (const Case& one : cases) {
        World world;
        world.simulator.on_model("m-1", [&](std::size_t, std::string_view) {
            SimulatedAnswer answer;
            answer.tokens = {kAnswer};
            answer.finish_reason = "stop";
            answer.delay_head = one.takes;
            return answer;
        });
        Deadlines deadlines;
        deadlines.headers = one.headers;
        deadlines.first_event = one.first_event;
        deadlines.idle = 1s;
        const TimePoint start = world.clock->now();
        const Outcome outcome = ask(world, world.model("openai_chat", "m-1", deadlines),
                                    native("openai_chat", body_in("openai_chat"), false));
        BOOST_TEST(outcome.finished == one.in_time);
        if (!one.in_time) {
            BOOST_REQUIRE(outcome.failure.has_value());
            BOOST_TEST((outcome.failure->kind == ErrorKind::provider_timeout));
            BOOST_TEST((outcome.failure->phase == Phase::first_event));
            BOOST_TEST((world.clock->now() - start < 121s));
        }
        BOOST_TEST(world.is_clean());
    }
}

BOOST_AUTO_TEST_CASE(a_target_of_another_dialect_gets_the_request) {
    for (const std::string first : kDialects) {
        for (const std::string second : kDialects) {
            World world;
            FallbackOptions options;
            options.runtime = world.runtime;
            const FallbackBoundModel chain({world.model(first, "sim-503"), world.model(second, "m-2")},
                                           options);
            const Outcome outcome = ask(world, chain, native(first, body_in(first)));
            BOOST_TEST(outcome.text == kAnswer);
            BOOST_TEST(outcome.answerer.native == (first == second));
            BOOST_REQUIRE_EQUAL(world.simulator.requests().size(), 2U);
            BOOST_TEST(world.simulator.requests()[0].model == "sim-503");
            const testing::Simulator::Seen& seen = world.simulator.requests()[1];
            BOOST_TEST(seen.model == "m-2");
            BOOST_TEST(seen.dialect == second);
            // The Request of this test says a little more than the client's body.
            BOOST_TEST((seen.body.find("Capital of Mongolia?") != std::string::npos) == (first != second));
            BOOST_TEST(world.is_clean());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_hook_that_changes_requests_wins) {
    World world;
    CallOptions options = native("openai_chat", body_in("openai_chat"));
    options.transform_context([](const ModelSpec&, Request) { return Request("changed"); });
    const Outcome outcome = ask(world, world.model("openai_chat", "m-1"), options);
    BOOST_TEST(!outcome.answerer.native);
    BOOST_TEST(world.simulator.requests()[0].body.find("changed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_for_this_target_is_encoded) {
    World world;
    const Outcome outcome = ask(world, world.model("openai_chat", "m-1"),
                                native("openai_chat", R"({"model":"a","Model":"b","messages":[]})", false));
    BOOST_TEST(outcome.text == kAnswer);
    BOOST_TEST(!outcome.answerer.native);
    BOOST_TEST((outcome.answerer.form == AnswerForm::event_stream));
    BOOST_TEST(world.simulator.requests()[0].model == "m-1");
    BOOST_TEST(world.simulator.requests()[0].body.find("Capital of Mongolia?") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(header_fields_of_the_client_reach_its_provider) {
    test::ProviderWorld world;
    world.serve(Origin(false, "api.test", 80));
    world.answer(200, "application/json", "{}");
    ApiProviderOptions options;
    options.service = "anthropic";
    options.base_url = "http://api.test/v1";
    options.api_key = "secret";
    options.headers = {{"Anthropic-Beta", "ours-1"}, {"X-Team", "ours"}};
    options.runtime = world.runtime;
    const BoundModel model = ApiProvider(options).model("m-1");
    NativeBody body;
    body.dialect = "anthropic";
    body.json = std::make_shared<const std::string>(body_in("anthropic"));
    body.headers = {{"anthropic-version", "2099-01-01"},
                    {"anthropic-beta", "a,b"},
                    {"x-team", "theirs"},
                    {"X-Api-Key", "theirs"},
                    {"authorization", "Bearer theirs"},
                    {"Host", "theirs"},
                    {"content-length", "1"}};
    const auto send = [&](NativeBody what) {
        CallOptions call;
        call.native_body(std::move(what));
        test::run(world.context, *world.clock, consume(model, call, false));
        return world.requests.back();
    };
    const test::Arrived sent = send(body);
    BOOST_TEST(sent.header("anthropic-version") == "2099-01-01");
    BOOST_TEST(sent.header("anthropic-beta") == "ours-1,a,b");
    BOOST_TEST(sent.header("x-team") == "ours");
    BOOST_TEST(sent.header("x-api-key") == "secret");
    BOOST_TEST(sent.header("authorization").empty());
    BOOST_TEST(sent.header("host") == "api.test");
    BOOST_TEST(sent.text.find("theirs") == std::string::npos);
    // Another dialect's are not for this provider; a value that HTTP does not allow sends nothing.
    body.dialect = "openai_chat";
    BOOST_TEST(send(body).header("anthropic-beta") == "ours-1");
    body.dialect = "anthropic";
    body.headers = {{"anthropic-beta", "a\r\nx-evil: 1"}};
    const std::size_t before = world.requests.size();
    send(body);
    BOOST_TEST(world.requests.size() == before);
}

BOOST_AUTO_TEST_CASE(the_providers_request_id_is_known) {
    test::ProviderWorld world;
    world.serve(Origin(false, "api.test", 80));
    world.answer(200, "text/event-stream",
                 "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: "
                 "[DONE]\n\n");
    ApiProviderOptions options;
    options.base_url = "http://api.test/v1";
    options.runtime = world.runtime;
    const Outcome outcome =
        test::run(world.context, *world.clock, consume(ApiProvider(options).model("m"), {}, false));
    BOOST_TEST(outcome.finished);
    BOOST_TEST(outcome.answerer.request_id == "req_1");
    BOOST_TEST(!outcome.answerer.native);
    BOOST_TEST((outcome.answerer.form == AnswerForm::event_stream));
}

// --- try_next_batch() ---

BOOST_AUTO_TEST_CASE(whoever_tries_first_sees_the_same_stream) {
    Deadlines deadlines;
    deadlines.idle = 5s;
    deadlines.first_event = 20s;
    for (const std::string dialect : kDialects) {
        for (const auto& [id, what] : testing::Simulator::built_in_models()) {
            World worlds[2];
            Outcome outcomes[2];
            for (std::size_t i = 0; i < 2; ++i)
                outcomes[i] = ask(worlds[i], worlds[i].model(dialect, id, deadlines), {}, i == 1);
            BOOST_TEST_CONTEXT(dialect << " " << id) {
                BOOST_TEST(outcomes[1].text == outcomes[0].text);
                BOOST_TEST(outcomes[1].raw == outcomes[0].raw);
                BOOST_TEST(outcomes[1].events == outcomes[0].events);
                BOOST_TEST(outcomes[1].finished == outcomes[0].finished);
                BOOST_TEST((worlds[1].clock->now() == worlds[0].clock->now()));
                BOOST_REQUIRE_EQUAL(outcomes[1].failure.has_value(), outcomes[0].failure.has_value());
                if (outcomes[0].failure) {
                    BOOST_TEST((outcomes[1].failure->kind == outcomes[0].failure->kind));
                    BOOST_TEST((outcomes[1].failure->phase == outcomes[0].failure->phase));
                    BOOST_TEST(outcomes[1].failure->message == outcomes[0].failure->message);
                }
                BOOST_TEST(worlds[1].is_clean());
            }
        }
    }
}

asio::awaitable<void> read_by_trying(World& world, bool one_write, std::size_t& tried, std::string& text) {
    CallOptions options;
    TokenStream stream = co_await world.model("openai_chat", "m-1").stream("Capital?", options);
    const StreamEvent* first = co_await stream.next();
    text = first->as<TextDelta>()->text;
    BOOST_TEST(stream.try_next_batch().empty() == !one_write);  // the next token is a second away
    bool ended = false;
    while (!ended) {
        co_await sleep_for(*world.clock, 1s);
        for (;;) {
            const std::span<const StreamEvent> batch = stream.try_next_batch();
            if (batch.empty()) break;
            ++tried;
            for (const StreamEvent& event : batch) {
                if (const auto* said = event.as<TextDelta>()) text += said->text;
                ended |= event.is<Finish>();
            }
        }
    }
    BOOST_TEST(stream.try_next_batch().empty());
    const StreamEvent* none = co_await stream.next();
    BOOST_TEST(none == nullptr);
}

BOOST_AUTO_TEST_CASE(a_whole_stream_can_be_read_without_waiting_for_it) {
    World world;
    world.simulator.on_model("m-1", [&](std::size_t, std::string_view) {
        SimulatedAnswer answer;
        answer.tokens = {"a", "b", "c", "d"};
        answer.delay_between = 1s;
        return answer;
    });
    std::size_t tried = 0;
    std::string text;
    test::run(world.context, *world.clock, read_by_trying(world, false, tried, text));
    BOOST_TEST(text == "abcd");
    BOOST_TEST(tried >= 3U);
    BOOST_TEST(net::Pool::of(world.context.get_executor())->stats().idle == 1U);  // it can be used again
    BOOST_TEST(world.is_clean());
}

BOOST_AUTO_TEST_CASE(a_held_answer_can_be_tried) {
    World world;
    FallbackOptions options;
    options.commit_on = CommitOn::complete;
    options.runtime = world.runtime;
    const FallbackBoundModel chain({world.model("anthropic", "sim-cut"), world.model("anthropic", "m-2")},
                                   options);
    const Outcome outcome = ask(world, chain, native("anthropic", body_in("anthropic")), true);
    BOOST_TEST(outcome.text == kAnswer);
    BOOST_TEST(outcome.tried == 1U);
    BOOST_TEST(outcome.answerer.native);
    BOOST_TEST((outcome.answerer.form == AnswerForm::event_stream));
    BOOST_TEST(outcome.raw.starts_with("event: message_start"));
}

BOOST_AUTO_TEST_SUITE_END()
