// How findings name things, and what they never show.
#include "gateway/findings.hpp"
#include "gateway/edit_distance.hpp"
#include "gateway/quantity.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

namespace sluice::gateway {

BOOST_AUTO_TEST_SUITE(findings)

BOOST_AUTO_TEST_CASE(paths) {
    BOOST_TEST(key_path("", "a") == "a");
    BOOST_TEST(key_path("a", "b-c_1") == "a.b-c_1");
    BOOST_TEST(key_path("a", "gpt-4.1") == "a[\"gpt-4.1\"]");
    BOOST_TEST(key_path("a", "") == "a[\"\"]");
    BOOST_TEST(key_path("a", "sk-0123456789abcdef") == "a[(not shown)]");
    BOOST_TEST(item_path("a.b", 3) == "a.b[3]");
}

BOOST_AUTO_TEST_CASE(keys_are_known_by_their_look) {
    for (const char* text :
         {"sk-0123456789abcdef", "sk-invalid-key-for-testing", "Bearer abcdefghijklmnop", "AIzaSyA0123456789",
          "https://x.test/sk-0123456789abcdef", "key=gsk_0123456789abcdef"})
        BOOST_TEST(looks_like_secret(text), text);
    for (const char* text : {"sk-short", "task-0123456789abcdef", "https://x.test/hf_models_by_name/v1",
                             "gpt-4o-mini", "claude-sonnet-4-20250514", "OPENAI_API_KEY", "Bearer", ""})
        BOOST_TEST(!looks_like_secret(text), text);
}

BOOST_AUTO_TEST_CASE(quotes_are_one_short_line) {
    BOOST_TEST(quoted("a\nb") == "\"a b\"");
    BOOST_TEST(quoted(std::string(100, 'x')) == "\"" + std::string(60, 'x') + "...\"");
    // 59 bytes and then a character of two: it is left out whole.
    BOOST_TEST(quoted(std::string(59, 'x') + "\xc3\xa9\xc3\xa9") == "\"" + std::string(59, 'x') + "...\"");
    BOOST_TEST(quoted("sk-0123456789abcdef") == "(not shown)");
}

BOOST_AUTO_TEST_CASE(slips_of_the_finger) {
    BOOST_TEST(edit_distance("", "") == 0U);
    BOOST_TEST(edit_distance("abc", "") == 3U);
    BOOST_TEST(edit_distance("kitten", "sitting") == 3U);
    BOOST_TEST(edit_distance("wieght", "weight") == 1U);
    BOOST_TEST(edit_distance("Max-Body", "max_body") == 0U);
    BOOST_TEST(edit_distance(std::string(100, 'a'), "a") == 100U);
    constexpr std::array<std::string_view, 3> kNames{"provider", "priority", "id"};
    BOOST_TEST(closest("providr", kNames) == "provider");
    BOOST_TEST(closest("prority", kNames) == "priority");
    BOOST_TEST(closest("xyz", kNames) == "");
    BOOST_TEST(closest("ab", kNames) == "");
    BOOST_TEST(did_you_mean("xyz", kNames, "keys") == "valid keys: provider, priority, id");
}

BOOST_AUTO_TEST_CASE(quantities) {
    using namespace std::chrono_literals;
    BOOST_TEST(parse_time("500ms").value() == 500);
    BOOST_TEST(parse_time("1.5 s").value() == 1500);
    BOOST_TEST(parse_time("2m").value() == 120'000);
    BOOST_TEST(parse_bytes("32MiB").value() == 32.0 * 1024 * 1024);
    for (const char* text : {"", "5", "s", "-1s", "1e3s", "1s ", "1 S", "1..5s", "0x1s"})
        BOOST_TEST(!parse_time(text).has_value(), text);
    BOOST_TEST(text_of(std::chrono::milliseconds(90s)) == "90s");
    BOOST_TEST(text_of(std::chrono::milliseconds(2h)) == "2h");
    BOOST_TEST(text_of(std::chrono::milliseconds(1500)) == "1500ms");
    BOOST_TEST(text_of(0.5) == "0.5");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway
