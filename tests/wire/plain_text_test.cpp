#include "wire/plain_text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace {

using sluice::wire::is_plain;
using sluice::wire::plain_front;

BOOST_AUTO_TEST_SUITE(plain_text)

BOOST_AUTO_TEST_CASE(bytes_that_stand_for_themselves) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool expected = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        BOOST_TEST(is_plain(static_cast<char>(byte)) == expected, byte);
    }
}

BOOST_AUTO_TEST_CASE(each_byte_at_each_place_with_each_byte_behind_it) {
    constexpr std::size_t kLongest = 20;
    const std::string_view neighbours("a!#[]\x7f\"\\\x00\x1f\x80\xff", 12);
    for (std::size_t size = 1; size <= kLongest; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                for (const char neighbour : neighbours) {
                    std::string text(size, 'x');
                    text[at] = static_cast<char>(byte);
                    if (at + 1 < size) text[at + 1] = neighbour;
                    const auto naive =
                        std::find_if_not(text.begin(), text.end(), [](char c) { return is_plain(c); });
                    const auto front = static_cast<std::size_t>(naive - text.begin());
                    if (plain_front(text) != front)
                        BOOST_ERROR("size " << size << ", byte " << byte << " at " << at);
                    if (is_plain(text) != (front == size)) BOOST_ERROR("is_plain, byte " << byte);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_plain) {
    BOOST_TEST(plain_front("") == 0u);
    BOOST_TEST(is_plain(std::string_view()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
