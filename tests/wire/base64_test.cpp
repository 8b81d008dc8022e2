#include "wire/base64.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using sluice::wire::from_base64;
using sluice::wire::to_base64;

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(rfc_4648_vectors) {
    struct Case {
        const char *bytes, *text;
    };
    const Case cases[] = {{"", ""},
                          {"f", "Zg=="},
                          {"fo", "Zm8="},
                          {"foo", "Zm9v"},
                          {"foob", "Zm9vYg=="},
                          {"fooba", "Zm9vYmE="},
                          {"foobar", "Zm9vYmFy"}};
    for (const Case& c : cases) {
        BOOST_TEST(to_base64(c.bytes) == c.text);
        BOOST_TEST((from_base64(c.text) == std::string(c.bytes)));
    }
}

BOOST_AUTO_TEST_CASE(every_byte) {
    std::string bytes;
    for (int length = 0; length <= 300; ++length) {
        BOOST_REQUIRE((from_base64(to_base64(bytes)) == bytes));
        bytes.push_back(static_cast<char>(length));
    }
    BOOST_TEST(to_base64("\xfb\xff\xbf") == "+/+/");
}

BOOST_AUTO_TEST_CASE(what_is_none) {
    for (const char* text : {"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg==Zg==", "Zm8=Zg==", "Zm9v\n", "Zm 9",
                             "-_-_", "Zm9\xff", "Zg=a"})
        BOOST_TEST(!from_base64(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
