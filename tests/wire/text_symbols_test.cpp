#include "wire/text_symbols.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>
#include <utility>
#include <vector>

#include "wire/support/symbols.hpp"
#include "wire/utf8.hpp"

using sluice::test::symbols_of;

BOOST_AUTO_TEST_SUITE(text_symbols)

BOOST_AUTO_TEST_CASE(a_text_becomes_one_case_one_space_and_edges) {
    const std::vector<std::pair<std::string_view, std::string_view>> rows{
        {"", ""},
        {" ", " "},
        {"Kill  yourself!", "^kill^ ^yourself^!"},
        {"\t\r\na\x01\x7F"
         "b",
         " ^a^ ^b^"},
        {"don't", "^don^'^t^"},
        {"don\xE2\x80\x99t", "^don^'^t^"},
        {"a\xC2\xA0\xE2\x80\x83"
         "b",
         "^a^ ^b^"},  // no-break space, em space
        {"bo\xC2\xAD"
         "m\xE2\x80\x8B"
         "b",
         "^bomb^"},                                                      // soft hyphen, zero width space
        {"\xEF\xBC\xA2\xEF\xBC\xAF\xEF\xBC\xAD\xEF\xBC\xA2", "^bomb^"},  // full width
        {"\xC3\x84\xC3\x96\xC3\x9C\xC3\x9F", "^\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F^"},
        {"\xC5\xBD\xC4\xB9\xC4\x80\xC5\xB8", "^\xC5\xBE\xC4\xBA\xC4\x81\xC3\xBF^"},
        {"\xCE\xA9\xD0\x96\xD0\x81", "^\xCF\x89\xD0\xB6\xD1\x91^"},  // Greek, Cyrillic
        {"\xE7\x82\xB8\xE5\xBC\xB9", "^\xE7\x82\xB8^\xE5\xBC\xB9^"},
        {"a\xE7\x82\xB8"
         "1",
         "^a^\xE7\x82\xB8^1^"},
        {"a\xF0\x9F\x92\xA3"
         "b",
         "^a^\xF0\x9F\x92\xA3^b^"},  // an emoji
        {"a\xFF"
         "b",
         "^a^\xEF\xBF\xBD^b^"},
        {"a\xC3"
         "b",
         "^a^\xEF\xBF\xBD^b^"},
        {"a\xE2\x82", "^a^\xEF\xBF\xBD"},
    };
    for (const auto& [text, wanted] : rows)
        BOOST_TEST(symbols_of(text) == wanted, text << ": " << symbols_of(text));
}

BOOST_AUTO_TEST_CASE(the_character_at_the_front_is_told_by_its_number) {
    struct Row {
        std::string_view text;
        std::size_t size;
        bool valid;
        char32_t character;
    };
    const Row rows[] = {
        {std::string_view("\0x", 2), 1, true, 0},
        {"ab", 1, true, 'a'},
        {"\x7F", 1, true, 0x7F},
        {"\xC2\x80", 2, true, 0x80},
        {"\xDF\xBF.", 2, true, 0x7FF},
        {"\xE0\xA0\x80", 3, true, 0x800},
        {"\xE6\xBC\xA2", 3, true, 0x6F22},
        {"\xEF\xBF\xBF", 3, true, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, true, 0x10000},
        {"\xF0\x9F\x8E\x89", 4, true, 0x1F389},
        {"\xF4\x8F\xBF\xBF", 4, true, 0x10FFFF},
        {"\x80", 1, false, 0xFFFD},
        {"\xC0\x80", 1, false, 0xFFFD},          // too long a form
        {"\xED\xA0\x80", 1, false, 0xFFFD},      // a surrogate
        {"\xF4\x90\x80\x80", 1, false, 0xFFFD},  // beyond the last
        {"\xE6\xBC", 2, false, 0xFFFD},          // cut
        {"\xF0\x9F\x8E.", 3, false, 0xFFFD},
    };
    for (const Row& row : rows) {
        const sluice::wire::Utf8Front front = sluice::wire::utf8_front(row.text);
        BOOST_TEST_CONTEXT(static_cast<std::uint32_t>(row.character)) {
            BOOST_TEST(front.size == row.size);
            BOOST_TEST(front.valid == row.valid);
            BOOST_TEST((front.character == row.character));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
