#include "flow/health.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

using namespace std::chrono_literals;
using sluice::ErrorInfo;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::flow::HealthMachine;
using Change = HealthMachine::Change;
using TimePoint = HealthMachine::TimePoint;

namespace {

// Draws: the middle leaves a time where it is, the ends move it as far as it goes.
constexpr std::uint64_t kMiddle = std::uint64_t{1} << 63;
constexpr std::uint64_t kLowest = 0;
constexpr std::uint64_t kHighest = UINT64_MAX;

const TimePoint kStart = TimePoint(1h);

ErrorInfo error(const char* words = "test") {
    return ErrorInfo(ErrorKind::provider_unavailable, Phase::headers, words);
}

HealthMachine machine() {
    return HealthMachine(HealthMachine::Settings());
}

/// "+" a good probe, "-" a failed one, "t" an answered request. What each did: "." nothing, "d" went down,
/// "u" recovered.
std::string changes(HealthMachine& health, std::string_view script) {
    std::string out;
    TimePoint now = kStart;
    for (const char step : script) {
        now += 1s;
        const Change change = step == '+'   ? health.on_probe_ok(now)
                              : step == 't' ? health.on_traffic_ok(now)
                                            : health.on_probe_failed(error(), now);
        out += change == Change::none ? '.' : change == Change::went_down ? 'd' : 'u';
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(health_machine)

BOOST_AUTO_TEST_CASE(starts_healthy_and_unchecked) {
    const HealthMachine health = machine();
    BOOST_TEST(health.healthy());
    BOOST_TEST(!health.last_check());
    BOOST_TEST(!health.last_error());
    BOOST_TEST(!health.due());
    BOOST_TEST(health.consecutive_failures() == 0U);
    BOOST_TEST(health.consecutive_successes() == 0U);
}

struct CountingCase {
    const char* what;
    std::string_view script;
    std::string_view changes;
};

BOOST_AUTO_TEST_CASE(thresholds_count_what_comes_in_a_row) {
    const std::vector<CountingCase> cases{
        {"three failures take it down, once", "-----", "..d.."},
        {"a success in between begins anew", "--+--+---", "........d"},
        {"two successes bring it back, once", "---+++", "..d.u."},
        {"one failure during recovery resets the count", "---+-+-++", "..d.....u"},
        {"an answered request counts as a success", "---tt", "..d.u"},
        {"a request and a probe count together", "---t+", "..d.u"},
        {"an answered request resets the failures", "--t--t---", "........d"},
        {"down again after a recovery", "---++---", "..d.u..d"},
    };
    for (const CountingCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            HealthMachine health = machine();
            BOOST_TEST(changes(health, test.script) == test.changes);
        }
    }
}

BOOST_AUTO_TEST_CASE(thresholds_of_one_react_to_each_result) {
    HealthMachine::Settings settings;
    settings.unhealthy_threshold = 1;
    settings.healthy_threshold = 1;
    HealthMachine health(settings);
    BOOST_TEST(changes(health, "-+--t") == "dud.u");
}

BOOST_AUTO_TEST_CASE(tells_since_when_and_why_it_is_down) {
    HealthMachine health = machine();
    for (int i = 1; i <= 4; ++i)
        health.on_probe_failed(error(i == 4 ? "the last" : "an earlier"), kStart + i * 30s);
    BOOST_TEST((health.down_since() == kStart + 90s));
    BOOST_TEST((health.last_check() == kStart + 120s));
    BOOST_TEST(health.consecutive_failures() == 4U);
    BOOST_TEST(health.last_error()->message == "the last");
    health.on_traffic_ok(kStart + 130s);
    BOOST_TEST((health.last_check() == kStart + 120s));  // a request is no check
    health.on_probe_ok(kStart + 150s);
    BOOST_TEST(!health.down_since());
    BOOST_TEST(health.last_error().has_value());  // what was, for the operator
}

BOOST_AUTO_TEST_CASE(forgetting_is_the_start_again) {
    HealthMachine health = machine();
    changes(health, "---");
    health.forget();
    BOOST_TEST(health.healthy());
    BOOST_TEST(!health.last_check());
    BOOST_TEST(health.consecutive_failures() == 0U);
    BOOST_TEST(changes(health, "--") == "..");
}

BOOST_AUTO_TEST_CASE(the_first_probe_is_at_once_but_for_a_second_at_most) {
    HealthMachine health = machine();
    BOOST_TEST((health.first_probe(kStart, kLowest) == kStart));
    const TimePoint latest = health.first_probe(kStart, kHighest);
    BOOST_TEST((latest > kStart + 990ms && latest <= kStart + 1s));
    BOOST_TEST((health.due() == latest));

    HealthMachine::Settings settings;
    settings.interval = 1s;
    HealthMachine quick(settings);
    BOOST_TEST((quick.first_probe(kStart, kHighest) <= kStart + 100ms));
    settings.jitter = 0;
    HealthMachine exact(settings);
    BOOST_TEST((exact.first_probe(kStart, kHighest) == kStart));
}

BOOST_AUTO_TEST_CASE(the_next_probe_is_jittered_both_ways) {
    HealthMachine health = machine();
    BOOST_TEST((health.next_probe(kStart, kMiddle) == kStart + 30s));
    BOOST_TEST((health.next_probe(kStart, kLowest) == kStart + 27s));
    const TimePoint latest = health.next_probe(kStart, kHighest);
    BOOST_TEST((latest > kStart + 32990ms && latest <= kStart + 33s));
    BOOST_TEST((health.due() == latest));
}

BOOST_AUTO_TEST_CASE(a_probe_waits_until_an_interval_after_the_last_answered_request) {
    HealthMachine health = machine();
    BOOST_TEST(!health.postponed(kStart, kMiddle));  // no traffic yet
    health.on_traffic_ok(kStart + 10s);
    const auto until = health.postponed(kStart + 30s, kMiddle);
    BOOST_REQUIRE(until.has_value());
    BOOST_TEST((*until == kStart + 40s));
    BOOST_TEST((health.due() == kStart + 40s));
    BOOST_TEST(!health.postponed(kStart + 40s, kMiddle));  // nothing came since
}

BOOST_AUTO_TEST_CASE(a_postponed_probe_is_later_whatever_the_dice_say) {
    HealthMachine health = machine();
    health.on_traffic_ok(kStart);
    const auto until = health.postponed(kStart + 29s, kLowest);  // an interval less the jitter is past
    BOOST_REQUIRE(until.has_value());
    BOOST_TEST((*until == kStart + 32s));
}

BOOST_AUTO_TEST_CASE(no_probe_is_postponed_while_it_is_down) {
    HealthMachine health = machine();
    changes(health, "---t");
    BOOST_TEST(!health.healthy());
    BOOST_TEST(!health.postponed(kStart + 5s, kMiddle));
}

BOOST_AUTO_TEST_SUITE_END()
