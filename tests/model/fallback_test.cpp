// The gate's contract (docs/gate.md), point by point, over scripted providers in virtual time.
#include <sluice/fallback.hpp>
#include <sluice/log.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using testing::Script;
using testing::ScriptedProvider;

namespace {

struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(1)};
    ScriptedProvider alpha{"alpha", runtime};
    ScriptedProvider beta{"beta", runtime};
    std::vector<Failover> failovers;

    FallbackOptions options() {
        FallbackOptions options;
        options.runtime = runtime;
        options.on_failover = [this](const Failover& what) { failovers.push_back(what); };
        return options;
    }
    template <typename T>
    T run(asio::awaitable<T> work) {
        return test::run(context, *clock, std::move(work));
    }

    ~World() {
        BOOST_TEST(alpha.running() == 0U);
        BOOST_TEST(beta.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

struct Outcome {
    std::string text;
    std::string provider;
    std::string model;
    std::vector<std::string> attempts;  // "provider/model Kind"
    std::optional<ErrorInfo> failure;
    std::size_t terminals = 0;
};

std::vector<std::string> names(std::span<const Attempt> attempts) {
    std::vector<std::string> all;
    for (const Attempt& attempt : attempts) {
        all.push_back(attempt.provider + "/" + attempt.model + " " +
                      std::string(class_name(attempt.error.kind)) +
                      (attempt.outcome == Attempt::Outcome::skipped ? " skipped" : ""));
    }
    return all;
}

asio::awaitable<Outcome> consume(BoundModel model) {
    Outcome outcome;
    TokenStream stream = co_await model.stream("Capital of Mongolia?");
    while (const StreamEvent* event = co_await stream.next()) {
        if (const auto* text = event->as<TextDelta>()) outcome.text += text->text;
        if (const auto* failure = event->as<Failure>()) outcome.failure = failure->error();
        outcome.terminals += event->is_terminal();
    }
    const StreamEvent* after_end = co_await stream.next();
    BOOST_TEST((after_end == nullptr));  // the end is sticky
    outcome.provider = stream.answerer().provider_id;
    outcome.model = stream.answerer().model_id;
    outcome.attempts = names(stream.attempts());
    co_return outcome;
}

Script good(const char* text = "Ulaanbaatar") {
    return Script().text(text).text(".").finish();
}

std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gate)

BOOST_AUTO_TEST_CASE(an_empty_chain_is_refused_at_construction) {
    BOOST_CHECK_THROW(FallbackBoundModel(std::vector<BoundModel>()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_good_primary_answers_and_nothing_else_is_asked) {
    World world;
    world.alpha.script("a", good());
    world.beta.script("b", good());
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, world.options());
    const Outcome outcome = world.run(consume(model));
    BOOST_TEST(outcome.text == "Ulaanbaatar.");
    BOOST_TEST(outcome.provider == "alpha");
    BOOST_TEST(outcome.terminals == 1U);
    BOOST_TEST(outcome.attempts.empty());
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST(world.failovers.empty());
}

struct FailureCase {
    const char* what;
    Script script;
    ErrorKind kind;
};

// However a leg fails before its first answer, it is the same typed error and the same failover (point 2).
BOOST_AUTO_TEST_CASE(every_way_to_fail_before_the_first_answer_moves_on) {
    const std::vector<FailureCase> cases{
        {"opening fails", Script().fail_open(ErrorKind::rate_limited), ErrorKind::rate_limited},
        {"opening fails late", Script().delay(3s).fail_open(ErrorKind::provider_timeout),
         ErrorKind::provider_timeout},
        {"the first event is a failure", Script().fail(ErrorKind::provider_overloaded),
         ErrorKind::provider_overloaded},
        {"extensions, then a failure", Script().extension("x", "1").fail(ErrorKind::quota_exhausted),
         ErrorKind::quota_exhausted},
        {"it ends before any event", Script(), ErrorKind::stream_truncated},
        {"it ends after extensions", Script().extension("x", "1"), ErrorKind::stream_truncated},
        {"context length", Script().fail(ErrorKind::context_length_exceeded),
         ErrorKind::context_length_exceeded},
    };
    for (const FailureCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            World world;
            world.alpha.script("a", test.script);
            world.beta.script("b", good());
            const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, world.options());
            const Outcome outcome = world.run(consume(model));
            BOOST_TEST(outcome.text == "Ulaanbaatar.");
            BOOST_TEST(outcome.provider == "beta");
            BOOST_TEST(outcome.model == "b");
            BOOST_TEST(outcome.attempts == list({"alpha/a " + std::string(class_name(test.kind))}),
                       boost::test_tools::per_element());
            BOOST_REQUIRE(world.failovers.size() == 1U);
            const Failover& failover = world.failovers.front();
            BOOST_TEST(failover.failed.provider_id == "alpha");
            BOOST_REQUIRE(failover.next.has_value());
            BOOST_TEST(failover.next->id == "b");
            BOOST_TEST((failover.error.kind == test.kind));
            BOOST_TEST(failover.attempt == 0U);
            // What the caller asks the model is always the primary (point 8).
            BOOST_TEST(model.spec().id == "a");
            BOOST_TEST(model.provider().id() == "alpha");
        }
    }
}

