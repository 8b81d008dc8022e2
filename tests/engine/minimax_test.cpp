#include <sluice/minimax.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace sluice;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const std::vector<MinimaxCandidate> kBoth{{"fast", 0.8}, {"slow", 0.6}};

// The worked example of the router facts: the fast one promises more, and can do more harm.
struct Example {
    Example() {
        guard.set_worst_loss("fast", 0.9);
        guard.set_worst_loss("slow", 0.2);
    }
    MinimaxGuard guard;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(minimax)

BOOST_FIXTURE_TEST_CASE(little_at_stake_takes_the_fast_one_and_much_the_slow_one, Example) {
    const MinimaxChoice little = guard.choose(kBoth, 0.3).value();
    BOOST_TEST(little.candidate == "fast");
    BOOST_TEST(little.score == 0.8);
    BOOST_TEST(little.loss_weight == 0.0);

    // w = 0.25 / 0.3; fast: 0.8 / 6 - 0.9 x 5/6 = -0.6167, slow: 0.6 / 6 - 0.2 x 5/6 = -0.0667.
    const MinimaxChoice much = guard.choose(kBoth, 0.95).value();
    BOOST_TEST(much.candidate == "slow");
    BOOST_TEST(much.loss_weight == 5.0 / 6, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(much.score == -1.0 / 15, boost::test_tools::tolerance(1e-12));
}

BOOST_FIXTURE_TEST_CASE(losses_weigh_in_from_the_threshold_on, Example) {
    BOOST_TEST(guard.choose(kBoth, 0.7)->loss_weight == 0.0);
    BOOST_TEST(guard.choose(kBoth, std::nextafter(0.7, 1.0))->loss_weight > 0.0);
    BOOST_TEST(guard.choose(kBoth, std::nextafter(0.7, 1.0))->candidate == "fast");
    BOOST_TEST(guard.choose(kBoth, 1.0)->loss_weight == 1.0);
    BOOST_TEST(guard.choose(kBoth, 1.0)->score == -0.2);
    // They are equal where 0.2 (1 - w) = 0.7 w: at w = 2/9, a safety of 0.7667.
    BOOST_TEST(guard.choose(kBoth, 0.766)->candidate == "fast");
    BOOST_TEST(guard.choose(kBoth, 0.767)->candidate == "slow");
}

BOOST_AUTO_TEST_CASE(who_is_not_known_may_do_the_worst) {
    MinimaxGuard guard;
    guard.set_worst_loss("known", 0.99);
    BOOST_TEST(guard.worst_loss("known") == 0.99);
    BOOST_TEST(guard.worst_loss("stranger") == 1.0);
    BOOST_TEST(guard.choose({{"stranger", 1.0}, {"known", 0.0}}, 0.5)->candidate == "stranger");
    BOOST_TEST(guard.choose({{"stranger", 1.0}, {"known", 0.0}}, 1.0)->candidate == "known");
    guard.set_worst_loss("known", 0.5);
    BOOST_TEST(guard.worst_loss("known") == 0.5);
}

BOOST_FIXTURE_TEST_CASE(bad_numbers_are_the_careful_end, Example) {
    BOOST_TEST(guard.choose(kBoth, kNan)->loss_weight == 1.0);
    BOOST_TEST(guard.choose(kBoth, kNan)->candidate == "slow");
    BOOST_TEST(guard.choose(kBoth, 7.0)->loss_weight == 1.0);
    BOOST_TEST(guard.choose(kBoth, -7.0)->candidate == "fast");
    BOOST_TEST(guard.choose({{"fast", kNan}, {"slow", 0.1}}, 0.0)->candidate == "slow");
    BOOST_TEST(guard.choose({{"fast", kNan}}, 0.0)->score == 0.0);
    BOOST_TEST(!guard.choose({}, 0.5).has_value());
    BOOST_TEST(guard.choose({{"a", 0.5}, {"b", 0.5}}, 0.0)->candidate == "a");  // the first of equals
}

BOOST_AUTO_TEST_CASE(options_and_losses_are_checked) {
    for (const double bad : {-0.1, 1.1, kNan}) {
        MinimaxOptions options;
        options.risk_threshold = bad;
        BOOST_CHECK_THROW(MinimaxGuard{options}, std::invalid_argument);
        BOOST_CHECK_THROW(MinimaxGuard().set_worst_loss("a", bad), std::invalid_argument);
    }
    BOOST_CHECK_THROW(MinimaxGuard().set_worst_loss("", 0.5), std::invalid_argument);

    MinimaxOptions few;
    few.max_candidates = 1;
    few.risk_threshold = 1;  // losses never count
    MinimaxGuard guard(few);
    guard.set_worst_loss("a", 1);
    guard.set_worst_loss("a", 0.9);
    BOOST_CHECK_THROW(guard.set_worst_loss("b", 0), std::invalid_argument);
    BOOST_TEST(guard.choose({{"a", 0.8}, {"b", 0.7}}, 1.0)->candidate == "a");
    few.max_candidates = 0;
    BOOST_CHECK_THROW(MinimaxGuard{few}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
