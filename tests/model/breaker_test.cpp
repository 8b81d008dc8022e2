// Circuit breakers (docs/breaker.md) over scripted providers in virtual time. What the state machine does by
// itself is in tests/flow/breaker_test.cpp.
#include "model/breaker_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <functional>
#include <stdexcept>

using namespace sluice;
using namespace std::chrono_literals;
using sluice::test::BreakerWorld;
using testing::Script;

namespace {

Script good() {
    return Script().text("Ulaanbaatar").finish();
}
Script bad(ErrorKind kind = ErrorKind::provider_overloaded) {
    return Script().fail_open(kind);
}
ErrorInfo with_retry_after(ErrorKind kind, std::chrono::milliseconds wait) {
    ErrorInfo error(kind, Phase::headers, "test");
    error.retry_after = wait;
    return error;
}
std::vector<std::string> list(std::initializer_list<std::string> items) {
    return items;
}

BreakerState state_of(const Breakers& breakers, std::string_view domain) {
    const std::optional<BreakerStatus> status = breakers.state(domain);
    BOOST_REQUIRE(status.has_value());
    return status->state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(breaker)

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_with_a_reason) {
    struct Case {
        const char* names;
        std::function<void(BreakerOptions&)> spoil;
    };
    const std::vector<Case> cases{
        {"failure_ratio", [](BreakerOptions& o) { o.failure_ratio = 1.5; }},
        {"failure_ratio", [](BreakerOptions& o) { o.failure_ratio = -0.1; }},
        {"nothing would ever open", [](BreakerOptions& o) { o.failures = 0, o.failure_ratio = 0; }},
        {"window", [](BreakerOptions& o) { o.window = 0s; }},
        {"min_requests", [](BreakerOptions& o) { o.min_requests = 0; }},
        {"open_for", [](BreakerOptions& o) { o.open_for = 0s; }},
        {"factor", [](BreakerOptions& o) { o.factor = 0.9; }},
        {"max_open_for", [](BreakerOptions& o) { o.max_open_for = 1s; }},
        {"max_open_for", [](BreakerOptions& o) { o.max_open_for = 25h; }},
        {"probes", [](BreakerOptions& o) { o.probes = 0; }},
        {"successes_to_close", [](BreakerOptions& o) { o.successes_to_close = 0; }},
        {"auth_open_for", [](BreakerOptions& o) { o.auth_open_for = 0s; }},
        {"quota_open_for", [](BreakerOptions& o) { o.quota_open_for = -1s; }},
    };
    for (const Case& test : cases) {
        BreakerOptions options;
        test.spoil(options);
        BOOST_CHECK_EXCEPTION(Breakers{options}, std::invalid_argument, [&](const std::invalid_argument& e) {
            return std::string(e.what()).find(test.names) != std::string::npos;
        });
    }
    const Breakers defaults;
    BOOST_TEST(defaults.snapshot().empty());
    BOOST_TEST(!defaults.state("alpha").has_value());
}

BOOST_AUTO_TEST_CASE(after_failures_in_a_row_nobody_is_asked_until_a_probe_begins_to_answer) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", bad());
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(world.run(test::outcome_of(model)) == "ProviderOverloaded");
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::open));
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::closed));

    const auto refusal = model.target()->refusal(Needs(), world.clock->now());
    BOOST_REQUIRE(refusal.has_value());
    BOOST_TEST((refusal->reason == SkipReason::breaker_open));
    BOOST_TEST((refusal->retry_after == world.open_times.front()));
    BOOST_TEST((refusal->retry_after >= 5s && refusal->retry_after <= 5500ms));

    BOOST_TEST(world.run(test::outcome_of(model, world.call())) == "NoProviderAvailable");
    BOOST_TEST(world.of_calls == list({"leg_skipped"}), boost::test_tools::per_element());
    BOOST_TEST(world.alpha.calls() == 3U);

    world.wait(refusal->retry_after);
    BOOST_TEST(!model.target()->refusal(Needs(), world.clock->now()).has_value());
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::open));  // until somebody asks
    world.alpha.script("m", good());                                    // after one more failure
    BOOST_TEST(world.run(test::outcome_of(model)) == "ProviderOverloaded");
    BOOST_TEST((world.open_times.back() >= 10s && world.open_times.back() <= 11s));
    world.wait(world.open_times.back());
    BOOST_TEST(world.run(test::outcome_of(model)) == "ok");
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::closed));
    BOOST_TEST(world.changes == list({"alpha/m closed->open ProviderOverloaded", "alpha/m open->half_open",
                                      "alpha/m half_open->open ProviderOverloaded", "alpha/m open->half_open",
                                      "alpha/m half_open->closed"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_refusal_says_why_and_until_when) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", Script().fail_open(with_retry_after(ErrorKind::rate_limited, 20s)));
    BOOST_TEST(world.run(test::outcome_of(model)) == "RateLimited");
    world.wait(1s);
    const ErrorInfo error = world.run(test::error_of(model));
    BOOST_TEST((error.kind == ErrorKind::no_provider_available));
    BOOST_TEST(error.provider == "alpha");
    BOOST_REQUIRE(error.retry_after.has_value());
    BOOST_TEST((*error.retry_after >= 19s && *error.retry_after <= 21s));
    BOOST_REQUIRE(error.attempts);
    BOOST_REQUIRE(error.attempts->size() == 1U);
    BOOST_TEST((error.attempts->front().outcome == Attempt::Outcome::skipped));
    BOOST_TEST((error.attempts->front().reason == SkipReason::breaker_open));
}

struct DomainCase {
    const char* what;
    ErrorInfo error;
    const char* opened;  // null: nothing
    Duration at_least;
};

BOOST_AUTO_TEST_CASE(one_error_opens_what_it_tells_about_and_nothing_else) {
    const auto kind = [](ErrorKind which) { return ErrorInfo(which, Phase::headers, "test"); };
    const std::vector<DomainCase> cases{
        {"a bad key", kind(ErrorKind::provider_auth_failed), "alpha", 10min},
        {"a used-up quota", kind(ErrorKind::quota_exhausted), "alpha", 10min},
        {"until tomorrow", with_retry_after(ErrorKind::quota_exhausted, 9h), "alpha", 9h},
        {"told to wait", with_retry_after(ErrorKind::rate_limited, 17s), "alpha/m", 17s},
        {"a rate limit without a time", kind(ErrorKind::rate_limited), nullptr, 0s},
        {"an overload", with_retry_after(ErrorKind::provider_overloaded, 17s), nullptr, 0s},
        {"a bad request", kind(ErrorKind::provider_bad_request), nullptr, 0s},
    };
    for (const DomainCase& test : cases) {
        for (const bool in_stream : {false, true}) {
            BOOST_TEST_CONTEXT(test.what << (in_stream ? ", in the stream" : "")) {
                BreakerWorld world;
                const Breakers breakers(world.options());
                const BreakerBoundModel model(world.alpha.model("m"), breakers);
                const BreakerBoundModel sibling(world.alpha.model("other"), breakers);
                const BreakerBoundModel stranger(world.beta.model("m"), breakers);
                Script script;
                if (in_stream) {
                    script.text("a").fail(test.error);
                } else {
                    script.fail_open(test.error);
                }
                world.alpha.script("m", script).script("other", good());
                world.beta.script("m", good());
                world.run(test::outcome_of(model));
                BOOST_TEST(world.open_times.size() == (test.opened ? 1U : 0U));
                if (test.opened) {
                    BOOST_TEST(world.changes.front().starts_with(std::string(test.opened) + " closed->open"));
                    BOOST_TEST((world.open_times.front() >= test.at_least));
                    BOOST_TEST((world.open_times.front() <= test.at_least * 11 / 10));
                }
                const bool account = test.opened && test.opened == std::string("alpha");
                const std::string refused = "NoProviderAvailable";
                BOOST_TEST((world.run(test::outcome_of(model)) == refused) == (test.opened != nullptr));
                BOOST_TEST(world.run(test::outcome_of(sibling)) == (account ? refused : "ok"));
                BOOST_TEST(world.run(test::outcome_of(stranger)) == "ok");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(one_model_has_one_state_wherever_it_appears) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const Breakers copy = breakers;
    const BreakerBoundModel worker(world.alpha.model("m"), breakers);
    const BreakerBoundModel fallback(world.alpha.model("m"), copy);
    const BreakerBoundModel apart(world.alpha.model("m"), Breakers(world.options()));
    world.alpha.script("m", bad());
    world.run(test::outcome_of(worker));
    world.run(test::outcome_of(fallback));
    world.run(test::outcome_of(worker));
    BOOST_TEST(world.run(test::outcome_of(fallback)) == "NoProviderAvailable");
    BOOST_TEST(world.run(test::outcome_of(apart)) == "ProviderOverloaded");
    BOOST_TEST(copy.snapshot().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_account_that_recovers_probes_with_any_of_its_models) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    const BreakerBoundModel sibling(world.alpha.model("other"), breakers);
    world.alpha.script("m", bad(ErrorKind::provider_auth_failed)).script("m", bad()).script("m", good());
    world.alpha.script("other", good());
    world.run(test::outcome_of(model));
    world.wait(world.open_times.front());
    // The probe meets a fault of the model, which says nothing about the key; its place is free again.
    BOOST_TEST(world.run(test::outcome_of(model)) == "ProviderOverloaded");
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::half_open));
    BOOST_TEST(world.run(test::outcome_of(sibling)) == "ok");
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::closed));
}

