// The whole client stack (provider, HTTP call, pool, decoder, stream, gate) against the simulator, over the
// in-memory network in virtual time: what a user gets from each kind of provider, and that nothing is left
// behind however it ends.
#include <sluice/fallback.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "model/base_url.hpp"
#include "net/pool.hpp"
#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using testing::SimulatedAnswer;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    testing::Simulator simulator{context.get_executor(), runtime};
    std::string base_url = simulator.listen(*network, Origin(false, "sim.test", 80));

    OpenAIOptions options(std::string id = "openai") {
        OpenAIOptions options;
        options.id = std::move(id);
        options.base_url = base_url;
        options.runtime = runtime;
        return options;
    }
    BoundModel model(std::string id) { return OpenAI(options()).model(std::move(id)); }

    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }
    std::size_t idle_connections() { return net::Pool::of(context.get_executor())->stats().idle; }
    std::size_t leased_connections() { return net::Pool::of(context.get_executor())->stats().leased; }
};

struct Outcome {
    std::string text;
    std::string raw;
    StopReason reason = StopReason::unknown;
    std::optional<Usage> usage;
    std::optional<ErrorInfo> failure;
    std::size_t terminals = 0;
    Answerer answerer;
};

asio::awaitable<Outcome> consume(BoundModel model) {
    Outcome outcome;
    Result<TokenStream> opened = co_await model.try_stream("Capital of Mongolia?");
    if (!opened) {
        outcome.failure = opened.error();
        outcome.terminals = 1;
        co_return outcome;
    }
    TokenStream stream = std::move(opened).value();
    while (const StreamEvent* event = co_await stream.next()) {
        outcome.raw += event->raw();
        if (const auto* text = event->as<TextDelta>()) outcome.text += text->text;
        if (const auto* failure = event->as<Failure>()) outcome.failure = failure->error();
        if (const auto* finish = event->as<Finish>()) {
            outcome.reason = finish->reason;
            outcome.usage = finish->usage;
        }
        outcome.terminals += event->is_terminal();
    }
    outcome.answerer = stream.answerer();
    co_return outcome;
}

SimulatedAnswer answer(std::vector<std::string> tokens) {
    SimulatedAnswer answer;
    answer.tokens = std::move(tokens);
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_provider)

BOOST_AUTO_TEST_CASE(streams_an_answer_with_usage_and_keeps_the_connection) {
    World world;
    world.simulator.on_model("m", [](std::size_t, std::string_view) {
        return answer({"Ulaan", "baa", "tar \u2764\n\"q\""});
    });
    for (int turn = 0; turn < 3; ++turn) {
        const Outcome outcome = world.run(consume(world.model("m")));
        BOOST_TEST(outcome.text == "Ulaanbaatar \u2764\n\"q\"");
        BOOST_TEST(outcome.terminals == 1U);
        BOOST_TEST((outcome.reason == StopReason::stop));
        BOOST_REQUIRE(outcome.usage.has_value());
        BOOST_TEST(outcome.usage->output.value_or(0) > 0U);
        BOOST_TEST(outcome.answerer.provider_id == "openai");
        BOOST_TEST(outcome.answerer.model_id == "m");
        BOOST_TEST(outcome.answerer.response_id.starts_with("chatcmpl-"));
        BOOST_TEST(world.idle_connections() == 1U);
    }
    BOOST_TEST(world.network->stats().made ==
               1U);  // one connection served all three, whichever provider object asked
}

BOOST_AUTO_TEST_CASE(raw_bytes_concatenate_to_the_body) {
    World world;
    const std::string body =
        ": hello\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n"
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n: ping\n\n"
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n\n"
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    world.simulator.on_model("m", [&](std::size_t, std::string_view) {
        SimulatedAnswer raw;
        raw.body = body;
        raw.content_type = "text/event-stream";
        return raw;
    });
    for (const std::size_t at_once : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
        testing::NetworkFaults faults;
        faults.max_read = at_once;
        world.network->set_faults(faults);
        const Outcome outcome = world.run(consume(world.model("m")));
        BOOST_TEST(outcome.raw == body);
        BOOST_TEST(outcome.text == "ab");
        net::Pool::of(world.context.get_executor())->clear();
    }
}

