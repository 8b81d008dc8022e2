// The rules of docs/mirror.md, over scripted providers in virtual time.
#include <sluice/mirror.hpp>

#include <sluice/hedge.hpp>
#include <sluice/log.hpp>

#include "race_world.hpp"

#include <asio/use_future.hpp>

#include <stdexcept>

using namespace sluice;
using namespace sluice::test::race;
using namespace std::chrono_literals;
using sluice::testing::Script;

namespace {

struct World : RaceWorld {
    std::vector<MirrorReport> reports;

    MirrorOptions options() {
        MirrorOptions options;
        options.runtime = runtime;
        options.on_mirrored = [this](const MirrorReport& report) { reports.push_back(report); };
        return options;
    }
    MirrorBoundModel model() { return model(options()); }
    MirrorBoundModel model(MirrorOptions with) { return MirrorBoundModel(a(), b(), std::move(with)); }
};

// Reads one event, waits for `pause`, and drops the rest.
asio::awaitable<void> drop_after_one(BoundModel model, std::shared_ptr<Clock> clock, Duration pause) {
    TokenStream stream = co_await model.stream("x");
    co_await stream.next();
    co_await sleep_for(*clock, pause);
}

Script words(std::initializer_list<const char*> texts, Duration between = 0s) {
    Script script;
    for (const char* text : texts)
        script.delay(between).text(text);
    return script.finish();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mirror)

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_at_construction) {
    World world;
    const auto refused = [&world](void (*spoil)(MirrorOptions&)) {
        MirrorOptions options = world.options();
        spoil(options);
        BOOST_CHECK_THROW(world.model(std::move(options)), std::invalid_argument);
    };
    refused([](MirrorOptions& o) { o.sample_rate = -0.1; });
    refused([](MirrorOptions& o) { o.sample_rate = 1.1; });
    refused([](MirrorOptions& o) { o.secondary_total = 0ms; });
    refused([](MirrorOptions& o) { o.max_running = 0; });
    refused([](MirrorOptions& o) { o.max_compared_bytes = 0; });
    refused([](MirrorOptions& o) { o.comparator = nullptr; });
}

