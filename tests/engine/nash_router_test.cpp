#include <sluice/nash_router.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const auto kNear = boost::test_tools::tolerance(1e-9);

NashOutcome outcome(double quality, std::chrono::nanoseconds latency = 100ms, std::int64_t micro_usd = 0) {
    return {quality, latency, PicoUsd::from_micro_usd(micro_usd)};
}

double utility_of(const NashRouter& router, std::string_view model, TaskType type) {
    for (const NashRouter::Assignment& one : router.assignment(type))
        if (one.model == model) return one.utility;
    return -1;
}

// One model, one outcome.
double utility(const NashOutcome& of, const NashOptions& options = {}) {
    NashRouter router(options);
    BOOST_REQUIRE(router.update("m", TaskType::coding, of));
    return utility_of(router, "m", TaskType::coding);
}

double sum_of_strategy(const NashRouter& router, std::string_view model) {
    double sum = 0;
    for (std::size_t type = 0; type < kTaskTypes; ++type)
        sum += router.strategy(model, static_cast<TaskType>(type));
    return sum;
}

// Three models, each with outcomes of all types: one for thinking, one for the rest, one of middling quality.
void teach(NashRouter& router) {
    for (std::size_t i = 0; i < kTaskTypes; ++i) {
        const auto type = static_cast<TaskType>(i);
        const bool is_hard = type == TaskType::reasoning || type == TaskType::planning;
        router.update("slow", type, outcome(0.95, 6s, 20'000));
        router.update("fast", type, outcome(is_hard ? 0.4 : 0.85, 500ms, 300));
        router.update("middling", type, outcome(0.6, 1s, 2'000));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nash_router)

BOOST_AUTO_TEST_CASE(utility_is_quality_times_speed_minus_cost) {
    BOOST_TEST(utility(outcome(0.9)) == 0.9, kNear);
    BOOST_TEST(utility(outcome(0.9, 0ms)) == 0.9, kNear);  // faster than 0.1 s is no better
    // Each factor of ten in time is a third of `speed_weight`, up to 100 s.
    BOOST_TEST(utility(outcome(0.9, 1s)) == 0.9 * (1 - 0.5 / 3), kNear);
    BOOST_TEST(utility(outcome(0.9, 10s)) == 0.9 * (1 - 1.0 / 3), kNear);
    BOOST_TEST(utility(outcome(0.9, 100s)) == 0.9 * 0.5, kNear);
    BOOST_TEST(utility(outcome(0.9, 1000s)) == 0.9 * 0.5, kNear);
    // At the usual cost half of `cost_weight`.
    BOOST_TEST(utility(outcome(0.9, 100ms, 10'000)) == 0.9 - 0.1, kNear);
    BOOST_TEST(utility(outcome(0.9, 100ms, 30'000)) == 0.9 - 0.15, kNear);
    BOOST_TEST(utility(outcome(0.05, 100ms, 1'000'000)) == 0.0);  // never below
    NashOptions plain;
    plain.speed_weight = plain.cost_weight = 0;
    BOOST_TEST(utility(outcome(0.9, 1000s, 1'000'000), plain) == 0.9, kNear);
}

// Why it is normalised: by 1 / seconds the fast one would be worth ten times the slow one.
BOOST_AUTO_TEST_CASE(cheap_and_fast_does_not_always_win) {
    NashRouter router;
    router.update("cheap", TaskType::reasoning, outcome(0.4, 100ms, 100));
    router.update("good", TaskType::reasoning, outcome(0.95, 5s, 10'000));
    BOOST_TEST(router.best_model(TaskType::reasoning).value() == "good");
    // And where both are good enough it does.
    router.update("cheap", TaskType::tool_use, outcome(0.9, 100ms, 100));
    router.update("good", TaskType::tool_use, outcome(0.95, 5s, 10'000));
    BOOST_TEST(router.best_model(TaskType::tool_use).value() == "cheap");
}

BOOST_AUTO_TEST_CASE(outcomes_are_averaged_with_alpha) {
    NashRouter router;
    router.update("m", TaskType::coding, outcome(1.0));
    router.update("m", TaskType::coding, outcome(0.0));
    BOOST_TEST(utility_of(router, "m", TaskType::coding) == 0.85, kNear);
    router.update("m", TaskType::coding, outcome(1.0));
    BOOST_TEST(utility_of(router, "m", TaskType::coding) == 0.8725, kNear);
    NashOptions newest;
    newest.alpha = 1;
    NashRouter forgetful(newest);
    forgetful.update("m", TaskType::coding, outcome(1.0));
    forgetful.update("m", TaskType::coding, outcome(0.25));
    BOOST_TEST(utility_of(forgetful, "m", TaskType::coding) == 0.25, kNear);
}

BOOST_AUTO_TEST_CASE(a_type_without_outcomes_is_taken_for_the_mean_of_the_others) {
    NashRouter router;
    router.update("m", TaskType::coding, outcome(0.9));
    router.update("m", TaskType::planning, outcome(0.5));
    BOOST_TEST(utility_of(router, "m", TaskType::creative) == 0.7, kNear);
}

BOOST_AUTO_TEST_CASE(strategies_and_assignments_are_probabilities) {
    NashRouter router;
    BOOST_TEST(!router.best_model(TaskType::coding).has_value());
    BOOST_TEST(router.assignment(TaskType::coding).empty());
    router.iterate();  // of nobody
    teach(router);
    for (int round = 0; round < 3; ++round) {
        for (const char* model : {"slow", "fast", "middling"})
            BOOST_TEST(sum_of_strategy(router, model) == 1.0, kNear);
        const auto ranked = router.assignment(TaskType::coding);
        BOOST_REQUIRE(ranked.size() == 3U);
        double sum = 0;
        for (std::size_t i = 0; i < ranked.size(); ++i) {
            sum += ranked[i].probability;
            if (i > 0) BOOST_TEST(ranked[i].probability <= ranked[i - 1].probability);
        }
        BOOST_TEST(sum == 1.0, kNear);
        BOOST_TEST(ranked[0].model == router.best_model(TaskType::coding).value());
        router.iterate();
    }
    BOOST_TEST(sum_of_strategy(router, "nobody") == 0.0);
}

BOOST_AUTO_TEST_CASE(each_to_what_it_is_best_at) {
    NashRouter router;
    teach(router);
    router.iterate();
    BOOST_TEST(router.best_model(TaskType::reasoning).value() == "slow");
    BOOST_TEST(router.best_model(TaskType::planning).value() == "slow");
    BOOST_TEST(router.best_model(TaskType::summarization).value() == "fast");
    // The best response to the fast one, which keeps away from reasoning, is to go there.
    BOOST_TEST(router.strategy("slow", TaskType::reasoning) > router.strategy("slow", TaskType::coding));
    BOOST_TEST(router.strategy("fast", TaskType::reasoning) < router.strategy("fast", TaskType::coding));
}

BOOST_AUTO_TEST_CASE(it_comes_to_rest) {
    NashRouter router;
    teach(router);
    router.iterate(200);
    const double before = router.strategy("slow", TaskType::reasoning);
    const std::string all = router.to_json();
    router.iterate(1);
    BOOST_TEST(router.strategy("slow", TaskType::reasoning) == before, kNear);
    router.iterate(std::numeric_limits<std::size_t>::max());  // is bounded
    BOOST_TEST(router.strategy("slow", TaskType::reasoning) == before, kNear);
    BOOST_TEST(!all.empty());
}

// Ties that comparative advantage decides, and the bound on what it may cost.
BOOST_AUTO_TEST_CASE(specialisation_never_costs_more_than_its_share) {
    const auto taught = [](double specialisation, double second) {
        NashOptions options;
        options.specialisation = specialisation;
        auto router = std::make_unique<NashRouter>(options);
        for (std::size_t type = 0; type < kTaskTypes; ++type)
            router->update("all-rounder", static_cast<TaskType>(type), outcome(1.0));
        router->update("all-rounder", TaskType::coding, outcome(0.0));  // 0.85
        router->update("coder", TaskType::coding, outcome(second));
        router->update("coder", TaskType::creative, outcome(0.1));
        router->iterate();
        return router->best_model(TaskType::coding).value();
    };
    BOOST_TEST(taught(0.0, 0.84) == "all-rounder");
    BOOST_TEST(taught(0.1, 0.84) == "coder");
    BOOST_TEST(taught(0.1, 0.85 * 0.9 - 0.001) == "all-rounder");
}

BOOST_AUTO_TEST_CASE(the_same_updates_give_the_same_answers) {
    NashRouter one;
    NashRouter other;
    for (NashRouter* router : {&one, &other}) {
        teach(*router);
        router->iterate(7);
        teach(*router);
        router->iterate(3);
    }
    BOOST_TEST(one.to_json() == other.to_json());
    // Equals in the order in which they were known.
    NashRouter ties;
    for (const char* model : {"b", "a", "c"})
        ties.update(model, TaskType::coding, outcome(0.5));
    BOOST_TEST(ties.best_model(TaskType::coding).value() == "b");
    const auto ranked = ties.assignment(TaskType::coding);
    BOOST_TEST((ranked[0].model + ranked[1].model + ranked[2].model) == "bac");
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_not_learned) {
    NashOptions options;
    options.max_models = 2;
    NashRouter router(options);
    for (const double bad : {-0.1, 1.1, kNan})
        BOOST_TEST(!router.update("m", TaskType::coding, outcome(bad)));
    BOOST_TEST(!router.update("m", TaskType::coding, outcome(0.5, -1ns)));
    BOOST_TEST(!router.update("m", TaskType::coding, outcome(0.5, 1s, -1)));
    BOOST_TEST(router.assignment(TaskType::coding).empty());

    BOOST_TEST(router.update("a", TaskType::coding, outcome(0.0)));
    BOOST_TEST(router.update("b", TaskType::coding, outcome(0.0)));
    BOOST_TEST(!router.update("c", TaskType::coding, outcome(1.0)));
    BOOST_TEST(router.update("a", TaskType::planning, outcome(0.0)));
    // Nobody is of any use: still probabilities.
    router.iterate();
    BOOST_TEST(router.assignment(TaskType::coding)[0].probability == 0.5);
    BOOST_TEST(sum_of_strategy(router, "a") == 1.0, kNear);
}

BOOST_AUTO_TEST_CASE(options_are_checked_by_name) {
    const struct {
        double NashOptions::*field;
        double value;
        const char* name;
    } rows[] = {{&NashOptions::alpha, 0, "alpha"},
                {&NashOptions::alpha, 1.1, "alpha"},
                {&NashOptions::alpha, kNan, "alpha"},
                {&NashOptions::speed_weight, -1, "speed_weight"},
                {&NashOptions::cost_weight, 2, "cost_weight"},
                {&NashOptions::specialisation, kNan, "specialisation"}};
    const auto refused = [](const NashOptions& options, const std::string& name) {
        BOOST_CHECK_EXCEPTION(NashRouter{options}, std::invalid_argument, [&](const std::exception& error) {
            return std::string(error.what()).rfind("NashOptions::" + name, 0) == 0;
        });
    };
    for (const auto& row : rows) {
        NashOptions options;
        options.*row.field = row.value;
        refused(options, row.name);
    }
    NashOptions free;
    free.usual_cost = PicoUsd();
    refused(free, "usual_cost");
    NashOptions nobody;
    nobody.max_models = 0;
    refused(nobody, "max_models");
}

BOOST_AUTO_TEST_CASE(the_weights_can_be_read) {
    NashOptions options;
    options.speed_weight = 0;
    NashRouter router(options);
    BOOST_TEST(router.to_json() == R"({"alpha":0.15,"models":[]})");
    router.update("a \"b\"", TaskType::tool_use, outcome(0.5, 250ms));
    BOOST_TEST(
        router.to_json() ==
        R"({"alpha":0.15,"models":[{"model":"a \"b\"","tasks":{"tool_use":{"outcomes":1,"quality":0.5,)"
        R"("latency_ms":250,"cost_usd":0,"utility":0.5,"strategy":0.1}}}]})");
}

BOOST_AUTO_TEST_SUITE_END()
