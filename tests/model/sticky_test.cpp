// Stickiness (docs/sticky.md): who is asked first after the first choice did not answer.
#include <sluice/select.hpp>

#include "model/gate_world.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using test::Answered;
using test::bad;
using test::Door;
using test::GateWorld;
using test::good;
using testing::Script;
using By = Stickiness::By;

namespace {

struct StickyWorld : GateWorld {
    FallbackOptions sticky(By by) {
        FallbackOptions made = options();
        made.stickiness.by = by;
        made.stickiness.time = 5min;
        return made;
    }
    FallbackBoundModel chain(By by) {
        return FallbackBoundModel({alpha.model("p"), beta.model("f"), beta.model("g")}, sticky(by));
    }
    std::string by(const BoundModel& model, std::string conversation = {}, Request request = "x") {
        CallOptions call;
        if (!conversation.empty()) call.conversation(std::move(conversation));
        return ask(model, std::move(request), std::move(call)).by;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stickiness)

BOOST_AUTO_TEST_CASE(a_chain_begins_with_the_leg_that_answered_and_gives_the_primary_its_try_in_time) {
    StickyWorld world;
    world.alpha.script("p", bad()).script("p", good());
    world.beta.script("f", good());
    const FallbackBoundModel model = world.chain(By::chain);
    BOOST_TEST(world.by(model) == "beta/f");
    BOOST_TEST(world.alpha.calls() == 1U);
    world.pass(3min);
    const Answered second = world.ask(model);
    BOOST_TEST(second.by == "beta/f");
    BOOST_TEST(second.attempts.empty());  // it was asked first
    BOOST_TEST(world.alpha.calls() == 1U);
    world.pass(2min);  // use does not make it last longer
    BOOST_TEST(world.by(model) == "alpha/p");
    BOOST_TEST(world.by(model) == "alpha/p");
    BOOST_TEST(world.beta.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(without_stickiness_every_request_begins_with_the_primary) {
    StickyWorld world;
    world.alpha.script("p", bad());
    world.beta.script("f", good());
    const FallbackBoundModel model = world.chain(By::none);
    world.by(model, "c");
    world.by(model, "c");
    BOOST_TEST(world.alpha.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(a_primary_that_still_fails_makes_it_stick_again) {
    StickyWorld world;
    world.alpha.script("p", bad());
    world.beta.script("f", good());
    const FallbackBoundModel model = world.chain(By::chain);
    world.by(model);
    world.pass(5min);
    world.by(model);
    BOOST_TEST(world.alpha.calls() == 2U);
    world.pass(4min);
    world.by(model);
    BOOST_TEST(world.alpha.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(a_sticky_leg_that_fails_is_followed_by_the_others_in_order) {
    StickyWorld world;
    world.alpha.script("p", bad()).script("p", bad()).script("p", good());
    world.beta.script("f", good()).script("f", bad());
    world.beta.script("g", good());
    const FallbackBoundModel model = world.chain(By::chain);
    world.by(model);
    const Answered answer = world.ask(model);
    BOOST_TEST(answer.by == "beta/g");
    BOOST_TEST(answer.attempts ==
                   (std::vector<std::string>{"beta/f ProviderUnavailable", "alpha/p ProviderUnavailable"}),
               boost::test_tools::per_element());  // f is not asked twice
    BOOST_TEST(world.by(model) == "beta/g");       // and now that one sticks
}

BOOST_AUTO_TEST_CASE(a_primary_that_answers_again_ends_it) {
    StickyWorld world;
    world.alpha.script("p", bad()).script("p", good());
    world.beta.script("f", good()).script("f", bad()).script("f", good());
    const FallbackBoundModel model = world.chain(By::chain);
    BOOST_TEST(world.by(model) == "beta/f");
    BOOST_TEST(world.by(model) == "alpha/p");  // f failed
    BOOST_TEST(world.by(model) == "alpha/p");
    BOOST_TEST(world.beta.calls() == 2U);
}

BOOST_AUTO_TEST_CASE(a_sticky_leg_that_is_refused_is_skipped_and_the_normal_order_follows) {
    StickyWorld world;
    world.alpha.script("p", bad()).script("p", good());
    world.beta.script("f", good());
    Door door(world.beta.model("f"));
    const FallbackBoundModel model({world.alpha.model("p"), door.model()}, world.sticky(By::chain));
    BOOST_TEST(world.by(model) == "beta/f");
    door.shut(Refusal(SkipReason::breaker_open, 1s));
    const Answered answer = world.ask(model);
    BOOST_TEST(answer.by == "alpha/p");
    BOOST_TEST(answer.attempts == std::vector<std::string>{"beta/f skipped breaker_open"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_chain_does_not_follow_a_request_that_only_one_leg_can_serve) {
    StickyWorld world;
    ModelSpec blind("", "p");
    blind.capabilities.vision = false;
    blind.context_window = 1000;
    world.alpha.script("p", bad(ErrorKind::context_length_exceeded)).script("p", good());
    world.beta.script("f", good());
    const FallbackBoundModel model({world.alpha.model(blind), world.beta.model("f")},
                                   world.sticky(By::chain));
    const Request image =
        Request().user({TextPart("?"), ImagePart::from_base64("image/png", "iVBORw0KGgo=")});
    BOOST_TEST(world.by(model, "", image) == "beta/f");
    BOOST_TEST(world.by(model) == "beta/f");   // too long
    BOOST_TEST(world.by(model) == "alpha/p");  // nobody was unwell
}

BOOST_AUTO_TEST_CASE(a_primary_that_is_shut_makes_the_chain_stick) {
    StickyWorld world;
    world.alpha.script("p", good());
    world.beta.script("f", good());
    Door door(world.alpha.model("p"));
    door.shut(Refusal(SkipReason::unhealthy));
    const FallbackBoundModel model({door.model(), world.beta.model("f")}, world.sticky(By::chain));
    BOOST_TEST(world.by(model) == "beta/f");
    door.open();
    BOOST_TEST(world.by(model) == "beta/f");
    world.pass(5min);
    BOOST_TEST(world.by(model) == "alpha/p");
}

BOOST_AUTO_TEST_CASE(a_conversation_keeps_its_leg_as_long_as_it_goes_on) {
    StickyWorld world;
    world.alpha.script("p", bad()).script("p", good());
    world.beta.script("f", good());
    const FallbackBoundModel model = world.chain(By::conversation);
    BOOST_TEST(world.by(model, "one") == "beta/f");
    BOOST_TEST(world.by(model, "two") == "alpha/p");
    BOOST_TEST(world.by(model) == "alpha/p");  // belongs to none
    for (int turn = 0; turn < 5; ++turn) {
        world.pass(4min);
        BOOST_TEST(world.by(model, "one") == "beta/f");
    }
    world.pass(5min);
    BOOST_TEST(world.by(model, "one") == "alpha/p");
}

BOOST_AUTO_TEST_CASE(no_more_conversations_are_remembered_than_allowed) {
    StickyWorld world;
    world.alpha.script("p", bad()).script("p", bad()).script("p", bad()).script("p", good());
    world.beta.script("f", good());
    FallbackOptions options = world.sticky(By::conversation);
    options.stickiness.max_conversations = 2;
    const FallbackBoundModel model({world.alpha.model("p"), world.beta.model("f")}, options);
    for (const char* conversation : {"one", "two", "three"})
        world.by(model, conversation);
    BOOST_TEST(world.by(model, "one") == "alpha/p");
    BOOST_TEST(world.by(model, "two") == "beta/f");
    BOOST_TEST(world.by(model, "three") == "beta/f");
}

BOOST_AUTO_TEST_CASE(a_conversation_of_a_selection_stays_where_it_was_drawn) {
    StickyWorld world;
    world.alpha.script("p", good());
    world.beta.script("f", good());
    SelectOptions options;
    options.strategy = Strategy::round_robin;
    options.failover = world.sticky(By::conversation);
    const SelectBoundModel model({{world.alpha.model("p")}, {world.beta.model("f")}}, options);
    BOOST_TEST(world.by(model, "one") == "alpha/p");
    BOOST_TEST(world.by(model, "two") == "beta/f");
    for (int turn = 0; turn < 3; ++turn) {
        BOOST_TEST(world.by(model, "one") == "alpha/p");
        BOOST_TEST(world.by(model, "two") == "beta/f");
    }
}

BOOST_AUTO_TEST_SUITE_END()
