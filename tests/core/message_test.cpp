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
