#include "gateway/attempt_log.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <utility>
#include <vector>

#include "gateway/metrics.hpp"

using namespace sluice;
using namespace sluice::gateway;

namespace {

struct Log : AttemptLog {
    Log() : AttemptLog(std::make_shared<Metrics>()) { model.provider_id = "openai"; }

    void tell(std::uint32_t attempt, AttemptEvent::What what, Purpose purpose = Purpose::answer) {
        AttemptEvent event(model, what);
        event.attempt = attempt;
        event.purpose = purpose;
        add(event);
    }
    ModelSpec model;
    AttemptFigures figures;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_attempt_log)

BOOST_AUTO_TEST_CASE(an_attempt_ends_as_it_was_told) {
    Log log;
    const ErrorInfo error(ErrorKind::provider_timeout, Phase::headers, "late");
    log.tell(0, LegSkipped{SkipReason::unhealthy, {}});
    log.tell(1, AttemptStarted{});
    log.tell(2, AttemptStarted{}, Purpose::hedge);
    log.tell(2, AttemptFailed{error, log.figures}, Purpose::hedge);
    log.tell(1, AttemptSucceeded{log.figures});
    log.tell(0, HedgeStarted{});  // about no attempt
    BOOST_TEST(log.asked() == 2);
    const std::vector<AttemptRecord> attempts = log.take();
    BOOST_REQUIRE(attempts.size() == 3);
    BOOST_TEST((attempts[0].end == AttemptRecord::End::skipped));
    BOOST_TEST((attempts[1].end == AttemptRecord::End::ok));
    BOOST_TEST((attempts[2].end == AttemptRecord::End::failed));
    BOOST_TEST(attempts[2].error_type == "upstream_timeout");
}

// Its request has been written down by then.
BOOST_AUTO_TEST_CASE(a_mirrored_attempt_may_end_after_its_request) {
    Log log;
    log.tell(1, AttemptStarted{});
    log.tell(2, AttemptStarted{}, Purpose::mirror);
    log.tell(1, AttemptSucceeded{log.figures});
    BOOST_TEST(log.take().size() == 2);
    log.tell(2, AttemptSucceeded{log.figures}, Purpose::mirror);
    BOOST_TEST(log.attempts().empty());
}

BOOST_AUTO_TEST_SUITE_END()
