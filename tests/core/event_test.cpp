#include <sluice/event.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace sluice;

BOOST_AUTO_TEST_SUITE(events)

// Copies each kind of event, overwrites what it pointed into, and looks again.
BOOST_AUTO_TEST_CASE(an_owned_event_outlives_its_buffer) {
    std::string buffer = "the text|the second|the raw bytes";
    const std::string_view all = buffer;
    const std::string_view first = all.substr(0, 8);
    const std::string_view second = all.substr(9, 10);
    const std::string_view raw = all.substr(20);
    Usage usage;
    usage.input = 3;
    auto error = std::make_optional<ErrorInfo>(ErrorKind::rate_limited, Phase::stream, "ours");

    std::vector<OwnedEvent> kept;
    kept.emplace_back(StreamEvent(TextDelta{first}, raw, 2));
    kept.emplace_back(StreamEvent(ReasoningDelta{first, second}));
    kept.emplace_back(StreamEvent(ToolCallStart{1, first, second}));
    kept.emplace_back(StreamEvent(Extension{first, second}));
    kept.emplace_back(StreamEvent(Finish{StopReason::length, first, usage}));
    kept.emplace_back(StreamEvent(Failure{&*error}));
    kept.emplace_back(StreamEvent(ToolCallEnd{4}));
    buffer.assign(buffer.size(), '#');
    error.reset();
    std::vector<OwnedEvent> moved = std::move(kept);

    BOOST_TEST(moved[0].view().as<TextDelta>()->text == "the text");
    BOOST_TEST(moved[0].view().raw() == "the raw bytes");
    BOOST_TEST(moved[0].view().choice() == 2U);
    BOOST_TEST(moved[1].view().as<ReasoningDelta>()->signature == "the second");
    BOOST_TEST(moved[2].view().as<ToolCallStart>()->id == "the text");
    BOOST_TEST(moved[2].view().as<ToolCallStart>()->name == "the second");
    BOOST_TEST(moved[3].view().as<Extension>()->json == "the second");
    BOOST_TEST(moved[4].view().as<Finish>()->raw_reason == "the text");
    BOOST_TEST((moved[4].view().as<Finish>()->usage == usage));
    BOOST_TEST(moved[5].view().as<Failure>()->error().message == "ours");
    BOOST_TEST(moved[6].view().as<ToolCallEnd>()->index == 4U);
}

BOOST_AUTO_TEST_CASE(an_owned_event_can_be_copied_from_another) {
    const OwnedEvent original{StreamEvent(TextDelta{"abc"})};
    const OwnedEvent copy(original.view());
    BOOST_TEST(copy.view().as<TextDelta>()->text == "abc");
    BOOST_TEST((copy.view().as<TextDelta>()->text.data() != original.view().as<TextDelta>()->text.data()));
}

BOOST_AUTO_TEST_CASE(only_an_extension_carries_no_answer) {
    const ErrorInfo error;
    BOOST_TEST(!StreamEvent(Extension{}).carries_answer());
    for (const StreamEvent& event :
         {StreamEvent(TextDelta{}), StreamEvent(ReasoningDelta{}), StreamEvent(RefusalDelta{}),
          StreamEvent(ToolCallStart{}), StreamEvent(Finish{}), StreamEvent(Failure{&error})})
        BOOST_TEST(event.carries_answer());
    BOOST_TEST(StreamEvent(Finish{}).is_terminal());
    BOOST_TEST(StreamEvent(Failure{&error}).is_terminal());
    BOOST_TEST(!StreamEvent(TextDelta{}).is_terminal());
}

BOOST_AUTO_TEST_SUITE_END()
