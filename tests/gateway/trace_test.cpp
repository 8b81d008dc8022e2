#include "gateway/trace.hpp"

#include "model/trace.hpp"

#include <boost/test/unit_test.hpp>

namespace sluice::gateway {
namespace {

wire::HeaderList with(std::string_view name, std::string_view value) {
    wire::HeaderList headers;
    headers.add(name, value);
    return headers;
}

BOOST_AUTO_TEST_SUITE(gateway_trace)

BOOST_AUTO_TEST_CASE(a_request_id_of_the_clients_is_kept_when_it_may_stand_in_a_log) {
    const std::shared_ptr<Entropy> dice = seeded_entropy(1);
    BOOST_TEST(request_id_for(with("X-Request-Id", "job:7/a.b_c-D"), *dice) != "job:7/a.b_c-D");
    BOOST_TEST(request_id_for(with("X-Request-Id", "job:7.b_c-D"), *dice) == "job:7.b_c-D");
    for (const std::string& bad :
         {std::string(), std::string("a b"), std::string("a\"b"), std::string(129, 'a')}) {
        const std::string made = request_id_for(with("x-request-id", bad), *dice);
        BOOST_TEST(made.starts_with("req_"));
        BOOST_TEST(made.size() == 28U);
    }
}

BOOST_AUTO_TEST_CASE(two_ids_differ) {
    const std::shared_ptr<Entropy> dice = seeded_entropy(1);
    BOOST_TEST(request_id_for({}, *dice) != request_id_for({}, *dice));
}

BOOST_AUTO_TEST_CASE(a_valid_traceparent_is_continued) {
    struct Case {
        std::string_view text;
        bool valid;
    };
    const Case cases[] = {
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings", true},
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false},
        {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
        {"", false},
    };
    const std::shared_ptr<Entropy> dice = seeded_entropy(1);
    for (const Case& one : cases) {
        wire::HeaderList headers = with("traceparent", one.text);
        headers.add("tracestate", "vendor=1");
        const TraceContext trace = trace_of(headers, *dice);
        BOOST_TEST((trace.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736") == one.valid, one.text);
        BOOST_TEST(trace.trace_id.size() == 32U);
        BOOST_TEST(trace.state == (one.valid ? "vendor=1" : ""), one.text);
        const std::string sent = traceparent(trace, *dice);
        BOOST_TEST(sent.starts_with("00-" + trace.trace_id + "-"));
        BOOST_TEST(sent.ends_with(one.valid ? "-01" : "-03"), sent);
        BOOST_TEST(sent.find("00f067aa0ba902b7") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(ids_of_events_are_in_order_of_time) {
    const std::shared_ptr<Entropy> dice = seeded_entropy(1);
    const std::chrono::system_clock::time_point then{std::chrono::milliseconds(1469918176385)};
    const std::string one = event_id(then, *dice);
    BOOST_TEST(one.size() == 30U);
    BOOST_TEST(one.substr(0, 14) == "evt_01ARYZ6S41");  // the specification's own example
    BOOST_TEST(one < event_id(then + std::chrono::milliseconds(1), *dice));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::gateway
