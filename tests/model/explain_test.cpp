// The worst case of a composed model, from its composition alone.
#include <sluice/explain.hpp>
#include <sluice/fallback.hpp>
#include <sluice/openai.hpp>
#include <sluice/testing/scripted_provider.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// A model that says of itself what the test tells it to.
class Described final : public ModelTarget {
  public:
    Described(BoundModel primary, Composition made) : primary_(std::move(primary)), made_(std::move(made)) {}
    const Provider& provider() const noexcept override { return primary_.provider(); }
    const ModelSpec& spec() const noexcept override { return primary_.spec(); }
    bool is_combinator() const noexcept override { return made_.order != Composition::Order::leaf; }
    Composition composition() const override { return made_; }
    asio::awaitable<Result<TokenStream>> open(const Request& request,
                                              const CallContext& context) const override {
        return primary_.open(request, context);
    }

  private:
    BoundModel primary_;
    Composition made_;
};

BoundModel described(const BoundModel& primary, Composition made) {
    return BoundModel(std::make_shared<Described>(primary, std::move(made)));
}

const testing::ScriptedProvider& provider() {
    static const testing::ScriptedProvider acme("acme", Runtime());
    return acme;
}

/// $1 for the input of a request of a million tokens, and so on.
BoundModel leaf(std::string id, std::optional<Duration> first_event, std::optional<Duration> total,
                const char* price = "1") {
    ModelSpec spec("acme", std::move(id));
    spec.price.input = Price::per_million(price);
    spec.price.output = PicoUsd(0);
    Composition made;
    made.first_event = first_event;
    made.total = total;
    return described(provider().model(std::move(spec)), std::move(made));
}

BoundModel combined(
    Composition::Order order, std::vector<BoundModel> parts,
    void (*adjust)(Composition&) = [](Composition&) {}) {
    Composition made;
    made.kind = "test";
    made.order = order;
    const BoundModel primary = parts.front();
    made.parts = std::move(parts);
    adjust(made);
    return described(primary, std::move(made));
}

WorstCase worst(const BoundModel& model, const CallOptions& options = CallOptions()) {
    return explain(model, Request(std::string(4'000'000, 'x')), options).worst;
}

using Order = Composition::Order;

}  // namespace

BOOST_AUTO_TEST_SUITE(explained)

BOOST_AUTO_TEST_CASE(a_leaf_is_one_attempt_under_its_own_clocks) {
    const WorstCase one = worst(leaf("a", 10s, 60s));
    BOOST_TEST(one.attempts == 1U);
    BOOST_TEST((one.first_event == Duration(10s)));
    BOOST_TEST((one.end == Duration(60s)));
    BOOST_TEST((one.cost == PicoUsd::from_micro_usd(1'000'000)));

    const WorstCase unlimited = worst(provider().model("bare"));
    BOOST_TEST(!unlimited.first_event.has_value());
    BOOST_TEST(!unlimited.end.has_value());
    BOOST_TEST(!unlimited.cost.has_value());
}

BOOST_AUTO_TEST_CASE(tries_of_one_part_add_up_with_the_waits) {
    const BoundModel model = combined(Order::one, {leaf("a", 10s, 60s)}, [](Composition& made) {
        made.tries = 3;
        made.waits = 5s;
    });
    const WorstCase retried = worst(model);
    BOOST_TEST(retried.attempts == 3U);
    BOOST_TEST((retried.first_event == Duration(35s)));
    BOOST_TEST((retried.end == Duration(2 * 10s + 5s + 60s)));
    BOOST_TEST((retried.cost == PicoUsd::from_micro_usd(3'000'000)));
}

BOOST_AUTO_TEST_CASE(legs_in_turn_add_up_and_the_slowest_answers_last) {
    const BoundModel model = combined(Order::in_turn, {leaf("a", 10s, 300s, "2"), leaf("b", 20s, 60s)});
    const WorstCase chain = worst(model);
    BOOST_TEST(chain.attempts == 2U);
    BOOST_TEST((chain.first_event == Duration(30s)));
    BOOST_TEST((chain.end == Duration(20s + 300s)));
    BOOST_TEST((chain.cost == PicoUsd::from_micro_usd(3'000'000)));
}

BOOST_AUTO_TEST_CASE(with_the_answer_held_back_a_leg_can_fail_at_its_very_end) {
    const BoundModel model = combined(Order::in_turn, {leaf("a", 10s, 300s), leaf("b", 20s, 60s)},
                                      [](Composition& made) { made.holds_answers = true; });
    BOOST_TEST((worst(model).first_event == Duration(360s)));
}

BOOST_AUTO_TEST_CASE(a_bounded_number_of_draws_takes_the_worst_ones_and_again_the_worst) {
    const std::vector<BoundModel> legs{leaf("a", 10s, 60s, "1"), leaf("b", 30s, 60s, "5"),
                                       leaf("c", 20s, 60s, "2")};
    const WorstCase two =
        worst(combined(Order::in_turn, legs, [](Composition& made) { made.max_tries = 2; }));
    BOOST_TEST(two.attempts == 2U);
    BOOST_TEST((two.first_event == Duration(50s)));
    BOOST_TEST((two.cost == PicoUsd::from_micro_usd(7'000'000)));
    const WorstCase four =
        worst(combined(Order::in_turn, legs, [](Composition& made) { made.max_tries = 4; }));
    BOOST_TEST(four.attempts == 4U);
    BOOST_TEST((four.first_event == Duration(90s)));
    BOOST_TEST((four.cost == PicoUsd::from_micro_usd(13'000'000)));
}

