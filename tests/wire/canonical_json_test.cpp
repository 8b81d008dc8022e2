#include "wire/canonical_json.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using sluice::wire::canonical_json;

BOOST_AUTO_TEST_SUITE(canonical_json_text)

BOOST_AUTO_TEST_CASE(one_value_has_one_text) {
    struct Row {
        const char* json;
        const char* canonical;
    };
    const Row rows[] = {
        {R"({"b":1,"a":[2, {"d":null,"c":true}]})", R"({"a":[2,{"c":true,"d":null}],"b":1})"},
        {" { \"a\" : \n 1 , \"b\":2}\t", R"({"a":1,"b":2})"},
        {R"({"b":2,"a":1})", R"({"a":1,"b":2})"},
        {R"(["\u0041\/"])", R"(["A/"])"},
        {"1.0", "1"},
        {"1e3", "1000"},
        {"-0.0", "0"},
        {"0.50", "0.5"},
        {"9007199254740993", "9007199254740993"},
        {"18446744073709551615", "18446744073709551615"},
        {R"({"a":1,"a":2})", R"({"a":1,"a":2})"},
        {R"("text")", R"("text")"},
        {"[]", "[]"},
        {"", "{}"},
        {" \n ", "{}"},
        {"{}", "{}"},
        {R"( {"cut": "off )", R"({"cut": "off)"},
        {"no JSON", "no JSON"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
    };
    for (const Row& row : rows)
        BOOST_TEST(canonical_json(row.json) == row.canonical);
}

BOOST_AUTO_TEST_CASE(what_differs_stays_different) {
    BOOST_TEST(canonical_json(R"({"a":1})") != canonical_json(R"({"a":"1"})"));
    BOOST_TEST(canonical_json("[1,2]") != canonical_json("[2,1]"));
    BOOST_TEST(canonical_json("9007199254740992") != canonical_json("9007199254740993"));
    BOOST_TEST(canonical_json("{}") != canonical_json("[]"));
}

BOOST_AUTO_TEST_CASE(any_bytes_have_a_text_and_it_is_its_own) {
    std::mt19937 random(4);
    constexpr std::string_view kPieces = "{}[]\",:1e.- \\ntu\xFF\xC3";
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        for (std::size_t size = random() % 12; size > 0; --size)
            text += kPieces[random() % kPieces.size()];
        const std::string once = canonical_json(text);
        BOOST_REQUIRE(canonical_json(once) == once);
    }
}

BOOST_AUTO_TEST_SUITE_END()