BOOST_AUTO_TEST_CASE(the_primary_answers_and_the_secondary_is_compared) {
    World world;
    world.alpha.script("m", words({"Ulaan", "baatar"}));
    world.beta.script("m", words({"Ulaanbaatar"}, 2s));
    const MirrorBoundModel model = world.model();
    const Outcome outcome = world.run(ask(world, model));
    BOOST_TEST(outcome.text == "Ulaanbaatar");
    BOOST_TEST(outcome.provider == "alpha");
    BOOST_TEST(outcome.attempts.empty());
    BOOST_TEST((outcome.opened == world.start));  // it does not wait for the secondary
    BOOST_REQUIRE(world.reports.size() == 1U);
    const MirrorReport& report = world.reports.front();
    BOOST_TEST(report.agree.value());
    BOOST_TEST(!report.served_by_secondary);
    BOOST_TEST(report.primary.model.provider_id == "alpha");
    BOOST_TEST(report.primary.answer.text == "Ulaanbaatar");
    BOOST_TEST(report.primary.finished);
    BOOST_TEST((report.primary.duration == 0s));
    BOOST_TEST(report.secondary.model.provider_id == "beta");
    BOOST_TEST(report.secondary.answer.text == "Ulaanbaatar");
    BOOST_TEST((report.secondary.duration == 2s));
    BOOST_TEST(model.running() == 0U);
    BOOST_TEST(world.books.lines() == list({"alpha attempt_started answer", "beta attempt_started mirror",
                                            "alpha first_event answer", "alpha attempt_succeeded answer",
                                            "beta first_event mirror", "beta attempt_succeeded mirror",
                                            "beta mirror_compared mirror"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(whoever_ends_last_is_no_matter_and_texts_that_differ_do) {
    for (const Duration primary : {0s, 3s}) {
        World world;
        world.alpha.script("m", words({"Ulaan", "baatar"}, primary));
        world.beta.script("m", words({"Ulaan ", "Bator"}, 1s));
        BOOST_TEST(world.run(ask(world, world.model())).text == "Ulaanbaatar");
        BOOST_REQUIRE(world.reports.size() == 1U);
        BOOST_TEST(!world.reports.front().agree.value());
        BOOST_TEST(world.reports.front().secondary.answer.text == "Ulaan Bator");
    }
}

BOOST_AUTO_TEST_CASE(events_that_were_read_with_the_first_one_are_compared_too) {
    World world;
    world.alpha.script("m", Script().extension("e", "1").text("one ").text("batch").finish().batch());
    world.beta.script("m", words({"one ", "batch"}));
    BOOST_TEST(world.run(ask(world, world.model())).text == "one batch");
    BOOST_TEST(world.reports.at(0).primary.answer.text == "one batch");
    BOOST_TEST(world.reports.at(0).agree.value());
}

BOOST_AUTO_TEST_CASE(the_comparator_is_one_s_own_choice) {
    World world;
    world.alpha.script("m", words({R"({"a": 1, "b": 2})"}));
    world.beta.script("m", words({R"({"b":2,"a":1})"}));
    const auto agree = [&world](MirrorComparator comparator) {
        MirrorOptions options = world.options();
        options.comparator = std::move(comparator);
        world.run(ask(world, world.model(std::move(options))));
        return world.reports.back().agree;
    };
    BOOST_TEST(!agree(compare::exact_text).value());
    BOOST_TEST(!agree(compare::same_words).value());
    BOOST_TEST(agree(compare::same_json).value());
    BOOST_TEST(agree([](const MirrorAnswer& a, const MirrorAnswer& b) {
                   return a.text.size() > b.text.size();
               }).value());
    BOOST_TEST(!agree([](const MirrorAnswer&, const MirrorAnswer&) -> bool {
                    throw std::runtime_error("cannot tell");
                }).has_value());
}

BOOST_AUTO_TEST_CASE(tool_calls_are_compared_with_the_text) {
    const auto call = [](const char* name, const char* arguments) {
        return Script().tool_call("id", name, arguments).finish(StopReason::tool_calls);
    };
    struct Case {
        Script secondary;
        bool agree;
    };
    for (const Case& test :
         {Case{call("weather", R"({ "in": "UB" })"), true}, Case{call("weather", R"({"in":"Ulm"})"), false},
          Case{call("time", R"({"in":"UB"})"), false}, Case{words({""}), false}}) {
        World world;
        world.alpha.script("m", call("weather", R"({"in":"UB"})"));
        world.beta.script("m", test.secondary);
        world.run(ask(world, world.model()));
        BOOST_TEST(world.reports.at(0).agree.value() == test.agree);
        BOOST_TEST(world.reports.at(0).primary.answer.tool_calls.at(0).name == "weather");
    }
}

BOOST_AUTO_TEST_CASE(a_long_answer_is_cut_and_not_compared) {
    World world;
    world.alpha.script("m", words({"0123456", "789"}));
    world.beta.script("m", words({"0123456789"}));
    MirrorOptions options = world.options();
    options.max_compared_bytes = 8;
    BOOST_TEST(world.run(ask(world, world.model(options))).text == "0123456789");
    const MirrorReport& report = world.reports.at(0);
    BOOST_TEST(!report.agree.has_value());
    BOOST_TEST(report.primary.cut);
    BOOST_TEST(report.primary.answer.text == "01234567");
    BOOST_TEST(report.secondary.cut);
    BOOST_TEST(report.secondary.finished);
}

BOOST_AUTO_TEST_CASE(a_share_is_drawn_from_the_runtime_s_dice) {
    World world;
    world.alpha.script("m", good());
    world.beta.script("m", good());
    MirrorOptions options = world.options();
    options.sample_rate = 0.25;
    const MirrorBoundModel some = world.model(options);
    for (int i = 0; i < 200; ++i)
        world.run(ask(world, some));
    BOOST_TEST(world.beta.calls() > 30U);
    BOOST_TEST(world.beta.calls() < 70U);
    BOOST_TEST(world.reports.size() == world.beta.calls());
    options.sample_rate = 0;
    const std::size_t before = world.beta.calls();
    world.run(ask(world, world.model(options)));
    BOOST_TEST(world.beta.calls() == before);
}

BOOST_AUTO_TEST_CASE(a_secondary_that_may_not_be_asked_is_not) {
    World world;
    ModelSpec local("", "m");
    local.tags = {"local"};
    world.alpha.script("m", good());
    world.beta.script("m", good());
    const MirrorBoundModel model(world.alpha.model(local), world.b(), world.options());
    CallOptions options;
    options.residency("local").events(world.books.listener());
    BOOST_TEST(world.run(ask(world, model, options)).text == "Ulaanbaatar");
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST(world.reports.empty());
    BOOST_TEST(world.books.count("beta leg_skipped mirror") == 1U);
    Needs needs;
    needs.residency = {"local"};
    BOOST_TEST(!model.target()->refusal(needs, world.start));
}

BOOST_AUTO_TEST_CASE(mirrors_do_not_count_as_the_caller_s_attempts) {
    World world;
    world.alpha.script("m", good());
    world.beta.script("m", good());
    CallOptions options;
    options.max_total_attempts(1).events(world.books.listener());
    BOOST_TEST(world.run(ask(world, world.model(), options)).text == "Ulaanbaatar");
    BOOST_TEST(world.reports.at(0).agree.value());
    BOOST_TEST(world.books.started() == 2U);  // with numbers of their own
}

BOOST_AUTO_TEST_CASE(only_so_many_run_at_once) {
    World world;
    world.alpha.script("m", good());
    world.beta.script("m", Script().delay(10s).text("x").finish());
    MirrorOptions options = world.options();
    options.max_running = 2;
    const MirrorBoundModel model = world.model(options);
    bool done = false;
    const auto three = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            Outcome outcome = co_await ask(world, model);
            BOOST_TEST(outcome.text == "Ulaanbaatar");
        }
        BOOST_TEST(model.running() == 2U);
        done = true;
    };
    world.run(three());
    BOOST_TEST(done);
    BOOST_TEST(world.beta.calls() == 2U);
    BOOST_TEST(model.running() == 0U);
}

BOOST_AUTO_TEST_CASE(the_secondary_has_a_deadline_of_its_own) {
    World world;
    world.alpha.script("m", good());
    for (const Script& slow : {Script().hang(), Script().text("Ulaan").hang()}) {
        world.change(world.beta, slow);
        MirrorOptions options = world.options();
        options.secondary_total = 5s;
        const TimePoint before = world.clock->now();
        world.run(ask(world, world.model(options)));
        BOOST_TEST((world.clock->now() - before == 5s));
        const MirrorReport& report = world.reports.back();
        BOOST_TEST(!report.agree.has_value());
        BOOST_REQUIRE(report.secondary.error);
        BOOST_TEST((report.secondary.error->kind == ErrorKind::provider_timeout));
        BOOST_TEST((report.secondary.error->phase == Phase::total));
        BOOST_TEST((report.secondary.duration == 5s));
    }
    BOOST_TEST(world.books.count("beta attempt_abandoned mirror") == 2U);
}

BOOST_AUTO_TEST_CASE(a_secondary_that_fails_does_no_harm) {
    for (const Script& bad : {Script().fail_open(ErrorKind::provider_auth_failed),
                              Script().text("Ulaan").fail(ErrorKind::provider_unavailable)}) {
        World world;
        world.alpha.script("m", words({"Ulaan", "baatar"}, 1s));
        world.beta.script("m", bad);
        const Outcome outcome = world.run(ask(world, world.model()));
        BOOST_TEST(outcome.text == "Ulaanbaatar");
        BOOST_TEST(outcome.attempts.empty());
        BOOST_TEST(world.reports.at(0).secondary.error.has_value());
        BOOST_TEST(!world.reports.at(0).agree.has_value());
    }
}

BOOST_AUTO_TEST_CASE(when_the_primary_fails_before_its_first_answer_the_secondary_serves) {
    const std::pair<Script, Script> cases[] = {
        {Script().fail_open(ErrorKind::provider_auth_failed), words({"se", "cond"}, 1s)},
        {Script().delay(3s).fail(ErrorKind::rate_limited), words({"se", "cond"}, 1s)},
        {Script().delay(10s).fail(ErrorKind::rate_limited), words({"se", "cond"})},
    };
    for (const auto& [primary, secondary] : cases) {
        World world;
        world.alpha.script("m", primary);
        world.beta.script("m", secondary);
        const MirrorBoundModel model = world.model();
        const Outcome outcome = world.run(ask(world, model));
        BOOST_TEST(outcome.text == "second");
        BOOST_TEST(outcome.provider == "beta");
        BOOST_TEST(outcome.attempts.size() == 1U);
        const MirrorReport& report = world.reports.at(0);
        BOOST_TEST(report.served_by_secondary);
        BOOST_TEST(report.primary.error.has_value());
        BOOST_TEST(report.secondary.answer.text == "second");
        BOOST_TEST(!report.agree.has_value());
        BOOST_TEST(world.books.count("alpha failed_over answer") == 1U);
        BOOST_TEST(world.books.count("beta attempt_succeeded mirror") == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_secondary_that_serves_has_the_caller_s_time) {
    World world;
    world.alpha.script("m", Script().fail(ErrorKind::rate_limited));
    world.beta.script("m", words({"long ", "and ", "good"}, 10s));
    MirrorOptions options = world.options();
    options.secondary_total = 5s;
    BOOST_TEST(world.run(ask(world, world.model(options))).text == "long and good");
    BOOST_TEST((world.beta.deadlines().front() == world.start + 15min));
}

BOOST_AUTO_TEST_CASE(no_read_ahead_before_the_primary_s_verdict) {
    World world;
    world.alpha.script("m", Script().delay(5s).text("x").finish());
    world.beta.script("m", Script().repeat_text("0123456789", 1000, 10).finish());
    MirrorOptions options = world.options();
    TimePoint ended;
    options.on_mirrored = [&](const MirrorReport& report) {
        BOOST_TEST((report.secondary.duration == 5s));  // held back by whoever reads it, until then
        ended = world.clock->now();
    };
    world.run(ask(world, world.model(options)));
    BOOST_TEST((ended == world.start + 5s));
}

BOOST_AUTO_TEST_CASE(when_both_fail_every_attempt_is_in_the_error) {
    World world;
    world.alpha.script("m", Script().delay(1s).fail(ErrorKind::provider_bad_request));
    world.beta.script("m", Script().delay(2s).fail_open(ErrorKind::rate_limited));
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_REQUIRE(outcome.error);
    BOOST_TEST((outcome.error->kind == ErrorKind::all_providers_failed));
    BOOST_TEST(outcome.attempts == list({"alpha ProviderBadRequest", "beta RateLimited"}),
               boost::test_tools::per_element());
    BOOST_TEST(world.reports.size() == 1U);
}

BOOST_AUTO_TEST_CASE(serving_from_the_secondary_can_be_switched_off) {
    World world;
    world.alpha.script("m", Script().fail(ErrorKind::rate_limited));
    world.beta.script("m", words({"x"}, 1s));
    MirrorOptions options = world.options();
    options.serve_from_secondary = false;
    const Outcome outcome = world.run(ask(world, world.model(options)));
    BOOST_TEST((outcome.error->kind == ErrorKind::rate_limited));
    BOOST_TEST((outcome.opened == world.start));
    BOOST_TEST((world.beta.deadlines().front() == kNever));
    BOOST_TEST(world.reports.at(0).secondary.finished);  // and yet one learns how it would have done
    BOOST_TEST(!world.reports.at(0).served_by_secondary);
}

BOOST_AUTO_TEST_CASE(a_failure_after_the_first_answer_is_the_primary_s_own) {
    World world;
    world.alpha.script("m", Script().text("Ulaan").fail(ErrorKind::provider_unavailable));
    world.beta.script("m", good());
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_TEST(outcome.text == "Ulaan");
    BOOST_TEST((outcome.failure->kind == ErrorKind::provider_unavailable));
    BOOST_TEST((world.reports.at(0).primary.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(!world.reports.at(0).agree.has_value());
}

BOOST_AUTO_TEST_CASE(who_drops_the_primary_stops_the_secondary_unless_told_otherwise) {
    for (const bool cancel_with_primary : {true, false}) {
        World world;
        world.alpha.script("m", words({"a", "b"}));
        world.beta.script("m", words({"a", "b"}, 10s));
        MirrorOptions options = world.options();
        options.cancel_with_primary = cancel_with_primary;
        world.run(drop_after_one(world.model(options), world.clock, 1s));
        BOOST_TEST((world.passed() == (cancel_with_primary ? 1s : 20s)));
        BOOST_REQUIRE(world.reports.size() == 1U);
        const MirrorReport& report = world.reports.front();
        BOOST_TEST(!report.primary.finished);
        BOOST_TEST(!report.primary.error.has_value());
        BOOST_TEST(report.secondary.finished == !cancel_with_primary);
        BOOST_TEST(!report.agree.has_value());
    }
}

BOOST_AUTO_TEST_CASE(stop_cancels_what_runs_and_mirrors_nothing_more) {
    World world;
    world.alpha.script("m", good());
    world.beta.script("m", Script().hang());
    const MirrorBoundModel model = world.model();
    const auto work = [&]() -> asio::awaitable<void> {
        Outcome first = co_await ask(world, model);
        BOOST_TEST(first.text == "Ulaanbaatar");
        co_await sleep_for(*world.clock, 1s);
        BOOST_TEST(model.running() == 1U);
        co_await model.stop();
        BOOST_TEST(model.running() == 0U);
        BOOST_TEST(world.beta.running() == 0U);
        Outcome second = co_await ask(world, model);
        BOOST_TEST(second.text == "Ulaanbaatar");
    };
    world.run(work());
    BOOST_TEST((world.passed() == 1s));
    BOOST_TEST(world.beta.calls() == 1U);
    BOOST_TEST(world.reports.size() == 1U);
    BOOST_TEST(!world.reports.front().secondary.error.has_value());
}

BOOST_AUTO_TEST_CASE(stop_under_a_caller_who_waits_for_the_secondary_gives_him_the_primary_s_error) {
    World world;
    world.alpha.script("m", Script().fail(ErrorKind::rate_limited));
    world.beta.script("m", Script().hang());
    const MirrorBoundModel model = world.model();
    std::optional<Outcome> outcome;
    asio::co_spawn(world.context, ask(world, model),
                   [&](std::exception_ptr, Outcome result) { outcome = std::move(result); });
    world.clock->advance(world.context, 1s);
    BOOST_TEST(!outcome.has_value());
    world.run(model.stop());
    BOOST_REQUIRE(outcome.has_value());
    BOOST_TEST((outcome->error->kind == ErrorKind::rate_limited));
}

BOOST_AUTO_TEST_CASE(the_last_handle_takes_its_mirrors_along) {
    World world;
    world.alpha.script("m", good());
    world.beta.script("m", Script().hang());
    {
        const MirrorBoundModel model = world.model();
        const MirrorBoundModel copy = model;
        asio::co_spawn(world.context, ask(world, copy), [](std::exception_ptr, Outcome) {});
        world.clock->advance(world.context, 1s);
        BOOST_TEST(world.beta.running() == 1U);
    }
    world.clock->advance(world.context, 0s);
    BOOST_TEST(world.beta.running() == 0U);
    BOOST_TEST((world.passed() == 1s));
}

BOOST_AUTO_TEST_CASE(a_hook_may_throw_and_texts_are_never_logged) {
    World world;
    world.alpha.script("m", Script().fail(ErrorKind::rate_limited));
    world.beta.script("m", words({"secret"}));
    std::string log;
    set_log_sink([&](LogLevel, std::string_view line) { log += std::string(line) + "\n"; });
    MirrorOptions options = world.options();
    options.on_mirrored = [](const MirrorReport&) { throw std::runtime_error("hook broke"); };
    BOOST_TEST(world.run(ask(world, world.model(options))).text == "secret");
    world.change(world.alpha, words({"secret too"}));
    world.run(ask(world, world.model(options)));
    set_log_sink({});
    BOOST_TEST(log.find("on_mirrored threw, and was ignored: hook broke") != std::string::npos);
    BOOST_TEST(log.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(probes_and_mirrors_are_not_mirrored) {
    World world;
    world.alpha.script("m", good());
    world.beta.script("m", good());
    world.gamma.script("m", good());
    const MirrorBoundModel inner(world.b(), world.c(), world.options());
    const MirrorBoundModel outer(world.a(), inner, world.options());
    world.run(ask(world, outer));
    BOOST_TEST(world.beta.calls() == 1U);
    BOOST_TEST(world.gamma.calls() == 0U);
    const auto probe = [](BoundModel model) -> asio::awaitable<void> {
        const Request request("ping");
        CallContext context;
        context.purpose = Purpose::probe;
        const Result<TokenStream> opened = co_await model.open(request, context);
        BOOST_TEST(opened.has_value());
    };
    world.run(probe(world.model()));
    BOOST_TEST(world.beta.calls() == 1U);
}

BOOST_AUTO_TEST_CASE(it_nests_with_hedges_and_chains) {
    World world;
    FallbackOptions chain;
    chain.runtime = world.runtime;
    HedgeOptions race;
    race.runtime = world.runtime;
    race.delay = 1s;
    world.alpha.script("m", Script().fail(ErrorKind::rate_limited));
    world.beta.script("m", words({"b"}, 5s));
    world.gamma.script("m", words({"c"}));
    const FallbackBoundModel primary({world.a(), world.c()}, chain);
    const HedgeBoundModel secondary({world.b(), world.c()}, race);
    const MirrorBoundModel model(primary, secondary, world.options());
    const Outcome outcome = world.run(ask(world, model));
    BOOST_TEST(outcome.text == "c");
    BOOST_TEST(outcome.attempts == list({"alpha RateLimited"}), boost::test_tools::per_element());
    BOOST_TEST(world.reports.at(0).agree.value());
    BOOST_TEST(world.books.count("gamma hedge_started mirror") == 1U);
    BOOST_TEST(world.books.count("beta attempt_abandoned mirror") == 1U);
    BOOST_TEST(model.spec().provider_id == "alpha");
}

BOOST_AUTO_TEST_CASE(cancellation_at_every_step_leaves_nothing) {
    const std::pair<Script, Script> pairs[] = {
        {Script().hang(), Script().hang()},
        {words({"a", "b"}, 1s), words({"a", "b"}, 700ms)},
        {Script().delay(1s).fail(ErrorKind::rate_limited), words({"a", "b"}, 2s)},
        {Script().delay(2s).fail(ErrorKind::rate_limited), words({"a", "b"}, 1s)},
        {Script().fail(ErrorKind::rate_limited), Script().hang()},
    };
    for (const auto& [primary, secondary] : pairs) {
        bool finished = false;
        std::size_t turns = 0;
        for (; !finished && turns < 300; ++turns) {
            World world;
            world.alpha.script("m", primary);
            world.beta.script("m", secondary);
            const MirrorBoundModel model = world.model();
            InFlight request(world, ask(world, model));
            for (std::size_t turn = 0; turn < turns && !request.done(); ++turn)
                request.turn();
            finished = request.done();
            if (finished) {
                world.clock->run(world.context);
                break;
            }
            request.cancel();
            BOOST_TEST(request.done());
            BOOST_TEST(request.was_aborted());
            BOOST_TEST(model.running() == 0U);
            BOOST_TEST(world.alpha.running() + world.beta.running() == 0U);
            BOOST_TEST(world.clock->armed() == 0U);
            BOOST_TEST(world.books.all_closed_once());
            BOOST_TEST(world.reports.size() == world.beta.calls());
            if (turns > 60) finished = true;  // of a pair that hangs
        }
        BOOST_TEST(finished);
        BOOST_TEST(turns > 8U);
    }
}

BOOST_AUTO_TEST_CASE(an_io_context_may_die_in_the_middle_of_a_mirror) {
    const std::pair<Script, Script> pairs[] = {
        {Script().hang(), Script().hang()},
        {Script().text("a").hang(), Script().text("a").hang()},
        {Script().fail(ErrorKind::rate_limited), Script().hang()},
    };
    for (const auto& [primary, secondary] : pairs) {
        for (std::size_t turns = 0; turns < 25; ++turns) {
            World world;
            world.alpha.script("m", primary);
            world.beta.script("m", secondary);
            const MirrorBoundModel model = world.model();
            {
                asio::io_context dies_early;
                asio::co_spawn(dies_early, ask(world, model), [](std::exception_ptr, Outcome) {});
                for (std::size_t turn = 0; turn < turns; ++turn) {
                    dies_early.restart();
                    dies_early.poll_one();
                }
            }
            BOOST_TEST(world.alpha.running() + world.beta.running() == 0U);
            BOOST_TEST(model.running() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(its_parts_are_side_by_side) {
    World world;
    const Composition made = world.model().target()->composition();
    BOOST_TEST(made.kind == "mirror");
    BOOST_TEST((made.order == Composition::Order::together));
    BOOST_TEST(made.parts.size() == 2U);
    BOOST_TEST(made.settings == "100 % go to the second one too, for at most 2 min");
}

BOOST_AUTO_TEST_SUITE_END()