BOOST_AUTO_TEST_CASE(an_open_model_takes_no_probe_s_place_of_its_account) {
    BreakerWorld world;
    BreakerOptions options = world.options();
    options.auth_open_for = 1s;
    const Breakers breakers(options);
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    const BreakerBoundModel sibling(world.alpha.model("other"), breakers);
    world.alpha.script("m", Script().fail_open(with_retry_after(ErrorKind::rate_limited, 1h)));
    world.alpha.script("other", bad(ErrorKind::provider_auth_failed)).script("other", good());
    world.run(test::outcome_of(model));
    world.run(test::outcome_of(sibling));
    world.wait(2s);
    BOOST_TEST(world.run(test::outcome_of(model)) == "NoProviderAvailable");
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::open));
    BOOST_TEST(world.run(test::outcome_of(sibling)) == "ok");
}

BOOST_AUTO_TEST_CASE(what_says_nothing_about_the_provider_counts_for_nothing) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    ErrorInfo too_large(ErrorKind::rate_limited, Phase::headers, "test");
    too_large.never_retry_here = true;
    const ErrorInfo out_of_time(ErrorKind::provider_timeout, Phase::total, "test");
    world.alpha.script("m", bad()).script("m", bad());
    for (const ErrorKind kind :
         {ErrorKind::provider_bad_request, ErrorKind::content_filtered, ErrorKind::context_length_exceeded,
          ErrorKind::model_not_found, ErrorKind::provider_error})
        world.alpha.script("m", bad(kind));
    world.alpha.script("m", Script().fail_open(too_large)).script("m", Script().fail_open(out_of_time));
    world.alpha.script("m", bad());
    for (int i = 0; i < 9; ++i)
        world.run(test::outcome_of(model));
    const std::optional<BreakerStatus> status = breakers.state("alpha/m");
    BOOST_REQUIRE(status.has_value());
    BOOST_TEST((status->state == BreakerState::closed));
    BOOST_TEST(status->consecutive_failures == 2U);  // neither more nor forgiven
    BOOST_TEST((status->last_error == ErrorKind::provider_overloaded));
    world.run(test::outcome_of(model));
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::open));
}

