// What is left out of a conversation that is too long, and what never is.
#include <sluice/context.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>
#include <string>

using namespace sluice;

namespace {

constexpr Tokens kNoLimit = 1'000'000;

Message user(std::string text) {
    return Message(Role::user, std::move(text));
}
Message says(std::string text) {
    return Message(Role::assistant, std::move(text));
}
Message calls(std::vector<std::string> ids) {
    Message message(Role::assistant, std::vector<Part>());
    message.parts.emplace_back(ReasoningPart("why", Signature("proof", "anthropic@anthropic")));
    for (std::string& id : ids)
        message.parts.emplace_back(ToolCallPart(std::move(id), "look", R"({"at":"it"})"));
    return message;
}
Message result(std::string id) {
    return Message(Role::tool, std::vector<Part>{ToolResultPart(std::move(id), "it is there")});
}

std::string described(const Part& part) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) return "call " + call->id;
    if (const auto* result = std::get_if<ToolResultPart>(&part)) return "result " + result->tool_call_id;
    if (const auto* thought = std::get_if<ReasoningPart>(&part)) return "thought " + thought->signature.value;
    return std::get<TextPart>(part).text;
}
std::string described(const Message& message) {
    std::string all(to_string(message.role));
    for (const Part& part : message.parts)
        all += "|" + described(part);
    return all;
}
std::vector<std::string> described(const std::vector<Message>& messages) {
    std::vector<std::string> all;
    for (const Message& message : messages)
        all.push_back(described(message));
    return all;
}
std::vector<std::string> described(const std::vector<Message>& messages,
                                   std::initializer_list<std::size_t> at) {
    std::vector<std::string> all;
    for (const std::size_t place : at)
        all.push_back(described(messages[place]));
    return all;
}

TrimOptions budget(Tokens tokens) {
    TrimOptions options;
    options.budget = tokens;
    options.dialect = "anthropic";
    return options;
}

Tokens size_of(const std::vector<Message>& messages) {
    Tokens all = 0;
    for (const Message& message : messages)
        all += estimate_tokens(message, "anthropic");
    return all;
}
Tokens size_of(const std::vector<Message>& messages, std::initializer_list<std::size_t> at) {
    Tokens all = 0;
    for (const std::size_t place : at)
        all += estimate_tokens(messages[place], "anthropic");
    return all;
}

const std::vector<Message> kThreeTurns{
    Message(Role::system, "Be brief."),  // 0
    user("first"),
    calls({"a", "b"}),
    result("a"),
    result("b"),
    says("one"),  // 1 to 5
    user("second"),
    says("two"),  // 6, 7
    user("third"),
    calls({"c"}),
    result("c"),
    calls({"d", "e"}),
    result("e"),
    result("d"),
    says("three"),  // 8 to 14
};

