#include <sluice/message.hpp>
#include <sluice/request.hpp>

#include <boost/test/unit_test.hpp>

using namespace sluice;

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(a_builder_joins_deltas_and_keeps_their_order) {
    MessageBuilder builder;
    for (const StreamEvent& event :
         {StreamEvent(ReasoningDelta{"think", ""}), StreamEvent(ReasoningDelta{"ing", "sig"}),
          StreamEvent(TextDelta{"Hel"}), StreamEvent(TextDelta{"lo"}),
          StreamEvent(ToolCallStart{0, "call_1", "f"}), StreamEvent(ToolCallStart{1, "call_2", "g"}),
          StreamEvent(ToolCallDelta{0, "{\"a\""}), StreamEvent(ToolCallDelta{1, "{}"}),
          StreamEvent(ToolCallDelta{0, ":1}"}), StreamEvent(TextDelta{"!"}),
          StreamEvent(TextDelta{"other choice"}, {}, 1), StreamEvent(Extension{"x", "1"}),
          StreamEvent(Finish{StopReason::tool_calls, "stop", std::nullopt})})
        builder.add(event);
    const AssistantMessage message = std::move(builder).take();
    BOOST_TEST(message.text() == "Hello!");
    BOOST_TEST(message.reasoning() == "thinking");
    BOOST_TEST(std::get<ReasoningPart>(message.parts[0]).signature.value == "sig");
    BOOST_TEST(message.parts.size() == 5U);
    const std::vector<ToolCallPart> calls = message.tool_calls();
    BOOST_REQUIRE(calls.size() == 2U);
    BOOST_TEST(calls[0].arguments == "{\"a\":1}");
    BOOST_TEST(calls[1].name == "g");
    BOOST_TEST((message.stop_reason == StopReason::tool_calls));
    BOOST_TEST(message.raw_stop_reason == "stop");
    BOOST_TEST(!message.usage.has_value());
}

BOOST_AUTO_TEST_CASE(a_delta_for_a_call_that_never_began_is_ignored) {
    MessageBuilder builder;
    builder.add(StreamEvent(ToolCallDelta{7, "{}"}));
    BOOST_TEST(builder.message().parts.empty());
}

BOOST_AUTO_TEST_CASE(an_answer_goes_back_as_the_assistants_turn_with_its_origin) {
    AssistantMessage answer;
    answer.origin = "anthropic@anthropic";
    answer.parts.emplace_back(ReasoningPart("why", Signature("proof", "")));
    answer.parts.emplace_back(TextPart("so"));
    const Message turn = answer.to_message();
    BOOST_TEST((turn.role == Role::assistant));
    BOOST_TEST(std::get<ReasoningPart>(turn.parts[0]).signature.origin == "anthropic@anthropic");
}

