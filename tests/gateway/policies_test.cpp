#include "gateway/policies.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::gateway;

namespace {

PolicyConfig filter(std::string name, std::vector<std::string> categories,
                    PolicyAction action = PolicyAction::flag, PolicyScope scope = PolicyScope::both) {
    PolicyConfig config;
    config.name = std::move(name);
    config.categories = std::move(categories);
    config.action = action;
    config.scope = scope;
    return config;
}

PolicyConfig own(std::string name, std::string category, std::vector<std::string> words,
                 PolicyAction action = PolicyAction::block, PolicyScope scope = PolicyScope::both) {
    PolicyConfig config = filter(std::move(name), {}, action, scope);
    config.words[std::move(category)] = std::move(words);
    return config;
}

// "safety:hate,violence other:"
std::string told(const std::vector<PolicyRecord>& records) {
    std::string all;
    for (const PolicyRecord& record : records) {
        all.append(all.empty() ? "" : " ").append(record.name).append(":");
        for (const std::string& category : record.categories)
            all.append(all.back() == ':' ? "" : ",").append(category);
        BOOST_TEST(record.matched == !record.categories.empty());
    }
    return all;
}

std::string on_input(const Policies& policies, std::vector<std::string_view> texts) {
    return told(policies.check_input(texts));
}

struct Watched {
    std::string records;
    bool passed = true;
};
Watched watch(const Policies& policies, const std::vector<std::string_view>& pieces) {
    OutputWatch watch(policies);
    Watched result;
    for (const std::string_view piece : pieces)
        result.passed = watch.feed(piece) && result.passed;
    result.passed = watch.end() && result.passed;
    result.records = told(watch.records());
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(policies)

BOOST_AUTO_TEST_CASE(no_policy_looks_at_nothing) {
    const Policies none({});
    BOOST_TEST(!none.on_input());
    BOOST_TEST(!none.on_output());
    BOOST_TEST(none.size() == 0u);
    BOOST_TEST(on_input(none, {"kill them"}).empty());
    const Watched watched = watch(none, {"kill them"});
    BOOST_TEST(watched.passed);
    BOOST_TEST(watched.records.empty());
}

BOOST_AUTO_TEST_CASE(each_policy_is_evaluated_once_for_all_of_a_prompt) {
    const Policies two({filter("safety", {"hate", "violence"}), filter("manners", {"profanity"})});
    BOOST_TEST(two.size() == 2u);
    const std::vector<std::pair<std::vector<std::string_view>, std::string_view>> rows{
        {{"What is the capital of Mongolia?"}, "safety: manners:"},
        {{}, "safety: manners:"},
        {{"I will kill him"}, "safety:violence manners:"},
        {{"hello", "then KILL HIM", "white power, kill him"}, "safety:hate,violence manners:"},
        {{"oh shit"}, "safety: manners:profanity"},
        {{"I will kill", "him"}, "safety: manners:"},  // two texts are two texts
    };
    for (const auto& [texts, wanted] : rows)
        BOOST_TEST(on_input(two, texts) == wanted);
}

BOOST_AUTO_TEST_CASE(a_record_says_what_was_evaluated_and_never_the_words) {
    const Policies one({filter("safety", {"violence"}, PolicyAction::log)});
    const std::vector<std::string_view> texts{"kill him"};
    const auto records = one.check_input(texts);
    BOOST_REQUIRE(records.size() == 1u);
    BOOST_TEST(records[0].name == "safety");
    BOOST_TEST(records[0].type == "content_filter");
    BOOST_TEST((records[0].action == PolicyAction::log));
    BOOST_TEST(!records[0].on_output);
    BOOST_TEST(blocking(records) == nullptr);

    const Policies blocks({filter("a", {"violence"}), filter("b", {"hate"}, PolicyAction::block),
                           filter("c", {"violence"}, PolicyAction::block)});
    const auto matched = blocks.check_input(texts);
    BOOST_REQUIRE(blocking(matched) != nullptr);
    BOOST_TEST(blocking(matched)->name == "c");
    BOOST_TEST(blocking({}) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_list_with_the_name_of_a_category_replaces_it) {
    PolicyConfig config = filter("safety", {"violence", "hate", "violence"});
    config.words["violence"] = {"flower*"};
    config.words["names"] = {"Project Nightingale"};
    const Policies replaced({config});
    BOOST_TEST(on_input(replaced, {"kill him"}) == "safety:");
    BOOST_TEST(on_input(replaced, {"Flowers and white power"}) == "safety:violence,hate");
    BOOST_TEST(on_input(replaced, {"about project\nnightingale"}) == "safety:names");
    // Only of that policy.
    const Policies both({config, filter("other", {"violence"})});
    BOOST_TEST(on_input(both, {"kill him"}) == "safety: other:violence");
}

BOOST_AUTO_TEST_CASE(a_policy_looks_where_it_is_told) {
    const Policies split({filter("in", {"violence"}, PolicyAction::block, PolicyScope::input),
                          filter("out", {"violence"}, PolicyAction::flag, PolicyScope::output)});
    BOOST_TEST(split.on_input());
    BOOST_TEST(split.on_output());
    BOOST_TEST(on_input(split, {"kill him"}) == "in:violence");
    const Watched watched = watch(split, {"kill him"});
    BOOST_TEST(watched.records == "out:violence");
    BOOST_TEST(watched.passed);  // the blocking one looks at prompts only

    const Policies input_only({filter("in", {"violence"}, PolicyAction::block, PolicyScope::input)});
    BOOST_TEST(!input_only.on_output());
    BOOST_TEST(watch(input_only, {"kill him"}).passed);
    const Policies output_only({filter("out", {"violence"}, PolicyAction::block, PolicyScope::output)});
    BOOST_TEST(!output_only.on_input());
    BOOST_TEST(on_input(output_only, {"kill him"}).empty());
    BOOST_TEST(!watch(output_only, {"kill him"}).passed);
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_an_error_that_says_what_there_is) {
    const auto why = [](PolicyConfig config) -> std::string {
        try {
            Policies({std::move(config)});
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "(none)";
    };
    PolicyConfig unknown_type = filter("p", {"hate"});
    unknown_type.type = "regex";
    BOOST_TEST(why(unknown_type).find("content_filter") != std::string::npos);
    BOOST_TEST(why(filter("p", {"hatred"})).find("hatred; there are hate, violence") != std::string::npos);
    BOOST_TEST(why(filter("p", {})).find("looks for nothing") != std::string::npos);
    BOOST_TEST(why(own("p", "mine", {})).find("no words for mine") != std::string::npos);
    BOOST_TEST(why(own("p", "mine", {"a", " "})).find("is empty") != std::string::npos);
    BOOST_TEST(why(own("p", "mine", {"a"})) == "(none)");
}

BOOST_AUTO_TEST_CASE(every_documented_category_can_be_used) {
    const auto categories = Policies::categories();
    BOOST_TEST(categories.size() == 8u);
    std::vector<std::string> names;
    for (const auto& [name, sentence] : categories) {
        names.push_back(name);
        BOOST_TEST(sentence.back() == '.');
    }
    const Policies all({filter("all", names)});
    BOOST_TEST(
        on_input(all, {"Write me a poem about the killing of time, a shell script that kills a process, "
                       "and how to bake a bombe glacee in Scunthorpe."}) == "all:");
}

BOOST_AUTO_TEST_CASE(an_answer_cut_anywhere_is_the_answer_as_a_whole) {
    PolicyConfig names = own("names", "secret", {"na\xC3\xAFve caf\xC3\xA9", "\xE6\xAF\x92", "omega*", "end"},
                             PolicyAction::flag);
    const Policies two({filter("safety", {"violence", "hate"}), names});
    for (const std::string_view text :
         {"He said: kill  him, then left. NA\xC3\x8FVE  CAF\xC3\x89!", "skill himself", "white\npower",
          "\xE5\x90\xB8\xE6\xAF\x92\xE8\x80\x85", "\xFF\xE2\x82kill him\xF0\x9F", "omegas", "the end",
          "bend"}) {
        const Watched whole = watch(two, {text});
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            const Watched split = watch(two, {text.substr(0, cut), text.substr(cut)});
            BOOST_TEST(split.records == whole.records, text << " cut at " << cut);
        }
        std::vector<std::string_view> bytes;
        for (std::size_t i = 0; i < text.size(); ++i)
            bytes.push_back(text.substr(i, 1));
        BOOST_TEST(watch(two, bytes).records == whole.records, text << " byte by byte");
    }
}

BOOST_AUTO_TEST_CASE(a_blocked_answer_stays_blocked_from_the_piece_that_shows_it) {
    const Policies block({own("p", "words", {"forbidden", "for good"})});
    OutputWatch watch(block);
    BOOST_TEST(watch.feed("this is for"));
    BOOST_TEST(watch.feed("bidden"));  // may still become "forbiddenly"
    BOOST_TEST(!watch.feed(" fruit"));
    BOOST_TEST(!watch.feed(" and more"));
    BOOST_TEST(!watch.end());
    BOOST_TEST(told(watch.records()) == "p:words");

    OutputWatch at_the_end(block);
    BOOST_TEST(at_the_end.feed("for good"));
    BOOST_TEST(told(at_the_end.records()) == "p:");
    BOOST_TEST(!at_the_end.end());
    BOOST_TEST(told(at_the_end.records()) == "p:words");
}

BOOST_AUTO_TEST_CASE(choices_are_texts_of_their_own_and_not_without_limit) {
    const Policies flags({own("p", "words", {"one two"}, PolicyAction::flag)});
    {
        OutputWatch watch(flags);
        watch.feed("one ", 0);
        watch.feed("two ", 1);
        BOOST_TEST(told(watch.records()) == "p:");
        watch.feed("two ", 0);
        BOOST_TEST(told(watch.records()) == "p:words");
    }
    {
        OutputWatch watch(flags);
        watch.feed("one ", 4'000'000'000u);  // a hostile index takes no memory
        watch.feed("two ", 3'999'999'999u);
        BOOST_TEST(told(watch.records()) == "p:");
        watch.feed("one two ", 4'000'000'000u);
        BOOST_TEST(told(watch.records()) == "p:words");
    }
}

BOOST_AUTO_TEST_SUITE_END()
