#include "flow/retry.hpp"

#include <sluice/attempt.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

using namespace std::chrono_literals;
using sluice::Attempt;
using sluice::ErrorInfo;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::flow::Duration;
using sluice::flow::RetryMachine;
using sluice::flow::RetryRules;
using sluice::flow::TimePoint;

namespace {

constexpr TimePoint kNow{1h};
constexpr TimePoint kNever = TimePoint::max();
constexpr std::uint64_t kMost = ~std::uint64_t{0};

RetryRules rules(std::uint32_t attempts, bool jitter = false) {
    RetryRules rules;
    rules.attempts = attempts;
    rules.jitter = jitter;
    return rules;
}

ErrorInfo error(ErrorKind kind, Phase phase = Phase::headers,
                std::optional<std::chrono::milliseconds> told = std::nullopt) {
    ErrorInfo info(kind, phase, "test");
    info.retry_after = told;
    return info;
}

Attempt attempt(ErrorInfo error, Attempt::Outcome outcome = Attempt::Outcome::failed) {
    Attempt made;
    made.outcome = outcome;
    made.error = std::move(error);
    return made;
}

ErrorInfo chain_of(std::vector<Attempt> attempts) {
    ErrorInfo info(ErrorKind::all_providers_failed, Phase::headers, "test");
    info.attempts = std::make_shared<const std::vector<Attempt>>(std::move(attempts));
    return info;
}

// What the first failure of a request leads to, without jitter.
std::optional<Duration> after_first(const ErrorInfo& error, const RetryRules& rules,
                                    TimePoint limit = kNever) {
    return RetryMachine(rules).on_failed(error, kNow, limit, 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_machine)

struct KindCase {
    ErrorKind kind;
    Phase phase;
    bool again;
};

BOOST_AUTO_TEST_CASE(only_what_may_pass_is_tried_again) {
    const std::vector<KindCase> cases{
        {ErrorKind::rate_limited, Phase::headers, true},
        {ErrorKind::provider_unavailable, Phase::connect, true},
        {ErrorKind::provider_overloaded, Phase::first_event, true},
        {ErrorKind::stream_truncated, Phase::first_event, true},
        {ErrorKind::provider_timeout, Phase::connect, true},
        {ErrorKind::provider_timeout, Phase::send, true},
        // It was silent for a whole deadline.
        {ErrorKind::provider_timeout, Phase::headers, false},
        {ErrorKind::provider_timeout, Phase::first_event, false},
        {ErrorKind::provider_timeout, Phase::idle, false},
        {ErrorKind::provider_timeout, Phase::leg, false},
        {ErrorKind::provider_timeout, Phase::total, false},
        // Waiting does not mend it.
        {ErrorKind::provider_error, Phase::headers, false},
        {ErrorKind::quota_exhausted, Phase::headers, false},
        {ErrorKind::context_length_exceeded, Phase::headers, false},
        {ErrorKind::provider_auth_failed, Phase::headers, false},
        {ErrorKind::provider_bad_request, Phase::prepare, false},
        {ErrorKind::model_not_found, Phase::headers, false},
        {ErrorKind::content_filtered, Phase::headers, false},
        {ErrorKind::no_provider_available, Phase::prepare, false},
    };
    for (const KindCase& test : cases) {
        BOOST_TEST_CONTEXT(sluice::class_name(test.kind) << " in " << sluice::to_string(test.phase)) {
            BOOST_TEST(after_first(error(test.kind, test.phase), rules(2)).has_value() == test.again);
        }
    }
    ErrorInfo too_large = error(ErrorKind::rate_limited);
    too_large.never_retry_here = true;
    BOOST_TEST(!after_first(too_large, rules(2)).has_value());
}

BOOST_AUTO_TEST_CASE(the_pauses_grow_up_to_their_cap_and_the_tries_are_counted) {
    const RetryRules six = rules(7);
    RetryMachine machine(six);
    for (const Duration expected : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 8000ms}) {
        const auto wait = machine.on_failed(error(ErrorKind::provider_unavailable), kNow, kNever, 0);
        BOOST_REQUIRE(wait.has_value());
        BOOST_TEST((*wait == expected));
    }
    BOOST_TEST(!machine.on_failed(error(ErrorKind::provider_unavailable), kNow, kNever, 0).has_value());
}

BOOST_AUTO_TEST_CASE(one_attempt_is_never_again) {
    BOOST_TEST(!after_first(error(ErrorKind::provider_unavailable), rules(1)).has_value());
}

BOOST_AUTO_TEST_CASE(jitter_is_uniform_between_nothing_and_the_step) {
    const RetryRules two = rules(2, true);
    const auto draw = [&](std::uint64_t dice) {
        return *RetryMachine(two).on_failed(error(ErrorKind::provider_unavailable), kNow, kNever, dice);
    };
    BOOST_TEST((draw(0) == 0ms));
    BOOST_TEST((draw(std::uint64_t{1} << 63) == 250ms));
    BOOST_TEST((draw(kMost) < 500ms));
    BOOST_TEST((draw(kMost) > 499ms));
}

struct HintCase {
    const char* what;
    std::optional<std::chrono::milliseconds> told;
    std::optional<Duration> wait;
};

BOOST_AUTO_TEST_CASE(retry_after_is_a_floor_and_too_long_a_one_gives_up) {
    const std::vector<HintCase> cases{
        {"no hint", std::nullopt, 500ms},
        {"less than the pause", 100ms, 500ms},
        {"more than the pause", 9s, 9s},
        {"as much as is allowed", 30s, 30s},
        {"more than is allowed", 30001ms, std::nullopt},
        {"out of this world", std::chrono::milliseconds::max(), std::nullopt},
    };
    for (const HintCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            for (const ErrorKind kind : {ErrorKind::rate_limited, ErrorKind::provider_overloaded})
                BOOST_TEST((after_first(error(kind, Phase::headers, test.told), rules(2)) == test.wait));
        }
    }
    // Jitter never makes it come earlier.
    const RetryRules jittered = rules(2, true);
    RetryMachine machine(jittered);
    BOOST_TEST((machine.on_failed(error(ErrorKind::rate_limited, Phase::headers, 400ms), kNow, kNever, 0) ==
                Duration(400ms)));
}

