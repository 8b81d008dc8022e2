// Strategies within strategies: the rules of each hold for the whole.
#include <sluice/breaker.hpp>
#include <sluice/explain.hpp>
#include <sluice/fallback.hpp>
#include <sluice/hedge.hpp>
#include <sluice/mirror.hpp>
#include <sluice/retry.hpp>
#include <sluice/select.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using testing::Script;
using testing::ScriptedProvider;

namespace {

/// Fallback(Retry(Breaker(a)), Select(b, c), Hedge(d, e)), each of a provider of its own.
struct World {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    Runtime runtime{clock, std::make_shared<testing::MemoryNetwork>(), seeded_entropy(7)};
    std::vector<ScriptedProvider> providers;
    std::vector<std::string> started;  // "provider", in order of the attempts
    std::size_t open_attempts = 0;
    Breakers breakers = make_breakers();

    World() {
        for (const char* id : {"a", "b", "c", "d", "e"})
            providers.emplace_back(id, runtime);
    }
    ~World() {
        for (const ScriptedProvider& provider : providers)
            BOOST_TEST(provider.running() == 0U);
        BOOST_TEST(clock->armed() == 0U);
        BOOST_TEST(open_attempts == 0U);
    }

    Breakers make_breakers() {
        BreakerOptions options;
        options.runtime = runtime;
        return Breakers(options);
    }
    ScriptedProvider& provider(std::size_t which) { return providers[which]; }
    void all(const Script& script) {
        for (ScriptedProvider& provider : providers)
            provider.script("m", script);
    }
    BoundModel leaf(std::size_t which) const {
        ModelSpec spec(std::string(providers[which].provider().id()), "m");
        if (which >= 3) spec.tags.push_back("local");
        return providers[which].model(std::move(spec));
    }
    BoundModel guarded(std::size_t which) const { return BreakerBoundModel(leaf(which), breakers); }
    FallbackOptions fallback() const {
        FallbackOptions options;
        options.runtime = runtime;
        return options;
    }
    BoundModel compose() const {
        RetryOptions retry;
        retry.attempts = 3;
        retry.runtime = runtime;
        SelectOptions select;
        select.strategy = Strategy::weighted;
        select.failover.runtime = runtime;
        HedgeOptions hedge;
        hedge.delay = 2s;
        hedge.runtime = runtime;
        return FallbackBoundModel({RetryBoundModel(guarded(0), retry),
                                   SelectBoundModel({Candidate{guarded(1)}, Candidate{guarded(2)}}, select),
                                   HedgeBoundModel({guarded(3), guarded(4)}, hedge)},
                                  fallback());
    }

