// The rules of docs/hedge.md, over scripted providers in virtual time.
#include <sluice/hedge.hpp>

#include <sluice/explain.hpp>

#include "race_world.hpp"

#include <asio/post.hpp>

#include <limits>

using namespace sluice;
using namespace sluice::test::race;
using namespace std::chrono_literals;
using sluice::testing::Script;

namespace {

struct World : RaceWorld {
    HedgeOptions options() {
        HedgeOptions options;
        options.delay = 1s;
        options.live_quantile.reset();
        options.runtime = runtime;
        return options;
    }
    HedgeBoundModel model() { return model(options()); }
    HedgeBoundModel model(HedgeOptions with) { return HedgeBoundModel({a(), b()}, std::move(with)); }
    HedgeBoundModel three(HedgeOptions with) { return HedgeBoundModel({a(), b(), c()}, std::move(with)); }
};

Script slow(Duration delay, const char* text = "late") {
    return Script().delay(delay).text(text).finish();
}

// Refuses whatever one says, for a time.
class Moody final : public ModelTarget {
  public:
    Moody(BoundModel inner, std::optional<Refusal> why) : inner_(std::move(inner)), why_(why) {}
    const Provider& provider() const noexcept override { return inner_.provider(); }
    const ModelSpec& spec() const noexcept override { return inner_.spec(); }
    bool is_combinator() const noexcept override { return true; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        was_last_resort = context.last_resort;
        return inner_.open(request, context);
    }
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const override {
        return why_ ? why_ : inner_.target()->refusal(needs, now);
    }
    mutable bool was_last_resort = false;

  private:
    BoundModel inner_;
    std::optional<Refusal> why_;
};

// Throws what no target may.
class Broken final : public ModelTarget {
  public:
    explicit Broken(BoundModel inner) : inner_(std::move(inner)) {}
    const Provider& provider() const noexcept override { return inner_.provider(); }
    const ModelSpec& spec() const noexcept override { return inner_.spec(); }
    bool is_combinator() const noexcept override { return true; }
    asio::awaitable<Result<TokenStream>> open(const Request&, const CallContext&) const override {
        throw std::logic_error("a bug");
    }

  private:
    BoundModel inner_;
};

ModelSpec priced(const char* id, const char* usd_per_million) {
    ModelSpec spec("", id);
    spec.price.input = spec.price.output = Price::per_million(usd_per_million);
    return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hedge)

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_at_construction) {
    World world;
    const auto refused = [&world](void (*spoil)(HedgeOptions&)) {
        HedgeOptions options = world.options();
        spoil(options);
        BOOST_CHECK_THROW(world.model(std::move(options)), std::invalid_argument);
    };
    BOOST_CHECK_THROW(HedgeBoundModel({world.a()}, world.options()), std::invalid_argument);
    refused([](HedgeOptions& o) { o.delay = -1ms; });
    refused([](HedgeOptions& o) { o.live_quantile = 1.0; });
    refused([](HedgeOptions& o) { o.live_quantile = 0.0; });
    refused([](HedgeOptions& o) { o.min_samples = 0; });
    refused([](HedgeOptions& o) { o.min_delay = o.max_delay + 1ms; });
    refused([](HedgeOptions& o) { o.max_legs = 1; });
    refused([](HedgeOptions& o) { o.max_extra = 0; });
    refused([](HedgeOptions& o) { o.max_extra = std::numeric_limits<double>::quiet_NaN(); });
    refused([](HedgeOptions& o) { o.burst = 0.5; });
    refused([](HedgeOptions& o) { o.max_total_attempts = 0; });
}

BOOST_AUTO_TEST_CASE(a_prompt_first_leg_answers_alone) {
    World world;
    world.alpha.script("m", slow(999ms, "prompt"));
    world.beta.script("m", good());
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_TEST(outcome.text == "prompt");
    BOOST_TEST(outcome.provider == "alpha");
    BOOST_TEST(outcome.attempts.empty());
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST((world.passed() == 999ms));
}

