#include "flow/mirror.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <random>
#include <string>

using namespace sluice::flow;

namespace {

struct Pair {
    const char* a;
    const char* b;
    bool same;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(flow_mirror)

BOOST_AUTO_TEST_CASE(all_none_and_a_share_are_drawn) {
    BOOST_TEST(is_drawn(1, 0));
    BOOST_TEST(is_drawn(1, UINT64_MAX));
    BOOST_TEST(!is_drawn(0, 0));
    BOOST_TEST(!is_drawn(0, UINT64_MAX));
    std::mt19937_64 random(3);
    int drawn = 0;
    for (int i = 0; i < 10'000; ++i)
        drawn += is_drawn(0.05, random());
    BOOST_TEST(drawn > 400);
    BOOST_TEST(drawn < 600);
}

BOOST_AUTO_TEST_CASE(white_space_between_words_does_not_matter) {
    const Pair pairs[] = {
        {"", "", true},
        {"", " \n\t", true},
        {"a b", "a  b", true},
        {" a\r\nb ", "a b", true},
        {"ab", "a b", false},
        {"a", "a b", false},
        {"a b", "a", false},
        {"A", "a", false},
        {"a\xc2\xa0z", "a z", false},  // a no-break space is a character as any other
    };
    for (const Pair& pair : pairs)
        BOOST_TEST_CONTEXT(pair.a << " / " << pair.b) {
            BOOST_TEST(same_words(pair.a, pair.b) == pair.same);
            BOOST_TEST(same_words(pair.b, pair.a) == pair.same);
        }
}

BOOST_AUTO_TEST_CASE(the_same_json_is_the_same_value) {
    const Pair pairs[] = {
        {R"({"a":1,"b":[true,null,"x"]})", R"( { "b" : [ true , null , "x" ] , "a" : 1 } )", true},
        {R"({"a":1})", R"({"a":2})", false},
        {R"({"a":1})", R"({"a":1,"b":2})", false},
        {R"({"a":1})", R"({"b":1})", false},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1]", false},
        {"1", "1.0", true},
        {"1e2", "100", true},
        {"-0", "0", true},
        {"9007199254740993", "9007199254740992", false},  // as doubles they would be the same
        {"18446744073709551615", "18446744073709551614", false},
        {R"("a\u0062\/")", R"("ab/")", true},
        {"true", "false", false},
        {"null", "0", false},
        {"{}", "[]", false},
        {R"({"a":1,"a":2})", R"({"a":2,"a":1})", false},
        {R"({"a":1,"b":0,"a":2})", R"({"a":1,"a":2,"b":0})", true},
        {"no json", "no json", true},
        {"no json", "no  json", false},
        {"no json", "{}", false},
        {"", "", true},
        {"", "{}", false},
        {"{} trailing", "{}", false},
    };
    for (const Pair& pair : pairs)
        BOOST_TEST_CONTEXT(pair.a << " / " << pair.b) {
            BOOST_TEST(same_json(pair.a, pair.b) == pair.same);
            BOOST_TEST(same_json(pair.b, pair.a) == pair.same);
        }
}

BOOST_AUTO_TEST_CASE(hostile_json_costs_no_stack_and_little_time) {
    const std::string deep(100'000, '[');
    BOOST_TEST(!same_json(deep, deep + " "));
    std::string nested = std::string(1000, '[') + std::string(1000, ']');
    BOOST_TEST(same_json(nested, " " + nested));
    std::string wide = "{";
    std::string reversed = "{";
    constexpr int kKeys = 50'000;
    for (int i = 0; i < kKeys; ++i) {
        wide += "\"k" + std::to_string(i) + "\":0,";
        reversed += "\"k" + std::to_string(kKeys - 1 - i) + "\":0,";
    }
    wide.back() = reversed.back() = '}';
    BOOST_TEST(same_json(wide, reversed));
}

BOOST_AUTO_TEST_SUITE_END()