// What a provider asks of a conversation.
void check_legal(const std::vector<Message>& messages) {
    std::set<std::string> open;
    bool has_begun = false;
    for (const Message& message : messages) {
        if (message.role == Role::system) continue;
        if (!has_begun) BOOST_REQUIRE((message.role == Role::user));
        has_begun = true;
        std::set<std::string> answered;
        for (const Part& part : message.parts)
            if (const auto* one = std::get_if<ToolResultPart>(&part)) answered.insert(one->tool_call_id);
        if (answered.empty()) BOOST_REQUIRE(open.empty());
        for (const std::string& id : answered)
            BOOST_REQUIRE(open.erase(id) == 1U);
        for (const Part& part : message.parts)
            if (const auto* one = std::get_if<ToolCallPart>(&part)) open.insert(one->id);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(context_trim)

BOOST_AUTO_TEST_CASE(what_fits_is_left_as_it_is) {
    const Trimmed all = trim(kThreeTurns, budget(size_of(kThreeTurns)));
    BOOST_TEST(all.fits);
    BOOST_TEST(all.dropped_messages == 0U);
    BOOST_TEST(all.before == size_of(kThreeTurns));
    BOOST_TEST(all.after == all.before);
    BOOST_TEST(described(all.messages) == described(kThreeTurns), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_oldest_turn_goes_first_and_as_a_whole) {
    const Trimmed two = trim(kThreeTurns, budget(size_of(kThreeTurns) - 1));
    BOOST_TEST(two.fits);
    BOOST_TEST(two.dropped_turns == 1U);
    BOOST_TEST(two.dropped_messages == 5U);
    BOOST_TEST(described(two.messages) == described(kThreeTurns, {0, 6, 7, 8, 9, 10, 11, 12, 13, 14}),
               boost::test_tools::per_element());
    BOOST_TEST(two.after == size_of(two.messages));
}

BOOST_AUTO_TEST_CASE(within_the_last_turn_steps_go_with_all_their_calls_and_results) {
    const auto trimmed_to = [](std::initializer_list<std::size_t> at) {
        return trim(kThreeTurns, budget(size_of(kThreeTurns, at)));
    };
    const Trimmed without_c = trimmed_to({0, 8, 11, 12, 13, 14});
    BOOST_TEST(without_c.fits);
    BOOST_TEST(without_c.dropped_turns == 2U);
    BOOST_TEST(described(without_c.messages) == described(kThreeTurns, {0, 8, 11, 12, 13, 14}),
               boost::test_tools::per_element());
    const Trimmed least = trimmed_to({0, 8, 14});
    BOOST_TEST(least.fits);
    BOOST_TEST(described(least.messages) == described(kThreeTurns, {0, 8, 14}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_cannot_fit_is_as_small_as_it_can_legally_be) {
    const Trimmed least = trim(kThreeTurns, budget(1));
    BOOST_TEST(!least.fits);
    BOOST_TEST(least.after == size_of(least.messages));
    BOOST_TEST(described(least.messages) == described(kThreeTurns, {0, 8, 14}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(calls_that_wait_for_their_results_stay_at_the_end_only) {
    const std::vector<Message> waiting{user("go"), calls({"a"}), result("a"), calls({"b", "c"}), result("b")};
    const Trimmed least = trim(waiting, budget(1));
    BOOST_TEST(described(least.messages) == described(waiting, {0, 3, 4}), boost::test_tools::per_element());

    std::vector<Message> interrupted = waiting;
    interrupted.push_back(user("never mind"));
    const Trimmed repaired = trim(interrupted, budget(kNoLimit));
    BOOST_TEST(repaired.fits);
    BOOST_TEST(repaired.dropped_messages == 2U);
    BOOST_TEST(repaired.dropped_turns == 0U);
    BOOST_TEST(described(repaired.messages) == described(interrupted, {0, 1, 2, 5}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_no_provider_takes_is_left_out_even_if_it_fits) {
    struct Case {
        const char* what;
        std::vector<Message> messages;
        std::initializer_list<std::size_t> kept;
    };
    const Case cases[] = {
        {"an answer before any question", {says("hi"), user("u"), says("a")}, {1, 2}},
        {"a result without a call", {user("u"), says("a"), result("x"), user("v")}, {0, 3}},
        {"a result at the beginning", {result("x"), user("u")}, {1}},
        {"a result of another call", {user("u"), calls({"a"}), result("b"), user("v")}, {0, 3}},
        {"a result twice", {user("u"), calls({"a"}), result("a"), result("a"), says("x")}, {0, 4}},
        {"a result behind another question", {user("u"), calls({"a"}), user("v"), result("a")}, {0, 2}},
        {"a tool that says nothing about a call", {user("u"), Message(Role::tool, "?"), says("a")}, {0, 2}},
        {"nothing but an answer", {Message(Role::system, "s"), says("a")}, {0}},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            const Trimmed out = trim(test.messages, budget(kNoLimit));
            BOOST_TEST(out.fits);
            BOOST_TEST(described(out.messages) == described(test.messages, test.kept),
                       boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(results_may_come_in_one_message_or_in_the_users_and_with_a_note_of_the_system_between) {
    Message both(Role::user, std::vector<Part>{ToolResultPart("b", "2"), ToolResultPart("a", "1")});
    both.parts.emplace_back(TextPart("and now?"));
    const std::vector<Message> messages{user("u"), calls({"a", "b"}), Message(Role::system, "soon"), both,
                                        says("x")};
    const Trimmed all = trim(messages, budget(kNoLimit));
    BOOST_TEST(described(all.messages) == described(messages), boost::test_tools::per_element());
    const Trimmed least = trim(messages, budget(1));
    BOOST_TEST(described(least.messages) == described(messages, {0, 2, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_message_that_states_the_goal_stays) {
    TrimOptions options = budget(1);
    options.keep_message = 1;
    const Trimmed goal = trim(kThreeTurns, options);
    BOOST_TEST(described(goal.messages) == described(kThreeTurns, {0, 1, 8, 14}),
               boost::test_tools::per_element());
    BOOST_TEST(goal.kept_message.value() == 1U);
    BOOST_TEST(goal.dropped_turns == 2U);

    options.keep_message = 4;  // a result: its calls, the other result and the question stay with it
    const Trimmed step = trim(kThreeTurns, options);
    BOOST_TEST(described(step.messages) == described(kThreeTurns, {0, 1, 2, 3, 4, 8, 14}),
               boost::test_tools::per_element());
    BOOST_TEST(step.kept_message.value() == 4U);

    options.keep_message = 10;  // within the turn that is kept
    const Trimmed inner = trim(kThreeTurns, options);
    BOOST_TEST(described(inner.messages) == described(kThreeTurns, {0, 8, 9, 10, 14}),
               boost::test_tools::per_element());

    TrimOptions impossible = budget(1);
    impossible.keep_message = 0;
    BOOST_TEST(!trim({result("x"), user("u")}, impossible).kept_message.has_value());
}

BOOST_AUTO_TEST_CASE(more_turns_may_be_kept_each_with_its_question_and_its_last_step) {
    TrimOptions options = budget(1);
    options.keep_last_turns = 3;
    const Trimmed three = trim(kThreeTurns, options);
    BOOST_TEST(described(three.messages) == described(kThreeTurns, {0, 1, 5, 6, 7, 8, 14}),
               boost::test_tools::per_element());
    BOOST_TEST(three.dropped_turns == 0U);
    options.keep_last_turns = 1000;
    BOOST_TEST(trim(kThreeTurns, options).messages.size() == three.messages.size());
}

BOOST_AUTO_TEST_CASE(a_notice_tells_of_what_was_left_out_once_and_within_the_budget) {
    TrimOptions options = budget(size_of(kThreeTurns));
    options.notice = "Earlier messages were left out.";
    BOOST_TEST(trim(kThreeTurns, options).messages.size() == kThreeTurns.size());

    const Message notice(Role::system, options.notice);
    options.budget = size_of(kThreeTurns, {0, 8, 11, 12, 13, 14}) + size_of({notice});
    const Trimmed noticed = trim(kThreeTurns, options);
    BOOST_TEST(noticed.fits);
    BOOST_TEST(described(noticed.messages[1]) == described(notice));
    BOOST_TEST(noticed.messages.size() == 7U);
    BOOST_TEST(noticed.after == size_of(noticed.messages));
    --options.budget;
    const Trimmed less = trim(noticed.messages, options);
    BOOST_TEST(less.fits);
    BOOST_TEST(described(less.messages) == (std::vector<std::string>{"system|Be brief.", described(notice),
                                                                     "user|third", "assistant|three"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_requests_tools_take_their_part_of_the_budget) {
    Request request;
    for (const Message& message : kThreeTurns)
        request.message(message);
    request.tool(Tool("look", "Looks at it.", R"({"type":"object"})"));
    const Tokens fixed = estimate_fixed_tokens(request, "anthropic");
    BOOST_TEST(trim(request, budget(size_of(kThreeTurns) + fixed)).dropped_messages == 0U);
    const Trimmed less = trim(request, budget(size_of(kThreeTurns)));
    BOOST_TEST(less.dropped_messages > 0U);
    BOOST_TEST(less.before == estimate_tokens(request, "anthropic"));
    BOOST_TEST(less.after == size_of(less.messages) + fixed);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_by_name) {
    const auto names = [](const char* option) {
        return [option](const std::invalid_argument& error) {
            return std::string(error.what()).find(option) == 0;
        };
    };
    TrimOptions none = budget(1);
    none.keep_last_turns = 0;
    BOOST_CHECK_EXCEPTION(trim(kThreeTurns, none), std::invalid_argument, names("keep_last_turns"));
    TrimOptions outside = budget(1);
    outside.keep_message = kThreeTurns.size();
    BOOST_CHECK_EXCEPTION(trim(kThreeTurns, outside), std::invalid_argument, names("keep_message"));
    BOOST_TEST(trim({}, budget(0)).fits);
}

namespace {

// A conversation as sessions make them, with slips: lost results, results of nothing, answers to nobody.
class Conversations {
  public:
    explicit Conversations(std::uint32_t seed) : random_(seed) {}

    std::vector<Message> next() {
        messages_.clear();
        slips_ = below(3) == 0;
        if (below(2) == 0) messages_.emplace_back(Role::system, words());
        if (slips_ && below(4) == 0) messages_.push_back(says(words()));
        for (std::size_t turns = 1 + below(6); turns > 0; --turns)
            turn(turns == 1);
        return std::move(messages_);
    }
    std::size_t below(std::size_t limit) { return random_() % limit; }

  private:
    std::string words() {
        return std::to_string(random_()) + std::string(below(200), below(2) == 0 ? 'w' : ' ');
    }

    void turn(bool is_last) {
        messages_.push_back(user(words()));
        for (std::size_t steps = below(4); steps > 0; --steps) {
            if (below(8) == 0) messages_.emplace_back(Role::system, words());
            step(is_last && steps == 1);
        }
        if (below(4) != 0 && !is_last) messages_.push_back(says(words()));
    }

    void step(bool is_last) {
        std::vector<std::string> ids;
        for (std::size_t parallel = 1 + below(3); parallel > 0; --parallel)
            ids.push_back("call_" +
                          std::to_string(ids.size()));  // the same ids in every step, as Gemini's are
        messages_.push_back(calls(ids));
        std::shuffle(ids.begin(), ids.end(), random_);
        if (is_last && below(2) == 0) ids.resize(below(ids.size() + 1));  // the others are still awaited
        if (slips_ && below(6) == 0 && !ids.empty()) ids.pop_back();
        if (slips_ && below(6) == 0) ids.push_back("of nothing");
        Message together(Role::tool, std::vector<Part>());
        const bool is_one = below(2) == 0;
        for (const std::string& id : ids) {
            if (!is_one) messages_.push_back(result(id));
            together.parts.emplace_back(ToolResultPart(id, words()));
        }
        if (is_one && !together.parts.empty()) messages_.push_back(std::move(together));
    }

    std::mt19937 random_;
    std::vector<Message> messages_;
    bool slips_ = false;
};

// Of the kept ones in their order; and which those are.
std::vector<bool> kept_of(const std::vector<Message>& all, const std::vector<Message>& kept) {
    std::vector<bool> is_kept(all.size());
    std::size_t at = 0;
    for (const Message& message : kept) {
        while (at < all.size() && described(all[at]) != described(message))
            ++at;
        BOOST_REQUIRE(at < all.size());
        is_kept[at++] = true;
    }
    return is_kept;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_conversation_stays_legal_in_order_and_loses_no_more_than_it_must) {
    Conversations conversations(20261);
    std::size_t fitting = 0;
    std::size_t tight = 0;
    for (int round = 0; round < 6000; ++round) {
        const std::vector<Message> all = conversations.next();
        const std::vector<Message> sound = trim(all, budget(kNoLimit)).messages;
        TrimOptions options = budget(size_of(sound) * conversations.below(12) / 10);
        options.keep_last_turns = 1 + conversations.below(2);
        if (conversations.below(3) == 0) options.keep_message = conversations.below(all.size());
        const Trimmed out = trim(all, options);

        check_legal(out.messages);
        const std::vector<bool> kept = kept_of(all, out.messages);
        BOOST_REQUIRE(out.before == size_of(all));
        BOOST_REQUIRE(out.after == size_of(out.messages));
        BOOST_REQUIRE(out.fits == (out.after <= options.budget));
        BOOST_REQUIRE(out.dropped_messages == all.size() - out.messages.size());
        for (std::size_t at = 0; at < all.size(); ++at)
            BOOST_REQUIRE(kept[at] || all[at].role != Role::system);
        if (options.keep_message && out.kept_message)
            BOOST_REQUIRE(described(out.messages[*out.kept_message]) ==
                          described(all[*options.keep_message]));

        // Once more changes nothing.
        TrimOptions again = options;
        again.keep_message = out.kept_message;
        const Trimmed twice = trim(out.messages, again);
        BOOST_REQUIRE(twice.dropped_messages == 0U);
        BOOST_REQUIRE(twice.fits == out.fits);

        // With room for one message more than it has, of what could have stayed, less goes.
        fitting += out.fits;
        if (!out.fits || out.messages.size() == sound.size()) continue;
        ++tight;
        TrimOptions roomier = options;
        bool is_minimal = false;
        for (roomier.budget = options.budget + 1; !is_minimal; ++roomier.budget) {
            const Trimmed more = trim(all, roomier);
            is_minimal = more.messages.size() > out.messages.size();
            // The next larger legal choice is what did not fit.
            if (is_minimal) BOOST_REQUIRE(more.after > options.budget);
            BOOST_REQUIRE(more.after >= out.after);
        }
    }
    BOOST_TEST(fitting > 2000U);
    BOOST_TEST(tight > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