BOOST_AUTO_TEST_CASE(parts_side_by_side_take_the_longest_and_all_the_money) {
    const BoundModel model = combined(Order::together, {leaf("a", 10s, 60s), leaf("b", 20s, 30s)},
                                      [](Composition& made) { made.waits = 2s; });
    const WorstCase both = worst(model);
    BOOST_TEST(both.attempts == 2U);
    BOOST_TEST((both.first_event == Duration(22s)));
    BOOST_TEST((both.end == Duration(62s)));
    BOOST_TEST((both.cost == PicoUsd::from_micro_usd(2'000'000)));
}

BOOST_AUTO_TEST_CASE(limits_of_the_call_and_of_a_combinator_cut_it_short) {
    const BoundModel retried =
        combined(Order::one, {leaf("a", 10s, 60s)}, [](Composition& made) { made.tries = 10; });
    const BoundModel model = combined(Order::in_turn, {retried, retried}, [](Composition& made) {
        made.total = 70s;
        made.max_total_attempts = 4;
    });
    const WorstCase limited = worst(model);
    BOOST_TEST(limited.attempts == 4U);
    BOOST_TEST((limited.first_event == Duration(70s)));
    BOOST_TEST((limited.end == Duration(70s)));
    BOOST_TEST((limited.cost == PicoUsd::from_micro_usd(4'000'000)));
    const WorstCase tighter = worst(model, CallOptions().total(30s).max_total_attempts(2));
    BOOST_TEST(tighter.attempts == 2U);
    BOOST_TEST((tighter.first_event == Duration(30s)));
}

// Found by the simulation: explain() foretold less than was done.
BOOST_AUTO_TEST_CASE(the_outermost_limit_holds_and_not_the_tightest) {
    const BoundModel retried =
        combined(Order::one, {leaf("a", 10s, 60s)}, [](Composition& made) { made.tries = 10; });
    const BoundModel inner = combined(Order::in_turn, {retried}, [](Composition& made) {
        made.total = 15s;
        made.max_total_attempts = 2;
    });
    BOOST_TEST(worst(inner).attempts == 2U);
    const CallOptions generous = CallOptions().total(50s).max_total_attempts(7);
    BOOST_TEST(worst(inner, generous).attempts == 7U);
    BOOST_TEST((worst(inner, generous).first_event == Duration(50s)));
    const BoundModel outer = combined(Order::in_turn, {inner}, [](Composition& made) {
        made.total = 40s;
        made.max_total_attempts = 5;
    });
    BOOST_TEST(worst(outer).attempts == 5U);
    BOOST_TEST((worst(outer).first_event == Duration(40s)));
}

BOOST_AUTO_TEST_CASE(what_is_asked_beside_the_caller_counts_towards_no_limit) {
    const BoundModel mirrored = combined(Order::together, {leaf("a", 10s, 60s), leaf("b", 20s, 30s)});
    const BoundModel model = combined(Order::one, {mirrored}, [](Composition& made) { made.tries = 3; });
    BOOST_TEST(worst(model).attempts == 6U);
    const WorstCase limited = worst(model, CallOptions().max_total_attempts(1));
    BOOST_TEST(limited.attempts == 4U);
    BOOST_TEST((limited.cost == PicoUsd::from_micro_usd(4'000'000)));
}

BOOST_AUTO_TEST_CASE(one_unknown_price_or_limit_makes_the_sum_unknown) {
    const BoundModel model = combined(Order::in_turn, {leaf("a", 10s, 60s), provider().model("bare")});
    const WorstCase unknown = worst(model);
    BOOST_TEST(unknown.attempts == 2U);
    BOOST_TEST(!unknown.first_event.has_value());
    BOOST_TEST(!unknown.cost.has_value());
}

BOOST_AUTO_TEST_CASE(sums_saturate_and_never_wrap) {
    BoundModel model = leaf("a", Duration::max() / 2, Duration::max() / 2);
    for (int i = 0; i < 12; ++i)
        model = combined(Order::one, {model}, [](Composition& made) { made.tries = 1000; });
    const WorstCase huge = worst(model);
    BOOST_TEST(huge.attempts == UINT64_MAX);
    BOOST_TEST((huge.first_event == Duration::max()));
    BOOST_TEST((huge.end == Duration::max()));
}

BOOST_AUTO_TEST_CASE(the_text_is_one_line_and_a_tree) {
    const BoundModel model = combined(Order::in_turn,
                                      {combined(Order::one, {leaf("a", 10s, 60s)},
                                                [](Composition& made) {
                                                    made.kind = "retry";
                                                    made.settings = "2 tries";
                                                    made.tries = 2;
                                                    made.waits = 1500ms;
                                                }),
                                       leaf("b", 2min + 500ms, std::nullopt)},
                                      [](Composition& made) { made.kind = "fallback"; });
    BOOST_TEST(
        explain(model, Request(std::string(4'000'000, 'x'))).text ==
        "at most 3 attempts, 2 min 22 s until the first event or the error, no limit of the time until the "
        "end, $3.00\n"
        "fallback\n"
        "  retry: 2 tries\n"
        "    acme/a: first event within 10 s, whole within 60 s, $1.00\n"
        "  acme/b: first event within 2 min 0.5 s, of any length, $1.00\n");
}

BOOST_AUTO_TEST_CASE(a_real_model_tells_its_deadlines) {
    Deadlines deadlines;
    deadlines.first_event = 7s;
    deadlines.leg = 20s;
    const OpenAI openai{{.api_key = "k", .deadlines = deadlines}};
    const WorstCase one = worst(openai.model("gpt-5"));
    BOOST_TEST((one.first_event == Duration(7s)));
    BOOST_TEST((one.end == Duration(20s)));
}

BOOST_AUTO_TEST_SUITE_END()
