// Health checks over scripted providers in virtual time: the loops, the checked model, stopping.
#include <sluice/retry.hpp>
#include <sluice/testing/scripted_provider.hpp>

#include "model/health_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>

using namespace sluice;
using namespace std::chrono_literals;
using test::HealthWorld;
using test::list;
using testing::Script;
using testing::ScriptedProvider;

namespace {

struct World : HealthWorld {
    ScriptedProvider alpha{"alpha", runtime};
    ScriptedProvider beta{"beta", runtime};

    ~World() {
        context.poll();
        BOOST_TEST(alpha.running() == 0U);
        BOOST_TEST(beta.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

Script good() {
    return Script().text("pong").finish();
}
Script bad() {
    return Script().fail_open(ErrorKind::provider_overloaded);
}

std::vector<std::string> without_attempts(const std::vector<std::string>& heard) {
    std::vector<std::string> rest;
    for (const std::string& line : heard)
        if (line.starts_with("target_")) rest.push_back(line);
    return rest;
}

/// A model whose probe does what a test says; asked for an answer, it has none.
class ProbeTarget final : public ModelTarget {
  public:
    using Probe = std::function<asio::awaitable<Result<void>>(TimePoint deadline)>;
    ProbeTarget(const Provider& provider, Probe probe) : provider_(provider), probe_(std::move(probe)) {
        spec_.provider_id = "odd";
        spec_.id = "m";
    }
    const Provider& provider() const noexcept override { return provider_; }
    const ModelSpec& spec() const noexcept override { return spec_; }
    asio::awaitable<Result<TokenStream>> open(const Request&, const CallContext&) const override {
        co_return ErrorInfo(ErrorKind::provider_unavailable, Phase::prepare, "test");
    }
    bool can_probe(ProbeKind kind) const noexcept override { return kind == ProbeKind::tcp; }
    asio::awaitable<Result<void>> probe(ProbeKind, TimePoint deadline, const AttemptEvents&) const override {
        return probe_(deadline);
    }

  private:
    const Provider& provider_;
    ModelSpec spec_;
    Probe probe_;
};

asio::awaitable<Result<void>> ignore_cancellation_until(const bool& let_go, Clock& clock) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    while (!let_go)
        co_await sleep_for(clock, 1s);
    co_return Result<void>();
}

asio::awaitable<Result<void>> throw_an_error() {
    throw std::runtime_error("a target of the user's");
    co_return Result<void>();
}

asio::awaitable<void> ask_as_last_resort(BoundModel model) {
    CallContext context;
    context.last_resort = true;
    const Request request("hi");
    Result<TokenStream> opened = co_await model.open(request, context);
    BOOST_REQUIRE(opened.has_value());
    co_await opened->peek();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(health_checks)

BOOST_AUTO_TEST_CASE(settings_that_make_no_sense_are_refused) {
    const std::vector<std::pair<const char*, std::function<void(HealthSettings&)>>> cases{
        {"interval", [](HealthSettings& s) { s.interval = 0s; }},
        {"timeout", [](HealthSettings& s) { s.timeout = -1s; }},
        {"unhealthy_threshold", [](HealthSettings& s) { s.unhealthy_threshold = 0; }},
        {"healthy_threshold", [](HealthSettings& s) { s.healthy_threshold = 0; }},
        {"jitter", [](HealthSettings& s) { s.jitter = 1; }},
        {"jitter", [](HealthSettings& s) { s.jitter = -0.1; }},
    };
    World world;
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    for (const auto& [what, spoil] : cases) {
        HealthCheckOptions options = world.options(ProbeKind::completion);
        spoil(options.target);
        const auto names_it = [name = std::string(what)](const std::invalid_argument& error) {
            return std::string(error.what()).find("HealthSettings::" + name) != std::string::npos;
        };
        BOOST_CHECK_EXCEPTION(HealthChecks(world.context.get_executor(), options), std::invalid_argument,
                              names_it);
        BOOST_CHECK_EXCEPTION(checks.watch(world.alpha.model("a"), options.target), std::invalid_argument,
                              names_it);
    }
    BOOST_TEST(checks.status().empty());
}

BOOST_AUTO_TEST_CASE(only_real_models_with_that_probe_can_be_watched) {
    World world;
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const FallbackBoundModel chain({world.alpha.model("a"), world.beta.model("b")});
    BOOST_CHECK_THROW(checks.watch(chain), std::invalid_argument);
    BOOST_CHECK_THROW(HealthCheckedBoundModel(chain, checks), std::invalid_argument);
    BOOST_CHECK_THROW(checks.watch(world.alpha.model("a"), HealthWorld::exact(ProbeKind::models)),
                      std::invalid_argument);
    const HealthCheckedBoundModel checked(world.alpha.model("a"), checks);
    BOOST_TEST(checks.status().size() == 1U);
    checks.watch(checked);  // around one model, and so that one
    const RetryBoundModel again(world.beta.model("b"));
    checks.watch(again);
    BOOST_REQUIRE(checks.status().size() == 2U);
    BOOST_TEST(checks.status().at(1).provider == "beta");
}

BOOST_AUTO_TEST_CASE(goes_around_a_combinator_of_one_model) {
    World world;
    world.alpha.script("a", good()).script("a", bad());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    RetryOptions options;
    options.runtime = world.runtime;
    const HealthCheckedBoundModel model(RetryBoundModel(world.alpha.model("a"), options), checks);
    checks.start();
    world.pass(90s);
    BOOST_TEST(!checks.status().at(0).healthy);
    BOOST_TEST(world.ask(model) == "NoProviderAvailable");
    BOOST_TEST(world.alpha.calls() == 4U);  // probes, each of them once
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(one_state_for_each_provider_and_model_wherever_it_is_used) {
    World world;
    world.alpha.script("a", good()).script("a2", good());
    world.beta.script("a", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const HealthCheckedBoundModel worker(world.alpha.model("a"), checks);
    const HealthCheckedBoundModel fallback(world.alpha.model("a"), checks);
    checks.watch(world.alpha.model("a"));
    checks.watch(world.alpha.model("a"), HealthWorld::exact(ProbeKind::completion));  // the same settings
    checks.watch(world.alpha.model("a2"));
    checks.watch(world.beta.model("a"));
    HealthSettings other = HealthWorld::exact(ProbeKind::completion);
    other.interval = 10s;
    BOOST_CHECK_THROW(checks.watch(world.alpha.model("a"), other), std::invalid_argument);
    BOOST_TEST(checks.status().size() == 3U);
    checks.start();
    checks.start();  // and one loop each
    world.pass(1s);
    BOOST_TEST(world.alpha.calls() == 2U);
    BOOST_TEST(world.beta.calls() == 1U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(starts_healthy_and_unchecked_and_probes_at_once) {
    World world;
    world.alpha.script("a", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"));
    HealthStatus status = checks.status().at(0);
    BOOST_TEST(status.provider == "alpha");
    BOOST_TEST(status.model == "a");
    BOOST_TEST(status.healthy);
    BOOST_TEST(!status.last_check);
    BOOST_TEST(!status.next_check);
    world.pass(1h);
    BOOST_TEST(world.alpha.calls() == 0U);  // not started

    const TimePoint begun = world.clock->now();
    checks.start();
    world.pass(0s);
    status = checks.status().at(0);
    BOOST_TEST(world.alpha.calls() == 1U);
    BOOST_TEST((status.last_check == begun));
    BOOST_TEST((status.next_check == begun + 30s));
    BOOST_TEST(status.consecutive_successes == 1U);
    world.pass(90s);
    BOOST_TEST(world.alpha.calls() == 4U);
    BOOST_TEST(without_attempts(world.heard).empty());

    checks.watch(world.beta.model("late"));  // what comes later is watched at once
    world.pass(0s);
    BOOST_TEST(world.beta.calls() == 1U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(jitter_spreads_the_probes_within_a_tenth_of_the_interval) {
    World world;
    HealthCheckOptions options = world.options(ProbeKind::completion);
    options.target.jitter = 0.1;
    world.alpha.script("a", good());
    HealthChecks checks(world.context.get_executor(), options);
    checks.watch(world.alpha.model("a"));
    checks.start();
    world.pass(1s);
    BOOST_TEST(world.alpha.calls() == 1U);
    std::vector<Duration> gaps;
    for (TimePoint last = *checks.status().at(0).last_check; gaps.size() < 20;) {
        world.pass(1ms * (27000 - 1));  // never earlier...
        BOOST_TEST((*checks.status().at(0).last_check == last || gaps.empty()));
        last = *checks.status().at(0).last_check;
        while (*checks.status().at(0).last_check == last)
            world.pass(50ms);
        gaps.push_back(*checks.status().at(0).last_check - last);
        last = *checks.status().at(0).last_check;
        BOOST_TEST((gaps.back() >= 27s && gaps.back() <= 33s));
    }
    BOOST_TEST((*std::min_element(gaps.begin(), gaps.end()) < 29s));
    BOOST_TEST((*std::max_element(gaps.begin(), gaps.end()) > 31s));
    world.stop(checks);
}

// The documented time to find an outage is the interval times unhealthy_threshold, at most.
BOOST_AUTO_TEST_CASE(an_outage_is_found_within_interval_times_threshold) {
    World world;
    world.alpha.script("a", good()).script("a", bad());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"));
    checks.start();
    world.pass(1ms);  // the provider dies just after a good probe: the worst case
    world.pass(90s - 2ms);
    BOOST_TEST(checks.status().at(0).healthy);
    BOOST_TEST(checks.status().at(0).consecutive_failures == 2U);
    world.pass(1ms);
    const HealthStatus status = checks.status().at(0);
    BOOST_TEST(!status.healthy);
    BOOST_TEST((status.down_since == world.start + 90s));
    BOOST_TEST((status.last_error->kind == ErrorKind::provider_overloaded));
    BOOST_TEST(without_attempts(world.heard) == list({"target_down alpha/a ProviderOverloaded 3"}),
               boost::test_tools::per_element());
    world.pass(10min);  // told once
    BOOST_TEST(without_attempts(world.heard).size() == 1U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(traffic_moves_away_and_back) {
    World world;
    world.alpha.script("a", bad()).script("a", bad()).script("a", bad()).script("a", good());
    world.beta.script("b", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel model({HealthCheckedBoundModel(world.alpha.model("a"), checks),
                                    HealthCheckedBoundModel(world.beta.model("b"), checks)},
                                   options);
    checks.start();
    world.pass(60s);
    BOOST_TEST(!checks.status().at(0).healthy);
    BOOST_TEST(checks.status().at(1).healthy);
    BOOST_TEST(world.alpha.calls() == 3U);
    BOOST_TEST(world.ask(model) == "beta/b");
    BOOST_TEST(world.alpha.calls() == 3U);  // it was not asked
    world.pass(30s);                        // one good probe
    BOOST_TEST(world.ask(model) == "beta/b");
    world.pass(30s);  // the second: healthy_threshold
    BOOST_TEST(world.ask(model) == "alpha/a");
    BOOST_TEST(without_attempts(world.heard) ==
                   list({"target_down alpha/a ProviderOverloaded 3", "target_recovered alpha/a 60 s"}),
               boost::test_tools::per_element());
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(one_failure_during_recovery_begins_it_anew) {
    World world;
    for (const char step : std::string("---+-"))
        world.alpha.script("a", step == '+' ? good() : bad());
    world.alpha.script("a", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"));
    checks.start();
    world.pass(150s);  // - - - + - +
    BOOST_TEST(!checks.status().at(0).healthy);
    BOOST_TEST(checks.status().at(0).consecutive_successes == 1U);
    world.pass(30s);
    BOOST_TEST(checks.status().at(0).healthy);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(a_model_that_is_down_is_refused_with_the_time_until_its_next_probe) {
    World world;
    world.alpha.script("a", bad());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const HealthCheckedBoundModel model(world.alpha.model("a"), checks);
    const Needs needs;
    BOOST_TEST(!model.target()->refusal(needs, world.clock->now()));
    checks.start();
    world.pass(70s);
    const std::optional<Refusal> refusal = model.target()->refusal(needs, world.clock->now());
    BOOST_REQUIRE(refusal.has_value());
    BOOST_TEST((refusal->reason == SkipReason::unhealthy));
    BOOST_TEST((refusal->retry_after == 20s));

    std::vector<std::string> skipped;
    CallOptions options;
    options.events([&](const AttemptEvent& event) {
        if (const auto* skip = event.as<LegSkipped>())
            skipped.push_back(std::string(to_string(skip->reason)) + " " + event.model.id);
    });
    BOOST_TEST(world.ask(model, options) == "NoProviderAvailable");
    BOOST_TEST(world.alpha.calls() == 3U);
    BOOST_TEST(skipped == list({"unhealthy a"}), boost::test_tools::per_element());

    Needs impossible;  // what is true for ever is told first
    impossible.residency = {"eu"};
    BOOST_TEST((model.target()->refusal(impossible, world.clock->now())->reason == SkipReason::residency));
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(the_last_resort_passes_and_its_answer_counts) {
    World world;
    world.alpha.script("a", bad()).script("a", bad()).script("a", bad()).script("a", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const HealthCheckedBoundModel model(world.alpha.model("a"), checks);
    checks.start();
    world.pass(65s);
    BOOST_TEST(world.ask(model) == "NoProviderAvailable");

    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(!checks.status().at(0).healthy);
        asio::co_spawn(world.context, ask_as_last_resort(model), [](std::exception_ptr) {});
        world.pass(0s);
    }
    BOOST_TEST(checks.status().at(0).healthy);
    BOOST_TEST(without_attempts(world.heard) ==
                   list({"target_down alpha/a ProviderOverloaded 3", "target_recovered alpha/a 5 s"}),
               boost::test_tools::per_element());
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(probes_are_left_out_while_traffic_succeeds) {
    World world;
    world.alpha.script("a", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const HealthCheckedBoundModel model(world.alpha.model("a"), checks);
    checks.start();
    world.pass(0s);
    BOOST_TEST(world.alpha.calls() == 1U);  // the first probe
    for (int i = 0; i < 60; ++i) {          // ten minutes of traffic
        world.pass(10s);
        BOOST_TEST(world.ask(model) == "alpha/a");
    }
    BOOST_TEST(world.alpha.calls() == 61U);  // none of them a probe
    world.pass(30s - 1ms);
    BOOST_TEST(world.alpha.calls() == 61U);
    world.pass(1ms);  // an interval after the last answer
    BOOST_TEST(world.alpha.calls() == 62U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(failed_requests_are_not_the_health_checks_business) {
    World world;
    world.alpha.script("a", good()).script("a", bad());
    HealthSettings rare = HealthWorld::exact(ProbeKind::completion);
    rare.interval = 1h;
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"), rare);
    const HealthCheckedBoundModel model(world.alpha.model("a"), checks);
    checks.start();
    world.pass(1s);
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(world.ask(model) == "ProviderOverloaded");
    BOOST_TEST(checks.status().at(0).healthy);
    BOOST_TEST(checks.status().at(0).consecutive_failures == 0U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(a_completion_probe_is_an_attempt_that_a_ledger_can_book) {
    World world;
    Usage usage;
    usage.input = 1;
    usage.output = 1;
    world.alpha.script("a", Script().text("pong").finish(StopReason::length, usage));
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"));
    checks.start();
    world.pass(0s);
    BOOST_TEST(
        world.heard == list({"attempt_started alpha/a", "first_event alpha/a", "attempt_succeeded alpha/a"}),
        boost::test_tools::per_element());
    BOOST_TEST((world.alpha.requests().at(0).options().max_tokens == 1U));
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(an_answer_that_fails_in_its_middle_is_a_failed_probe) {
    World world;
    world.alpha.script("a", Script().text("po").fail(ErrorKind::provider_overloaded));
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"));
    checks.start();
    world.pass(0s);
    BOOST_TEST(checks.status().at(0).consecutive_failures == 1U);
    BOOST_TEST(world.heard.back() == "attempt_failed alpha/a");
    world.stop(checks);
}

// A serial loop would have the hung provider stall the good one.
BOOST_AUTO_TEST_CASE(a_hung_provider_stalls_nobody_and_times_out) {
    World world;
    world.alpha.script("hung", Script().hang());
    world.beta.script("b", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("hung"));
    checks.watch(world.beta.model("b"));
    checks.start();
    world.pass(4s);
    BOOST_TEST(world.alpha.running() == 1U);
    BOOST_TEST(checks.status().at(0).consecutive_failures == 0U);
    BOOST_TEST(checks.status().at(1).consecutive_successes == 1U);
    world.pass(2s);  // its timeout is 5 s
    BOOST_TEST(world.alpha.running() == 0U);
    const HealthStatus hung = checks.status().at(0);
    BOOST_TEST(hung.consecutive_failures == 1U);
    BOOST_TEST((hung.last_error->kind == ErrorKind::provider_timeout));
    BOOST_TEST(hung.last_error->provider == "alpha");
    world.pass(60s);
    BOOST_TEST(!checks.status().at(0).healthy);
    BOOST_TEST(checks.status().at(1).consecutive_successes == 3U);
    BOOST_TEST(world.alpha.max_running() == 1U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(a_timeout_beyond_the_interval_makes_the_interval_longer) {
    World world;
    world.alpha.script("a", Script().delay(25s).text("pong").finish());
    HealthSettings settings = HealthWorld::exact(ProbeKind::completion);
    settings.interval = 10s;
    settings.timeout = 40s;
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"), settings);
    checks.start();
    world.pass(100s);
    BOOST_TEST(world.alpha.calls() == 5U);  // at 0, 25, 50, 75 and 100 s
    BOOST_TEST(world.alpha.max_running() == 1U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(a_probe_that_does_not_end_is_not_doubled_and_goes_on_counting_as_failed) {
    World world;
    std::size_t probes = 0;
    bool let_go = false;
    const auto stubborn = [&](TimePoint) {
        ++probes;
        return ignore_cancellation_until(let_go, *world.clock);
    };
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::tcp));
    checks.watch(BoundModel(std::make_shared<ProbeTarget>(world.alpha.provider(), stubborn)));
    checks.start();
    world.pass(61s);
    BOOST_TEST(probes == 1U);
    BOOST_TEST(!checks.status().at(0).healthy);
    BOOST_TEST(checks.status().at(0).consecutive_failures == 3U);
    let_go = true;
    world.pass(30s);
    BOOST_TEST(probes == 2U);
    BOOST_TEST(checks.status().at(0).consecutive_successes == 1U);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(a_probe_that_throws_is_a_failed_one) {
    World world;
    const auto thrower = [](TimePoint) { return throw_an_error(); };
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::tcp));
    checks.watch(BoundModel(std::make_shared<ProbeTarget>(world.alpha.provider(), thrower)));
    checks.start();
    world.pass(60s);
    BOOST_TEST(!checks.status().at(0).healthy);
    BOOST_TEST((checks.status().at(0).last_error->kind == ErrorKind::provider_unavailable));
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(stopping_ends_a_hung_probe_at_once_and_forgets) {
    World world;
    world.alpha.script("a", bad()).script("a", bad()).script("a", bad()).script("a", Script().hang());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const HealthCheckedBoundModel model(world.alpha.model("a"), checks);
    checks.start();
    world.pass(91s);
    BOOST_TEST(world.alpha.running() == 1U);
    BOOST_TEST(!checks.status().at(0).healthy);
    const Duration before = world.elapsed();
    world.stop(checks);
    BOOST_TEST((world.elapsed() == before));
    BOOST_TEST(world.alpha.running() == 0U);
    BOOST_TEST(world.clock->armed() == 0U);
    // Nobody looks any more: what it knew must not keep traffic away for ever.
    BOOST_TEST(checks.status().at(0).healthy);
    BOOST_TEST(!checks.status().at(0).last_check);
    BOOST_TEST(!model.target()->refusal(Needs(), world.clock->now()));
    world.stop(checks);  // again
    world.pass(1h);
    BOOST_TEST(world.alpha.calls() == 4U);
}

BOOST_AUTO_TEST_CASE(can_be_started_again) {
    World world;
    world.alpha.script("a", good());
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    checks.watch(world.alpha.model("a"));
    world.stop(checks);  // never started: nothing to do
    for (int i = 1; i <= 3; ++i) {
        checks.start();
        world.pass(0s);
        BOOST_TEST(world.alpha.calls() == static_cast<std::size_t>(i));
        BOOST_TEST(checks.status().at(0).consecutive_successes == 1U);
        world.stop(checks);
    }
}

BOOST_AUTO_TEST_CASE(waiting_for_the_stop_can_be_cancelled) {
    World world;
    bool let_go = false;
    const auto stubborn = [&](TimePoint) { return ignore_cancellation_until(let_go, *world.clock); };
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::tcp));
    checks.watch(BoundModel(std::make_shared<ProbeTarget>(world.alpha.provider(), stubborn)));
    checks.start();
    world.pass(1s);
    asio::cancellation_signal cancel;
    std::exception_ptr thrown;
    asio::co_spawn(
        world.context, checks.stop(),
        asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) { thrown = error; }));
    world.pass(10s);
    BOOST_TEST((thrown == nullptr));  // the probe does not end
    cancel.emit(asio::cancellation_type::terminal);
    world.pass(0s);
    BOOST_CHECK_THROW(std::rethrow_exception(thrown), asio::system_error);
    let_go = true;
    world.pass(2s);
    world.stop(checks);
}

BOOST_AUTO_TEST_CASE(destruction_while_a_probe_runs_leaves_nothing) {
    World world;
    world.alpha.script("a", bad()).script("a", bad()).script("a", bad()).script("a", Script().hang());
    world.alpha.script("a", good());
    std::optional<HealthCheckedBoundModel> model;
    {
        HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
        model.emplace(world.alpha.model("a"), checks);
        checks.start();
        world.pass(91s);
        BOOST_TEST(world.alpha.running() == 1U);
        BOOST_TEST(world.ask(*model) == "NoProviderAvailable");
    }
    world.pass(0s);
    BOOST_TEST(world.alpha.running() == 0U);
    BOOST_TEST(world.clock->armed() == 0U);
    BOOST_TEST(!model->target()->refusal(Needs(), world.clock->now()));  // it may outlive the checks
    BOOST_TEST(world.ask(*model) == "alpha/a");
}

BOOST_AUTO_TEST_CASE(destruction_before_the_loops_ever_ran_leaves_nothing) {
    World world;
    world.alpha.script("a", good());
    {
        HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
        checks.watch(world.alpha.model("a"));
        checks.start();
    }
    world.pass(1h);
    BOOST_TEST(world.alpha.calls() == 0U);
}

BOOST_AUTO_TEST_CASE(says_how_it_is_composed) {
    World world;
    HealthChecks checks(world.context.get_executor(), world.options(ProbeKind::completion));
    const HealthCheckedBoundModel model(world.alpha.model("a"), checks);
    const Composition composition = model.target()->composition();
    BOOST_TEST(composition.kind == "health_checked");
    BOOST_TEST(composition.settings == "every 30000 ms, down after 3 failures, back after 2 successes");
    BOOST_TEST(composition.parts.size() == 1U);
    BOOST_TEST(composition.tries == 1U);
    BOOST_TEST(&model.provider() == &world.alpha.provider());
    BOOST_TEST(model.spec().id == "a");
}

BOOST_AUTO_TEST_SUITE_END()