BOOST_AUTO_TEST_CASE(kinds_that_are_no_trigger_are_thrown_as_their_class) {
    World world;
    world.alpha.script("auth", Script().fail(ErrorKind::provider_auth_failed));
    world.alpha.script("bad", Script().fail_open(ErrorKind::provider_bad_request));
    world.alpha.script("filter", Script().fail(ErrorKind::content_filtered));
    world.beta.script("b", good());
    const auto chain = [&](const char* primary) {
        return FallbackBoundModel({world.alpha.model(primary), world.beta.model("b")}, world.options());
    };
    BOOST_CHECK_THROW(world.run(consume(chain("auth"))), ProviderAuthFailed);
    BOOST_CHECK_THROW(world.run(consume(chain("bad"))), ProviderBadRequest);
    BOOST_CHECK_THROW(world.run(consume(chain("filter"))), ContentFiltered);
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST(world.failovers.empty());
}

BOOST_AUTO_TEST_CASE(a_passed_trigger_set_replaces_the_default) {
    World world;
    world.alpha.script("auth", Script().fail(ErrorKind::provider_auth_failed));
    world.alpha.script("rate", Script().fail(ErrorKind::rate_limited));
    world.beta.script("b", good());
    FallbackOptions options = world.options();
    options.trigger_errors = triggers::with_auth();
    BOOST_TEST(
        world.run(consume(FallbackBoundModel({world.alpha.model("auth"), world.beta.model("b")}, options)))
            .provider == "beta");
    options.trigger_errors = TriggerSet{ErrorKind::provider_auth_failed};
    const FallbackBoundModel only_auth({world.alpha.model("rate"), world.beta.model("b")}, options);
    BOOST_CHECK_THROW(world.run(consume(only_auth)), RateLimited);
}

BOOST_AUTO_TEST_CASE(trigger_sets_count_subclasses) {
    const TriggerSet standard = triggers::standard();
    for (const ErrorKind kind :
         {ErrorKind::rate_limited, ErrorKind::quota_exhausted, ErrorKind::provider_timeout,
          ErrorKind::stream_truncated, ErrorKind::all_providers_failed, ErrorKind::context_length_exceeded}) {
        BOOST_TEST(standard.contains(kind));
    }
    for (const ErrorKind kind : {ErrorKind::provider_auth_failed, ErrorKind::provider_bad_request,
                                 ErrorKind::model_not_found, ErrorKind::content_filtered}) {
        BOOST_TEST(!standard.contains(kind));
        BOOST_TEST(triggers::any_error().contains(kind));
    }
}

