#include "flow/breaker.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

using namespace std::chrono_literals;
using sluice::BreakerState;
using sluice::ErrorInfo;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::flow::Blame;
using sluice::flow::BreakerRules;
using sluice::flow::CircuitBreaker;
using sluice::flow::Duration;
using sluice::flow::FailureWindow;
using sluice::flow::TimePoint;
using Permit = CircuitBreaker::Permit;
using Whose = Blame::Domain;

namespace {

constexpr std::uint64_t kLeast = 0;
constexpr std::uint64_t kMost = ~std::uint64_t{0};

Blame counted(Duration told = Duration(0)) {
    Blame blame;
    blame.domain = Whose::model;
    blame.at_least = told;
    return blame;
}
Blame told(Duration wait) {
    Blame blame = counted(wait);
    blame.at_once = true;
    return blame;
}

// A breaker with a clock beside it.
struct Bench {
    explicit Bench(BreakerRules with = {}) : rules(with), breaker(rules) {}
    Bench(const Bench&) = delete;

    BreakerRules rules;
    CircuitBreaker breaker;
    TimePoint now{1h};
    std::uint64_t dice = kLeast;
    std::vector<CircuitBreaker::Change> changes;

    void note(const CircuitBreaker::MaybeChange& change) {
        if (change) changes.push_back(*change);
    }
    Permit admit(bool last_resort = false) {
        BOOST_REQUIRE(last_resort || !breaker.refusal(now));
        CircuitBreaker::MaybeChange change;
        const Permit permit = breaker.admit(now, last_resort, change);
        note(change);
        return permit;
    }
    void begin(Permit& permit) { note(breaker.on_begun(permit)); }
    void finish(Permit& permit) { note(breaker.on_finished(permit, now)); }
    void fail(Permit& permit, const Blame& blame = counted(),
              ErrorKind kind = ErrorKind::provider_unavailable) {
        note(breaker.on_failed(permit, blame, kind, now, dice));
    }
    void fail_one(const Blame& blame = counted()) {
        Permit permit = admit();
        fail(permit, blame);
    }
    void fail_many(int times) {
        for (int i = 0; i < times; ++i)
            fail_one();
    }
    void finish_one() {
        Permit permit = admit();
        begin(permit);
        finish(permit);
    }
    // Opens a closed one by failures in a row, and returns for how long.
    Duration trip() {
        fail_many(int(rules.failures));
        BOOST_REQUIRE((breaker.state() == BreakerState::open));
        return changes.back().open_for;
    }
    void wait_until_it_may_be_asked() { now += breaker.retry_after(now); }
    bool is(BreakerState state) const { return breaker.state() == state; }
};

BreakerRules only_in_a_row(std::uint32_t failures = 3) {
    BreakerRules rules;
    rules.failures = failures;
    rules.failure_ratio = 0;
    return rules;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(circuit_breaker)

struct BlameCase {
    const char* what;
    ErrorKind kind;
    Phase phase;
    std::chrono::milliseconds told;
    Whose domain;
    bool at_once;
    Duration at_least;
};

BOOST_AUTO_TEST_CASE(each_error_is_laid_on_the_domain_that_it_tells_about) {
    const BreakerRules rules;
    const std::vector<BlameCase> cases{
        {"bad key", ErrorKind::provider_auth_failed, Phase::headers, 0ms, Whose::account, true, 10min},
        {"quota", ErrorKind::quota_exhausted, Phase::headers, 0ms, Whose::account, true, 10min},
        {"quota until later", ErrorKind::quota_exhausted, Phase::headers, 1h, Whose::account, true, 1h},
        {"quota until soon", ErrorKind::quota_exhausted, Phase::headers, 1s, Whose::account, true, 10min},
        {"quota for ever", ErrorKind::quota_exhausted, Phase::headers, std::chrono::milliseconds::max(),
         Whose::account, true, 24h},
        {"429 with a time", ErrorKind::rate_limited, Phase::headers, 7s, Whose::model, true, 7s},
        {"429 without", ErrorKind::rate_limited, Phase::headers, 0ms, Whose::model, false, 0s},
        {"500", ErrorKind::provider_unavailable, Phase::headers, 0ms, Whose::model, false, 0s},
        {"503 with a time", ErrorKind::provider_overloaded, Phase::headers, 7s, Whose::model, false, 7s},
        {"refused connection", ErrorKind::provider_unavailable, Phase::connect, 0ms, Whose::model, false, 0s},
        {"silence", ErrorKind::provider_timeout, Phase::first_event, 0ms, Whose::model, false, 0s},
        {"stalled", ErrorKind::provider_timeout, Phase::idle, 0ms, Whose::model, false, 0s},
        {"cut", ErrorKind::stream_truncated, Phase::stream, 0ms, Whose::model, false, 0s},
        {"a chain inside", ErrorKind::all_providers_failed, Phase::headers, 0ms, Whose::model, false, 0s},
        {"no time left", ErrorKind::provider_timeout, Phase::total, 0ms, Whose::nobody, false, 0s},
        {"not asked", ErrorKind::no_provider_available, Phase::prepare, 3s, Whose::nobody, false, 0s},
        {"bad request", ErrorKind::provider_bad_request, Phase::headers, 0ms, Whose::nobody, false, 0s},
        {"filtered", ErrorKind::content_filtered, Phase::headers, 0ms, Whose::nobody, false, 0s},
        {"too long", ErrorKind::context_length_exceeded, Phase::headers, 0ms, Whose::nobody, false, 0s},
        {"no such model", ErrorKind::model_not_found, Phase::headers, 0ms, Whose::nobody, false, 0s},
        {"something else", ErrorKind::provider_error, Phase::headers, 0ms, Whose::nobody, false, 0s},
    };
    for (const BlameCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            ErrorInfo error(test.kind, test.phase, "test");
            if (test.told > 0ms) error.retry_after = test.told;
            const Blame blame = sluice::flow::blame(error, rules);
            BOOST_TEST((blame.domain == test.domain));
            BOOST_TEST(blame.at_once == test.at_once);
            BOOST_TEST((blame.at_least == test.at_least));
        }
    }
    ErrorInfo too_large(ErrorKind::rate_limited, Phase::headers, "test");
    too_large.never_retry_here = true;
    too_large.retry_after = 1s;
    BOOST_TEST((sluice::flow::blame(too_large, rules).domain == Whose::nobody));
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_open_it_and_a_finish_in_between_forgives) {
    Bench bench(only_in_a_row());
    bench.fail_many(2);
    BOOST_TEST(bench.breaker.consecutive_failures() == 2U);
    bench.finish_one();
    bench.fail_many(2);
    BOOST_TEST(bench.is(BreakerState::closed));
    bench.fail_one();
    BOOST_TEST(bench.is(BreakerState::open));
    BOOST_REQUIRE(bench.changes.size() == 1U);
    BOOST_TEST((bench.changes[0].from == BreakerState::closed));
    BOOST_TEST((bench.changes[0].to == BreakerState::open));
    BOOST_TEST((bench.changes[0].open_for == 5s));
    BOOST_TEST((bench.breaker.refusal(bench.now) == Duration(5s)));
    BOOST_TEST((bench.breaker.refusal(bench.now + 2s) == Duration(3s)));
    BOOST_TEST((bench.breaker.last_error() == ErrorKind::provider_unavailable));
}

BOOST_AUTO_TEST_CASE(only_a_finish_forgives_a_first_event_does_not) {
    Bench bench(only_in_a_row());
    bench.fail_many(2);
    Permit dies_mid_stream = bench.admit();
    bench.begin(dies_mid_stream);
    BOOST_TEST(bench.breaker.consecutive_failures() == 2U);
    bench.fail(dies_mid_stream, counted(), ErrorKind::stream_truncated);
    BOOST_TEST(bench.is(BreakerState::open));
}

BOOST_AUTO_TEST_CASE(neutral_ends_change_nothing) {
    Bench bench(only_in_a_row());
    bench.fail_many(2);
    for (int i = 0; i < 10; ++i) {
        Permit permit = bench.admit();
        bench.breaker.on_neutral(permit);
    }
    BOOST_TEST(bench.breaker.consecutive_failures() == 2U);
    BOOST_TEST(bench.is(BreakerState::closed));
}

BOOST_AUTO_TEST_CASE(a_high_share_of_failures_opens_it_when_there_are_enough_requests) {
    BreakerRules rules;
    rules.failures = 0;  // only the share
    Bench bench(rules);
    for (int i = 0; i < 9; ++i) {
        bench.fail_one();
        bench.finish_one();
        bench.now += 100ms;
    }
    BOOST_TEST(bench.is(BreakerState::closed));  // half of 18, which are too few
    bench.finish_one();
    bench.fail_one();
    BOOST_TEST(bench.is(BreakerState::open));  // 10 of 20
}

BOOST_AUTO_TEST_CASE(failures_that_lie_behind_the_window_are_forgotten) {
    BreakerRules rules;
    rules.failures = 0;
    Bench bench(rules);
    bench.fail_many(19);
    bench.now += 31s;
    for (int i = 0; i < 19; ++i)
        bench.finish_one();
    bench.fail_many(18);
    BOOST_TEST(bench.is(BreakerState::closed));
    bench.fail_one();
    BOOST_TEST(bench.is(BreakerState::open));
}

BOOST_AUTO_TEST_CASE(what_opened_it_is_not_counted_again_when_it_has_closed) {
    BreakerRules rules;
    rules.failures = 0;
    rules.min_requests = 4;
    Bench bench(rules);
    bench.fail_many(4);
    BOOST_TEST(bench.is(BreakerState::open));
    bench.wait_until_it_may_be_asked();
    bench.finish_one();
    bench.fail_many(2);
    BOOST_TEST(bench.is(BreakerState::closed));  // two of three, and not six of seven
}

BOOST_AUTO_TEST_CASE(the_window_counts_the_last_while_give_or_take_a_slot) {
    FailureWindow window;
    const TimePoint start{1h};
    for (int second = 0; second < 60; ++second)
        window.add(second % 3 != 0, start + second * 1s, 30s);
    const FailureWindow::Counts counts = window.counts(start + 59s, 30s);
    BOOST_TEST(counts.good + counts.bad >= 27U);
    BOOST_TEST(counts.good + counts.bad <= 30U);
    BOOST_TEST(counts.bad * 2 == counts.good);
    FailureWindow one;
    one.add(false, start, 30s);
    BOOST_TEST(one.counts(start + 29s, 30s).bad == 1U);
    BOOST_TEST(one.counts(start + 30s, 30s).bad == 0U);
    const FailureWindow::Counts later = window.counts(start + 200s, 30s);
    BOOST_TEST(later.good + later.bad == 0U);
}

BOOST_AUTO_TEST_CASE(half_open_lets_as_many_probes_through_as_it_may) {
    BreakerRules rules = only_in_a_row();
    rules.probes = 2;
    Bench bench(rules);
    bench.trip();
    bench.now += 5s - 1ns;
    BOOST_TEST((bench.breaker.refusal(bench.now) == Duration(1ns)));
    bench.now += 1ns;
    Permit first = bench.admit();
    BOOST_TEST(bench.is(BreakerState::half_open));
    Permit second = bench.admit();
    BOOST_TEST((bench.breaker.refusal(bench.now) == Duration(0)));
    bench.breaker.on_neutral(first);  // an abandoned probe leaves its place to the next one
    BOOST_TEST(!bench.breaker.refusal(bench.now).has_value());
    Permit third = bench.admit();
    BOOST_TEST((bench.breaker.refusal(bench.now) == Duration(0)));
    bench.begin(second);
    BOOST_TEST(bench.is(BreakerState::closed));
    bench.begin(third);
    BOOST_TEST(bench.breaker.probes_under_way() == 0U);
    BOOST_TEST(bench.changes.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_probe_that_begins_to_answer_does_not_hold_the_others_up) {
    BreakerRules rules = only_in_a_row();
    rules.successes_to_close = 3;
    Bench bench(rules);
    bench.trip();
    bench.wait_until_it_may_be_asked();
    std::vector<Permit> streams;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(!bench.is(BreakerState::closed));
        streams.push_back(bench.admit());
        bench.begin(streams.back());  // and streams on for ten minutes
    }
    BOOST_TEST(bench.is(BreakerState::closed));
}

BOOST_AUTO_TEST_CASE(one_probe_reports_one_success_however_it_goes_on) {
    BreakerRules rules = only_in_a_row();
    rules.successes_to_close = 2;
    Bench bench(rules);
    bench.trip();
    bench.wait_until_it_may_be_asked();
    bench.finish_one();
    BOOST_TEST(bench.is(BreakerState::half_open));
    bench.finish_one();
    BOOST_TEST(bench.is(BreakerState::closed));
}

BOOST_AUTO_TEST_CASE(successes_count_anew_each_time_that_it_is_half_open) {
    BreakerRules rules = only_in_a_row();
    rules.successes_to_close = 2;
    Bench bench(rules);
    bench.trip();
    bench.wait_until_it_may_be_asked();
    Permit good = bench.admit();
    bench.begin(good);
    bench.fail_one();
    BOOST_TEST(bench.is(BreakerState::open));
    bench.wait_until_it_may_be_asked();
    Permit again = bench.admit();
    bench.begin(again);
    BOOST_TEST(bench.is(BreakerState::half_open));
}

BOOST_AUTO_TEST_CASE(the_open_time_grows_up_to_its_longest_and_is_forgotten_only_after_a_finish) {
    Bench bench(only_in_a_row());
    BOOST_TEST((bench.trip() == 5s));
    for (const Duration expected : {10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s}) {
        bench.wait_until_it_may_be_asked();
        bench.fail_one();
        BOOST_TEST((bench.changes.back().open_for == expected));
    }
    // It begins to answer, so it closes; but no answer ever comes to its end.
    bench.wait_until_it_may_be_asked();
    for (int i = 0; i < 4 && !bench.is(BreakerState::open); ++i) {
        Permit permit = bench.admit();
        bench.begin(permit);
        BOOST_TEST(bench.is(BreakerState::closed));
        bench.fail(permit, counted(), ErrorKind::stream_truncated);
    }
    BOOST_TEST(bench.is(BreakerState::open));
    BOOST_TEST((bench.changes.back().open_for == 300s));
    // The probe that closes it comes to its end as well.
    bench.wait_until_it_may_be_asked();
    bench.finish_one();
    BOOST_TEST((bench.trip() == 5s));
}

BOOST_AUTO_TEST_CASE(the_probe_that_closed_it_is_the_first_to_be_heard_in_the_closed_state) {
    Bench bench(only_in_a_row(2));
    bench.trip();
    bench.wait_until_it_may_be_asked();
    Permit probe = bench.admit();
    bench.begin(probe);
    bench.fail(probe);
    BOOST_TEST(bench.breaker.consecutive_failures() == 1U);
    bench.fail_one();
    BOOST_TEST(bench.is(BreakerState::open));
}

BOOST_AUTO_TEST_CASE(up_to_a_tenth_is_added_by_chance) {
    Bench bench(only_in_a_row());
    bench.dice = kMost;
    const Duration longest = bench.trip();
    BOOST_TEST((longest > 5499ms && longest <= 5500ms));
    bench.wait_until_it_may_be_asked();
    bench.dice = kMost / 2;
    bench.fail_one();
    BOOST_TEST((bench.changes.back().open_for > 10499ms && bench.changes.back().open_for <= 10500ms));
}

BOOST_AUTO_TEST_CASE(told_to_wait_it_opens_at_once_and_until_then_at_least) {
    Bench bench(only_in_a_row(9));
    bench.fail_one(told(42s));
    BOOST_TEST(bench.is(BreakerState::open));
    BOOST_TEST((bench.changes.back().open_for == 42s));
    bench.now += 42s;
    bench.fail_one(told(1s));  // the probe is told as well, and the provider knows best
    BOOST_TEST((bench.changes.back().open_for == 1s));
    bench.now += 1s;
    bench.fail_one();  // and this failure is the first one that counts
    BOOST_TEST((bench.changes.back().open_for == 5s));
    // Counted, but with a time: the longer one.
    Bench counting(only_in_a_row(1));
    counting.fail_one(counted(33s));
    BOOST_TEST((counting.changes.back().open_for == 33s));
    counting.now += 33s;
    counting.fail_one(counted(2s));
    BOOST_TEST((counting.changes.back().open_for == 10s));
}

BOOST_AUTO_TEST_CASE(what_comes_while_it_is_open_may_only_make_it_longer_by_being_told) {
    Bench bench(only_in_a_row(2));
    std::vector<Permit> together;
    for (int i = 0; i < 6; ++i)
        together.push_back(bench.admit());
    bench.fail(together[0]);
    bench.fail(together[1]);
    BOOST_TEST((bench.breaker.retry_after(bench.now) == 5s));
    bench.now += 1s;
    bench.fail(together[2]);  // begun before, and no news
    BOOST_TEST((bench.breaker.retry_after(bench.now) == 4s));
    bench.fail(together[3], told(3s));
    BOOST_TEST((bench.breaker.retry_after(bench.now) == 4s));
    bench.fail(together[4], told(20s));
    BOOST_TEST((bench.breaker.retry_after(bench.now) == 20s));
    bench.begin(together[5]);  // nor does one that began before close it
    bench.finish(together[5]);
    BOOST_TEST(bench.is(BreakerState::open));
    BOOST_TEST(bench.changes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_began_before_does_not_move_a_half_open_one) {
    Bench bench(only_in_a_row(2));
    Permit good = bench.admit();
    Permit bad = bench.admit();
    Permit told_off = bench.admit();
    bench.trip();
    bench.wait_until_it_may_be_asked();
    Permit probe = bench.admit();
    bench.begin(good);
    bench.finish(good);
    BOOST_TEST(bench.is(BreakerState::half_open));
    bench.fail(bad);
    bench.fail(told_off, told(1h));
    BOOST_TEST(bench.is(BreakerState::half_open));
    BOOST_TEST(bench.breaker.probes_under_way() == 1U);
    bench.finish(probe);
    BOOST_TEST(bench.is(BreakerState::closed));
    BOOST_TEST(bench.breaker.consecutive_failures() == 0U);
}

BOOST_AUTO_TEST_CASE(what_began_before_neither_forgives_nor_counts_in_a_closed_one) {
    Bench bench(only_in_a_row(2));
    Permit good = bench.admit();
    Permit bad = bench.admit();
    bench.trip();
    bench.wait_until_it_may_be_asked();
    bench.finish_one();
    bench.fail_one();
    bench.begin(good);
    bench.finish(good);
    BOOST_TEST(bench.breaker.consecutive_failures() == 1U);
    bench.fail(bad);
    BOOST_TEST(bench.is(BreakerState::closed));
    BOOST_TEST(bench.breaker.consecutive_failures() == 1U);
}

BOOST_AUTO_TEST_CASE(the_last_resort_passes_an_open_one_and_a_good_one_closes_it) {
    Bench bench(only_in_a_row());
    bench.trip();
    Permit bad = bench.admit(true);
    BOOST_TEST(bench.is(BreakerState::open));
    bench.fail(bad);
    BOOST_TEST((bench.breaker.retry_after(bench.now) == 5s));  // as it was
    BOOST_TEST(bench.changes.size() == 1U);
    Permit good = bench.admit(true);
    Permit other = bench.admit(true);
    bench.begin(good);
    BOOST_TEST(bench.is(BreakerState::closed));
    BOOST_REQUIRE(bench.changes.size() == 2U);
    BOOST_TEST((bench.changes[1].from == BreakerState::open));
    bench.fail(other);  // let through before it closed
    BOOST_TEST(bench.breaker.consecutive_failures() == 0U);
}

BOOST_AUTO_TEST_CASE(last_resorts_take_no_probe_s_place_and_count_for_half_open) {
    BreakerRules rules = only_in_a_row();
    rules.successes_to_close = 2;
    Bench bench(rules);
    bench.trip();
    Permit early = bench.admit(true);
    bench.begin(early);
    BOOST_TEST(bench.is(BreakerState::open));  // one of two
    bench.wait_until_it_may_be_asked();
    Permit probe = bench.admit();
    Permit beside = bench.admit(true);
    BOOST_TEST(bench.breaker.probes_under_way() == 1U);
    bench.begin(beside);
    BOOST_TEST(bench.is(BreakerState::closed));
    bench.breaker.on_neutral(probe);
    BOOST_TEST(bench.breaker.probes_under_way() == 0U);
}

BOOST_AUTO_TEST_CASE(a_last_resort_that_begins_to_answer_is_news_whenever_it_was_let_through) {
    Bench bench(only_in_a_row());
    bench.trip();
    Permit slow = bench.admit(true);
    bench.wait_until_it_may_be_asked();
    Permit probe = bench.admit();
    bench.begin(slow);
    BOOST_TEST(bench.is(BreakerState::closed));
    bench.fail(probe);  // from before
    BOOST_TEST(bench.breaker.consecutive_failures() == 0U);
}

BOOST_AUTO_TEST_CASE(a_last_resort_that_fails_beside_the_probes_opens_it_again) {
    Bench bench(only_in_a_row());
    bench.trip();
    bench.wait_until_it_may_be_asked();
    Permit probe = bench.admit();
    Permit beside = bench.admit(true);
    bench.fail(beside);
    BOOST_TEST(bench.is(BreakerState::open));
    BOOST_TEST((bench.changes.back().open_for == 10s));
    bench.begin(probe);
    BOOST_TEST(bench.is(BreakerState::open));
}

BOOST_AUTO_TEST_CASE(a_last_resort_whose_time_is_up_is_a_probe_like_any_other) {
    Bench bench(only_in_a_row());
    bench.trip();
    bench.wait_until_it_may_be_asked();
    Permit permit = bench.admit(true);
    BOOST_TEST(permit.is_probe);
    BOOST_TEST(bench.is(BreakerState::half_open));
}

BOOST_AUTO_TEST_CASE(growth_and_counts_never_overflow) {
    BreakerRules rules = only_in_a_row(1);
    rules.factor = 1000;
    rules.max_open_for = 24h;
    Bench bench(rules);
    for (int i = 0; i < 1000; ++i) {
        bench.wait_until_it_may_be_asked();
        bench.fail_one();
    }
    BOOST_TEST((bench.changes.back().open_for == 24h));
}

// Random histories against what must always hold.
class History {
  public:
    explicit History(std::uint64_t seed) : seed_(seed), bench_(rules_of()) {}

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
            check();
        }
        // Every permit ends, and then no place is taken.
        for (Permit& permit : permits_)
            bench_.breaker.on_neutral(permit);
        BOOST_TEST(bench_.breaker.probes_under_way() == 0U);
    }
    std::size_t openings() const { return openings_; }
    std::size_t closings() const { return closings_; }