BOOST_AUTO_TEST_CASE(an_abandoned_stream_gives_its_probe_s_place_back_without_a_verdict) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", bad()).script("m", bad()).script("m", bad()).script("m", good());
    for (int i = 0; i < 3; ++i)
        world.run(test::outcome_of(model));
    world.wait(6s);
    {
        const std::shared_ptr<TokenStream> probe = world.run(test::stream_of(model));
        BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::half_open));
        const auto refusal = model.target()->refusal(Needs(), world.clock->now());
        BOOST_REQUIRE(refusal.has_value());
        BOOST_TEST((refusal->retry_after == 0s));  // nobody knows
        BOOST_TEST(world.run(test::outcome_of(model)) == "NoProviderAvailable");
    }
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::half_open));
    BOOST_TEST(world.run(test::outcome_of(model)) == "ok");
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::closed));
}

BOOST_AUTO_TEST_CASE(cancelling_a_probe_that_opens_gives_its_place_back) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", bad()).script("m", bad()).script("m", bad());
    world.alpha.script("m", Script().hang().fail_open(ErrorKind::provider_unavailable)).script("m", good());
    for (int i = 0; i < 3; ++i)
        world.run(test::outcome_of(model));
    world.wait(6s);
    asio::cancellation_signal cancel;
    std::exception_ptr thrown;
    asio::co_spawn(world.context, test::outcome_of(model),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](std::exception_ptr error, const std::string&) { thrown = error; }));
    world.wait(1s);
    BOOST_TEST(world.alpha.running() == 1U);
    BOOST_TEST(model.target()->refusal(Needs(), world.clock->now()).has_value());
    cancel.emit(asio::cancellation_type::terminal);
    world.wait(0s);
    BOOST_TEST((thrown != nullptr));
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::half_open));
    BOOST_TEST(world.run(test::outcome_of(model)) == "ok");
}

