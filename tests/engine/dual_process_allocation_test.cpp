// How often a decision asks for memory.
#include <sluice/dual_process.hpp>

#include "support/allocations.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace sluice;

namespace {

std::size_t allocations_of(DualProcessRouter& router, std::string_view prompt, const RoutingSignals& signals,
                           System expected) {
    const std::size_t before = test::allocations();
    const System system = router.decide(prompt, signals).system;
    const std::size_t asked = test::allocations() - before;
    BOOST_TEST((system == expected));
    return asked;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dual_process_allocation)

BOOST_AUTO_TEST_CASE(the_fast_path_asks_for_none) {
    DualProcessRouter router;
    const std::string huge(1 << 20, 'x');
    BOOST_TEST(allocations_of(router, "What is 2 + 2?", {}, System::system1) == 0U);
    BOOST_TEST(allocations_of(router, huge, {}, System::system1) == 0U);
    const std::size_t before = test::allocations();
    router.decide_after_tools();
    static_cast<void>(router.stats());
    BOOST_TEST(test::allocations() == before);
}

BOOST_AUTO_TEST_CASE(an_escalation_asks_for_its_reasons) {
    DualProcessRouter router;
    // One reason: its text and the list, and both once more for last_escalation_reasons(). Its profile has
    // none.
    BOOST_TEST(allocations_of(router, "Explain it.", {}, System::system2) <= 6U);
    BOOST_TEST(allocations_of(router, "Explain it.", {}, System::system2) <= 6U);
    RoutingSignals all;
    all.surprise_magnitude = all.task_novelty = all.enterprise_safety = all.goal_drift = 1;
    all.population_agreement = 0;
    all.user_explicit_request = all.error_in_last_step = true;
    BOOST_TEST(allocations_of(router, "Explain it.", all, System::system2) <= 24U);
}

BOOST_AUTO_TEST_SUITE_END()
