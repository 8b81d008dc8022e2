// What a chain does before it asks a leg (docs/gate.md): filters, the last resort, shares of the budget,
// limits of the attempts.
#include <sluice/openai.hpp>
#include <sluice/testing/simulator.hpp>

#include "model/gate_world.hpp"

#include <initializer_list>

using namespace sluice;
using namespace std::chrono_literals;
using test::bad;
using test::Door;
using test::GateWorld;
using test::good;
using test::names;
using testing::Script;

namespace {

std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

ModelSpec spec(std::string id) {
    return ModelSpec("", std::move(id));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(filters)

struct NeedCase {
    const char* what;
    ModelSpec primary;
    Request request;
    CallOptions options;
    const char* reason;
};

BOOST_AUTO_TEST_CASE(a_leg_that_cannot_or_may_not_serve_the_request_is_never_asked) {
    ModelSpec blind = spec("p");
    blind.capabilities.vision = false;
    ModelSpec no_tools = spec("p");
    no_tools.capabilities.tools = false;
    ModelSpec no_schema = spec("p");
    no_schema.capabilities.json_schema = false;
    ModelSpec small = spec("p");
    small.context_window = 10;
    ModelSpec dear = spec("p");
    dear.price.input = dear.price.output = Price::per_million("100");
    const std::vector<NeedCase> cases{
        {"an image", blind,
         Request().user({TextPart("What is it?"), ImagePart::from_base64("image/png", "iVBORw0KGgo=")}),
         CallOptions(), "needs_vision"},
        {"tools", no_tools, Request("x").tool(Tool("look_up", "Looks up.", "{}")), CallOptions(),
         "needs_tools"},
        {"a schema", no_schema,
         Request("x").response_format(ResponseFormat("answer", R"({"type":"object"})")), CallOptions(),
         "needs_json_schema"},
        {"its size", small, Request(std::string(100, 'x')), CallOptions(), "window_too_small"},
        {"residency", spec("p"), Request("x"), CallOptions().residency("eu"), "residency"},
        {"cost", dear, Request("x").max_tokens(1000), CallOptions().max_cost(PicoUsd::from_micro_usd(1000)),
         "budget"},
    };
    for (const NeedCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            GateWorld world;
            world.alpha.script("p", good());
            ModelSpec able = spec("f");
            able.tags = {"eu"};
            world.beta.script("f", good("fallback"));
            const FallbackBoundModel model({world.alpha.model(test.primary), world.beta.model(able)},
                                           world.options());
            const test::Answered answer = world.ask(model, test.request, test.options);
            BOOST_TEST(answer.text == "fallback");
            BOOST_TEST(answer.attempts == list({"alpha/p skipped " + std::string(test.reason)}),
                       boost::test_tools::per_element());
            BOOST_TEST(world.alpha.calls() == 0U);
            BOOST_TEST(world.failovers.empty());  // nobody was given up
            BOOST_REQUIRE(!world.events.empty());
            BOOST_TEST(world.events.front() == "alpha/p leg_skipped");

            // And alone it is an error, not a last resort.
            const FallbackBoundModel alone({world.alpha.model(test.primary)}, world.options());
            const ErrorInfo error = world.refused(alone, test.request, test.options);
            BOOST_TEST((error.kind == ErrorKind::no_provider_available));
            BOOST_TEST(!error.retry_after.has_value());
            BOOST_TEST(world.alpha.calls() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(capabilities_need_not_be_filtered_where_a_hook_fits_the_request) {
    GateWorld world;
    ModelSpec blind = spec("p");
    blind.capabilities.vision = false;
    world.alpha.script("p", good());
    FallbackOptions options = world.options();
    options.filter_capabilities = false;
    const FallbackBoundModel model({world.alpha.model(blind)}, options);
    const Request image =
        Request().user({TextPart("?"), ImagePart::from_base64("image/png", "iVBORw0KGgo=")});
    BOOST_TEST(world.ask(model, image).by == "alpha/p");
    BOOST_TEST(world.ask(FallbackBoundModel({model}, options), image).by == "alpha/p");  // also as a leg
    const ErrorInfo error = world.refused(model, image, CallOptions().residency("eu"));  // that stays
    BOOST_TEST((error.kind == ErrorKind::no_provider_available));
}

BOOST_AUTO_TEST_CASE(a_leg_that_is_down_is_passed_over_without_delay) {
    GateWorld world;
    world.alpha.script("p", Script().delay(10s).fail(ErrorKind::provider_timeout));
    world.beta.script("f", good());
    Door door(world.alpha.model("p"));
    const FallbackBoundModel model({door.model(), world.beta.model("f")}, world.options());
    const TimePoint start = world.clock->now();
    world.ask(model);
    BOOST_TEST((world.clock->now() - start == 10s));
    door.shut(Refusal(SkipReason::breaker_open, 30s));
    const test::Answered answer = world.ask(model);
    BOOST_TEST((world.clock->now() - start == 10s));  // no latency is added
    BOOST_TEST(answer.attempts == list({"alpha/p skipped breaker_open"}), boost::test_tools::per_element());
    BOOST_TEST(world.failovers.size() == 1U);
}

BOOST_AUTO_TEST_CASE(when_nobody_may_be_asked_the_least_bad_one_is) {
    GateWorld world;
    world.alpha.script("p", good());
    world.alpha.script("q", bad());
    Door first(world.beta.model("never"));
    Door second(world.alpha.model("p"));
    Door third(world.alpha.model("q"));
    first.shut(Refusal(SkipReason::residency));
    second.shut(Refusal(SkipReason::breaker_open, 5s));
    third.shut(Refusal(SkipReason::unhealthy, 20s));
    const FallbackBoundModel model({first.model(), second.model(), third.model()}, world.options());
    const test::Answered answer = world.ask(model);
    BOOST_TEST(answer.by == "alpha/p");
    BOOST_TEST(answer.attempts == list({"beta/never skipped residency", "alpha/p skipped breaker_open",
                                        "alpha/q skipped unhealthy"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(second.contexts().size() == 1U);
    BOOST_TEST(second.contexts().front().last_resort);
    BOOST_TEST(first.contexts().empty());

    second.shut(Refusal(SkipReason::breaker_open, 50s));  // now the third is
    const ErrorInfo error = world.refused(model);
    BOOST_TEST((error.kind == ErrorKind::all_providers_failed));
    BOOST_TEST(names(*error.attempts).back() == "alpha/q ProviderUnavailable");
    BOOST_TEST(error.attempts->size() == 4U);
    BOOST_TEST(second.contexts().size() == 1U);  // one last resort, not several
    BOOST_REQUIRE(world.failovers.size() == 1U);
    BOOST_TEST(!world.failovers.front().next.has_value());
}

BOOST_AUTO_TEST_CASE(without_a_last_resort_the_error_says_when_to_come_back) {
    GateWorld world;
    Door one(world.alpha.model("p"));
    Door two(world.beta.model("f"));
    one.shut(Refusal(SkipReason::breaker_open, 7s));
    two.shut(Refusal(SkipReason::unhealthy, 3s));
    FallbackOptions options = world.options();
    options.last_resort = false;
    const FallbackBoundModel model({one.model(), two.model()}, options);
    BOOST_CHECK_THROW(world.ask(model), NoProviderAvailable);
    const ErrorInfo error = world.refused(model);
    BOOST_TEST((error.retry_after == 3s));
    BOOST_TEST(names(*error.attempts) == list({"alpha/p skipped breaker_open", "beta/f skipped unhealthy"}),
               boost::test_tools::per_element());
    BOOST_TEST(world.alpha.calls() + world.beta.calls() == 0U);

    // As a leg it refuses, and says the same; a chain around it passes it over, or makes it the last resort.
    const std::optional<Refusal> refusal = model.target()->refusal(Needs(), world.clock->now());
    BOOST_REQUIRE(refusal.has_value());
    BOOST_TEST((refusal->reason == SkipReason::breaker_open));
    BOOST_TEST((refusal->retry_after == 3s));
    world.beta.script("f", good());
    const FallbackBoundModel outer({model}, world.options());
    BOOST_TEST(world.ask(outer).by == "beta/f");
    BOOST_TEST(two.contexts().front().last_resort);
    two.open();
    BOOST_TEST(!model.target()->refusal(Needs(), world.clock->now()).has_value());
}

BOOST_AUTO_TEST_CASE(a_leg_that_refuses_only_when_it_is_opened_counts_as_skipped) {
    GateWorld world;
    world.beta.script("f", good());
    Door door(world.alpha.model("p"));
    door.turn_down(Refusal(SkipReason::breaker_open, 4s));
    const FallbackBoundModel model({door.model(), world.beta.model("f")}, world.options());
    BOOST_TEST(world.ask(model).attempts == list({"alpha/p skipped breaker_open"}),
               boost::test_tools::per_element());
    BOOST_TEST(world.failovers.empty());

    // Alone it is asked as the last resort too, refuses again, and that is the end.
    const FallbackBoundModel alone({door.model()}, world.options());
    const ErrorInfo error = world.refused(alone);
    BOOST_TEST((error.kind == ErrorKind::no_provider_available));
    BOOST_TEST((error.retry_after == 4s));
    BOOST_TEST(door.contexts().size() == 3U);
    BOOST_TEST(door.contexts().back().last_resort);
}

BOOST_AUTO_TEST_CASE(events_tell_of_skips_and_failovers_in_order) {
    GateWorld world;
    world.alpha.script("p", bad());
    world.beta.script("f", good());
    Door door(world.alpha.model("q"));
    door.shut(Refusal(SkipReason::unhealthy));
    const FallbackBoundModel model({world.alpha.model("p"), door.model(), world.beta.model("f")},
                                   world.options());
    world.ask(model);
    BOOST_TEST(world.events == list({"alpha/p attempt_started", "alpha/p attempt_failed",
                                     "alpha/q leg_skipped", "alpha/p failed_over", "beta/f attempt_started",
                                     "beta/f first_event", "beta/f attempt_succeeded"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_are_counted_over_requests) {
    GateWorld world;
    world.alpha.script("p", bad()).script("p", bad()).script("p", good()).script("p", bad());
    world.beta.script("f", good());
    const FallbackBoundModel model({world.alpha.model("p"), world.beta.model("f")}, world.options());
    for (int request = 0; request < 4; ++request)
        world.ask(model);
    BOOST_REQUIRE(world.failovers.size() == 3U);
    BOOST_TEST(world.failovers[0].consecutive_failures == 1U);
    BOOST_TEST(world.failovers[1].consecutive_failures == 2U);
    BOOST_TEST(world.failovers[2].consecutive_failures == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(max_fallbacks_counts_the_legs_after_the_first) {
    GateWorld world;
    world.alpha.script("p", bad());
    world.beta.script("f", bad());
    world.beta.script("g", good());
    for (const std::size_t most : {0U, 1U, 2U}) {
        FallbackOptions options = world.options();
        options.max_fallbacks = most;
        const FallbackBoundModel model({world.alpha.model("p"), world.beta.model("f"), world.beta.model("g")},
                                       options);
        if (most == 2) {
            BOOST_TEST(world.ask(model).by == "beta/g");
        } else {
            const ErrorInfo error = world.refused(model);
            BOOST_TEST((error.kind == ErrorKind::all_providers_failed));
            BOOST_TEST(error.attempts->size() == most + 1);
        }
    }
    // A leg that is passed over does not count.
    Door door(world.alpha.model("p"));
    door.shut(Refusal(SkipReason::breaker_open));
    FallbackOptions options = world.options();
    options.max_fallbacks = 0;
    const FallbackBoundModel model({door.model(), world.beta.model("g")}, options);
    BOOST_TEST(world.ask(model).by == "beta/g");
}

BOOST_AUTO_TEST_CASE(when_the_attempts_are_spent_the_rest_is_recorded_as_skipped) {
    GateWorld world;
    world.alpha.script("p", bad());
    world.beta.script("f", bad());
    world.beta.script("g", good());
    FallbackOptions options = world.options();
    const FallbackBoundModel inner({world.alpha.model("p"), world.beta.model("f")}, options);
    const FallbackBoundModel model({inner, world.beta.model("g")}, options);
    const auto expected =
        list({"alpha/p ProviderUnavailable", "beta/f ProviderUnavailable", "beta/g skipped attempts_spent"});
    const ErrorInfo error = world.refused(model, "x", CallOptions().max_total_attempts(2));
    BOOST_TEST((error.kind == ErrorKind::all_providers_failed));
    BOOST_TEST(names(*error.attempts) == expected, boost::test_tools::per_element());

    options.max_total_attempts = 2;  // a chain's own limit holds for what is inside it
    const FallbackBoundModel limited({inner, world.beta.model("g")}, options);
    BOOST_TEST(names(*world.refused(limited).attempts) == expected, boost::test_tools::per_element());
    BOOST_TEST(world.ask(limited, "x", CallOptions().max_total_attempts(3)).by == "beta/g");
}

BOOST_AUTO_TEST_CASE(values_that_mean_nothing_are_refused_at_construction) {
    GateWorld world;
    const auto with = [&](auto change) {
        FallbackOptions options = world.options();
        change(options);
        return FallbackBoundModel({world.alpha.model("p")}, options);
    };
    BOOST_CHECK_THROW(with([](FallbackOptions& o) { o.max_total_attempts = 0; }), std::invalid_argument);
    BOOST_CHECK_THROW(with([](FallbackOptions& o) { o.hook_limit = 0ms; }), std::invalid_argument);
    BOOST_CHECK_THROW(with([](FallbackOptions& o) { o.stickiness.time = -1ms; }), std::invalid_argument);
    BOOST_CHECK_THROW(with([](FallbackOptions& o) { o.stickiness.max_conversations = 0; }),
                      std::invalid_argument);
    BOOST_CHECK_NO_THROW(with([](FallbackOptions& o) { o.max_fallbacks = 0; }));
}

BOOST_AUTO_TEST_CASE(it_explains_what_it_is_made_of) {
    GateWorld world;
    FallbackOptions options = world.options();
    options.max_fallbacks = 1;
    options.total = 30s;
    options.on_failover = [](const Failover&) -> asio::awaitable<void> { co_return; };
    const FallbackBoundModel model({world.alpha.model("p"), world.beta.model("f"), world.beta.model("g")},
                                   options);
    const Composition made = model.target()->composition();
    BOOST_TEST(made.kind == "fallback");
    BOOST_TEST((made.order == Composition::Order::in_turn));
    BOOST_TEST(made.parts.size() == 3U);
    BOOST_TEST(made.max_tries.value_or(0) == 2U);
    BOOST_TEST((made.total == 30s));
    BOOST_TEST((made.waits == 2s));
    BOOST_TEST(!made.holds_answers);
    options.commit_on = CommitOn::complete;
    BOOST_TEST(FallbackBoundModel({model}, options).target()->composition().holds_answers);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(budget)

// When each of three legs that fail must have begun to answer, in seconds from the start; -1 is whenever.
std::vector<long> shares(BudgetSplit split, Duration each_takes, std::chrono::milliseconds total,
                         std::optional<std::size_t> shut, CallOptions call = {}) {
    GateWorld world;
    world.alpha.script("m", Script().delay(each_takes).fail(ErrorKind::provider_unavailable));
    std::vector<Door> doors;
    for (int leg = 0; leg < 3; ++leg)
        doors.emplace_back(world.alpha.model("m"));
    if (shut) doors[*shut].shut(Refusal(SkipReason::breaker_open));
    FallbackOptions options = world.options();
    options.split = split;
    options.total = total;
    const FallbackBoundModel model({doors[0].model(), doors[1].model(), doors[2].model()}, options);
    const TimePoint start = world.clock->now();
    world.refused(model, "x", std::move(call));
    std::vector<long> all;
    for (const Door& door : doors) {
        for (const CallContext& context : door.contexts()) {
            const TimePoint at = context.first_event_deadline;
            all.push_back(
                at == kNever ? -1 : std::chrono::duration_cast<std::chrono::seconds>(at - start).count());
        }
    }
    return all;
}

BOOST_AUTO_TEST_CASE(what_is_left_is_shared_evenly_among_the_legs_that_are_left) {
    using List = std::vector<long>;
    const auto even = BudgetSplit::even;
    BOOST_TEST(shares(even, 0s, 60s, {}) == (List{20, 30, -1}), boost::test_tools::per_element());
    BOOST_TEST(shares(even, 10s, 60s, {}) == (List{20, 35, -1}), boost::test_tools::per_element());
    BOOST_TEST(shares(even, 0s, 0s, {}) == (List{-1, -1, -1}), boost::test_tools::per_element());
    BOOST_TEST(shares(BudgetSplit::none, 0s, 60s, {}) == (List{-1, -1, -1}),
               boost::test_tools::per_element());
    // Legs that cannot be asked get no share.
    BOOST_TEST(shares(even, 0s, 60s, 1) == (List{30, -1}), boost::test_tools::per_element());
    BOOST_TEST(shares(even, 0s, 60s, {}, CallOptions().total(6s)) == (List{2, 3, -1}),
               boost::test_tools::per_element());
    BOOST_TEST(shares(even, 0s, 60s, {}, CallOptions().max_total_attempts(2)) == (List{30, -1}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_chain_within_a_chain_shares_its_share) {
    GateWorld world;
    world.alpha.script("m", bad());
    Door a(world.alpha.model("m"));
    Door b(world.alpha.model("m"));
    FallbackOptions options = world.options();
    options.total = 60s;
    const FallbackBoundModel inner({a.model(), b.model()}, options);
    const FallbackBoundModel outer({inner, world.alpha.model("m")}, options);
    const TimePoint start = world.clock->now();
    world.refused(outer);
    BOOST_TEST((a.contexts().front().first_event_deadline == start + 15s));
    BOOST_TEST((b.contexts().front().first_event_deadline == start + 30s));  // never beyond the outer's
    BOOST_TEST((b.contexts().front().deadline == start + 60s));
}

// The real leaf keeps to its share, wherever the time goes: no head, or a head and then nothing.
BOOST_AUTO_TEST_CASE(a_provider_that_overruns_its_share_gives_way_in_time) {
    for (const char* slow : {"sim-silent", "head-only"}) {
        BOOST_TEST_CONTEXT(slow) {
            asio::io_context context{1};
            const auto clock = std::make_shared<testing::VirtualClock>();
            const auto network = std::make_shared<testing::MemoryNetwork>();
            const Runtime runtime(clock, network, seeded_entropy(1));
            testing::Simulator simulator(context.get_executor(), runtime);
            const std::string url = simulator.listen(*network, Origin(false, "sim.test", 80));
            simulator.on_model("head-only", [](std::size_t, std::string_view) {
                testing::SimulatedAnswer answer;
                answer.tokens = {"late"};
                answer.delay_first = 1h;
                return answer;
            });
            OpenAIOptions account;
            account.base_url = url;
            account.runtime = runtime;
            const OpenAI openai(account);
            FallbackOptions options;
            options.runtime = runtime;
            options.total = 30s;
            const FallbackBoundModel model({openai.model(slow), openai.model(slow), openai.model("sim-ok")},
                                           options);
            const TimePoint start = clock->now();
            TimePoint end;
            asio::co_spawn(
                context, test::answered(model, "x", CallOptions()),
                [&](std::exception_ptr error, test::Answered answer) {
                    end = clock->now();
                    BOOST_TEST(!error);
                    BOOST_TEST(answer.by == "openai/sim-ok");
                    BOOST_TEST(answer.attempts == std::vector<std::string>(
                                                      2, "openai/" + std::string(slow) + " ProviderTimeout"),
                               boost::test_tools::per_element());
                });
            clock->advance(context, 25s);
            BOOST_TEST((end - start >= 20s && end - start < 21s));  // 30 s / 3, and half of what was left
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
