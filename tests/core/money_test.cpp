#include <sluice/money.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>

using namespace sluice;

BOOST_AUTO_TEST_SUITE(money)

BOOST_AUTO_TEST_CASE(prices_per_million_are_exact) {
    BOOST_TEST(Price::per_million("2.50").count() == 2'500'000);
    BOOST_TEST(Price::per_million("10").count() == 10'000'000);
    BOOST_TEST(Price::per_million("0.0075").count() == 7'500);  // a cached token
    BOOST_TEST(Price::per_million("0.000001").count() == 1);
    for (const char* bad :
         {"", ".", "-1", "1e3", "1,5", "0.0000001", "1.2.3", " 1", "$1", "99999999999999999999"})
        BOOST_CHECK_THROW(Price::per_million(bad), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(amounts_print_in_full) {
    BOOST_TEST(to_string(PicoUsd(0)) == "$0.00");
    BOOST_TEST(to_string(PicoUsd::from_micro_usd(1'250'000)) == "$1.25");
    BOOST_TEST(to_string(PicoUsd(7'500)) == "$0.0000000075");
    BOOST_TEST(to_string(PicoUsd(-1'500'000'000'000)) == "-$1.50");
    BOOST_TEST(to_string(PicoUsd(std::numeric_limits<std::int64_t>::min())) == "-$9223372.036854775808");
}

BOOST_AUTO_TEST_CASE(arithmetic_saturates) {
    const PicoUsd most(std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(((most + PicoUsd(1)) == most));
    BOOST_TEST(((PicoUsd(2) * std::numeric_limits<Tokens>::max()) == most));
    BOOST_TEST(((PicoUsd(-2) * std::numeric_limits<Tokens>::max()).count() ==
                std::numeric_limits<std::int64_t>::min()));
}

BOOST_AUTO_TEST_CASE(a_cost_is_by_class_or_unknown) {
    Price price;
    price.input = PicoUsd(100);
    price.cached_input = PicoUsd(10);
    price.output = PicoUsd(1000);
    Usage usage;
    usage.input = 50;
    usage.cached_input = 20;
    usage.output = 3;
    BOOST_TEST(cost_of(usage, price)->count() == 30 * 100 + 20 * 10 + 3 * 1000);
    usage.cached_input = 80;  // more than there were: never below zero
    BOOST_TEST(cost_of(usage, price)->count() == 50 * 10 + 3 * 1000);
    usage.output.reset();
    BOOST_TEST(!cost_of(usage, price).has_value());
    usage.output = 0;
    BOOST_TEST(cost_of(usage, price).has_value());  // zero is a number
    price.output.reset();
    BOOST_TEST(!cost_of(usage, price).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
