#include "flow/sticky.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using sluice::flow::Sticky;

namespace {

const Sticky::TimePoint kStart{1h};

}  // namespace

BOOST_AUTO_TEST_SUITE(sticky)

BOOST_AUTO_TEST_CASE(a_leg_is_remembered_for_the_time_and_not_a_moment_longer) {
    Sticky sticky(5min, 10);
    BOOST_TEST(!sticky.leg(1, kStart).has_value());
    sticky.remember(1, 2, kStart);
    BOOST_TEST(sticky.leg(1, kStart + 5min - 1ns).value_or(9) == 2U);
    BOOST_TEST(!sticky.leg(2, kStart).has_value());
    BOOST_TEST(!sticky.leg(1, kStart + 5min).has_value());
    BOOST_TEST(sticky.size() == 0U);
}

BOOST_AUTO_TEST_CASE(remembering_again_renews_and_replaces) {
    Sticky sticky(5min, 10);
    sticky.remember(1, 2, kStart);
    sticky.remember(1, 3, kStart + 4min);
    BOOST_TEST(sticky.leg(1, kStart + 8min).value_or(9) == 3U);
    BOOST_TEST(sticky.size() == 1U);
    sticky.forget(1);
    sticky.forget(1);
    BOOST_TEST(!sticky.leg(1, kStart + 8min).has_value());
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_the_one_set_longest_ago_goes) {
    Sticky sticky(5min, 2);
    sticky.remember(1, 0, kStart);
    sticky.remember(2, 0, kStart + 1s);
    sticky.remember(1, 0, kStart + 2s);  // renewed: 2 is the oldest now
    sticky.remember(3, 0, kStart + 3s);
    BOOST_TEST(sticky.size() == 2U);
    BOOST_TEST(sticky.leg(1, kStart + 3s).has_value());
    BOOST_TEST(!sticky.leg(2, kStart + 3s).has_value());
    BOOST_TEST(sticky.leg(3, kStart + 3s).has_value());
}

BOOST_AUTO_TEST_CASE(what_has_ended_makes_room_without_being_asked_for) {
    Sticky sticky(5min, 1000);
    for (std::uint64_t key = 0; key < 1000; ++key)
        sticky.remember(key, 0, kStart);
    sticky.remember(5000, 1, kStart + 6min);
    BOOST_TEST(sticky.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
