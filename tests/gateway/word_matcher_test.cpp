#include "gateway/word_matcher.hpp"

#include <boost/test/unit_test.hpp>

#include <ctime>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/word_lists.hpp"
#include "wire/support/symbols.hpp"

using namespace sluice::gateway;
using sluice::test::symbols_of;

namespace {

// The numbers of the words that are in the text.
std::set<std::uint32_t> found_in(const std::vector<std::string>& words, std::string_view text) {
    WordMatcher matcher;
    for (std::uint32_t i = 0; i < words.size(); ++i)
        matcher.add(words[i], i);
    matcher.finish();
    std::set<std::uint32_t> found;
    const auto note = [&](std::uint32_t list) { found.insert(list); };
    WordMatcher::Reader reader;
    reader.feed(matcher, text, note);
    reader.end(matcher, note);
    return found;
}

bool finds(const std::string& word, std::string_view text) {
    return !found_in({word}, text).empty();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(word_matcher)

BOOST_AUTO_TEST_CASE(words_are_found_whole) {
    struct Row {
        std::string word;
        std::string_view text;
        bool found;
    };
    const std::vector<Row> rows{
        {"kill", "kill", true},
        {"kill", "To KILL.", true},
        {"kill", "skill", false},
        {"kill", "killer", false},
        {"kill", "kill-switch", true},
        {"kill", "kill1", false},
        {"kill", "kill\xC3\xA9", false},
        {"kill", "\xC3\xA9kill", false},
        {"kill*", "killers", true},
        {"kill*", "kill", true},
        {"kill*", "skills", false},
        {"kill yourself", "Kill\n\t yourself", true},
        {"kill  yourself ", "kill yourself", true},
        {"kill yourself", "kill, yourself", false},
        {"kill yourself", "kill yourselves", false},
        {"kill your*", "kill yourselves", true},
        {"kill yourself", "killyourself", false},
        {"self-harm", "self\xE2\x80\x91harm", true},  // no-break hyphen
        {"you're", "YOU\xE2\x80\x99RE", true},
        {"stra\xC3\x9F"
         "e",
         "STRA\xC3\x9F"
         "E",
         true},
        {"\xC3\xA9tat", "\xC3\x89TAT", true},
        {"\xC3\xA9tat", "e\xCC\x81tat", false},  // a combining accent: not the same code points
        {"c++", "in C++, say", true},
        {"c++", "c+", false},
        {"#tag", "a #Tag", true},
        {"\xE6\xAF\x92", "\xE5\x90\xB8\xE6\xAF\x92\xE8\x80\x85", true},  // within a run without spaces
        {"\xE7\x82\xB8\xE5\xBC\xB9", "\xE7\x82\xB8\xE5\xBC\xB9!", true},
        {"\xD0\xB1\xD0\xBE\xD0\xBC\xD0\xB1\xD0\xB0", "\xD0\x91\xD0\x9E\xD0\x9C\xD0\x91\xD0\x90", true},
    };
    for (const Row& row : rows)
        BOOST_TEST(finds(row.word, row.text) == row.found, row.word << " in " << row.text);
}

BOOST_AUTO_TEST_CASE(words_within_words_and_across_them_are_all_found) {
    const std::vector<std::string> words{"he", "she",         "his",  "hers",
                                         "s*", "he said she", "said", "said she said"};
    BOOST_TEST((found_in(words, "He said she") == std::set<std::uint32_t>{0, 1, 4, 5, 6}));
    BOOST_TEST((found_in(words, "he said she said") == std::set<std::uint32_t>{0, 1, 4, 5, 6, 7}));
    BOOST_TEST((found_in(words, "hers, his") == std::set<std::uint32_t>{2, 3}));
    BOOST_TEST(found_in(words, "ushers").empty());
    BOOST_TEST((found_in({"a", "a"}, "a") == std::set<std::uint32_t>{0, 1}));  // one word of two lists
}

// Against the plainest way there is: look for each word's symbols in the text's symbols.
BOOST_AUTO_TEST_CASE(it_finds_what_a_plain_search_finds) {
    std::mt19937 dice(20261120);
    const std::vector<std::string> atoms{"a",  "b", "aa",       "ab",           " ",
                                         "  ", "-", "\xC3\xA9", "\xE6\xAF\x92", "\xC2\xAD"};
    const auto text_of = [&](std::size_t most) {
        std::string text;
        for (std::size_t i = dice() % most + 1; i > 0; --i)
            text += atoms[dice() % atoms.size()];
        return text;
    };
    std::size_t hits = 0;
    for (int round = 0; round < 400; ++round) {
        std::vector<std::string> words;
        while (words.size() < 6) {
            std::string word = text_of(4) + (dice() % 3 == 0 ? "*" : "");
            try {
                WordMatcher().add(word, 0);
                words.push_back(std::move(word));
            } catch (const std::invalid_argument&) {
            }
        }
        const std::string text = text_of(30);
        const std::string symbols = symbols_of(text);
        std::set<std::uint32_t> wanted;
        for (std::uint32_t i = 0; i < words.size(); ++i) {
            std::string word = words[i];
            while (word.back() == ' ')
                word.pop_back();
            while (word.front() == ' ')
                word.erase(0, 1);
            const bool any_ending = word.back() == '*';
            if (any_ending) word.pop_back();
            std::string pattern = symbols_of(word);
            if (any_ending && pattern.back() == '^') pattern.pop_back();
            if (symbols.find(pattern) != std::string::npos) wanted.insert(i);
        }
        hits += wanted.size();
        BOOST_REQUIRE_MESSAGE(found_in(words, text) == wanted, text);
    }
    BOOST_TEST(hits > 100u);
}

BOOST_AUTO_TEST_CASE(a_word_that_cannot_be_matched_is_an_error) {
    for (const std::string& word :
         std::vector<std::string>{"", "  ", "*", " * ", "a *", "\xFF", "\xC2\xAD", std::string(257, 'x')}) {
        WordMatcher matcher;
        BOOST_CHECK_THROW(matcher.add(word, 0), std::invalid_argument);
    }
    WordMatcher matcher;
    std::mt19937 dice(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string word;
        while (word.size() < 200)
            word += static_cast<char>('a' + dice() % 26);
        matcher.add(word, 0);
    }
    BOOST_CHECK_THROW(matcher.finish(), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_built_in_lists_match_themselves) {
    for (const WordList& list : built_in_lists())
        for (const std::string_view word : list.words) {
            std::string text(word);
            if (text.back() == '*') text.back() = 's';
            BOOST_TEST(finds(std::string(word), "x " + text + ", y"), word);
        }
}

// Not a benchmark, a witness: the time a byte takes must not grow with the number of words.
BOOST_AUTO_TEST_CASE(its_cost_does_not_grow_with_the_lists) {
    std::string text;
    while (text.size() < 256 * 1024)
        text += "The quick brown fox jumps over the lazy dog, then asks the model about rivers. ";
    const auto nanoseconds_per_kb = [&](int words) {
        WordMatcher matcher;
        for (int i = 0; i < words; ++i)
            matcher.add("word" + std::to_string(i * 7919), 0);
        matcher.add("no such phrase", 0);
        matcher.finish();
        std::uint64_t found = 0;
        WordMatcher::Reader reader;
        const std::clock_t begin = std::clock();
        for (int round = 0; round < 4; ++round)
            reader.feed(matcher, text, [&](std::uint32_t) { ++found; });
        const double seconds = double(std::clock() - begin) / CLOCKS_PER_SEC;
        BOOST_TEST(found == 0u);
        return seconds * 1e9 / (4.0 * double(text.size()) / 1024);
    };
    const double few = nanoseconds_per_kb(10);
    const double many = nanoseconds_per_kb(5'000);
    BOOST_TEST_MESSAGE("word matcher: " << few << " ns/KB with 10 words, " << many << " ns/KB with 5000");
    BOOST_TEST(many < 20 * few + 100'000);
}

BOOST_AUTO_TEST_SUITE_END()