struct ModelCase {
    const char* model;
    std::optional<ErrorKind> kind;  // none: a good answer
    std::optional<Phase> phase;
};

const std::vector<ModelCase>& model_cases() {
    static const std::vector<ModelCase> cases{
        {"sim-ok", {}, {}},
        {"sim-slow-first", {}, {}},
        {"sim-reasoning", {}, {}},
        {"sim-tools", {}, {}},
        {"sim-no-done", {}, {}},
        {"sim-byte-writes", {}, {}},
        {"sim-one-write", {}, {}},
        {"sim-huge-event", {}, {}},
        {"sim-crlf", {}, {}},
        {"sim-comments", {}, {}},
        {"sim-content-filter-finish", {}, {}},
        {"sim-401", ErrorKind::provider_auth_failed, {}},
        {"sim-403", ErrorKind::provider_auth_failed, {}},
        {"sim-404", ErrorKind::model_not_found, {}},
        {"sim-400", ErrorKind::provider_bad_request, {}},
        {"sim-429", ErrorKind::rate_limited, {}},
        {"sim-429-retry-after", ErrorKind::rate_limited, {}},
        {"sim-429-quota", ErrorKind::quota_exhausted, {}},
        {"sim-500", ErrorKind::provider_unavailable, {}},
        {"sim-503", ErrorKind::provider_overloaded, {}},
        {"sim-529", ErrorKind::provider_overloaded, {}},
        {"sim-gzip-error", ErrorKind::provider_overloaded, {}},
        {"sim-html-error", ErrorKind::provider_unavailable, {}},
        {"sim-context-length", ErrorKind::context_length_exceeded, {}},
        {"sim-content-filter", ErrorKind::content_filtered, {}},
        {"sim-reset", ErrorKind::provider_unavailable, Phase::headers},
        {"sim-silent", ErrorKind::provider_timeout, Phase::headers},
        {"sim-cut", ErrorKind::stream_truncated, Phase::stream},
        {"sim-stall", ErrorKind::provider_timeout, Phase::idle},
        {"sim-malformed", ErrorKind::provider_unavailable, Phase::stream},
        {"sim-no-finish", ErrorKind::stream_truncated, Phase::stream},
        {"sim-empty", ErrorKind::stream_truncated, Phase::first_event},
    };
    return cases;
}

