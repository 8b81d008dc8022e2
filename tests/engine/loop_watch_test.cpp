// What repeats, against a plain search.
#include "engine/loop_watch.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <vector>

using sluice::engine::LoopWatch;

namespace {

// Whether the end of `all` is `repeats` times its last `length` things.
bool ends_in_cycle(const std::vector<std::uint64_t>& all, std::size_t length, std::size_t repeats) {
    if (all.size() < length * repeats) return false;
    const std::vector<std::uint64_t> cycle(all.end() - static_cast<std::ptrdiff_t>(length), all.end());
    for (std::size_t i = 0; i < length * repeats; ++i)
        if (all[all.size() - 1 - i] != cycle[length - 1 - i % length]) return false;
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loop_watch)

BOOST_AUTO_TEST_CASE(the_same_thing_three_times) {
    LoopWatch watch(3, 4);
    BOOST_TEST(!watch.add(1).has_value());
    BOOST_TEST(!watch.add(1).has_value());
    BOOST_TEST(watch.add(1).value() == 1U);
    BOOST_TEST(watch.add(1).value() == 1U);
    BOOST_TEST(!watch.add(2).has_value());
}

BOOST_AUTO_TEST_CASE(it_finds_what_a_plain_search_finds) {
    std::mt19937 random(5);
    std::size_t found = 0;
    for (int round = 0; round < 500; ++round) {
        const std::size_t repeats = 2 + random() % 3;
        const std::size_t longest = 1 + random() % 4;
        LoopWatch watch(repeats, longest);
        std::vector<std::uint64_t> all;
        for (int step = 0; step < 60; ++step) {
            // Often what stood a few places before, so that cycles happen.
            const std::size_t before = 1 + random() % 4;
            all.push_back(random() % 8 != 0 && all.size() >= before ? all[all.size() - before]
                                                                    : random() % 3);
            std::optional<std::size_t> expected;
            for (std::size_t length = longest; length > 0; --length)
                if (ends_in_cycle(all, length, repeats)) expected = length;
            const std::optional<std::size_t> cycle = watch.add(all.back());
            BOOST_REQUIRE((cycle == expected));
            found += cycle.has_value();
        }
    }
    BOOST_TEST(found > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
