#include "flow/quantile.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <vector>

using sluice::flow::LiveQuantile;
using namespace std::chrono_literals;

namespace {

// What the histogram approximates: the smallest sample with at least q of all at or below it.
std::chrono::nanoseconds oracle(std::vector<std::chrono::nanoseconds> samples, double q) {
    std::sort(samples.begin(), samples.end());
    std::size_t rank = 0;
    while (double(rank + 1) < q * double(samples.size()))
        ++rank;
    return samples[rank];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flow_quantile)

BOOST_AUTO_TEST_CASE(without_samples_there_is_none) {
    const LiveQuantile quantile;
    BOOST_TEST(quantile.samples() == 0U);
    BOOST_TEST((quantile.at(0.95) == 0ns));
}

BOOST_AUTO_TEST_CASE(it_is_never_less_than_the_truth_and_at_most_a_bucket_more) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> latency(6.5, 0.8);  // around 0.7 s, in ms
    for (const std::size_t count : {1U, 2U, 19U, 20U, 500U}) {
        LiveQuantile quantile;
        std::vector<std::chrono::nanoseconds> samples;
        for (std::size_t i = 0; i < count; ++i) {
            samples.emplace_back(static_cast<std::int64_t>(latency(random) * 1e6));
            quantile.add(samples.back());
        }
        for (const double q : {0.0, 0.5, 0.9, 0.95, 0.99, 1.0}) {
            const double truth = double(oracle(samples, q).count());
            const double told = double(quantile.at(q).count());
            BOOST_TEST(told >= truth * 0.999999);
            BOOST_TEST(told <= truth * 1.0906);  // 2^(1/8)
        }
    }
}

BOOST_AUTO_TEST_CASE(the_ends_of_the_scale_hold) {
    LiveQuantile low;
    low.add(0ns);
    low.add(-5s);
    low.add(1us);
    BOOST_TEST((low.at(1) == 1ms));
    LiveQuantile high;
    high.add(24h);
    high.add(std::chrono::nanoseconds::max());
    BOOST_TEST((high.at(0.5) == 1048576ms));  // 2^20 ms: 17 minutes
    LiveQuantile exact;
    exact.add(2ms);
    BOOST_TEST((exact.at(0.5) == 2ms));
}

BOOST_AUTO_TEST_CASE(it_forgets) {
    LiveQuantile quantile(64);
    for (int i = 0; i < 1000; ++i)
        quantile.add(10s);
    BOOST_TEST((quantile.at(0.95) >= 10s));
    int needed = 0;
    while (quantile.at(0.95) >= 10s && needed < 1000) {
        quantile.add(100ms);
        ++needed;
    }
    // Each time 64 are there the old ones weigh half: 5 % of the weight is left after about three windows.
    BOOST_TEST(needed > 32);
    BOOST_TEST(needed < 200);
    BOOST_TEST((quantile.at(0.95) < 110ms));
    BOOST_TEST(quantile.samples() == 1000U + static_cast<unsigned>(needed));
}

BOOST_AUTO_TEST_CASE(a_slow_hour_is_seen_as_fast_as_a_good_one) {
    LiveQuantile quantile(64);
    for (int i = 0; i < 1000; ++i)
        quantile.add(100ms);
    int needed = 0;
    while (quantile.at(0.95) < 10s && needed < 1000) {
        quantile.add(10s);
        ++needed;
    }
    BOOST_TEST(needed < 10);
}

BOOST_AUTO_TEST_SUITE_END()