BOOST_AUTO_TEST_CASE(every_way_a_provider_fails_is_its_typed_error) {
    for (const ModelCase& test : model_cases()) {
        BOOST_TEST_CONTEXT(test.model) {
            World world;
            const Outcome outcome = world.run(consume(world.model(test.model)));
            BOOST_TEST(outcome.terminals == 1U);
            BOOST_REQUIRE(outcome.failure.has_value() == test.kind.has_value());
            if (test.kind) {
                BOOST_TEST(class_name(outcome.failure->kind) == class_name(*test.kind));
                BOOST_TEST(outcome.failure->provider == "openai");
                BOOST_TEST(outcome.failure->model == test.model);
                BOOST_TEST(!outcome.failure->message.empty());
                if (test.phase) BOOST_TEST(to_string(outcome.failure->phase) == to_string(*test.phase));
            }
            BOOST_TEST(world.clock->armed() == 0U);
            BOOST_TEST(world.leased_connections() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(in_stream_errors_before_the_first_answer_move_the_gate_on) {
    for (const char* primary :
         {"sim-error-first", "sim-metadata-then-error", "sim-json-200", "sim-empty", "sim-503", "sim-429",
          "sim-reset", "sim-silent", "sim-context-length", "sim-gzip-error", "sim-500-once"}) {
        BOOST_TEST_CONTEXT(primary) {
            World world;
            const OpenAI first(world.options("first"));
            const OpenAI second(world.options("second"));
            FallbackOptions options;
            options.runtime = world.runtime;
            std::size_t failovers = 0;
            options.on_failover = [&](const Failover&) { ++failovers; };
            const FallbackBoundModel model({first.model(primary), second.model("sim-ok")}, options);
            const Outcome outcome = world.run(consume(model));
            BOOST_TEST(!outcome.failure.has_value());
            BOOST_TEST(outcome.answerer.provider_id == "second");
            BOOST_TEST(failovers == 1U);
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_connection_of_a_failed_try_is_kept) {
    for (const char* primary : {"sim-503", "sim-429", "sim-json-200", "sim-error-first"}) {
        BOOST_TEST_CONTEXT(primary) {
            World world;
            const OpenAI provider(world.options());
            FallbackOptions options;
            options.runtime = world.runtime;
            const FallbackBoundModel model({provider.model(primary), provider.model("sim-ok")}, options);
            for (int turn = 0; turn < 3; ++turn)
                world.run(consume(model));
            BOOST_TEST(world.network->stats().made == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(retry_after_and_context_numbers_are_typed) {
    World world;
    const Outcome limited = world.run(consume(world.model("sim-429-retry-after")));
    BOOST_REQUIRE(limited.failure.has_value());
    BOOST_TEST((limited.failure->retry_after == 2000ms));
    const Outcome too_long = world.run(consume(world.model("sim-context-length")));
    BOOST_TEST((too_long.failure->tokens_in == Tokens{9001}));
    BOOST_TEST((too_long.failure->context_window == Tokens{8192}));
}

BOOST_AUTO_TEST_CASE(the_key_goes_out_and_never_comes_back) {
    World world;
    OpenAIOptions options = world.options();
    options.api_key = "bad-key";
    const Outcome outcome = world.run(consume(OpenAI(options).model("sim-ok")));
    BOOST_REQUIRE(outcome.failure.has_value());
    BOOST_TEST((outcome.failure->kind == ErrorKind::provider_auth_failed));
    BOOST_REQUIRE(!world.simulator.requests().empty());
    BOOST_TEST(world.simulator.requests().back().authorization == "Bearer bad-key");
    for (const std::string& text :
         {outcome.failure->message, outcome.failure->provider_message, describe(*outcome.failure)})
        BOOST_TEST(text.find("bad-key") == std::string::npos);

    options.api_key.clear();
    world.run(consume(OpenAI(options).model("sim-ok")));
    BOOST_TEST(world.simulator.requests().back().authorization.empty());  // no key: no Authorization header
}

BOOST_AUTO_TEST_CASE(deadlines_are_kept_to_the_tick) {
    struct DeadlineCase {
        const char* model;
        Deadlines limits;
        Phase phase;
        Duration after;
    };
    Deadlines headers;
    headers.headers = 7s;
    Deadlines first;
    first.first_event = 1500ms;
    Deadlines idle;
    idle.idle = 3s;
    Deadlines leg;
    leg.leg = 11s;
    Deadlines total;
    total.total = 5s;
    const std::vector<DeadlineCase> cases{
        {"sim-silent", headers, Phase::headers, 7s}, {"sim-slow-first", first, Phase::first_event, 1500ms},
        {"sim-stall", idle, Phase::idle, 3s},        {"sim-silent", leg, Phase::leg, 11s},
        {"sim-stall", total, Phase::total, 5s},
    };
    for (const DeadlineCase& test : cases) {
        BOOST_TEST_CONTEXT(test.model << " " << to_string(test.phase)) {
            World world;
            OpenAIOptions options = world.options();
            options.deadlines = test.limits;
            const TimePoint start = world.clock->now();
            const Outcome outcome = world.run(consume(OpenAI(options).model(test.model)));
            BOOST_REQUIRE(outcome.failure.has_value());
            BOOST_TEST(class_name(outcome.failure->kind) == "ProviderTimeout");
            BOOST_TEST(to_string(outcome.failure->phase) == to_string(test.phase));
            BOOST_TEST((world.clock->now() - start == test.after));
        }
    }
}

namespace {

asio::awaitable<AssistantMessage> ask_within_20s(BoundModel model) {
    co_return co_await model.generate("x", CallOptions().total(20s));
}

}  // namespace

// A silent leg takes its share of the call's time, and no more.
BOOST_AUTO_TEST_CASE(the_budget_of_a_call_is_split_over_the_legs) {
    World world;
    const OpenAI provider(world.options());
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel model({provider.model("sim-silent"), provider.model("sim-ok")}, options);
    const TimePoint start = world.clock->now();
    const AssistantMessage answer = world.run(ask_within_20s(model));
    BOOST_TEST(answer.model_id == "sim-ok");
    BOOST_TEST((world.clock->now() - start == 10s));
}

BOOST_AUTO_TEST_CASE(a_budget_that_is_not_split_is_spent_by_the_first_silent_leg) {
    World world;
    const OpenAI provider(world.options());
    FallbackOptions options;
    options.split = BudgetSplit::none;
    options.runtime = world.runtime;
    const FallbackBoundModel model({provider.model("sim-silent"), provider.model("sim-ok")}, options);
    const TimePoint start = world.clock->now();
    BOOST_CHECK_THROW(world.run(ask_within_20s(model)), ProviderTimeout);
    BOOST_TEST((world.clock->now() - start == 20s));
}

BOOST_AUTO_TEST_CASE(options_that_cannot_work_are_refused_without_the_key) {
    World world;
    const auto refuses = [&](auto change) {
        OpenAIOptions options = world.options();
        options.api_key = "sk-secret";
        change(options);
        try {
            const OpenAI provider(options);
        } catch (const std::invalid_argument& error) {
            BOOST_TEST(std::string(error.what()).find("sk-secret") == std::string::npos);
            return true;
        }
        return false;
    };
    BOOST_TEST(refuses([](OpenAIOptions& o) { o.id.clear(); }));
    BOOST_TEST(refuses([](OpenAIOptions& o) { o.api_key = "sk-secret\n"; }));
    BOOST_TEST(refuses([](OpenAIOptions& o) { o.headers.emplace_back("x-test", "a\r\nx-injected: 1"); }));
    BOOST_TEST(refuses([](OpenAIOptions& o) { o.headers.emplace_back("x test", "a"); }));
    for (const char* url :
         {"", "api.openai.com/v1", "ftp://host", "http://", "http://user:pw@host", "http://host:0",
          "http://host:99999", "http://ho st", "http://[::1", "http://host#x", "http://host\n"})
        BOOST_TEST(refuses([url](OpenAIOptions& o) { o.base_url = url; }), url);
    BOOST_CHECK_THROW(OpenAI(world.options()).model(""), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(base_urls_are_taken_as_users_write_them) {
    struct UrlCase {
        const char* base;
        Origin origin;
        const char* host_field;
        const char* target;
    };
    const std::vector<UrlCase> cases{
        {"https://api.openai.com/v1", Origin(true, "api.openai.com", 443), "api.openai.com",
         "/v1/chat/completions"},
        {"http://LocalHost:11434/v1/", Origin(false, "localhost", 11434), "localhost:11434",
         "/v1/chat/completions"},
        {"http://host:80", Origin(false, "host", 80), "host", "/chat/completions"},
        {"http://[::1]:8080/v1", Origin(false, "::1", 8080), "[::1]:8080", "/v1/chat/completions"},
        {"https://r.openai.azure.com/openai/deployments/d/?api-version=2026-01-01",
         Origin(true, "r.openai.azure.com", 443), "r.openai.azure.com",
         "/openai/deployments/d/chat/completions?api-version=2026-01-01"},
    };
    BOOST_TEST(BaseUrl("http://h/v1?key=x").target("/models/m:stream?alt=sse") ==
               "/v1/models/m:stream?alt=sse&key=x");
    for (const UrlCase& test : cases) {
        BOOST_TEST_CONTEXT(test.base) {
            const BaseUrl url(test.base);
            BOOST_TEST((url.origin == test.origin));
            BOOST_TEST(url.host_field == test.host_field);
            BOOST_TEST(url.target("/chat/completions") == test.target);
        }
    }
}

// However the I/O fails, at whichever step: one typed terminal, or a good answer where the step did not
// matter; nothing left.
BOOST_AUTO_TEST_CASE(each_io_step_failing_in_turn_gives_a_typed_error) {
    for (const bool writes : {false, true}) {
        bool harmless = false;
        for (std::size_t step = 0; !harmless; ++step) {
            BOOST_REQUIRE(step < 2000U);
            World world;
            testing::NetworkFaults faults;
            (writes ? faults.fail_write_at : faults.fail_read_at) = step;
            faults.max_read = 64;
            world.network->set_faults(faults);
            const Outcome outcome = world.run(consume(world.model("sim-ok")));
            BOOST_TEST(outcome.terminals == 1U);
            harmless = !outcome.failure;
            if (outcome.failure) {
                BOOST_TEST(is_a(outcome.failure->kind, ErrorKind::provider_unavailable));
                BOOST_TEST(world.idle_connections() == 0U);
            }
            BOOST_TEST(world.clock->armed() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_a_proxy_has_compressed_is_read_all_the_same) {
    World world;
    world.simulator.on_model("m", [](std::size_t, std::string_view) {
        SimulatedAnswer zipped;
        zipped.body =
            "data: "
            "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ulaanbaatar\"},\"finish_reason\":\"stop\"}]}"
            "\n\n"
            "data: [DONE]\n\n";
        zipped.content_type = "text/event-stream";
        zipped.gzip_body = true;
        return zipped;
    });
    const Outcome outcome = world.run(consume(world.model("m")));
    BOOST_TEST(!outcome.failure.has_value());
    BOOST_TEST(outcome.text == "Ulaanbaatar");
    BOOST_TEST(outcome.terminals == 1U);
}

BOOST_AUTO_TEST_CASE(an_event_beyond_the_limit_is_a_typed_error_not_memory) {
    World world;
    OpenAIOptions options = world.options();
    options.limits.read_buffer = 8 << 10;
    options.limits.max_event = 64 << 10;
    options.limits.max_held = 16 << 10;
    const Outcome huge = world.run(consume(OpenAI(options).model("sim-huge-event")));
    BOOST_REQUIRE(huge.failure.has_value());
    BOOST_TEST(class_name(huge.failure->kind) == "ProviderUnavailable");
    BOOST_TEST(huge.text.empty());

    // Metadata without an answer is bounded too: a server cannot fill our memory with pings.
    world.simulator.on_model("pings", [](std::size_t, std::string_view) {
        SimulatedAnswer pings;
        pings.content_type = "text/event-stream";
        for (int i = 0; i < 4096; ++i)
            pings.body += ": ping\n\n";
        return pings;
    });
    const Outcome pings = world.run(consume(OpenAI(options).model("pings")));
    BOOST_REQUIRE(pings.failure.has_value());
    BOOST_TEST(class_name(pings.failure->kind) == "ProviderUnavailable");
}

// Every cut of the answer, by bytes: never a short answer that looks whole.
BOOST_AUTO_TEST_CASE(a_reset_after_every_byte_is_never_a_good_end) {
    World whole_world;
    const Outcome whole = whole_world.run(consume(whole_world.model("sim-ok")));
    BOOST_REQUIRE(!whole.failure.has_value());
    std::size_t good = 0;
    for (std::size_t bytes = 0; bytes < 6000 && good < 3; bytes += bytes < 600 ? 1 : 17) {
        World world;
        testing::NetworkFaults faults;
        faults.reset_after_bytes = bytes;
        world.network->set_faults(faults);
        const Outcome outcome = world.run(consume(world.model("sim-ok")));
        BOOST_TEST(outcome.terminals == 1U);
        BOOST_TEST(whole.text.starts_with(outcome.text));
        if (!outcome.failure) {
            BOOST_TEST(outcome.text == whole.text);
            ++good;
        }
    }
    BOOST_TEST(good > 0U);
}

BOOST_AUTO_TEST_CASE(cancellation_at_every_suspension_point_leaves_nothing) {
    for (const char* name : {"sim-ok", "sim-stall", "sim-silent", "sim-503", "sim-byte-writes"}) {
        BOOST_TEST_CONTEXT(name) {
            bool finished = false;
            for (std::size_t turns = 0; !finished && turns < 400; ++turns) {
                World world;
                const OpenAI provider(world.options());
                FallbackOptions options;
                options.runtime = world.runtime;
                asio::cancellation_signal cancel;
                bool done = false;
                std::exception_ptr thrown;
                asio::co_spawn(
                    world.context,
                    consume(FallbackBoundModel({provider.model(name), provider.model("sim-ok")}, options)),
                    asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, Outcome) {
                        done = true;
                        thrown = error;
                    }));
                for (std::size_t turn = 0; turn < turns && !done; ++turn) {
                    world.context.restart();
                    if (world.context.poll_one() == 0) break;
                }
                finished = done;
                if (done) break;
                cancel.emit(asio::cancellation_type::terminal);
                world.context.restart();
                world.context.poll();
                BOOST_TEST(done);
                BOOST_REQUIRE(thrown);
                BOOST_CHECK_THROW(std::rethrow_exception(thrown), std::system_error);
                BOOST_TEST(world.leased_connections() == 0U);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(dropping_a_stream_closes_its_connection_at_once) {
    World world;
    const auto drop = [](BoundModel model) -> asio::awaitable<void> {
        TokenStream stream = co_await model.stream("x");
        const StreamEvent* first = co_await stream.next();
        BOOST_TEST((first != nullptr));
    };
    world.run(drop(world.model("sim-stall")));
    BOOST_TEST(world.network->stats().alive == 0U);
    BOOST_TEST(world.clock->armed() == 0U);
}

BOOST_AUTO_TEST_CASE(an_early_end_of_a_stream_can_be_waited_for) {
    World world;
    const auto stop_early = [](BoundModel model) -> asio::awaitable<bool> {
        TokenStream stream = co_await model.stream("x");
        co_await stream.next();
        co_await stream.close();
        const StreamEvent* after = co_await stream.next();
        co_return after == nullptr;
    };
    BOOST_TEST(world.run(stop_early(world.model("sim-stall"))));
    BOOST_TEST(world.network->stats().alive == 0U);
}

BOOST_AUTO_TEST_CASE(a_stream_is_closed_without_waiting_or_not_at_all) {
    World world;
    const auto stop = [](BoundModel model, bool at_its_end) -> asio::awaitable<bool> {
        TokenStream stream = co_await model.stream("x");
        BOOST_TEST((stream.peeked() == nullptr));
        const StreamEvent* first = co_await stream.peek();
        BOOST_TEST((first != nullptr));
        BOOST_TEST(stream.peeked() == first);
        for (bool more = at_its_end; more;) {
            const StreamEvent* event = co_await stream.next();
            more = !event->is_terminal();
        }
        const bool closed = stream.try_close();
        const StreamEvent* after = stream.try_next();
        BOOST_TEST((closed ? after == nullptr : after == first));
        co_return closed;
    };
    BOOST_TEST(world.run(stop(world.model("sim-ok"), true)));
    BOOST_TEST(world.idle_connections() == 1U);
    BOOST_TEST(!world.run(stop(world.model("sim-stall"), false)));
}

// The shapes users write first must survive g++ 12.2 (docs/await-rule.md).
asio::awaitable<std::string> as_users_write(BoundModel model) {
    std::string text;
    TokenStream stream =
        co_await model.stream(Request()
                                  .system("Be brief, and a string long enough to be on the heap.")
                                  .user("Capital of Mongolia? Also long enough to be on the heap."));
    while (const StreamEvent* event = co_await stream.next())
        if (auto* delta = event->as<TextDelta>()) text += delta->text;
    AssistantMessage answer = co_await model.generate(
        Request("hello, a string that is long enough to be on the heap").temperature(0.5).stop("\n\n"));
    text += answer.text();
    AssistantMessage again =
        co_await model.generate(std::string("one more string that is long enough for the heap"));
    text += again.text();
    co_return text;
}

BOOST_AUTO_TEST_CASE(the_shapes_users_write_first_are_safe) {
    World world;
    world.simulator.on_model(
        "m", [](std::size_t turn, std::string_view) { return answer({"t" + std::to_string(turn)}); });
    BOOST_TEST(world.run(as_users_write(world.model("m"))) == "t0t1t2");
}

BOOST_AUTO_TEST_CASE(env_or_takes_the_default_for_unset_and_empty) {
    ::setenv("SLUICE_TEST_VARIABLE", "", 1);
    BOOST_TEST(env_or("SLUICE_TEST_VARIABLE", "default") == "default");
    ::setenv("SLUICE_TEST_VARIABLE", "set", 1);
    BOOST_TEST(env_or("SLUICE_TEST_VARIABLE", "default") == "set");
    ::unsetenv("SLUICE_TEST_VARIABLE");
    BOOST_TEST(env_or("SLUICE_TEST_VARIABLE", "default") == "default");
}

BOOST_AUTO_TEST_SUITE_END()
