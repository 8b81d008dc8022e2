#include "flow/deadline_clock.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using sluice::Deadlines;
using sluice::Phase;
using sluice::flow::DeadlineClock;
using sluice::flow::TimePoint;

namespace {

const TimePoint kStart = TimePoint() + 1h;

Deadlines limits() {
    Deadlines deadlines;
    deadlines.connect = 10ms;
    deadlines.headers = 20ms;
    deadlines.first_event = 100ms;
    deadlines.idle = 30ms;
    deadlines.leg = 500ms;
    deadlines.grace = 7ms;
    return deadlines;
}

Deadlines no_limits() {
    Deadlines deadlines;
    deadlines.connect = deadlines.headers = deadlines.first_event = deadlines.idle = deadlines.leg =
        deadlines.grace = Deadlines::kNone;
    return deadlines;
}

struct Case {
    const char* name;
    std::function<void(DeadlineClock&)> events;
    std::chrono::milliseconds at;
    Phase phase;
};

const Case kCases[] = {
    {"connecting", [](DeadlineClock&) {}, 10ms, Phase::connect},
    {"writing the request is on the headers clock", [](DeadlineClock& c) { c.on_connected(kStart + 4ms); },
     24ms, Phase::headers},
    {"the headers clock starts again when the request is out",
     [](DeadlineClock& c) {
         c.on_connected(kStart + 4ms);
         c.on_sent(kStart + 9ms);
     },
     29ms, Phase::headers},
    {"connecting again",
     [](DeadlineClock& c) {
         c.on_connected(kStart + 4ms);
         c.on_sent(kStart + 9ms);
         c.on_reconnect(kStart + 11ms);
     },
     21ms, Phase::connect},
    {"head is here, no content: from the leg's start",
     [](DeadlineClock& c) {
         c.on_connected(kStart + 4ms);
         c.on_headers();
     },
     100ms, Phase::first_event},
    {"from the last content",
     [](DeadlineClock& c) {
         c.on_headers();
         c.on_content(kStart + 50ms);
         c.on_content(kStart + 60ms);
     },
     90ms, Phase::idle},
    {"the leg ends however much comes",
     [](DeadlineClock& c) {
         c.on_headers();
         c.on_content(kStart + 490ms);
     },
     500ms, Phase::leg},
    {"grace after a finish reason",
     [](DeadlineClock& c) {
         c.on_headers();
         c.on_finish_reason(kStart + 60ms);
     },
     67ms, Phase::idle},
    {"only the first finish reason counts, and nothing after it prolongs the grace",
     [](DeadlineClock& c) {
         c.on_headers();
         c.on_finish_reason(kStart + 60ms);
         c.on_content(kStart + 64ms);
         c.on_finish_reason(kStart + 65ms);
     },
     67ms, Phase::idle},
};

}  // namespace

BOOST_AUTO_TEST_CASE(runs_out_to_the_tick_with_its_phase) {
    for (const Case& c : kCases) {
        BOOST_TEST_CONTEXT(c.name) {
            DeadlineClock clock(limits(), kStart, TimePoint::max());
            c.events(clock);
            BOOST_TEST((clock.next() == kStart + c.at));
            BOOST_TEST(!clock.expired(kStart + c.at - 1ns));
            BOOST_TEST((clock.expired(kStart + c.at) == c.phase));
        }
    }
}

BOOST_AUTO_TEST_CASE(total_is_absolute_and_beats_what_ends_later) {
    DeadlineClock clock(limits(), kStart, kStart + 3ms);
    BOOST_TEST((clock.next() == kStart + 3ms));
    BOOST_TEST((clock.expired(kStart + 1h) == Phase::total));
    BOOST_TEST((clock.budget_end() == kStart + 3ms));
    DeadlineClock late(limits(), kStart, kStart - 1ms);
    BOOST_TEST((late.expired(kStart) == Phase::total));
}

BOOST_AUTO_TEST_CASE(of_several_the_first_and_of_equals_the_narrowest) {
    Deadlines same = limits();
    same.connect = same.first_event = same.leg = 10ms;
    DeadlineClock clock(same, kStart, kStart + 10ms);
    BOOST_TEST((clock.expired(kStart + 10ms) == Phase::connect));
    same.connect = 11ms;
    DeadlineClock wide(same, kStart, kStart + 10ms);
    BOOST_TEST((wide.expired(kStart + 1h) == Phase::first_event));
}

BOOST_AUTO_TEST_CASE(no_limit_is_for_ever_in_every_state) {
    Deadlines negative = no_limits();
    negative.connect = negative.idle = -5ms;
    Deadlines enormous = no_limits();
    enormous.connect = enormous.headers = enormous.first_event = enormous.idle = enormous.leg =
        enormous.grace = Deadlines::Limit::max();
    for (const Deadlines& none : {no_limits(), negative, enormous}) {
        for (const Case& c : kCases) {
            BOOST_TEST_CONTEXT(c.name) {
                DeadlineClock clock(none, kStart, TimePoint::max());
                c.events(clock);
                BOOST_TEST((clock.next() == TimePoint::max()));
                BOOST_TEST(!clock.expired(TimePoint::max()));
                BOOST_TEST((clock.budget_end() == TimePoint::max()));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(in_grace_even_where_the_grace_has_no_limit) {
    Deadlines endless = limits();
    endless.grace = Deadlines::kNone;
    DeadlineClock clock(endless, kStart, TimePoint::max());
    clock.on_headers();
    BOOST_TEST(!clock.in_grace());
    clock.on_finish_reason(kStart + 60ms);
    BOOST_TEST(clock.in_grace());
    BOOST_TEST((clock.next() == kStart + 90ms));  // idle still runs
}
