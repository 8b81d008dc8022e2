// The classifier of the router facts: types, complexity, tiers, and that no bytes can harm it.
#include <sluice/task_profile.hpp>

#include "engine/complexity.hpp"
#include "engine/lexicons.hpp"
#include "engine/naive_prompt_reader.hpp"
#include "engine/prompt_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace sluice;
using engine::Topic;
using Tier = TaskProfile::Tier;

namespace {

// SplitMix64: the same draws on every platform.
class Dice {
  public:
    std::size_t below(std::size_t limit) {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return static_cast<std::size_t>((z ^ (z >> 31)) % limit);
    }

  private:
    std::uint64_t state_ = 7;
};

std::string different_words(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += "w" + std::to_string(i) + ' ';
    return text;
}

bool asks_to_think(std::string_view prompt) {
    return classify(prompt).signals.asks_to_think;
}

void agrees_with_the_oracle(const std::string& prompt) {
    const engine::PromptCounts counts = engine::read_prompt(prompt);
    const engine::PromptCounts expected = test::naive_counts(prompt);
    BOOST_TEST_INFO_SCOPE("prompt: " << prompt);
    BOOST_TEST(counts.characters == expected.characters);
    BOOST_TEST(counts.unique_words == expected.unique_words);
    BOOST_TEST(counts.hits == expected.hits, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_profile)

BOOST_AUTO_TEST_CASE(there_are_nine_lexicons_of_11_to_26_words_and_no_word_twice) {
    for (std::size_t topic = 0; topic < engine::kTaskLexicons; ++topic) {
        const auto words = engine::kLexicons[topic];
        BOOST_TEST_INFO_SCOPE("lexicon " << topic);
        BOOST_TEST(words.size() >= 11U);
        BOOST_TEST(words.size() <= 26U);
        BOOST_TEST(std::set<std::string_view>(words.begin(), words.end()).size() == words.size());
    }
    // Those that call for the slow model are the shortest, so that one hit of theirs counts most.
    for (std::size_t topic = 2; topic < engine::kTaskLexicons; ++topic)
        BOOST_TEST(engine::kLexicons[topic].size() > engine::kReasoningWords.size());
    BOOST_TEST(engine::kPlanningWords.size() <= engine::kReasoningWords.size());
}

BOOST_AUTO_TEST_CASE(each_type_is_told_by_its_words) {
    const struct {
        const char* prompt;
        TaskType type;
    } rows[] = {
        {"Why does ice float on water?", TaskType::reasoning},
        {"Analyse the root cause of this outage.", TaskType::reasoning},
        {"Draw up a roadmap with milestones for our move.", TaskType::planning},
        {"Write a Python function that reverses a list.", TaskType::coding},
        {"Write a haiku about rain.", TaskType::creative},
        {"Name the capital of Mongolia.", TaskType::factual_recall},
        {"", TaskType::factual_recall},
        {"Summarise this article in bullet points.", TaskType::summarization},
        {"Proofread my letter and fix the typos.", TaskType::validation},
        {"Should I rent or buy?", TaskType::decision},
        {"Send an email to Anna.", TaskType::tool_use},
        {"Classify these tickets by sentiment.", TaskType::classification},
        // One word each of two lexicons: the shorter one, and that is reasoning or planning.
        {"Explain this summary.", TaskType::reasoning},
        {"Plan a story.", TaskType::planning},
        // More of one than of another.
        {"Explain this Python function, refactor it and add a unit test.", TaskType::coding},
    };
    for (const auto& row : rows) {
        BOOST_TEST_INFO_SCOPE(row.prompt);
        BOOST_TEST(to_string(classify(row.prompt).type) == to_string(row.type));
    }
}

BOOST_AUTO_TEST_CASE(words_are_whole_and_in_any_case) {
    BOOST_TEST((classify("EXPLAIN it").type == TaskType::reasoning));
    BOOST_TEST((classify("(explain)").type == TaskType::reasoning));
    BOOST_TEST((classify("explain").type == TaskType::reasoning));
    BOOST_TEST((classify("the plan's end").type == TaskType::planning));
    BOOST_TEST((classify("the plan\xe2\x80\x99s end").type == TaskType::planning));   // curly apostrophe
    BOOST_TEST((classify("the plan\xe2\x80\x94or not").type == TaskType::planning));  // dash
    BOOST_TEST((classify("\xc2\xabplan\xc2\xbb").type == TaskType::planning));        // guillemets
    BOOST_TEST((classify("the\xc2\xa0plan\xc2\xa0now").type == TaskType::planning));  // no-break spaces
    for (const char* other : {"unexplained", "planet", "explains1", "plan_id", "plan\xc3\xa9", "\xc3\xa9plan",
                              "plan\xe2\x88\x91"}) {
        BOOST_TEST_INFO_SCOPE(other);
        BOOST_TEST((classify(other).type == TaskType::factual_recall));
    }
}

BOOST_AUTO_TEST_CASE(phrases_are_words_in_a_row_of_one_sentence) {
    for (const char* phrase : {"step by step", "Step-by-step", "STEP\n  by, step"}) {
        BOOST_TEST_INFO_SCOPE(phrase);
        BOOST_TEST((classify(phrase).type == TaskType::reasoning));
    }
    for (const char* other : {"step by", "by step", "step step by", "step by. Step", "step by big step"}) {
        BOOST_TEST_INFO_SCOPE(other);
        BOOST_TEST((classify(other).type == TaskType::factual_recall));
    }
}

BOOST_AUTO_TEST_CASE(the_user_asks_for_care) {
    for (const char* prompt : {"Think carefully: what is 2 + 2?", "please THINK HARD", "Take your time.",
                               "think step by step", "what is 2 + 2? Think step-by-step!"}) {
        BOOST_TEST_INFO_SCOPE(prompt);
        BOOST_TEST(asks_to_think(prompt));
    }
    for (const char* prompt : {"I think. Hard to say.", "carefully", "think", "I think so", "hard think"}) {
        BOOST_TEST_INFO_SCOPE(prompt);
        BOOST_TEST(!asks_to_think(prompt));
    }
}

BOOST_AUTO_TEST_CASE(complexity_is_the_formula) {
    TaskSignals signals;
    BOOST_TEST(engine::complexity_of(TaskType::factual_recall, signals) == 0.015);
    BOOST_TEST(engine::complexity_of(TaskType::planning, signals) == 0.135);
    const auto with = [](auto change) {
        TaskSignals one;
        change(one);
        return engine::complexity_of(TaskType::factual_recall, one) - 0.015;
    };
    const auto near = boost::test_tools::tolerance(1e-9);
    BOOST_TEST(with([](TaskSignals& s) { s.characters = 500; }) == 0.05, near);
    BOOST_TEST(with([](TaskSignals& s) { s.characters = 2000; }) == 0.20, near);
    BOOST_TEST(with([](TaskSignals& s) { s.characters = 1'000'000; }) == 0.20, near);
    BOOST_TEST(with([](TaskSignals& s) { s.unique_words = 75; }) == 0.075, near);
    BOOST_TEST(with([](TaskSignals& s) { s.unique_words = 150; }) == 0.15, near);
    BOOST_TEST(with([](TaskSignals& s) { s.context.depth = 10; }) == 0.075, near);
    BOOST_TEST(with([](TaskSignals& s) { s.context.depth = 21; }) == 0.15, near);
    BOOST_TEST(with([](TaskSignals& s) { s.context.tools = 5; }) == 0.075, near);
    BOOST_TEST(with([](TaskSignals& s) { s.context.tools = 11; }) == 0.15, near);
    BOOST_TEST(with([](TaskSignals& s) { s.modifiers = 1; }) == 0.20, near);
    TaskSignals most;
    most.characters = most.unique_words = most.context.depth = most.context.tools = 5000;
    most.modifiers = 1;
    BOOST_TEST(engine::complexity_of(TaskType::planning, most) == 0.985);
}

BOOST_AUTO_TEST_CASE(tiers_begin_at_their_lower_edges) {
    const struct {
        double edge;
        Tier below;
        Tier from;
    } rows[] = {{0.2, Tier::trivial, Tier::simple},
                {0.4, Tier::simple, Tier::moderate},
                {0.6, Tier::moderate, Tier::complex},
                {0.8, Tier::complex, Tier::critical}};
    for (const auto& row : rows) {
        BOOST_TEST(to_string(engine::tier_of(std::nextafter(row.edge, 0.0))) == to_string(row.below));
        BOOST_TEST(to_string(engine::tier_of(row.edge)) == to_string(row.from));
    }
    BOOST_TEST((engine::tier_of(0) == Tier::trivial));
    BOOST_TEST((engine::tier_of(1) == Tier::critical));
}

// 0.2 for the length, 0.15 for words, depth and tools each: 0.65, and the tenth of a simple question. Without
// the tools it falls short of 0.6.
BOOST_AUTO_TEST_CASE(a_complex_prompt_requires_thinking_whatever_its_type) {
    const std::string prompt = different_words(500);
    const TaskProfile with = classify(prompt, {20, 10});
    BOOST_TEST(with.complexity == 0.665);
    BOOST_TEST((with.type == TaskType::factual_recall));
    BOOST_TEST((with.tier == Tier::complex));
    BOOST_TEST(with.requires_thinking);
    BOOST_TEST(with.confidence == 0.0);
    const TaskProfile without = classify(prompt, {20, 0});
    BOOST_TEST(without.complexity == 0.515);
    BOOST_TEST(!without.requires_thinking);

    // On the edge, in thousandths: 200 for the length, 145, 150, 90, 15. The fractions add up to a little
    // more or less, and 0.6 is enough all the same.
    const std::string blank(2000, ' ');
    const TaskProfile edge = classify(different_words(145) + blank, {20, 6});
    BOOST_TEST(edge.complexity == 0.6);
    BOOST_TEST((edge.tier == Tier::complex));
    BOOST_TEST(edge.requires_thinking);
    const TaskProfile short_of_it = classify(different_words(144) + blank, {20, 6});
    BOOST_TEST(short_of_it.complexity == 0.599);
    BOOST_TEST((short_of_it.tier == Tier::moderate));
    BOOST_TEST(!short_of_it.requires_thinking);
}

BOOST_AUTO_TEST_CASE(modifiers_raise_and_lower) {
    const auto modifiers = [](const char* prompt) { return classify(prompt).signals.modifiers; };
    BOOST_TEST(modifiers("a list") == 0.0);
    BOOST_TEST(modifiers("a detailed list") == 1.0 / 3);
    BOOST_TEST(modifiers("a detailed list, detailed!") == 1.0 / 3);  // the same word once
    BOOST_TEST(modifiers("a detailed, comprehensive list") == 2.0 / 3);
    BOOST_TEST(modifiers("a detailed, comprehensive list with edge cases, at scale") == 1.0);
    BOOST_TEST(modifiers("briefly, a detailed list") == 0.0);
    BOOST_TEST(modifiers("briefly, in one word") == 0.0);
}

BOOST_AUTO_TEST_CASE(a_profile_says_what_was_seen) {
    const TaskProfile profile = classify("Explain h\xc3\xa9las!", {3, 2});
    BOOST_TEST(profile.signals.bytes == 15U);
    BOOST_TEST(profile.signals.characters == 14U);
    BOOST_TEST(profile.signals.unique_words == 2U);
    BOOST_TEST(profile.signals.hits == 1U);
    BOOST_TEST(profile.signals.context.depth == 3U);
    BOOST_TEST(profile.signals.context.tools == 2U);
    BOOST_TEST(profile.estimated_tokens == 3U);
    BOOST_TEST(profile.confidence == 1.0);
    BOOST_TEST(profile.latency_sensitivity == 1 - 0.8);
    BOOST_TEST(classify("Capital of Mongolia?").latency_sensitivity == 1 - 0.1);
    // 1/16 against 1/26.
    BOOST_TEST(classify("Explain Python.").confidence == 26.0 / 42, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_long_prompt_is_read_at_both_ends) {
    const std::string filler = different_words(100'000);
    BOOST_TEST((classify(filler).type == TaskType::factual_recall));
    BOOST_TEST((classify("Explain this: " + filler).type == TaskType::reasoning));
    BOOST_TEST((classify(filler + "Explain this.").type == TaskType::reasoning));
    BOOST_TEST((classify(filler + "Explain this. " + filler).type == TaskType::factual_recall));
    const TaskProfile profile = classify(filler);
    BOOST_TEST(profile.signals.characters == filler.size());
    BOOST_TEST(profile.signals.unique_words == 150U);
    BOOST_TEST(profile.estimated_tokens == filler.size() / 4);
    // Characters of three bytes: estimated from what was read.
    std::string wide;
    while (wide.size() < 30'000)
        wide += "\xe4\xbd\xa0";
    BOOST_TEST(double(classify(wide).signals.characters) == 10'000.0, boost::test_tools::tolerance(0.01));
}

// A word that the cut goes through is no word: neither "plan" of "planet" nor "art" of "chart".
BOOST_AUTO_TEST_CASE(a_cut_makes_no_words) {
    constexpr std::size_t kHalf = kMaxClassified / 2;
    for (std::size_t shift = 0; shift <= 8; ++shift) {
        BOOST_TEST_INFO_SCOPE("shift " << shift);
        std::string prompt(3 * kHalf, ' ');
        prompt.replace(kHalf - shift, 6, "planet");  // "plan" before the cut when shift is 4
        prompt.replace(prompt.size() - kHalf - shift, 8, "unreason");  // "reason" after it when shift is 2
        BOOST_TEST((classify(prompt).type == TaskType::factual_recall));
        prompt.replace(kHalf - shift, 6, "plan  ");
        BOOST_TEST((classify(prompt).type == TaskType::planning) == (shift >= 4));
    }
    // One word without an end is no word at all.
    const std::string endless(1 << 20, 'x');
    BOOST_TEST(classify(endless).signals.unique_words == 0U);
}

BOOST_AUTO_TEST_CASE(any_bytes_will_do) {
    for (int byte = 0; byte < 256; ++byte)
        for (const std::string& prompt :
             {std::string(1, char(byte)), std::string(5000, char(byte)), std::string("plan") + char(byte),
              char(byte) + std::string("plan")}) {
            const TaskProfile profile = classify(prompt, {std::size_t(-1), std::size_t(-1)});
            BOOST_TEST((profile.complexity >= 0 && profile.complexity <= 1));
        }
    // Cut in the middle of a character, too long, a surrogate, beyond Unicode: unknown words at most.
    for (const char* ill : {"plan\xe2", "plan\xe2\x80", "plan\xc2", "plan \xed\xa0\x80",
                            "plan \xf8\x88\x80\x80\x80", "plan \xc0\xaf \xff\xfe"})
        agrees_with_the_oracle(ill);
}

// Random texts of lexicon words, their pieces, and bytes, against the naive reading of them.
BOOST_AUTO_TEST_CASE(it_reads_as_the_oracle_reads) {
    Dice dice;
    const std::vector<std::string> glue{" ", " ",  "\n", "-", ". ",           "",         ", ",
                                        "'", "\t", "! ", "_", "\xe2\x80\x94", "\xc2\xa0", "\xe2"};
    for (int round = 0; round < 3000; ++round) {
        std::string prompt;
        for (std::size_t words = dice.below(60); words > 0; --words) {
            const auto lexicon = engine::kLexicons[dice.below(engine::kTopics)];
            std::string word(lexicon[dice.below(lexicon.size())]);
            if (dice.below(4) == 0) word = word.substr(dice.below(word.size()));
            if (dice.below(6) == 0) word[dice.below(word.size())] = static_cast<char>(dice.below(256));
            if (dice.below(6) == 0) word = "w" + std::to_string(dice.below(40));
            prompt += word + glue[dice.below(glue.size())];
        }
        agrees_with_the_oracle(prompt);
    }
    agrees_with_the_oracle(different_words(400));
}

BOOST_AUTO_TEST_SUITE_END()