    CallOptions options() {
        CallOptions options;
        options.events([this](const AttemptEvent& event) {
            if (event.as<AttemptStarted>()) {
                started.push_back(event.model.provider_id);
                ++open_attempts;
            }
            open_attempts -=
                event.as<AttemptSucceeded>() || event.as<AttemptFailed>() || event.as<AttemptAbandoned>();
        });
        return options;
    }
    AssistantMessage ask(const BoundModel& model, CallOptions options) {
        return test::run(context, *clock, model.generate("x", std::move(options)));
    }
};

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> asked(const std::vector<Attempt>& attempts) {
    std::vector<std::string> names;
    for (const Attempt& attempt : attempts)
        if (attempt.outcome == Attempt::Outcome::failed) names.push_back(attempt.provider);
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(composition)

BOOST_AUTO_TEST_CASE(when_all_fails_every_attempt_is_recorded_flat_and_explain_knew_their_number) {
    World world;
    world.all(Script().fail_open(ErrorKind::provider_unavailable));
    const BoundModel model = world.compose();
    try {
        world.ask(model, world.options());
        BOOST_ERROR("somebody answered");
    } catch (const AllProvidersFailed& error) {
        const Names names = asked(error.attempts());
        BOOST_TEST(names == world.started, boost::test_tools::per_element());
        BOOST_TEST(sorted(names) == (Names{"a", "a", "a", "b", "c", "d", "e"}),
                   boost::test_tools::per_element());
        BOOST_TEST(names.size() == explain(model).worst.attempts);
    }
}

BOOST_AUTO_TEST_CASE(the_first_good_leg_answers_wherever_it_stands) {
    for (std::size_t good = 0; good < 5; ++good) {
        World world;
        world.all(Script().fail(ErrorKind::provider_overloaded));
        const std::string id(world.provider(good).provider().id());
        world.provider(good) = ScriptedProvider(id, world.runtime);
        world.provider(good).script("m", Script().text("from " + id).finish());
        const AssistantMessage answer = world.ask(world.compose(), world.options());
        BOOST_TEST(answer.text() == "from " + id);
        BOOST_TEST(answer.provider_id == id);
        BOOST_TEST(world.started.back() == id);
    }
}

BOOST_AUTO_TEST_CASE(one_limit_of_attempts_holds_for_all_levels) {
    for (std::uint32_t limit = 1; limit <= 7; ++limit) {
        World world;
        world.all(Script().fail_open(ErrorKind::provider_unavailable));
        CallOptions options = world.options();
        options.max_total_attempts(limit);
        BOOST_CHECK_THROW(world.ask(world.compose(), options), AllProvidersFailed);
        BOOST_TEST(world.started.size() == limit);
    }
}

BOOST_AUTO_TEST_CASE(residency_is_crossed_at_no_level) {
    World world;
    world.all(Script().fail_open(ErrorKind::provider_unavailable));
    CallOptions options = world.options();
    options.residency("local");
    BOOST_CHECK_THROW(world.ask(world.compose(), options), AllProvidersFailed);
    BOOST_TEST(sorted(world.started) == (Names{"d", "e"}), boost::test_tools::per_element());

    World nobody;
    nobody.all(Script().text("leak").finish());
    CallOptions strict = nobody.options();
    strict.residency("on the moon");
    try {
        nobody.ask(nobody.compose(), strict);
        BOOST_ERROR("somebody answered");
    } catch (const NoProviderAvailable& error) {
        BOOST_TEST(error.attempts().size() >= 3U);
        for (const Attempt& attempt : error.attempts())
            BOOST_TEST((attempt.reason == SkipReason::residency));
    }
    BOOST_TEST(nobody.started.empty());
}

// Every breaker is open: one of them lets the request pass, deep inside.
BOOST_AUTO_TEST_CASE(the_last_resort_reaches_through_all_levels) {
    World world;
    world.all(Script().fail_open(ErrorKind::provider_auth_failed));
    for (std::size_t which = 0; which < 5; ++which) {
        const BoundModel guarded = world.guarded(which);
        BOOST_CHECK_THROW(world.ask(guarded, CallOptions()), ProviderAuthFailed);
    }
    for (ScriptedProvider& provider : world.providers)
        provider = ScriptedProvider(std::string(provider.provider().id()), world.runtime);
    world.all(Script().text("back").finish());
    const AssistantMessage answer = world.ask(world.compose(), world.options());
    BOOST_TEST(answer.text() == "back");
    BOOST_TEST(world.started.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_chain_is_retried_when_one_of_its_legs_may_be) {
    World world;
    world.provider(0).script("m", Script().fail_open(ErrorKind::provider_auth_failed));
    world.provider(1).script("m", Script().fail_open(ErrorKind::provider_unavailable));
    world.provider(1).script("m", Script().text("b").finish());
    FallbackOptions any = world.fallback();
    any.trigger_errors = triggers::any_error();
    RetryOptions retry;
    retry.runtime = world.runtime;
    const RetryBoundModel model(FallbackBoundModel({world.leaf(0), world.leaf(1)}, any), retry);
    const AssistantMessage answer = world.ask(model, world.options());
    BOOST_TEST(answer.text() == "b");
    BOOST_TEST(world.started == (Names{"a", "b", "a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_mirror_within_a_chain_asks_its_secondary_beside_the_answer) {
    World world;
    world.all(Script().text("same").finish());
    MirrorOptions mirror;
    mirror.sample_rate = 1;
    mirror.runtime = world.runtime;
    const MirrorBoundModel mirrored(world.guarded(0), world.leaf(1), mirror);
    const FallbackBoundModel model({mirrored, world.leaf(2)}, world.fallback());
    const AssistantMessage answer = world.ask(model, world.options());
    BOOST_TEST(answer.provider_id == "a");
    BOOST_TEST(sorted(world.started) == (Names{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