BOOST_AUTO_TEST_CASE(a_wait_that_reaches_the_deadline_is_not_begun) {
    const ErrorInfo down = error(ErrorKind::provider_unavailable);
    BOOST_TEST(after_first(down, rules(2), kNow + 501ms).has_value());
    BOOST_TEST(!after_first(down, rules(2), kNow + 500ms).has_value());
    BOOST_TEST(!after_first(down, rules(2), kNow).has_value());
    BOOST_TEST(!after_first(down, rules(2), kNow - 1s).has_value());
    BOOST_TEST(!after_first(error(ErrorKind::rate_limited, Phase::headers, 2s), rules(2), kNow + 2s));
}

BOOST_AUTO_TEST_CASE(a_chain_is_worth_another_round_when_one_of_its_models_is) {
    using Attempts = std::vector<Attempt>;
    const Attempt auth = attempt(error(ErrorKind::provider_auth_failed));
    const Attempt down = attempt(error(ErrorKind::provider_unavailable));
    const Attempt silent = attempt(error(ErrorKind::provider_timeout, Phase::first_event));
    const Attempt slow_down = attempt(error(ErrorKind::rate_limited, Phase::headers, 20s));
    const Attempt slower = attempt(error(ErrorKind::rate_limited, Phase::headers, 25s));
    const Attempt much_slower = attempt(error(ErrorKind::rate_limited, Phase::headers, 5min));
    const Attempt quota = attempt(error(ErrorKind::quota_exhausted, Phase::headers, 1s));
    const Attempt skipped =
        attempt(error(ErrorKind::no_provider_available, Phase::prepare, 1s), Attempt::Outcome::skipped);
    const auto wait = [](Attempts attempts) { return after_first(chain_of(std::move(attempts)), rules(2)); };
    BOOST_TEST((wait({auth, down}) == Duration(500ms)));
    BOOST_TEST(!wait({auth, silent}).has_value());
    BOOST_TEST((wait({slower, slow_down}) == Duration(20s)));
    BOOST_TEST((wait({much_slower, slower}) == Duration(25s)));
    BOOST_TEST(!wait({much_slower, auth}).has_value());
    BOOST_TEST((wait({slower, quota}) == Duration(25s)));  // nobody waits for the quota
    BOOST_TEST(!wait({skipped, auth}).has_value());
    RetryRules patient = rules(2);
    patient.wait_when_refused = true;  // is about the model itself
    BOOST_TEST(!after_first(chain_of({skipped, auth}), patient).has_value());
    BOOST_TEST(!after_first(error(ErrorKind::all_providers_failed), rules(2)).has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_target_is_waited_for_only_when_told_so) {
    const ErrorInfo refused = error(ErrorKind::no_provider_available, Phase::prepare, 4s);
    RetryRules patient = rules(2);
    patient.wait_when_refused = true;
    BOOST_TEST(!after_first(refused, rules(2)).has_value());
    BOOST_TEST((after_first(refused, patient) == Duration(4s)));
    // Unfit for the request, for ever.
    BOOST_TEST(!after_first(error(ErrorKind::no_provider_available), patient).has_value());
}

BOOST_AUTO_TEST_CASE(the_longest_waits_are_summed_before_anything_is_asked) {
    RetryRules three = rules(3);
    BOOST_TEST((longest_waits(three) == Duration(60s)));
    three.max_retry_after = 0s;
    BOOST_TEST((longest_waits(three) == Duration(1500ms)));
    BOOST_TEST((longest_waits(rules(1)) == Duration(0)));
    RetryRules many = rules(1000);
    many.max_retry_after = 0s;
    BOOST_TEST((longest_waits(many) == Duration(500ms + 1s + 2s + 4s + 995 * 8s)));
    many.factor = 1;
    BOOST_TEST((longest_waits(many) == Duration(999 * 500ms)));
    // Growth beyond what a Duration holds is the cap.
    many.factor = 1000;
    BOOST_TEST((backoff_step(many, 900) == Duration(8s)));
}

BOOST_AUTO_TEST_SUITE_END()