  private:
    // splitmix64
    std::uint64_t draw() {
        std::uint64_t z = (seed_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    std::uint64_t below(std::uint64_t n) { return draw() % n; }
    BreakerRules rules_of() {
        BreakerRules rules;
        rules.failures = std::uint32_t(below(4));
        rules.failure_ratio = rules.failures == 0 || below(2) ? 0.5 : 0;
        rules.min_requests = 1 + std::uint32_t(below(6));
        rules.probes = 1 + std::uint32_t(below(3));
        rules.successes_to_close = 1 + std::uint32_t(below(3));
        return rules;
    }

    void step() {
        bench_.dice = draw();
        const std::uint64_t what = below(10);
        if (what == 0) bench_.now += std::chrono::milliseconds(below(8000));
        if (what == 1) bench_.wait_until_it_may_be_asked();
        if (what >= 2 && what <= 4) ask(below(8) == 0);
        if (what >= 5 && !permits_.empty()) report(below(permits_.size()));
    }
    void ask(bool last_resort) {
        const BreakerState before = bench_.breaker.state();
        const bool refused = bench_.breaker.refusal(bench_.now).has_value();
        if (before == BreakerState::open && bench_.now < open_until_) BOOST_TEST(refused);
        if (before == BreakerState::closed) BOOST_TEST(!refused);
        if (refused && !last_resort) return;
        permits_.push_back(bench_.admit(last_resort));
        BOOST_TEST(permits_.back().is_last_resort == refused);
        if (before == BreakerState::open && !refused) BOOST_TEST(bench_.is(BreakerState::half_open));
    }
    void report(std::size_t which) {
        Permit& permit = permits_[which];
        const std::uint64_t how = below(6);
        if (how == 0) return bench_.begin(permit);
        expected_ = Duration(0);
        if (how <= 2) bench_.finish(permit);
        if (how == 3) bench_.fail(permit);
        if (how == 4) {
            expected_ = std::chrono::milliseconds(1 + below(20'000));
            bench_.fail(permit, told(expected_));
        }
        if (how == 5) bench_.breaker.on_neutral(permit);
        permits_.erase(permits_.begin() + std::ptrdiff_t(which));
    }

    void check() {
        BOOST_TEST(bench_.breaker.probes_under_way() <= bench_.rules.probes);
        const auto held = std::count_if(permits_.begin(), permits_.end(), [&](const Permit& permit) {
            return permit.is_probe && permit.epoch == newest_epoch();
        });
        if (bench_.is(BreakerState::half_open))
            BOOST_TEST(std::uint32_t(held) == bench_.breaker.probes_under_way());
        for (; seen_ < bench_.changes.size(); ++seen_)
            look_at(bench_.changes[seen_]);
    }
    std::uint64_t newest_epoch() const { return bench_.changes.size(); }  // one a change
    void look_at(const CircuitBreaker::Change& change) {
        BOOST_TEST((change.from == state_));
        BOOST_TEST((change.from != change.to));
        BOOST_TEST(!(change.from == BreakerState::closed && change.to == BreakerState::half_open));
        state_ = change.to;
        closings_ += change.to == BreakerState::closed;
        if (change.to != BreakerState::open) return;
        ++openings_;
        open_until_ = bench_.now + change.open_for;
        // One of the steps, or what was told; and up to a tenth more.
        std::vector<Duration> steps{5s, 10s, 20s, 40s, 80s, 160s, 300s};
        if (expected_ > Duration(0)) steps = {expected_};
        BOOST_TEST(std::any_of(steps.begin(), steps.end(), [&](Duration step) {
            return change.open_for >= step && change.open_for <= step + step / 10;
        }));
    }

    std::uint64_t seed_;
    Bench bench_;
    std::vector<Permit> permits_;
    std::size_t seen_ = 0;
    BreakerState state_ = BreakerState::closed;
    TimePoint open_until_{};
    Duration expected_{0};
    std::size_t openings_ = 0;
    std::size_t closings_ = 0;
};

BOOST_AUTO_TEST_CASE(random_histories_keep_what_must_always_hold) {
    std::size_t openings = 0;
    std::size_t closings = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            History history(seed);
            history.run(300);
            openings += history.openings();
            closings += history.closings();
        }
    }
    BOOST_TEST(openings > 1000U);
    BOOST_TEST(closings > 500U);
}

BOOST_AUTO_TEST_SUITE_END()