BOOST_AUTO_TEST_CASE(exhaustion_carries_every_attempt_and_nests_the_last_error) {
    World world;
    world.alpha.script("a", Script().fail_open(ErrorKind::rate_limited));
    world.beta.script("b", Script().fail(ErrorKind::provider_overloaded));
    world.beta.script("c", Script());
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b"), world.beta.model("c")},
                                   world.options());
    try {
        world.run(consume(model));
        BOOST_FAIL("must throw");
    } catch (const AllProvidersFailed& error) {
        BOOST_TEST(names(error.attempts()) ==
                       list({"alpha/a RateLimited", "beta/b ProviderOverloaded", "beta/c StreamTruncated"}),
                   boost::test_tools::per_element());
        BOOST_CHECK_THROW(std::rethrow_if_nested(error), StreamTruncated);
        BOOST_TEST(std::string(error.what()).find("StreamTruncated") != std::string::npos);
    }
    BOOST_REQUIRE(world.failovers.size() == 3U);
    BOOST_TEST(!world.failovers.back().next.has_value());  // also the last one, with no next (point 5)
    BOOST_TEST(world.failovers.back().attempt == 2U);
}

BOOST_AUTO_TEST_CASE(after_commit_nothing_is_retried) {
    World world;
    world.alpha.script("a", Script().text("Ulaan").fail(ErrorKind::provider_unavailable));
    world.beta.script("b", good());
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, world.options());
    const Outcome outcome = world.run(consume(model));
    BOOST_TEST(outcome.text == "Ulaan");
    BOOST_REQUIRE(outcome.failure.has_value());
    BOOST_TEST((outcome.failure->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(outcome.terminals == 1U);
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST(world.failovers.empty());
}

BOOST_AUTO_TEST_CASE(a_cut_after_commit_is_a_failure_not_an_end) {
    World world;
    world.alpha.script("a", Script().text("Ulaan"));
    const FallbackBoundModel model({world.alpha.model("a")}, world.options());
    const Outcome outcome = world.run(consume(model));
    BOOST_REQUIRE(outcome.failure.has_value());
    BOOST_TEST((outcome.failure->kind == ErrorKind::stream_truncated));
    BOOST_TEST(outcome.terminals == 1U);
}

BOOST_AUTO_TEST_CASE(extensions_before_the_first_answer_are_delivered_in_order) {
    World world;
    world.alpha.script("a", Script().extension("filters", "{}").extension("more", "1").text("Hi").finish());
    const FallbackBoundModel model({world.alpha.model("a")}, world.options());
    const auto all = [](BoundModel from) -> asio::awaitable<std::vector<std::string>> {
        std::vector<std::string> seen;
        TokenStream stream = co_await from.stream("x");
        while (const StreamEvent* event = co_await stream.next()) {
            if (const auto* extension = event->as<Extension>()) seen.emplace_back(extension->name);
            if (const auto* text = event->as<TextDelta>()) seen.emplace_back(text->text);
            if (event->is<Finish>()) seen.emplace_back("finish");
        }
        co_return seen;
    };
    BOOST_TEST(world.run(all(model)) == list({"filters", "more", "Hi", "finish"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_failed_leg_is_over_before_the_next_begins) {
    World world;
    // Both legs on one provider, so that max_running tells whether they ever overlapped.
    world.alpha.script("a", Script().delay(1s).fail(ErrorKind::provider_unavailable));
    world.alpha.script("b", Script().delay(1s).text("ok").finish());
    const FallbackBoundModel model({world.alpha.model("a"), world.alpha.model("b")}, world.options());
    BOOST_TEST(world.run(consume(model)).text == "ok");
    BOOST_TEST(world.alpha.max_running() == 1U);
}

BOOST_AUTO_TEST_CASE(after_context_length_smaller_windows_are_skipped_and_recorded) {
    World world;
    const auto sized = [](std::string id, Tokens window) {
        ModelSpec spec(std::string(), std::move(id));
        spec.context_window = window;
        return spec;
    };
    world.alpha.script("small", Script().fail(ErrorKind::context_length_exceeded));
    world.beta.script("equal", good());
    world.beta.script("large", good("big"));
    const FallbackBoundModel model(
        {world.alpha.model(sized("small", 128'000)), world.beta.model(sized("equal", 128'000)),
         world.beta.model(sized("large", 1'000'000))},
        world.options());
    const Outcome outcome = world.run(consume(model));
    BOOST_TEST(outcome.model == "large");
    BOOST_TEST(outcome.attempts ==
                   list({"alpha/small ContextLengthExceeded", "beta/equal ContextLengthExceeded skipped"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(world.failovers.size() == 1U);
    BOOST_TEST(world.failovers.front().next->id == "large");
}

BOOST_AUTO_TEST_CASE(a_chain_that_ends_with_skipped_legs_names_the_error_of_the_one_that_was_asked) {
    World world;
    ModelSpec small("", "small");
    small.context_window = 8'000;
    ErrorInfo too_long(ErrorKind::context_length_exceeded, Phase::headers, "9001 tokens do not fit");
    world.alpha.script("small", Script().fail_open(too_long));
    const FallbackBoundModel model({world.alpha.model(small), world.beta.model(small)}, world.options());
    try {
        world.run(consume(model));
        BOOST_FAIL("must throw");
    } catch (const AllProvidersFailed& error) {
        BOOST_TEST(names(error.attempts()) == list({"alpha/small ContextLengthExceeded",
                                                    "beta/small ContextLengthExceeded skipped"}),
                   boost::test_tools::per_element());
        BOOST_TEST(std::string(error.what()).find("9001 tokens do not fit") != std::string::npos);
        BOOST_CHECK_THROW(std::rethrow_if_nested(error), ContextLengthExceeded);
    }
    BOOST_TEST(world.beta.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(chains_nest_and_their_attempts_are_flat) {
    World world;
    world.alpha.script("a", Script().fail(ErrorKind::rate_limited));
    world.alpha.script("b", Script().fail(ErrorKind::provider_timeout));
    world.beta.script("c", good());
    const FallbackBoundModel inner({world.alpha.model("a"), world.alpha.model("b")}, world.options());
    const FallbackBoundModel outer({inner, world.beta.model("c")}, world.options());
    const Outcome outcome = world.run(consume(outer));
    BOOST_TEST(outcome.provider == "beta");
    BOOST_TEST(outcome.attempts == list({"alpha/a RateLimited", "alpha/b ProviderTimeout"}),
               boost::test_tools::per_element());

    world.beta.script("d", good("inner"));
    const FallbackBoundModel saved({world.alpha.model("a"), world.beta.model("d")}, world.options());
    const FallbackBoundModel around({world.alpha.model("b"), saved}, world.options());
    BOOST_TEST(
        world.run(consume(around)).attempts == list({"alpha/b ProviderTimeout", "alpha/a RateLimited"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_non_trigger_after_a_failover_still_tells_of_the_earlier_legs) {
    World world;
    world.alpha.script("a", Script().fail(ErrorKind::rate_limited));
    world.beta.script("b", Script().fail(ErrorKind::provider_bad_request));
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, world.options());
    try {
        world.run(consume(model));
        BOOST_FAIL("must throw");
    } catch (const ProviderBadRequest& error) {
        BOOST_REQUIRE(error.info().attempts);
        BOOST_TEST(
            names(*error.info().attempts) == list({"alpha/a RateLimited", "beta/b ProviderBadRequest"}),
            boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(what_a_hook_throws_is_logged_and_swallowed) {
    World world;
    world.alpha.script("a", Script().fail(ErrorKind::rate_limited));
    world.beta.script("b", good());
    std::vector<std::string> lines;
    set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
    FallbackOptions options = world.options();
    options.on_failover = [](const Failover&) { throw std::runtime_error("hook broke"); };
    BOOST_TEST(
        world.run(consume(FallbackBoundModel({world.alpha.model("a"), world.beta.model("b")}, options)))
            .text == "Ulaanbaatar.");
    options.on_failover = [](const Failover&) -> asio::awaitable<void> {
        throw std::runtime_error("async hook broke");
        co_return;
    };
    BOOST_TEST(
        world.run(consume(FallbackBoundModel({world.alpha.model("a"), world.beta.model("b")}, options)))
            .text == "Ulaanbaatar.");
    set_log_sink({});
    BOOST_TEST(lines == list({"provider failover: alpha/a \u2192 beta/b (RateLimited, leg 1 of 2)",
                              "on_failover threw, and was ignored: hook broke",
                              "provider failover: alpha/a \u2192 beta/b (RateLimited, leg 1 of 2)",
                              "on_failover threw, and was ignored: async hook broke"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_async_hook_is_awaited_within_its_bound) {
    World world;
    world.alpha.script("a", Script().fail(ErrorKind::rate_limited));
    world.beta.script("b", good());
    std::vector<std::string> order;
    FallbackOptions options = world.options();
    options.hook_limit = 2s;
    Duration hook_takes = 1s;
    options.on_failover = [&](const Failover&) -> asio::awaitable<void> {
        order.push_back("hook");
        co_await sleep_for(*world.clock, hook_takes);
        order.push_back(world.beta.calls() == 0 ? "hook done first" : "hook done late");
    };
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, options);
    const TimePoint start = world.clock->now();
    world.run(consume(model));
    BOOST_TEST((world.clock->now() - start == 1s));
    BOOST_TEST(order == list({"hook", "hook done first"}), boost::test_tools::per_element());

    hook_takes = 1h;  // held up no longer than its bound, then cancelled
    const TimePoint again = world.clock->now();
    BOOST_TEST(world.run(consume(model)).text == "Ulaanbaatar.");
    BOOST_TEST((world.clock->now() - again == 2s));
    BOOST_TEST(order.size() == 3U);
}

BOOST_AUTO_TEST_CASE(commit_on_complete_moves_on_from_a_mid_stream_failure) {
    World world;
    world.alpha.script("a", Script().text("Ulaan").fail(ErrorKind::provider_unavailable));
    world.alpha.script("cut", Script().text("Ulaan"));
    world.beta.script("b", good());
    FallbackOptions options = world.options();
    options.commit_on = CommitOn::complete;
    for (const char* primary : {"a", "cut"}) {
        const FallbackBoundModel model({world.alpha.model(primary), world.beta.model("b")}, options);
        const Outcome outcome = world.run(consume(model));
        BOOST_TEST(outcome.text == "Ulaanbaatar.");
        BOOST_TEST(outcome.provider == "beta");
        BOOST_TEST(outcome.terminals == 1U);
        BOOST_TEST(outcome.attempts.size() == 1U);
    }
    const FallbackBoundModel lost({world.alpha.model("a"), world.alpha.model("cut")}, options);
    BOOST_CHECK_THROW(world.run(consume(lost)), AllProvidersFailed);
}

// Found by the simulation: the record of a leg that is a chain itself named that chain's primary.
BOOST_AUTO_TEST_CASE(an_answer_that_fails_midway_is_recorded_as_its_own_models) {
    World world;
    world.alpha.script("a", Script().fail_open(ErrorKind::rate_limited));
    world.beta.script("b", Script().text("Ulaan").fail(ErrorKind::provider_overloaded));
    world.beta.script("c", Script().fail(ErrorKind::provider_unavailable));
    FallbackOptions options = world.options();
    options.commit_on = CommitOn::complete;
    const FallbackBoundModel inner({world.alpha.model("a"), world.beta.model("b")}, world.options());
    const FallbackBoundModel model({inner, world.beta.model("c")}, options);
    try {
        world.run(consume(model));
        BOOST_FAIL("must throw");
    } catch (const AllProvidersFailed& error) {
        BOOST_TEST(names(error.attempts()) == list({"alpha/a RateLimited", "beta/b ProviderOverloaded",
                                                    "beta/c ProviderUnavailable"}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(commit_on_complete_holds_a_bounded_answer) {
    World world;
    world.alpha.script("a", Script().repeat_text("0123456789", 100, 10).finish());
    world.beta.script("b", good());
    FallbackOptions options = world.options();
    options.commit_on = CommitOn::complete;
    options.max_held_bytes = 4096;
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, options);
    BOOST_TEST(world.run(consume(model)).provider == "beta");
}

BOOST_AUTO_TEST_CASE(the_total_budget_ends_the_chain) {
    World world;
    world.alpha.script("a", Script().delay(4s).fail(ErrorKind::provider_unavailable));
    ErrorInfo spent(ErrorKind::provider_timeout, Phase::total, "no time left");
    world.beta.script("b", Script().delay(1s).fail(spent));
    world.beta.script("c", good());
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b"), world.beta.model("c")},
                                   world.options());
    try {
        world.run(consume(model));
        BOOST_FAIL("must throw");
    } catch (const ProviderTimeout& error) {
        BOOST_TEST((error.info().phase == Phase::total));
        BOOST_REQUIRE(error.info().attempts);
        BOOST_TEST(error.info().attempts->size() == 2U);
        BOOST_TEST((error.info().attempts->front().duration == 4s));
    }
    BOOST_TEST(world.beta.calls() == 1U);
}

BOOST_AUTO_TEST_CASE(generate_keeps_the_same_rules) {
    World world;
    Usage usage;
    usage.input = 7;
    usage.output = 0;
    world.alpha.script("a", Script().fail(ErrorKind::rate_limited));
    world.alpha.script("mid", Script().text("x").fail(ErrorKind::provider_overloaded));
    world.beta.script("b", Script().text("Ulaan").text("baatar").finish(StopReason::stop, usage));
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("b")}, world.options());
    const AssistantMessage message = world.run(model.generate("Capital of Mongolia?"));
    BOOST_TEST(message.text() == "Ulaanbaatar");
    BOOST_TEST(message.provider_id == "beta");
    BOOST_TEST(message.model_id == "b");
    BOOST_TEST((message.usage == usage));
    const FallbackBoundModel mid({world.alpha.model("mid"), world.beta.model("b")}, world.options());
    BOOST_CHECK_THROW(world.run(mid.generate("x")), ProviderOverloaded);
}

BOOST_AUTO_TEST_CASE(a_failure_in_the_middle_after_a_failover_carries_the_legs_before_it) {
    World world;
    world.alpha.script("a", Script().fail(ErrorKind::rate_limited));
    world.beta.script("mid", Script().text("x").fail(ErrorKind::provider_overloaded));
    const FallbackBoundModel model({world.alpha.model("a"), world.beta.model("mid")}, world.options());
    try {
        world.run(model.generate("x"));
        BOOST_ERROR("half an answer passed for a whole one");
    } catch (const ProviderOverloaded& error) {
        BOOST_REQUIRE((error.info().attempts != nullptr));
        BOOST_TEST(
            names(*error.info().attempts) == list({"alpha/a RateLimited", "beta/mid ProviderOverloaded"}),
            boost::test_tools::per_element());
    }
}

// Cancels after every possible number of handlers: whatever was in flight is over, no hook, no next leg
// (point 11).
BOOST_AUTO_TEST_CASE(cancellation_at_every_suspension_point_is_no_failure) {
    const std::vector<Script> primaries{
        Script().hang(),
        Script().delay(1s).text("a").delay(1s).text("b").delay(1s).finish(),
        Script().text("a").hang(),
    };
    for (const CommitOn commit : {CommitOn::first_event, CommitOn::complete}) {
        for (const Script& primary : primaries) {
            bool finished = false;
            for (std::size_t turns = 0; !finished && turns < 200; ++turns) {
                World world;
                world.alpha.script("a", primary);
                world.beta.script("b", good());
                FallbackOptions options = world.options();
                options.commit_on = commit;
                asio::cancellation_signal cancel;
                bool done = false;
                std::exception_ptr thrown;
                asio::co_spawn(
                    world.context,
                    consume(FallbackBoundModel({world.alpha.model("a"), world.beta.model("b")}, options)),
                    asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, Outcome) {
                        done = true;
                        thrown = error;
                    }));
                for (std::size_t turn = 0; turn < turns && !done; ++turn) {
                    if (world.context.poll_one() == 0) world.clock->advance(world.context, 500ms);
                    world.context.restart();
                }
                finished = done;
                if (done) break;
                cancel.emit(asio::cancellation_type::terminal);
                world.context.poll();
                BOOST_TEST(done);
                BOOST_REQUIRE(thrown);
                BOOST_CHECK_THROW(std::rethrow_exception(thrown), std::system_error);
                BOOST_TEST(world.beta.calls() == 0U);
                BOOST_TEST(world.failovers.empty());
                BOOST_TEST(world.alpha.running() == 0U);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
