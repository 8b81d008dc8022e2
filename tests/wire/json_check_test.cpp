// The checker for pieces says of every text what is_json() says, wherever the text is cut.
#include "wire/json_check.hpp"
#include "wire/json_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace {

using namespace sluice::wire;

bool check(std::string_view text) {
    JsonCheck check;
    check.feed(text);
    return check.is_complete();
}

const std::string kDeep(JsonCheck::kMaxDepth, '[');
const std::string kDeepEnd(JsonCheck::kMaxDepth, ']');

const std::string kGood[] = {
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "12",
    "-1.50",
    "1e5",
    "1E+05",
    "1.25e-7",
    "123456789012345678901234567890",
    "true",
    "false",
    "null",
    " \t\r\n{ \"a\" : [ 1 , true , null ] } \n",
    R"({"a":{"b":[{},[]]},"c":"d"})",
    R"("\"\\\/\b\f\n\r\t\u00e9\uD800")",
    "\"\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"",
    R"({"":0,"":0})",
    kDeep + kDeepEnd,
};

const std::string kBad[] = {
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[}",
    "{]",
    "{}{}",
    "[] []",
    "1 2",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{1:2}",
    "{a:1}",
    "{'a':1}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1",
    "{\"a\":1",
    "{\"a",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\n\"",
    std::string("\"\0\"", 3),
    "\"\x80\"",
    "\"\xc0\xaf\"",
    "\"\xc2\"",
    "\"\xc2\x41\"",
    "\"\xe0\x80\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf0\x80\x80\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"",
    "\"\xff\"",
    "\xef\xbb\xbf{}",
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1.e5",
    "1e",
    "1e+",
    "--1",
    "-01",
    "0x1",
    "1_0",
    "NaN",
    "Infinity",
    "tru",
    "truee",
    "True",
    "nul",
    "undefined",
    "// comment\n1",
    "1,",
    ",",
    ":",
    "[1]]",
    "[" + kDeep + kDeepEnd + "]",
    std::string("{}\0", 3),
};

void check_everywhere(const std::string& text, bool expected) {
    BOOST_TEST_CONTEXT(text.substr(0, 60)) {
        BOOST_TEST(is_json(text) == expected);
        BOOST_TEST(check(text) == expected);
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            JsonCheck two;
            two.feed(std::string_view(text).substr(0, cut));
            two.feed(std::string_view(text).substr(cut));
            BOOST_REQUIRE_EQUAL(two.is_complete(), expected);
        }
        JsonCheck bytes;
        for (const char& c : text)
            bytes.feed(std::string_view(&c, 1));
        BOOST_TEST(bytes.is_complete() == expected);
    }
}

BOOST_AUTO_TEST_SUITE(json_check)

BOOST_AUTO_TEST_CASE(good) {
    for (const std::string& text : kGood)
        check_everywhere(text, true);
}

BOOST_AUTO_TEST_CASE(bad) {
    for (const std::string& text : kBad)
        check_everywhere(text, false);
}

BOOST_AUTO_TEST_CASE(every_prefix) {
    // A text that was cut is never taken for a whole one, and the checker agrees at each byte.
    for (const std::string& text : kGood) {
        JsonCheck growing;
        for (std::size_t i = 0; i < text.size(); ++i) {
            BOOST_REQUIRE_EQUAL(growing.is_complete(), is_json(std::string_view(text).substr(0, i)));
            growing.feed(std::string_view(text).substr(i, 1));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_two_bytes) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const char bytes[] = {static_cast<char>(first), static_cast<char>(second)};
            const std::string_view bare(bytes, 2);
            const std::string quoted = "\"" + std::string(bare) + "\"";
            BOOST_REQUIRE_EQUAL(check(bare), is_json(bare));
            BOOST_REQUIRE_EQUAL(check(quoted), is_json(quoted));
        }
    }
}

BOOST_AUTO_TEST_CASE(blank) {
    JsonCheck check_blank;
    BOOST_TEST(check_blank.is_blank());
    check_blank.feed("");
    check_blank.feed(" \n\t\r");
    BOOST_TEST(check_blank.is_blank());
    BOOST_TEST(!check_blank.is_complete());
    check_blank.feed("{");
    BOOST_TEST(!check_blank.is_blank());
    check_blank.feed("}");
    BOOST_TEST(!check_blank.is_blank());
    JsonCheck broken;
    broken.feed("x");
    BOOST_TEST(!broken.is_blank());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
