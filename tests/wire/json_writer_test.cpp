#include "wire/json_writer.hpp"

#include "wire/json_reader.hpp"
#include "wire/support/utf8_oracle.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

using namespace sluice::wire;
using namespace std::string_view_literals;

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

template <class Number>
std::string written(Number value) {
    std::string out;
    JsonWriter(out).number(value);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_writer)

BOOST_AUTO_TEST_CASE(commas_and_nesting) {
    std::string out;
    JsonWriter json(out);
    json.begin_object()
        .key("model")
        .string("gpt")
        .key("empty")
        .begin_object()
        .end_object()
        .key("list")
        .begin_array()
        .number(1)
        .number(2.5)
        .begin_array()
        .end_array()
        .begin_object()
        .key("x")
        .null()
        .end_object()
        .boolean(false)
        .end_array()
        .key("raw")
        .raw(R"({"a": [1]})")
        .key("stream")
        .boolean(true)
        .end_object();
    BOOST_TEST(
        out ==
        R"({"model":"gpt","empty":{},"list":[1,2.5,[],{"x":null},false],"raw":{"a": [1]},"stream":true})");
    BOOST_TEST(is_json(out));
}

BOOST_AUTO_TEST_CASE(appends_to_what_is_there) {
    std::string out = "data: ";
    JsonWriter(out).begin_array().string("a").string("").end_array();
    BOOST_TEST(out == R"(data: ["a",""])");
    out.clear();
    JsonWriter(out).string(std::string_view());  // which has no place in memory
    BOOST_TEST(out == R"("")");
}

BOOST_AUTO_TEST_CASE(keys_are_escaped) {
    std::string out;
    JsonWriter(out).begin_object().key("a\"b\n").null().end_object();
    BOOST_TEST(out == R"({"a\"b\n":null})");
}