BOOST_AUTO_TEST_CASE(a_long_stream_does_not_hold_recovery_up) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", bad()).script("m", bad()).script("m", bad());
    world.alpha.script("m", Script().text("once upon a time").delay(10min).text("the end").finish());
    world.alpha.script("m", good());
    for (int i = 0; i < 3; ++i)
        world.run(test::outcome_of(model));
    world.wait(6s);
    std::string story;
    asio::co_spawn(world.context, test::outcome_of(model),
                   [&](std::exception_ptr, std::string outcome) { story = std::move(outcome); });
    world.wait(1s);
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::closed));
    BOOST_TEST(world.run(test::outcome_of(model)) == "ok");
    world.wait(10min);
    BOOST_TEST(story == "ok");
}

BOOST_AUTO_TEST_CASE(a_provider_that_always_dies_in_mid_stream_stays_mostly_open) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", Script().text("Ulaan").fail(ErrorKind::stream_truncated));
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 3; ++i)
            BOOST_TEST(world.run(test::outcome_of(model)) == "StreamTruncated");
        BOOST_TEST(world.run(test::outcome_of(model)) == "NoProviderAvailable");
        world.wait(world.open_times.back());
    }
    BOOST_REQUIRE(world.open_times.size() == 4U);
    Duration least = 5s;
    for (const Duration time : world.open_times) {
        BOOST_TEST((time >= least && time <= least * 11 / 10));
        least *= 2;
    }
}

BOOST_AUTO_TEST_CASE(the_last_resort_passes_and_a_good_one_closes) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel model(world.alpha.model("m"), breakers);
    world.alpha.script("m", bad(ErrorKind::provider_auth_failed)).script("m", bad()).script("m", good());
    world.run(test::outcome_of(model));
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::open));
    BOOST_TEST(world.run(test::last_resort(model, "hi")) == "ProviderOverloaded");
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::open));
    BOOST_TEST(world.run(test::last_resort(model, "hi")) == "ok");
    BOOST_TEST((state_of(breakers, "alpha") == BreakerState::closed));
    BOOST_TEST(world.run(test::outcome_of(model)) == "ok");
}

BOOST_AUTO_TEST_CASE(a_chain_moves_on_past_an_open_breaker_without_asking) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel chain(
        {BreakerBoundModel(world.alpha.model("m"), breakers), world.beta.model("m")}, options);
    world.alpha.script("m", bad());
    world.beta.script("m", good());
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(world.run(test::outcome_of(chain)) == "ok");
    BOOST_TEST(world.alpha.calls() == 3U);
    BOOST_TEST(world.beta.calls() == 10U);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_made_of_several_stands_for_its_primary) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    FallbackOptions options;
    options.runtime = world.runtime;
    const FallbackBoundModel chain({world.alpha.model("m"), world.beta.model("m")}, options);
    const BreakerBoundModel model(chain, breakers);
    world.alpha.script("m", bad());
    world.beta.script("m", bad());
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(world.run(test::outcome_of(model)) == "AllProvidersFailed");
    BOOST_TEST((state_of(breakers, "alpha/m") == BreakerState::open));
    BOOST_TEST(!breakers.state("beta/m").has_value());
}

BOOST_AUTO_TEST_CASE(an_inner_refusal_counts_for_nothing_and_is_passed_on) {
    BreakerWorld world;
    const Breakers inner(world.options());
    const Breakers outer(world.options());
    const BreakerBoundModel closed_off(world.alpha.model("m"), inner);
    const BreakerBoundModel model(closed_off, outer);
    world.alpha.script("m", bad());
    for (int i = 0; i < 3; ++i)
        world.run(test::outcome_of(closed_off));
    for (int i = 0; i < 9; ++i)
        BOOST_TEST(world.run(test::outcome_of(model)) == "NoProviderAvailable");
    BOOST_TEST((state_of(outer, "alpha/m") == BreakerState::closed));
    const auto refusal = model.target()->refusal(Needs(), world.clock->now());
    BOOST_REQUIRE(refusal.has_value());
    BOOST_TEST((refusal->retry_after == world.open_times.front()));
}

BOOST_AUTO_TEST_CASE(what_can_never_serve_the_request_is_not_called_resting) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    ModelSpec blind("alpha", "m");
    blind.capabilities.vision = false;
    const BreakerBoundModel model(world.alpha.model(blind), breakers);
    world.alpha.script("m", bad(ErrorKind::provider_auth_failed));
    world.run(test::outcome_of(model));
    Needs needs;
    needs.vision = true;
    const auto unfit = model.target()->refusal(needs, world.clock->now());
    const auto resting = model.target()->refusal(Needs(), world.clock->now());
    BOOST_REQUIRE(unfit.has_value());
    BOOST_REQUIRE(resting.has_value());
    BOOST_TEST((unfit->reason == SkipReason::needs_vision));
    BOOST_TEST((resting->reason == SkipReason::breaker_open));
}

BOOST_AUTO_TEST_CASE(the_snapshot_is_what_a_status_page_needs) {
    BreakerWorld world;
    const Breakers breakers(world.options());
    const BreakerBoundModel beta(world.beta.model("m"), breakers);
    const BreakerBoundModel small(world.alpha.model("small"), breakers);
    const BreakerBoundModel large(world.alpha.model("large"), breakers);
    world.alpha.script("small", Script().fail_open(with_retry_after(ErrorKind::rate_limited, 30s)));
    world.alpha.script("large", bad());
    world.run(test::outcome_of(small));
    world.run(test::outcome_of(large));
    world.wait(10s);
    const std::vector<BreakerStatus> all = breakers.snapshot();
    std::vector<std::string> domains;
    for (const BreakerStatus& status : all)
        domains.push_back(status.domain + " " + std::string(to_string(status.state)) + " " +
                          std::to_string(status.consecutive_failures));
    BOOST_TEST(domains == list({"alpha closed 0", "alpha/large closed 1", "alpha/small open 1",
                                "beta closed 0", "beta/m closed 0"}),
               boost::test_tools::per_element());
    BOOST_TEST((all[2].retry_after == world.open_times.front() - 10s));
    BOOST_TEST((all[2].last_error == ErrorKind::rate_limited));
    BOOST_TEST(!all[0].last_error.has_value());
    BOOST_TEST((all[1].retry_after == 0s));
}

BOOST_AUTO_TEST_CASE(everything_may_be_dropped_while_a_stream_is_under_way) {
    BreakerWorld world;
    world.alpha.script("m", good());
    std::shared_ptr<TokenStream> stream;
    {
        BreakerOptions options = world.options();
        options.failures = 1;
        const Breakers breakers(options);
        stream = world.run(test::stream_of(BreakerBoundModel(world.alpha.model("m"), breakers)));
    }
    stream.reset();
    BOOST_TEST(world.changes.empty());
}

BOOST_AUTO_TEST_CASE(it_says_what_it_is_made_of) {
    BreakerWorld world;
    BreakerOptions options;
    options.runtime = world.runtime;
    const BoundModel alpha = world.alpha.model("m");
    const BreakerBoundModel model(alpha, Breakers(options));
    const Composition made = model.target()->composition();
    BOOST_TEST(made.kind == "breaker");
    BOOST_TEST(made.settings ==
               "5 failures in a row or 50 % of 20 or more in 30 s open it for 5 s x2 up to 5 min");
    BOOST_TEST((made.order == Composition::Order::one));
    BOOST_TEST(made.tries == 1U);
    BOOST_TEST((made.parts.front().target() == alpha.target()));
    BOOST_TEST(model.spec().id == "m");
    BOOST_TEST(model.provider().id() == "alpha");
}

BOOST_AUTO_TEST_SUITE_END()