namespace {

AssistantMessage built(std::initializer_list<StreamEvent> events) {
    MessageBuilder builder;
    for (const StreamEvent& event : events)
        builder.add(event);
    return std::move(builder).take();
}

template <typename P>
const P& part(const AssistantMessage& message, std::size_t at) {
    return std::get<P>(message.parts.at(at));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_signature_closes_its_part) {
    const AssistantMessage message =
        built({ReasoningDelta{"one", ""}, ReasoningDelta{"", "sig-1"}, ReasoningDelta{"two", "sig-2"},
               TextDelta{"a"}, TextDelta{"b", "sig-3"}, TextDelta{"c"}, TextDelta{"d"}});
    BOOST_REQUIRE(message.parts.size() == 4U);
    BOOST_TEST(part<ReasoningPart>(message, 0).text == "one");
    BOOST_TEST(part<ReasoningPart>(message, 0).signature.value == "sig-1");
    BOOST_TEST(part<ReasoningPart>(message, 1).text == "two");
    BOOST_TEST(part<ReasoningPart>(message, 1).signature.value == "sig-2");
    BOOST_TEST(part<TextPart>(message, 2).text == "ab");
    BOOST_TEST(part<TextPart>(message, 2).signature.value == "sig-3");
    BOOST_TEST(part<TextPart>(message, 3).text == "cd");
    BOOST_TEST(part<TextPart>(message, 3).signature.empty());
    BOOST_TEST(message.text() == "abcd");
    BOOST_TEST(message.reasoning() == "onetwo");
}

BOOST_AUTO_TEST_CASE(a_signature_may_come_without_any_text) {
    const AssistantMessage message = built({ReasoningDelta{"", "sig"}, TextDelta{"", "proof"}});
    BOOST_REQUIRE(message.parts.size() == 2U);
    BOOST_TEST(part<ReasoningPart>(message, 0).signature.value == "sig");
    BOOST_TEST(part<TextPart>(message, 1).signature.value == "proof");
}

BOOST_AUTO_TEST_CASE(redacted_reasoning_is_a_part_of_its_own) {
    const AssistantMessage message =
        built({ReasoningDelta{"seen", ""}, ReasoningDelta{"", "secret-1", "", true},
               ReasoningDelta{"", "secret-2", "", true}, ReasoningDelta{"again", "sig"}});
    BOOST_REQUIRE(message.parts.size() == 4U);
    BOOST_TEST(!part<ReasoningPart>(message, 0).redacted);
    BOOST_TEST(part<ReasoningPart>(message, 1).redacted);
    BOOST_TEST(part<ReasoningPart>(message, 1).signature.value == "secret-1");
    BOOST_TEST(part<ReasoningPart>(message, 2).redacted);
    BOOST_TEST(!part<ReasoningPart>(message, 3).redacted);
    BOOST_TEST(message.reasoning() == "seenagain");
}

BOOST_AUTO_TEST_CASE(reasoning_of_another_item_is_another_part) {
    const AssistantMessage message =
        built({ReasoningDelta{"a", "", "rs_1"}, ReasoningDelta{"b", "", "rs_1"},
               ReasoningDelta{"", "enc-1", "rs_1"}, ReasoningDelta{"c", "", "rs_2"},
               ReasoningDelta{"d", "", "rs_3"}});
    BOOST_REQUIRE(message.parts.size() == 3U);
    BOOST_TEST(part<ReasoningPart>(message, 0).id == "rs_1");
    BOOST_TEST(part<ReasoningPart>(message, 0).text == "ab");
    BOOST_TEST(part<ReasoningPart>(message, 0).signature.value == "enc-1");
    BOOST_TEST(part<ReasoningPart>(message, 1).id == "rs_2");
    BOOST_TEST(part<ReasoningPart>(message, 2).id == "rs_3");
}

BOOST_AUTO_TEST_CASE(a_call_keeps_its_signature_and_whether_its_arguments_are_json) {
    const AssistantMessage message =
        built({ToolCallStart{0, "a", "f", "proof"}, ToolCallDelta{0, "{\"x\":"}, ToolCallEnd{0, false},
               ToolCallStart{1, "b", "g"}, ToolCallEnd{1, true}, ToolCallEnd{7, false}});
    const std::vector<ToolCallPart> calls = message.tool_calls();
    BOOST_REQUIRE(calls.size() == 2U);
    BOOST_TEST(calls[0].signature.value == "proof");
    BOOST_TEST(calls[0].arguments == "{\"x\":");
    BOOST_TEST(!calls[0].arguments_are_json);
    BOOST_TEST(calls[1].signature.empty());
    BOOST_TEST(calls[1].arguments.empty());
    BOOST_TEST(calls[1].arguments_are_json);
}

BOOST_AUTO_TEST_CASE(the_assistants_turn_says_who_made_each_signature) {
    AssistantMessage answer = built({ReasoningDelta{"why", "sig"}, TextDelta{"so", "proof"},
                                     ToolCallStart{0, "a", "f", "call-proof"}, ToolCallStart{1, "b", "g"}});
    answer.origin = "gemini@google";
    const Message turn = answer.to_message();
    BOOST_TEST(std::get<ReasoningPart>(turn.parts[0]).signature.origin == "gemini@google");
    BOOST_TEST(std::get<TextPart>(turn.parts[1]).signature.origin == "gemini@google");
    BOOST_TEST(std::get<ToolCallPart>(turn.parts[2]).signature.origin == "gemini@google");
    BOOST_TEST(std::get<ToolCallPart>(turn.parts[3]).signature.origin == "");  // there is none to vouch for
    BOOST_TEST(part<TextPart>(answer, 1).signature.origin == "");              // the answer is as it was

    // A history that has gone through several providers keeps who made what.
    answer.parts.emplace_back(ReasoningPart("older", Signature("old", "anthropic@anthropic")));
    const Message mixed = answer.to_message();
    BOOST_TEST(std::get<ReasoningPart>(mixed.parts[4]).signature.origin == "anthropic@anthropic");
}

BOOST_AUTO_TEST_CASE(a_request_is_built_by_name_or_in_one_expression) {
    const Request chained =
        Request().system("s").user("u").assistant("a").tool_result("id", "r").max_tokens(9).stop("x").stop(
            "y");
    Request named;
    named.system("s").user("u");
    named.assistant("a").tool_result("id", "r").max_tokens(9);
    BOOST_TEST(chained.messages().size() == 4U);
    BOOST_TEST(named.messages().size() == 4U);
    BOOST_TEST((chained.messages()[3].role == Role::tool));
    BOOST_TEST(chained.options().max_tokens.value() == 9U);
    BOOST_TEST(chained.options().stop.size() == 2U);
    BOOST_TEST(!chained.options().temperature.has_value());
    BOOST_TEST((Request("hi").messages()[0].role == Role::user));
}

BOOST_AUTO_TEST_SUITE_END()
