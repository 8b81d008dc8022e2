// The selection (docs/selection.md) over scripted providers: what a strategy learns from streams, and how it
// goes together with filters and failover. The strategies themselves: tests/flow/selection_test.cpp.
#include <sluice/select.hpp>

#include "model/gate_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <cmath>
#include <initializer_list>
#include <limits>

using namespace sluice;
using namespace std::chrono_literals;
using test::Answered;
using test::bad;
using test::Door;
using test::GateWorld;
using test::good;
using test::names;
using testing::Script;

namespace {

using Names = std::vector<std::string>;

struct SelectWorld : GateWorld {
    SelectOptions by(Strategy strategy) {
        SelectOptions made;
        made.strategy = strategy;
        made.failover = options();
        return made;
    }
    SelectBoundModel pair(SelectOptions options) {
        return SelectBoundModel({{alpha.model("a")}, {beta.model("b")}}, std::move(options));
    }
    Names who(const BoundModel& model, int requests, Request request = "x") {
        Names all;
        for (int i = 0; i < requests; ++i)
            all.push_back(ask(model, request).by);
        return all;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(select_bound_model)

BOOST_AUTO_TEST_CASE(lists_and_options_that_mean_nothing_are_refused_at_construction) {
    SelectWorld world;
    BOOST_CHECK_THROW(SelectBoundModel({}), std::invalid_argument);
    for (const double weight : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()})
        BOOST_CHECK_THROW(SelectBoundModel({{world.alpha.model("a"), weight}}), std::invalid_argument);
    SelectOptions options;
    options.half_life = 0ms;
    BOOST_CHECK_THROW(world.pair(options), std::invalid_argument);
    options = SelectOptions();
    options.max_attempts = 0;
    BOOST_CHECK_THROW(world.pair(options), std::invalid_argument);
    options = SelectOptions();
    options.failover.hook_limit = 0ms;
    BOOST_CHECK_THROW(world.pair(options), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(seven_to_three_is_seven_to_three) {
    SelectWorld world;
    world.alpha.script("a", good());
    world.beta.script("b", good());
    const SelectBoundModel model({{world.alpha.model("a"), 0.7}, {world.beta.model("b"), 0.3}},
                                 world.by(Strategy::weighted));
    world.who(model, 1000);
    // Binomial: 700 +- 14.5; four of those either way.
    BOOST_TEST(world.alpha.calls() > 642U);
    BOOST_TEST(world.alpha.calls() < 758U);
    BOOST_TEST(world.alpha.calls() + world.beta.calls() == 1000U);
    BOOST_TEST(model.spec().id == "a");  // whoever is drawn
}

BOOST_AUTO_TEST_CASE(the_same_seed_draws_the_same) {
    const auto draws = [](std::uint64_t seed) {
        SelectWorld world;
        world.alpha.script("a", good());
        world.beta.script("b", good());
        SelectOptions options = world.by(Strategy::weighted);
        options.failover.runtime.entropy = seeded_entropy(seed);
        return world.who(world.pair(options), 40);
    };
    BOOST_TEST(draws(7) == draws(7), boost::test_tools::per_element());
    BOOST_TEST((draws(7) != draws(8)));
}

BOOST_AUTO_TEST_CASE(a_failing_candidate_gets_less_and_less_but_never_nothing) {
    SelectWorld world;
    world.alpha.script("a", bad());
    world.beta.script("b", good());
    const SelectBoundModel model = world.pair(world.by(Strategy::weighted));
    BOOST_TEST(world.who(model, 2000) == Names(2000, "beta/b"), boost::test_tools::per_element());
    // No time passes, so nothing is forgotten: 2, then 3, then 5, ... requests until the next one, at most
    // 1025.
    BOOST_TEST(world.alpha.calls() >= 5U);
    BOOST_TEST(world.alpha.calls() <= 20U);
    const std::size_t before = world.alpha.calls();
    world.pass(20min);
    world.who(model, 4);
    BOOST_TEST(world.alpha.calls() > before);  // forgotten, and tried again
}

BOOST_AUTO_TEST_CASE(an_answer_that_breaks_off_counts_as_a_failure_and_a_caller_who_leaves_does_not) {
    SelectWorld world;
    world.alpha.script("a", Script().text("Ulaan").fail(ErrorKind::provider_unavailable));
    world.beta.script("b", Script().text("Ulaan").hang());
    SelectOptions options = world.by(Strategy::weighted);
    const SelectBoundModel model = world.pair(options);
    const auto look_and_leave = [](BoundModel from) -> asio::awaitable<std::string> {
        TokenStream stream = co_await from.stream("x");
        co_await stream.next();
        if (stream.answerer().provider_id == "alpha") co_await stream.next();
        co_return stream.answerer().provider_id;
    };
    int of_beta = 0;
    for (int i = 0; i < 1000; ++i)
        of_beta += world.run(look_and_leave(model)) == "beta";
    BOOST_TEST(of_beta > 980);
}

BOOST_AUTO_TEST_CASE(requests_that_no_target_could_serve_do_not_speak_against_one) {
    SelectWorld world;
    world.alpha.script("a", bad(ErrorKind::content_filtered));
    world.beta.script("b", bad(ErrorKind::content_filtered));
    SelectOptions options = world.by(Strategy::weighted);
    const SelectBoundModel model({{world.alpha.model("a"), 3}, {world.beta.model("b"), 1}}, options);
    for (int i = 0; i < 400; ++i)
        BOOST_CHECK_THROW(world.ask(model), ContentFiltered);
    BOOST_TEST(world.alpha.calls() > 250U);  // had each halved a weight, it would be 200 each
}

BOOST_AUTO_TEST_CASE(a_failed_pick_is_followed_by_one_that_was_not_tried) {
    SelectWorld world;
    world.alpha.script("a", bad());
    world.alpha.script("c", bad());
    world.beta.script("b", good());
    for (int i = 0; i < 20; ++i) {
        const SelectBoundModel model(
            {{world.alpha.model("a"), 1000}, {world.alpha.model("c"), 1000}, {world.beta.model("b"), 1}},
            world.by(Strategy::weighted));
        const Answered answer = world.ask(model);
        BOOST_TEST(answer.by == "beta/b");
        BOOST_TEST(answer.attempts.size() <= 2U);
        if (answer.attempts.size() == 2) BOOST_TEST(answer.attempts[0] != answer.attempts[1]);
    }
}

BOOST_AUTO_TEST_CASE(more_attempts_than_candidates_ask_again_where_that_can_help) {
    SelectWorld world;
    world.alpha.script("a", bad(ErrorKind::provider_overloaded));
    world.beta.script("b", bad(ErrorKind::quota_exhausted));
    SelectOptions options = world.by(Strategy::priority);
    options.max_attempts = 4;  // two providers and two more: "providers + max_retries"
    const ErrorInfo error = world.refused(world.pair(options));
    BOOST_TEST((error.kind == ErrorKind::all_providers_failed));
    BOOST_TEST(names(*error.attempts) == (Names{"alpha/a ProviderOverloaded", "beta/b QuotaExhausted",
                                                "alpha/a ProviderOverloaded", "alpha/a ProviderOverloaded"}),
               boost::test_tools::per_element());
    BOOST_REQUIRE(world.failovers.size() == 4U);
    BOOST_TEST(world.failovers[1].next->id == "a");
    BOOST_TEST(world.failovers[3].consecutive_failures == 3U);
    BOOST_TEST(!world.failovers[3].next.has_value());

    world.failovers.clear();
    const ErrorInfo once = world.refused(world.pair(world.by(Strategy::priority)));
    BOOST_TEST(once.attempts->size() == 2U);
}

BOOST_AUTO_TEST_CASE(selection_works_without_failover) {
    SelectWorld world;
    world.alpha.script("a", bad());
    world.beta.script("b", good());
    SelectOptions options = world.by(Strategy::round_robin);
    options.failover.max_fallbacks = 0;
    const SelectBoundModel model = world.pair(options);
    BOOST_CHECK_THROW(world.ask(model), AllProvidersFailed);
    BOOST_TEST(world.ask(model).by == "beta/b");
    BOOST_CHECK_THROW(world.ask(model), AllProvidersFailed);
}

BOOST_AUTO_TEST_CASE(candidates_are_filtered_before_the_pick) {
    SelectWorld world;
    ModelSpec blind("", "a");
    blind.capabilities.vision = false;
    world.alpha.script("a", good());
    world.alpha.script("c", good());
    world.beta.script("b", good());
    Door door(world.alpha.model("c"));
    door.shut(Refusal(SkipReason::breaker_open, 9s));
    const SelectBoundModel model(
        {{world.alpha.model(blind), 1000}, {door.model(), 1000}, {world.beta.model("b")}},
        world.by(Strategy::weighted));
    const Request image =
        Request().user({TextPart("?"), ImagePart::from_base64("image/png", "iVBORw0KGgo=")});
    const Answered answer = world.ask(model, image);
    BOOST_TEST(answer.by == "beta/b");
    BOOST_TEST(answer.attempts == (Names{"alpha/a skipped needs_vision", "alpha/c skipped breaker_open"}),
               boost::test_tools::per_element());
    BOOST_TEST(world.alpha.calls() == 0U);

    // Nobody at all: the one that may recover, by the last resort.
    const SelectBoundModel without({{world.alpha.model(blind)}, {door.model()}},
                                   world.by(Strategy::weighted));
    BOOST_TEST(world.ask(without, image).by == "alpha/c");
    BOOST_TEST(door.contexts().back().last_resort);
    const SelectBoundModel lost({{world.alpha.model(blind)}}, world.by(Strategy::weighted));
    BOOST_CHECK_THROW(world.ask(lost, image), NoProviderAvailable);
}

BOOST_AUTO_TEST_CASE(priority_is_active_and_passive) {
    SelectWorld world;
    world.alpha.script("a", good());
    world.beta.script("b", good());
    const SelectBoundModel model({{world.alpha.model("a"), 1, 2}, {world.beta.model("b"), 1, 1}},
                                 world.by(Strategy::priority));
    BOOST_TEST(world.who(model, 3) == Names(3, "beta/b"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(round_robin_goes_round_also_past_one_that_is_shut) {
    SelectWorld world;
    for (const char* id : {"a", "b", "c"})
        world.alpha.script(id, good());
    Door door(world.alpha.model("b"));
    const SelectBoundModel model({{world.alpha.model("a")}, {door.model()}, {world.alpha.model("c")}},
                                 world.by(Strategy::round_robin));
    BOOST_TEST(world.who(model, 4) == (Names{"alpha/a", "alpha/b", "alpha/c", "alpha/a"}),
               boost::test_tools::per_element());
    door.shut(Refusal(SkipReason::unhealthy));
    BOOST_TEST(world.who(model, 4) == (Names{"alpha/c", "alpha/a", "alpha/c", "alpha/a"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(least_latency_measures_the_first_event_and_goes_there) {
    SelectWorld world;
    world.alpha.script("a", Script().delay(900ms).text("slow").finish());
    world.beta.script("b", Script().delay(100ms).text("fast").delay(10s).finish());
    SelectOptions options = world.by(Strategy::least_latency);
    options.half_life = 10min;
    const SelectBoundModel model = world.pair(options);
    BOOST_TEST(world.who(model, 6) == (Names{"alpha/a", "beta/b", "beta/b", "beta/b", "beta/b", "beta/b"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(least_busy_counts_streams_until_they_end_however_they_end) {
    SelectWorld world;
    world.alpha.script("a", Script().text("x").hang());
    world.beta.script("b", Script().text("x").finish());
    const SelectBoundModel model = world.pair(world.by(Strategy::least_busy));
    const auto open = [](BoundModel from) -> asio::awaitable<std::shared_ptr<TokenStream>> {
        TokenStream stream = co_await from.stream("x");
        co_return std::make_shared<TokenStream>(std::move(stream));
    };
    std::shared_ptr<TokenStream> held = world.run(open(model));
    BOOST_TEST(held->answerer().provider_id == "alpha");
    BOOST_TEST(world.who(model, 3) == Names(3, "beta/b"), boost::test_tools::per_element());
    held.reset();  // dropped
    BOOST_TEST(world.run(open(model))->answerer().provider_id == "alpha");

    // Cancelled before its first answer.
    world.alpha.script("slow", Script().hang()).script("slow", good());
    const SelectBoundModel other({{world.alpha.model("slow")}, {world.beta.model("b")}},
                                 world.by(Strategy::least_busy));
    asio::cancellation_signal cancel;
    bool over = false;
    asio::co_spawn(world.context, open(other),
                   asio::bind_cancellation_slot(cancel.slot(),
                                                [&](std::exception_ptr error, std::shared_ptr<TokenStream>) {
                                                    over = true;
                                                    BOOST_TEST((error != nullptr));
                                                }));
    world.context.restart();
    world.context.poll();
    cancel.emit(asio::cancellation_type::terminal);
    world.context.restart();
    world.context.poll();
    BOOST_TEST(over);
    BOOST_TEST(world.who(other, 2) == (Names{"beta/b", "alpha/slow"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(cheapest_knows_the_price_of_this_request_and_fails_over_upwards) {
    SelectWorld world;
    const auto priced = [](std::string id, const char* input, const char* output) {
        ModelSpec spec("", std::move(id));
        spec.price.input = Price::per_million(input);
        spec.price.output = Price::per_million(output);
        return spec;
    };
    for (const char* id : {"reads-cheap", "writes-cheap"})
        world.alpha.script(id, good());
    world.beta.script("unknown", good());
    const SelectBoundModel model({{world.beta.model("unknown")},
                                  {world.alpha.model(priced("reads-cheap", "1", "20"))},
                                  {world.alpha.model(priced("writes-cheap", "5", "5"))}},
                                 world.by(Strategy::cheapest));
    BOOST_TEST(world.ask(model, Request("short").max_tokens(1000)).by == "alpha/writes-cheap");
    BOOST_TEST(world.ask(model, Request(std::string(40'000, 'x')).max_tokens(100)).by == "alpha/reads-cheap");

    for (const char* id : {"dear", "cheap"})
        world.alpha.script(id, bad());
    const SelectBoundModel down({{world.beta.model("unknown")},
                                 {world.alpha.model(priced("dear", "9", "9"))},
                                 {world.alpha.model(priced("cheap", "1", "1"))}},
                                world.by(Strategy::cheapest));
    const Answered answer = world.ask(down);
    BOOST_TEST(answer.by == "beta/unknown");
    BOOST_TEST(
        answer.attempts == (Names{"alpha/cheap ProviderUnavailable", "alpha/dear ProviderUnavailable"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_whole_answer_can_be_held_here_too) {
    SelectWorld world;
    world.alpha.script("a", Script().text("Ulaan").fail(ErrorKind::provider_unavailable));
    world.beta.script("b", good());
    SelectOptions options = world.by(Strategy::priority);
    options.failover.commit_on = CommitOn::complete;
    const Answered answer = world.ask(world.pair(options));
    BOOST_TEST(answer.text == "Ulaanbaatar.");
    BOOST_TEST(answer.attempts == Names{"alpha/a ProviderUnavailable"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(selections_and_chains_nest_in_any_order) {
    SelectWorld world;
    world.alpha.script("a", bad());
    world.alpha.script("c", bad());
    world.beta.script("b", good());
    const SelectBoundModel pool({{world.alpha.model("a")}, {world.alpha.model("c")}},
                                world.by(Strategy::round_robin));
    const FallbackBoundModel chain({pool, world.beta.model("b")}, world.options());
    BOOST_TEST(
        world.ask(chain).attempts == (Names{"alpha/a ProviderUnavailable", "alpha/c ProviderUnavailable"}),
        boost::test_tools::per_element());
    const SelectBoundModel around({{chain}, {world.beta.model("b")}}, world.by(Strategy::least_busy));
    BOOST_TEST(world.ask(around).by == "beta/b");
}

BOOST_AUTO_TEST_CASE(it_explains_what_it_is_made_of) {
    SelectWorld world;
    SelectOptions options = world.by(Strategy::weighted);
    options.max_attempts = 4;
    const Composition made = world.pair(options).target()->composition();
    BOOST_TEST(made.kind == "weighted");
    BOOST_TEST(made.parts.size() == 2U);
    BOOST_TEST(made.max_tries.value_or(0) == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
