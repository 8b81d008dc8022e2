#include "flow/failover.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using sluice::ErrorInfo;
using sluice::ErrorKind;
using sluice::Phase;
using sluice::Tokens;
using sluice::flow::FailoverMachine;
using Action = FailoverMachine::Action;

namespace {

using Windows = std::vector<std::optional<Tokens>>;

FailoverMachine machine(Windows windows) {
    return FailoverMachine(std::move(windows),
                           [](ErrorKind kind) { return kind != ErrorKind::provider_bad_request; });
}

ErrorInfo error(ErrorKind kind, std::optional<Tokens> window = std::nullopt) {
    ErrorInfo info(kind, Phase::headers, "test");
    info.context_window = window;
    return info;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failover_machine)

BOOST_AUTO_TEST_CASE(legs_are_tried_in_order_until_none_is_left) {
    FailoverMachine chain = machine({std::nullopt, std::nullopt, std::nullopt});
    BOOST_TEST(chain.first().leg == 0U);
    for (const std::size_t expected : {1U, 2U}) {
        const FailoverMachine::Step step = chain.on_failed(error(ErrorKind::provider_unavailable));
        BOOST_TEST((step.action == Action::try_leg));
        BOOST_TEST(step.leg == expected);
    }
    BOOST_TEST((chain.on_failed(error(ErrorKind::rate_limited)).action == Action::exhausted));
}

BOOST_AUTO_TEST_CASE(a_kind_that_is_no_trigger_propagates) {
    FailoverMachine chain = machine({std::nullopt, std::nullopt});
    const FailoverMachine::Step step = chain.on_failed(error(ErrorKind::provider_bad_request));
    BOOST_TEST((step.action == Action::propagate));
    BOOST_TEST(step.leg == 0U);
}

struct WindowCase {
    const char* what;
    Windows windows;
    std::optional<Tokens> told;  // by the error
    std::optional<std::size_t> next;
    std::vector<std::size_t> skipped;
};

BOOST_AUTO_TEST_CASE(after_context_length_only_larger_or_unknown_windows_are_asked) {
    const std::vector<WindowCase> cases{
        {"larger", {128'000, 200'000}, {}, 1, {}},
        {"equal is no larger", {128'000, 128'000, 200'000}, {}, 2, {1}},
        {"unknown may be larger", {128'000, std::nullopt}, {}, 1, {}},
        {"own window unknown", {std::nullopt, 1'000}, {}, 1, {}},
        {"nothing larger", {128'000, 64'000, 128'000}, {}, std::nullopt, {1, 2}},
        {"the provider's word outranks the spec", {1'000'000, 200'000}, 128'000, 1, {}},
        {"and tells of an unknown window", {std::nullopt, 100'000}, 128'000, std::nullopt, {1}},
    };
    for (const WindowCase& test : cases) {
        BOOST_TEST_CONTEXT(test.what) {
            FailoverMachine chain = machine(test.windows);
            const FailoverMachine::Step step =
                chain.on_failed(error(ErrorKind::context_length_exceeded, test.told));
            BOOST_TEST((step.action == (test.next ? Action::try_leg : Action::exhausted)));
            if (test.next) BOOST_TEST(step.leg == *test.next);
            BOOST_TEST(chain.skipped() == test.skipped, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_window_that_was_too_small_stays_too_small) {
    FailoverMachine chain = machine({100'000, 200'000, 150'000, 300'000});
    BOOST_TEST(chain.on_failed(error(ErrorKind::context_length_exceeded)).leg == 1U);
    const FailoverMachine::Step step = chain.on_failed(error(ErrorKind::provider_unavailable));
    BOOST_TEST(step.leg == 2U);  // 200,000 was not shown to be too small: that leg was merely down
    BOOST_TEST(chain.on_failed(error(ErrorKind::context_length_exceeded)).leg == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
