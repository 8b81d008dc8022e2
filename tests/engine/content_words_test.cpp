// Which words of a text say what it is about.
#include "engine/content_words.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

#include "engine/stop_words.hpp"

using namespace sluice::engine;

namespace {

constexpr std::size_t kAll = 1 << 16;

std::vector<Word> words(std::string_view text) {
    return content_words(text, kAll).words;
}
bool same(std::string_view a, std::string_view b) {
    return words(a).size() == 1 && words(a) == words(b);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(content)

BOOST_AUTO_TEST_CASE(forms_of_a_word_are_one_word) {
    BOOST_TEST(same("flight", "Flights"));
    BOOST_TEST(same("city", "CITIES"));
    BOOST_TEST(same("plan", "planning"));
    BOOST_TEST(same("plan", "planned"));
    BOOST_TEST(same("store", "stored"));
    BOOST_TEST(same("store", "storing"));
    BOOST_TEST(same("reserve", "reservation"));
    BOOST_TEST(same("connect", "connections"));
    BOOST_TEST(same("class", "classes"));
    BOOST_TEST(same("box", "boxes"));
    BOOST_TEST(same("cheap", "cheaply"));
    BOOST_TEST(
        same("\xC3\x9C"
             "BUNG",
             "\xC3\xBC"
             "bung"));  // umlauts have cases too
    BOOST_TEST(!same("string", "ring"));
    BOOST_TEST(!same("bus", "bu"));
    BOOST_TEST(!same("analysis", "analysi"));
}

BOOST_AUTO_TEST_CASE(words_without_content_and_small_numbers_are_left_out) {
    BOOST_TEST(words("Hi, could you please help me with this? Thanks!").empty());
    BOOST_TEST(words("und ich m\xC3\xB6"
                     "chte auch noch, et je voudrais, quiero que, che cosa")
                   .empty());
    BOOST_TEST(words("1. 2) 37: a b c don't isn't we'll").empty());
    BOOST_TEST(words("\xF0\x9F\x98\x80 \xE2\x80\x9C\xE2\x80\x94\xE2\x80\x9D ...").empty());
    BOOST_TEST(words("order #1234").size() == 2U);
    BOOST_TEST(is_stop_word("the"));
    BOOST_TEST(is_stop_word("a") == false);  // single letters are no words anyway
    BOOST_TEST(!is_stop_word(""));
    BOOST_TEST(!is_stop_word("die"));  // an English word too
}

BOOST_AUTO_TEST_CASE(scripts_without_spaces_are_read_in_pairs) {
    // Kyoto travel, and travel plan: one pair in common. Pairs of hiragana are grammar.
    const std::vector<Word> kyoto = words("\u4EAC\u90FD\u65C5\u884C");
    const std::vector<Word> plan = words("\u65C5\u884C\u8A08\u753B");
    BOOST_REQUIRE(kyoto.size() == 3U);
    BOOST_REQUIRE(plan.size() == 3U);
    BOOST_TEST(kyoto[2] == plan[0]);
    BOOST_TEST(words("\u3067\u3059\u304B").empty());
    BOOST_TEST(words("\u4EAC \u90FD").empty());  // no neighbours
}

BOOST_AUTO_TEST_CASE(a_text_falls_into_its_clauses) {
    const ContentWords all = content_words("Compare trains, hotels; then: write mails.\nCelebrate!", kAll);
    BOOST_TEST(all.words.size() == 5U);
    BOOST_TEST(all.clauses == (std::vector<std::size_t>{2, 3, 4, 5}), boost::test_tools::per_element());
    BOOST_TEST(content_words("\u4EAC\u90FD\u3002\u65C5\u884C", kAll).clauses.size() == 2U);
    BOOST_TEST(content_words("", kAll).clauses.empty());
}

BOOST_AUTO_TEST_CASE(only_the_beginning_is_read_and_a_cut_character_is_no_word) {
    BOOST_TEST(content_words("alpha beta gamma", 10).words == words("alpha beta"));
    BOOST_TEST(content_words("alpha \xE4\xBA\xAC", 8).words == words("alpha"));
}

BOOST_AUTO_TEST_CASE(wording_is_what_a_text_reads) {
    BOOST_TEST(wording("Yes, it is.", kAll) == wording("  yes it IS!", kAll));
    BOOST_TEST(wording("Yes, it is.", kAll) != wording("Yes, is it?", kAll));
    BOOST_TEST(wording("ab c", kAll) != wording("a bc", kAll));
    BOOST_TEST(wording("", kAll) == 0U);
    BOOST_TEST(wording(" ?! ", kAll) == 0U);
    BOOST_TEST(wording("same start, one end", 10) != wording("same start, another end", 10));
}

BOOST_AUTO_TEST_SUITE_END()
