// A19 to A23 and B13: counts, share, bands, hints, and how they are printed.
#include <sluice/dual_process_stats.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <sstream>
#include <stdexcept>

using namespace sluice;
using Band = DualProcessStats::Band;

namespace {

std::string printed(const DualProcessStats& stats) {
    std::ostringstream out;
    out << stats;
    return out.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dual_process_stats)

// A19, A20.
BOOST_AUTO_TEST_CASE(the_ratio_is_a_fraction_and_zero_before_any_decision) {
    const DualProcessStats none(0, 0);
    BOOST_TEST(none.system2_ratio == 0.0);
    BOOST_TEST(none.total_decisions == 0U);
    BOOST_TEST(DualProcessStats().system2_ratio == 0.0);
    const DualProcessStats some(3, 1);
    BOOST_TEST(some.system1_count == 3U);
    BOOST_TEST(some.system2_count == 1U);
    BOOST_TEST(some.total_decisions == 4U);
    BOOST_TEST(some.system2_ratio == 0.25);
    BOOST_TEST(DualProcessStats(0, 7).system2_ratio == 1.0);
}

// A22, decision 3: each edge from both sides, of a thousand decisions.
BOOST_AUTO_TEST_CASE(each_band_has_its_edges) {
    const struct {
        std::uint64_t of_thousand;
        Band band;
    } rows[] = {{0, Band::low},       {49, Band::low},      {50, Band::lean},      {99, Band::lean},
                {100, Band::healthy}, {200, Band::healthy}, {201, Band::elevated}, {300, Band::elevated},
                {301, Band::high},    {1000, Band::high}};
    for (const auto& row : rows) {
        BOOST_TEST_INFO_SCOPE(row.of_thousand << " of 1000");
        BOOST_TEST(to_string(DualProcessStats(1000 - row.of_thousand, row.of_thousand).band) ==
                   to_string(row.band));
    }
}

BOOST_AUTO_TEST_CASE(there_is_no_band_before_twenty_decisions) {
    BOOST_TEST((DualProcessStats(0, 19).band == Band::too_few));
    BOOST_TEST((DualProcessStats(19, 0).band == Band::too_few));
    BOOST_TEST((DualProcessStats(0, 20).band == Band::high));
    BOOST_TEST((DualProcessStats(20, 0).band == Band::low));
    BOOST_TEST((DualProcessStats(14, 6).band == Band::elevated));  // 30 % of 20, exactly
    BOOST_TEST((DualProcessStats(13, 7).band == Band::high));
    SystemShareBands bands;
    bands.min_decisions = 2;
    BOOST_TEST((DualProcessStats(1, 0, bands).band == Band::too_few));
    BOOST_TEST((DualProcessStats(1, 1, bands).band == Band::high));
}

// A22: configurable.
BOOST_AUTO_TEST_CASE(bands_move_with_their_options) {
    // A23's guidance as options: 20 to 30 percent for the orchestrator.
    SystemShareBands bands;
    bands.healthy_from = 0.2;
    bands.elevated_above = 0.3;
    bands.high_above = 0.5;
    BOOST_TEST((DualProcessStats(75, 25, bands).band == Band::healthy));
    BOOST_TEST((DualProcessStats(85, 15, bands).band == Band::lean));
    BOOST_TEST((DualProcessStats(50, 50, bands).band == Band::elevated));
}

BOOST_AUTO_TEST_CASE(bands_are_checked_by_name) {
    const struct {
        double SystemShareBands::*field;
        double value;
        const char* name;
    } rows[] = {
        {&SystemShareBands::low_below, -0.1, "low_below"},
        {&SystemShareBands::high_above, 1.1, "high_above"},
        {&SystemShareBands::elevated_above, std::numeric_limits<double>::quiet_NaN(), "elevated_above"},
        {&SystemShareBands::low_below, 0.11, "healthy_from"},
        {&SystemShareBands::healthy_from, 0.21, "elevated_above"},
        {&SystemShareBands::elevated_above, 0.31, "high_above"},
    };
    for (const auto& row : rows) {
        SystemShareBands bands;
        bands.*row.field = row.value;
        BOOST_CHECK_EXCEPTION(
            DualProcessStats(1, 1, bands), std::invalid_argument, [&](const std::invalid_argument& error) {
                return std::string(error.what()).rfind(std::string("SystemShareBands::") + row.name, 0) == 0;
            });
    }
    SystemShareBands bands;
    bands.min_decisions = 0;
    BOOST_CHECK_THROW(DualProcessStats(1, 1, bands), std::invalid_argument);
}

// A22: what to do.
BOOST_AUTO_TEST_CASE(a_hint_says_what_to_do) {
    BOOST_TEST(DualProcessStats(3, 1).hint() == "4 decisions so far: too few to judge, wait for 20");
    BOOST_TEST(
        DualProcessStats(98, 2).hint() ==
        "2.0% of 100 decisions went to the slow model: low (below 5.0%); hard questions may be answered by "
        "the fast model, so lower the thresholds");
    BOOST_TEST(
        DualProcessStats(93, 7).hint() ==
        "7.0% of 100 decisions went to the slow model: fewer than usual; fine as long as the fast model's "
        "answers are good");
    BOOST_TEST(DualProcessStats(41, 9).hint() ==
               "18.0% of 50 decisions went to the slow model: healthy, nothing to do");
    BOOST_TEST(
        DualProcessStats(75, 25).hint() ==
        "25.0% of 100 decisions went to the slow model: more than usual; expected where most questions are "
        "hard, otherwise look at the reasons");
    BOOST_TEST(
        DualProcessStats(60, 40).hint() ==
        "40.0% of 100 decisions went to the slow model: high (above 30.0%); too much is new to the fast "
        "model, so improve the system prompt or add tools");
}

// B13: printable and JSON; A19: the key names; A21: 50.0%.
BOOST_AUTO_TEST_CASE(stats_print_and_write_json) {
    BOOST_TEST(printed(DualProcessStats(1, 1)) ==
               "system1_count=1 system2_count=1 system2_ratio=50.0% total_decisions=2 band=too_few");
    BOOST_TEST(
        DualProcessStats(15, 5).to_json() ==
        R"({"system1_count":15,"system2_count":5,"system2_ratio":0.25,"total_decisions":20,"band":"elevated"})");
    BOOST_TEST(
        DualProcessStats().to_json() ==
        R"({"system1_count":0,"system2_count":0,"system2_ratio":0,"total_decisions":0,"band":"too_few"})");
}

BOOST_AUTO_TEST_CASE(stats_of_several_routers_add_up) {
    SystemShareBands bands;
    bands.min_decisions = 5;
    DualProcessStats sum = DualProcessStats(2, 1, bands) + DualProcessStats(9, 0);
    BOOST_TEST(sum.system1_count == 11U);
    BOOST_TEST(sum.system2_count == 1U);
    BOOST_TEST(sum.total_decisions == 12U);
    BOOST_TEST(sum.system2_ratio == 1.0 / 12);
    BOOST_TEST((sum.band == Band::lean));  // by the bands of the left one
    sum += DualProcessStats(0, 12);
    BOOST_TEST(sum.system2_ratio == 13.0 / 24);
    BOOST_TEST((sum.band == Band::high));
    BOOST_TEST((DualProcessStats() + DualProcessStats()).system2_ratio == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
