// The snippets of docs/context.md and docs/goals.md.
#include <sluice/context.hpp>
#include <sluice/goal.hpp>
#include <sluice/model_spec.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(context_snippets)

BOOST_AUTO_TEST_CASE(a_history_is_trimmed_to_a_window) {
    sluice::ModelSpec spec("acme", "small");
    spec.context_window = 1000;
    const std::size_t goal = 1;
    sluice::Request request;
    request.system("Be brief.").user("Plan a trip to Kyoto.").assistant("Gladly.");
    for (int turn = 0; turn < 40; ++turn)
        request.user("Which temple comes next?").assistant("One that is well worth the walk up its hill.");
    request.user("And then?").max_tokens(300);

    sluice::TrimOptions options;
    options.budget = *spec.context_window - *request.options().max_tokens;
    options.dialect = "anthropic";
    options.keep_message = goal;
    const sluice::Trimmed context = sluice::trim(request, options);
    BOOST_TEST(context.fits);
    BOOST_TEST(context.dropped_turns > 0U);
    BOOST_TEST(context.kept_message.value() == goal);
}

BOOST_AUTO_TEST_CASE(a_goal_is_tracked) {
    sluice::AssistantMessage answer;
    answer.parts.emplace_back(sluice::TextPart("In Kyoto, see the temple Kiyomizu-dera first."));
    const std::string user_text = "Which temples of Kyoto should I see?";

    sluice::GoalTracker tracker;
    tracker.set_goal("Plan three days in Kyoto: temples, gardens, a hotel near the station.");
    const sluice::GoalState state = tracker.observe(user_text, answer.text(), answer.tool_calls());
    BOOST_TEST(state.drift < 0.4);
    BOOST_TEST(state.progress > 0);
    BOOST_TEST(!state.loop_detected);
}

BOOST_AUTO_TEST_SUITE_END()