BOOST_AUTO_TEST_CASE(numbers) {
    BOOST_TEST(written(0) == "0");
    BOOST_TEST(written(-7) == "-7");
    BOOST_TEST(written(7u) == "7");
    BOOST_TEST(written(short{3}) == "3");
    BOOST_TEST(written(-1LL) == "-1");
    BOOST_TEST(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    BOOST_TEST(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    BOOST_TEST(written(0.0) == "0");
    BOOST_TEST(written(0.1) == "0.1");
    BOOST_TEST(written(0.7f) == written(static_cast<double>(0.7f)));
    BOOST_TEST(written(1e300) == "1e+300");
    BOOST_TEST(written(5e-324) == "5e-324");
    BOOST_TEST(written(-1.7976931348623157e308) == "-1.7976931348623157e+308");
    BOOST_TEST(written(std::numeric_limits<double>::infinity()) == "null");
    BOOST_TEST(written(-std::numeric_limits<double>::infinity()) == "null");
    BOOST_TEST(written(std::numeric_limits<double>::quiet_NaN()) == "null");
}

// Short texts are looked at in pieces of eight that overlap, and written in one go; longer ones are not.
BOOST_AUTO_TEST_CASE(a_text_of_any_length_is_escaped_wherever_it_must_be) {
    for (std::size_t size = 0; size <= 80; ++size) {
        const std::string plain(size, 'x');
        std::string out;
        JsonWriter(out).begin_array().string(plain).string(plain).end_array();
        BOOST_TEST(out == "[\"" + plain + "\",\"" + plain + "\"]");
        for (std::size_t at = 0; at < size; ++at) {
            for (const auto& [byte, meant] : {std::pair('"', "\\\""), std::pair('\\', "\\\\"),
                                              std::pair('\n', "\\n"), std::pair('\xFF', "\xEF\xBF\xBD")}) {
                std::string text = plain;
                text[at] = byte;
                std::string object;
                JsonWriter(object).begin_object().key(text).string(text).end_object();
                const std::string said = plain.substr(0, at) + meant + plain.substr(at + 1);
                BOOST_TEST(object == "{\"" + said + "\":\"" + said + "\"}");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(escapes) {
    BOOST_TEST(escaped("plain text, / included") == "plain text, / included");
    BOOST_TEST(escaped(R"(say "hi" \ bye)") == R"(say \"hi\" \\ bye)");
    BOOST_TEST(escaped("\n\r\t\b\f\v\0\x1F\x7F"sv) == "\\n\\r\\t\\u0008\\u000c\\u000b\\u0000\\u001f\x7F");
    BOOST_TEST(escaped("a\nb") == "a\\nb");
    BOOST_TEST(escaped("\xE2\x80\xA8 \xE2\x80\xA9") == "\xE2\x80\xA8 \xE2\x80\xA9");
    BOOST_TEST(escaped("h\xC3\xA9 \xE6\xBC\xA2 \xF0\x9F\x98\x80") ==
               "h\xC3\xA9 \xE6\xBC\xA2 \xF0\x9F\x98\x80");
    BOOST_TEST(escaped("\xFF\"") == "\xEF\xBF\xBD\\\"");
}

BOOST_AUTO_TEST_CASE(ill_formed_utf8_becomes_one_replacement_per_maximal_subpart) {
    struct Case {
        std::string_view input;
        std::string_view expected;  // with ? for U+FFFD
    };
    const Case cases[] = {
        {"\x80", "?"},
        {"a\xBF"
         "b",
         "a?b"},
        {"\xC0\xAF", "??"},  // overlong
        {"\xC1\xBF", "??"},
        {"\xE0\x80\xAF", "???"},
        {"\xE0\x9F\x80", "???"},
        {"\xF0\x80\x80\xAF", "????"},
        {"\xF0\x8F\xBF\xBF", "????"},
        {"\xED\xA0\x80", "???"},  // surrogates
        {"\xED\xBF\xBF", "???"},
        {"\xED\x9F\xBF", "\xED\x9F\xBF"},          // U+D7FF
        {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},  // U+10FFFF
        {"\xF4\x90\x80\x80", "????"},
        {"\xF5\x80\x80\x80", "????"},
        {"\xFE\xFF", "??"},
        {"\xC3", "?"},  // cut short
        {"\xE2\x82", "?"},
        {"\xF0\x9F\x98", "?"},
        {"\xF0\x9F", "?"},
        {"\xE2\x82"
         "x",
         "?x"},
        {"\xF0\x9F\x98"
         "x",
         "?x"},
        {"\xE2\xE2\x82\xAC", "?\xE2\x82\xAC"},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
         "A",
         "????A"},  // Unicode, table 3-11
    };
    for (const Case& c : cases) {
        std::string expected;
        for (const char byte : c.expected)
            byte == '?' ? expected += "\xEF\xBF\xBD" : expected += byte;
        std::string out;
        append_valid_utf8(out, c.input);
        BOOST_TEST(out == expected);
        BOOST_TEST(escaped(c.input) == expected);
        BOOST_TEST(sluice::test::replace_ill_formed(c.input) == expected);
    }
}

BOOST_AUTO_TEST_CASE(random_bytes_agree_with_the_decoder_of_the_standard) {
    constexpr std::string_view kBytes =
        "a\"\\\n\x7F\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xE1\xED\xEF\xF0\xF1\xF4\xF5\xFF";
    std::mt19937 random(3629);
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        for (std::size_t size = random() % 12; size != 0; --size)
            text += kBytes[random() % kBytes.size()];
        const std::string expected = sluice::test::replace_ill_formed(text);
        std::string out;
        append_valid_utf8(out, text);
        BOOST_TEST_REQUIRE(out == expected);
        TextArena arena;
        std::string_view back;
        const std::string source = escaped(text);
        BOOST_TEST_REQUIRE(unescape(source, arena, back));
        BOOST_TEST_REQUIRE(back == expected);
    }
}

BOOST_AUTO_TEST_CASE(an_excerpt_never_cuts_a_character) {
    BOOST_TEST(excerpt("hello", 10) == "hello");
    BOOST_TEST(excerpt("hello", 5) == "hello");
    BOOST_TEST(excerpt("hello", 3) == "hel");
    BOOST_TEST(excerpt("hello", 0) == "");
    BOOST_TEST(excerpt("", 3) == "");
    BOOST_TEST(excerpt("a\xE6\xBC\xA2"
                       "b",
                       3) == "a");
    BOOST_TEST(excerpt("a\xE6\xBC\xA2"
                       "b",
                       4) == "a\xE6\xBC\xA2");
    BOOST_TEST(excerpt("a\xFF"
                       "b",
                       3) == "a");  // a replacement needs three bytes
    BOOST_TEST(excerpt("a\xFF"
                       "b",
                       5) ==
               "a\xEF\xBF\xBD"
               "b");
}

BOOST_AUTO_TEST_SUITE_END()