BOOST_AUTO_TEST_CASE(a_silent_first_leg_gets_company_and_the_first_answer_wins) {
    World world;
    world.alpha.script("m", slow(10s));
    world.beta.script("m", slow(500ms, "hedge"));
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_TEST(outcome.text == "hedge");
    BOOST_TEST(outcome.provider == "beta");
    BOOST_TEST((outcome.opened - world.start == 1500ms));
    BOOST_TEST(outcome.running_when_opened == 1U);  // nothing of the loser runs on
    BOOST_TEST(outcome.attempts.empty());           // it did not fail
    BOOST_TEST(
        world.books.lines() == list({"alpha attempt_started answer", "beta hedge_started hedge",
                                     "beta attempt_started hedge", "beta first_event hedge",
                                     "alpha attempt_abandoned answer", "beta attempt_succeeded hedge"}),
        boost::test_tools::per_element());
    BOOST_TEST((world.passed() == 1500ms));
}

BOOST_AUTO_TEST_CASE(the_first_leg_may_still_win) {
    World world;
    world.alpha.script("m", slow(1200ms, "first"));
    world.beta.script("m", slow(500ms, "hedge"));
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_TEST(outcome.text == "first");
    BOOST_TEST(outcome.running_when_opened == 1U);
    BOOST_TEST(world.books.count("beta attempt_abandoned hedge") == 1U);
}

BOOST_AUTO_TEST_CASE(two_that_answer_in_the_same_instant_make_one_winner) {
    World world;
    world.alpha.script("m", slow(1500ms, "first"));
    world.beta.script("m", slow(500ms, "hedge"));
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_TEST(outcome.text == "first");
    BOOST_TEST(outcome.running_when_opened == 1U);
    BOOST_TEST(world.books.started() == 2U);
}

BOOST_AUTO_TEST_CASE(three_legs_start_one_after_the_other) {
    World world;
    world.alpha.script("m", Script().hang());
    world.beta.script("m", Script().hang());
    world.gamma.script("m", slow(1s, "third"));
    HedgeOptions options = world.options();
    options.max_legs = 3;
    const Outcome outcome = world.run(ask(world, world.three(options)));
    BOOST_TEST(outcome.text == "third");
    BOOST_TEST((outcome.opened - world.start == 3s));
    BOOST_TEST(outcome.running_when_opened == 1U);
}

BOOST_AUTO_TEST_CASE(a_failed_leg_is_replaced_at_once_and_recorded) {
    World world;
    world.alpha.script("m", Script().delay(200ms).fail(ErrorKind::rate_limited));
    world.beta.script("m", good());
    HedgeOptions options = world.options();
    options.max_extra = 1e-9;
    options.burst = 1;
    const HedgeBoundModel model = world.model(options);
    for (int i = 0; i < 5; ++i) {  // at no extra cost: it is no hedge
        const Outcome outcome = world.run(ask(world, model));
        BOOST_TEST(outcome.text == "Ulaanbaatar");
        BOOST_TEST(outcome.attempts == list({"alpha RateLimited"}), boost::test_tools::per_element());
    }
    BOOST_TEST((world.passed() == 1s));
    BOOST_TEST(world.books.count("alpha failed_over answer") == 5U);
    BOOST_TEST(world.books.count("beta attempt_started answer") == 5U);
    BOOST_TEST(world.books.count("beta hedge_started hedge") == 0U);
}

BOOST_AUTO_TEST_CASE(a_leg_that_fails_beside_another_leaves_the_race_to_it) {
    World world;
    world.alpha.script("m", Script().delay(1200ms).fail(ErrorKind::provider_overloaded));
    world.beta.script("m", slow(900ms, "hedge"));
    world.gamma.script("m", good());
    const Outcome outcome = world.run(ask(world, world.three(world.options())));
    BOOST_TEST(outcome.text == "hedge");
    BOOST_TEST((outcome.opened - world.start == 1900ms));
    BOOST_TEST(outcome.attempts == list({"alpha ProviderOverloaded"}), boost::test_tools::per_element());
    BOOST_TEST(world.gamma.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(when_all_fail_every_attempt_is_in_the_error) {
    World world;
    world.alpha.script("m", Script().delay(1500ms).fail(ErrorKind::provider_overloaded));
    world.beta.script("m", Script().delay(100ms).fail_open(ErrorKind::rate_limited));
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_REQUIRE(outcome.error);
    BOOST_TEST((outcome.error->kind == ErrorKind::all_providers_failed));
    BOOST_TEST(outcome.attempts == list({"beta RateLimited", "alpha ProviderOverloaded"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_trigger_ends_the_race_and_stops_the_hedge) {
    World world;
    world.alpha.script("m", Script().delay(1500ms).fail(ErrorKind::provider_bad_request));
    world.beta.script("m", slow(10s));
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_REQUIRE(outcome.error);
    BOOST_TEST((outcome.error->kind == ErrorKind::provider_bad_request));
    BOOST_TEST((outcome.opened - world.start == 1500ms));
    BOOST_TEST(outcome.running_when_opened == 0U);
    BOOST_TEST(world.books.count("beta attempt_abandoned hedge") == 1U);
}

BOOST_AUTO_TEST_CASE(a_hedge_with_a_bad_key_does_not_spoil_the_first_leg) {
    World world;
    world.alpha.script("m", slow(2s, "slow but good"));
    world.beta.script("m", Script().fail_open(ErrorKind::provider_auth_failed));
    world.gamma.script("m", good());
    HedgeOptions options = world.options();
    options.max_legs = 3;
    const Outcome outcome = world.run(ask(world, world.three(options)));
    BOOST_TEST(outcome.text == "slow but good");
    BOOST_TEST(outcome.attempts == list({"beta ProviderAuthFailed"}), boost::test_tools::per_element());
    BOOST_TEST(world.gamma.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(after_a_win_nothing_is_retried) {
    World world;
    world.alpha.script("m", Script().text("Ulaan").fail(ErrorKind::provider_unavailable));
    world.beta.script("m", good());
    const Outcome outcome = world.run(ask(world, world.model()));
    BOOST_TEST(outcome.text == "Ulaan");
    BOOST_TEST((outcome.failure->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(world.beta.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(without_money_the_request_waits_for_its_first_leg) {
    World world;
    world.alpha.script("m", slow(5s, "first"));
    world.beta.script("m", good("hedge"));
    HedgeOptions options = world.options();
    options.max_extra = 0.25;
    options.burst = 2;
    const HedgeBoundModel model = world.model(options);
    std::string who;
    for (int i = 0; i < 11; ++i)
        who += world.run(ask(world, model)).text.substr(0, 1);
    // Two from the start; then each fourth request has earned one. (The first fills the bucket.)
    BOOST_TEST(who == "hhffhfffhff");
}

BOOST_AUTO_TEST_CASE(a_dear_hedge_is_counted_at_its_price) {
    World world;
    world.alpha.script("cheap", slow(5s, "first"));
    world.beta.script("dear", good("hedge"));
    HedgeOptions options = world.options();
    options.burst = 10;
    const HedgeBoundModel model(
        {world.alpha.model(priced("cheap", "1")), world.beta.model(priced("dear", "8"))}, options);
    BOOST_TEST(world.run(ask(world, model)).text == "hedge");  // eight of the ten
    BOOST_TEST(world.run(ask(world, model)).text == "first");
    // A price that is not known makes each count the same.
    const HedgeBoundModel unknown({world.alpha.model("cheap"), world.beta.model(priced("dear", "8"))},
                                  options);
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(world.run(ask(world, unknown)).text == "hedge");
    BOOST_TEST(world.run(ask(world, unknown)).text == "first");
}

BOOST_AUTO_TEST_CASE(residency_is_never_crossed_by_a_hedge) {
    World world;
    ModelSpec local("", "m");
    local.tags = {"local"};
    world.alpha.script("m", slow(5s, "local"));
    world.beta.script("m", good("cloud"));
    const HedgeBoundModel model({world.alpha.model(local), world.b()}, world.options());
    CallOptions options;
    options.residency("local").events(world.books.listener());
    const Outcome outcome = world.run(ask(world, model, options));
    BOOST_TEST(outcome.text == "local");
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST(outcome.attempts == list({"beta residency"}), boost::test_tools::per_element());

    const HedgeBoundModel reversed({world.b(), world.alpha.model(local)}, world.options());
    BOOST_TEST(world.run(ask(world, reversed, options)).text == "local");
    const HedgeBoundModel abroad({world.b(), world.c()}, world.options());
    const Outcome nobody = world.run(ask(world, abroad, options));
    BOOST_REQUIRE(nobody.error);
    BOOST_TEST((nobody.error->kind == ErrorKind::no_provider_available));
    BOOST_TEST(nobody.attempts == list({"beta residency", "gamma residency"}),
               boost::test_tools::per_element());
    BOOST_TEST(world.beta.calls() + world.gamma.calls() == 0U);
    Needs needs;
    needs.residency = {"local"};
    BOOST_TEST(!model.target()->refusal(needs, world.start));
    BOOST_TEST((abroad.target()->refusal(needs, world.start)->reason == SkipReason::residency));
}

BOOST_AUTO_TEST_CASE(who_refuses_for_now_is_passed_over_or_the_last_resort) {
    World world;
    world.alpha.script("m", slow(5s, "alpha"));
    world.beta.script("m", good("beta"));
    const auto later = std::make_shared<Moody>(world.a(), Refusal(SkipReason::breaker_open, 9s));
    const auto sooner = std::make_shared<Moody>(world.b(), Refusal(SkipReason::unhealthy, 3s));
    const HedgeBoundModel one({BoundModel(later), world.b()}, world.options());
    const Outcome passed_over = world.run(ask(world, one));
    BOOST_TEST(passed_over.text == "beta");
    BOOST_TEST(passed_over.attempts == list({"alpha breaker_open"}), boost::test_tools::per_element());
    BOOST_TEST(world.alpha.calls() == 0U);

    const HedgeBoundModel both({BoundModel(later), BoundModel(sooner)}, world.options());
    BOOST_TEST(world.run(ask(world, both)).text == "beta");
    BOOST_TEST(sooner->was_last_resort);
    const std::optional<Refusal> refusal = both.target()->refusal(Needs(), world.start);
    BOOST_TEST((refusal->reason == SkipReason::breaker_open));
    BOOST_TEST((refusal->retry_after == 3s));
    HedgeOptions strict = world.options();
    strict.last_resort = false;
    const HedgeBoundModel nobody({BoundModel(later), BoundModel(sooner)}, strict);
    const Outcome refused = world.run(ask(world, nobody));
    BOOST_TEST((refused.error->kind == ErrorKind::no_provider_available));
    BOOST_TEST((*refused.error->retry_after == 3s));
}

BOOST_AUTO_TEST_CASE(attempts_that_are_spent_leave_no_hedge_and_no_failover) {
    World world;
    world.alpha.script("m", slow(5s, "first"));
    world.beta.script("m", good("hedge"));
    CallOptions options;
    options.max_total_attempts(1);
    BOOST_TEST(world.run(ask(world, world.model(), options)).text == "first");
    BOOST_TEST(world.beta.calls() == 0U);
    world.change(world.alpha, Script().fail(ErrorKind::rate_limited));
    const Outcome outcome = world.run(ask(world, world.model(), options));
    BOOST_TEST(outcome.attempts == list({"alpha RateLimited", "beta attempts_spent"}),
               boost::test_tools::per_element());
    BOOST_TEST((outcome.error->kind == ErrorKind::all_providers_failed));
}

BOOST_AUTO_TEST_CASE(no_hedge_starts_at_the_deadline_and_a_spent_budget_ends_the_race) {
    World world;
    ErrorInfo spent(ErrorKind::provider_timeout, Phase::total, "no time left");
    world.alpha.script("m", Script().delay(1s).fail(spent));
    world.beta.script("m", good());
    CallOptions options;
    options.total(1s);
    const Outcome outcome = world.run(ask(world, world.model(), options));
    BOOST_TEST((outcome.error->kind == ErrorKind::provider_timeout));
    BOOST_TEST((outcome.error->phase == Phase::total));
    BOOST_TEST(world.beta.calls() == 0U);
    BOOST_TEST((world.alpha.deadlines().front() == world.start + 1s));

    // An outer chain gives a leg half of its time; a hedge is no reason to use more.
    CallContext context;
    context.first_event_deadline = world.clock->now() + 500ms;
    world.change(world.alpha, slow(2s));
    const auto open = [](BoundModel model, CallContext inner) -> asio::awaitable<void> {
        const Request request("x");
        Result<TokenStream> stream = co_await model.open(request, inner);
        BOOST_TEST(stream.has_value());
    };
    world.run(open(world.model(), context));
    BOOST_TEST(world.beta.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(the_delay_follows_the_leg_s_own_first_events) {
    World world;
    HedgeOptions options = world.options();
    options.delay = 1s;
    options.live_quantile = 0.95;
    options.min_samples = 10;
    options.min_delay = 100ms;
    options.max_delay = 3s;
    options.max_extra = 1;
    options.burst = 100;
    const HedgeBoundModel model = world.model(options);
    const auto hedged_after = [&]() -> Duration {
        world.change(world.alpha, Script().hang());
        const TimePoint before = world.clock->now();
        const Outcome outcome = world.run(ask(world, model));
        return outcome.opened - before;
    };
    world.alpha.script("m", slow(400ms));
    world.beta.script("m", good("hedge"));
    for (int i = 0; i < 9; ++i)
        world.run(ask(world, model));
    BOOST_TEST((hedged_after() == 1s));  // nine first events: not enough
    world.change(world.alpha, slow(400ms));
    for (int i = 0; i < 200; ++i)
        world.run(ask(world, model));
    const Duration live = hedged_after();
    BOOST_TEST((live >= 400ms));
    BOOST_TEST((live < 440ms));
    world.change(world.alpha, slow(1ms));
    for (int i = 0; i < 4000; ++i)
        world.run(ask(world, model));
    BOOST_TEST((hedged_after() == 100ms));  // min_delay
    // Now every request is slow, and hedges win all of them. The losers' silence counts, or the delay would
    // never see it.
    for (int i = 0; i < 200; ++i)
        hedged_after();
    BOOST_TEST((hedged_after() > 100ms));
}

BOOST_AUTO_TEST_CASE(the_live_delay_has_a_ceiling) {
    World world;
    HedgeOptions options = world.options();
    options.live_quantile = 0.5;
    options.min_samples = 1;
    options.max_delay = 3s;
    options.delay = 60s;
    const HedgeBoundModel model = world.model(options);
    world.alpha.script("m", slow(20s));
    world.run(ask(world, model));
    world.beta.script("m", good("hedge"));
    const TimePoint before = world.clock->now();
    BOOST_TEST((world.run(ask(world, model)).opened - before == 3s));
}

BOOST_AUTO_TEST_CASE(it_nests_in_chains_and_chains_nest_in_it) {
    World world;
    FallbackOptions chain;
    chain.runtime = world.runtime;
    world.alpha.script("m", slow(5s));
    world.beta.script("m", Script().fail(ErrorKind::rate_limited));
    world.gamma.script("m", good("gamma"));
    const FallbackBoundModel inner({world.b(), world.c()}, chain);
    const HedgeBoundModel around({world.a(), inner}, world.options());
    const Outcome outcome = world.run(ask(world, around));
    BOOST_TEST(outcome.text == "gamma");
    BOOST_TEST(outcome.attempts == list({"beta RateLimited"}), boost::test_tools::per_element());

    const HedgeBoundModel race({world.b(), world.b()}, world.options());
    const FallbackBoundModel outer({race, world.c()}, chain);
    const Outcome second = world.run(ask(world, outer));
    BOOST_TEST(second.text == "gamma");
    BOOST_TEST(second.attempts == list({"beta RateLimited", "beta RateLimited"}),
               boost::test_tools::per_element());
    BOOST_TEST(around.spec().provider_id == "alpha");
    BOOST_TEST(around.provider().id() == "alpha");
}

BOOST_AUTO_TEST_CASE(a_request_with_tools_may_be_hedged) {
    World world;
    world.alpha.script("m", slow(5s));
    world.beta.script("m", Script().tool_call("c1", "weather", "{}").finish(StopReason::tool_calls));
    const Request request = Request("Weather?").tool(Tool("weather", "Tells it", "{}"));
    const AssistantMessage message = world.run(world.model().generate(request));
    BOOST_TEST(message.provider_id == "beta");
}

BOOST_AUTO_TEST_CASE(what_a_target_throws_against_its_contract_reaches_the_caller) {
    World world;
    world.alpha.script("m", Script().hang());
    const HedgeBoundModel model({world.a(), BoundModel(std::make_shared<Broken>(world.b()))},
                                world.options());
    BOOST_CHECK_THROW(world.run(ask(world, model)), std::logic_error);
    BOOST_TEST(world.books.count("alpha attempt_abandoned answer") == 1U);
}

BOOST_AUTO_TEST_CASE(the_winner_s_stream_outlives_everything_of_the_race) {
    World world;
    world.alpha.script("m", Script().hang());
    world.beta.script("m", Script().delay(1s).text("a").delay(1s).text("b").delay(1s).finish());
    std::optional<HedgeBoundModel> model(world.model());
    const auto read = [](std::optional<HedgeBoundModel>& from) -> asio::awaitable<std::string> {
        std::string text;
        TokenStream stream = co_await from->stream("x");
        from.reset();
        while (const StreamEvent* event = co_await stream.next())
            if (const auto* delta = event->as<TextDelta>()) text += delta->text;
        co_return text;
    };
    BOOST_TEST(world.run(read(model)) == "ab");
}

BOOST_AUTO_TEST_CASE(cancellation_at_every_step_stops_all_legs_at_once) {
    const std::vector<std::pair<Script, Script>> pairs{
        {Script().hang(), Script().hang()},
        {Script().delay(2s).fail(ErrorKind::rate_limited), Script().delay(3s).text("x").delay(1s).finish()},
        {slow(1500ms), slow(500ms)},
        {Script().delay(1200ms).fail_open(ErrorKind::provider_bad_request), Script().hang()},
    };
    for (const auto& [first, second] : pairs) {
        bool finished = false;
        std::size_t turns = 0;
        for (; !finished && turns < 300; ++turns) {
            World world;
            world.alpha.script("m", first);
            world.beta.script("m", second);
            InFlight request(world, ask(world, world.model()));
            for (std::size_t turn = 0; turn < turns && !request.done(); ++turn)
                request.turn();
            finished = request.done();
            if (finished) break;
            request.cancel();
            BOOST_TEST(request.done());
            BOOST_TEST(request.was_aborted());
            BOOST_TEST(world.alpha.running() + world.beta.running() == 0U);
            BOOST_TEST(world.clock->armed() == 0U);
            BOOST_TEST(world.books.all_closed_once());
            if (turns > 100) finished = true;  // of a pair that hangs
        }
        BOOST_TEST(finished);
        BOOST_TEST(turns > 6U);
    }
}

BOOST_AUTO_TEST_CASE(a_listener_may_cancel_the_request) {
    for (const char* at :
         {"attempt_started", "hedge_started", "attempt_failed", "failed_over", "first_event"}) {
        BOOST_TEST_CONTEXT(at) {
            World world;
            world.alpha.script("m", Script().delay(1200ms).fail(ErrorKind::rate_limited));
            world.beta.script("m", Script().delay(500ms).fail(ErrorKind::rate_limited));
            world.gamma.script("m", slow(2s));
            asio::cancellation_signal stop;
            bool fired = false;
            bool done = false;
            CallOptions options;
            const AttemptEvents books = world.books.listener();
            options.events([&](const AttemptEvent& event) {
                books.emit(event);
                if (name_of(event) != at || std::exchange(fired, true)) return;
                stop.emit(asio::cancellation_type::terminal);
            });
            asio::co_spawn(world.context, ask(world, world.three(world.options()), options),
                           asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown, Outcome) {
                               done = true;
                               BOOST_TEST((thrown != nullptr));
                           }));
            world.clock->run(world.context);
            BOOST_TEST(fired);
            BOOST_TEST(done);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_io_context_may_die_in_the_middle_of_a_race) {
    for (std::size_t turns = 0; turns < 40; ++turns) {
        World world;
        world.alpha.script("m", Script().hang());
        world.beta.script("m", Script().hang());
        {
            asio::io_context dies_early;
            asio::co_spawn(dies_early, ask(world, world.model()), [](std::exception_ptr, Outcome) {});
            for (std::size_t turn = 0; turn < turns; ++turn) {
                dies_early.restart();
                if (dies_early.poll_one() == 0) world.clock->advance(dies_early, 250ms);
            }
        }
        BOOST_TEST(world.alpha.running() + world.beta.running() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(its_worst_case_is_that_of_a_chain) {
    World world;
    HedgeOptions options = world.options();
    options.live_quantile = 0.95;
    options.max_total_attempts = 5;
    const Composition made = world.model(options).target()->composition();
    BOOST_TEST(made.kind == "hedge");
    BOOST_TEST((made.order == Composition::Order::in_turn));
    BOOST_TEST(made.parts.size() == 2U);
    BOOST_TEST((made.total == Duration(15min)));
    BOOST_TEST(made.max_total_attempts.value() == 5U);
    BOOST_TEST(made.settings ==
               "the next after the live 95 % of first events (50 ms to 30 s, 1 s at first), 2 side by side, "
               "at most 5 % extra cost");
}

BOOST_AUTO_TEST_SUITE_END()
