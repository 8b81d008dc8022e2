#include "wire/sse.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::wire;

BOOST_AUTO_TEST_SUITE(sse)

BOOST_AUTO_TEST_CASE(frames_are_views_into_the_window) {
    SseParser parser;
    const std::string_view window = "event: ping\ndata: hello\n\n";
    const SseParser::Step step = parser.next(window);
    BOOST_REQUIRE(step.kind == SseParser::Kind::frame);
    BOOST_TEST(step.frame.event == "ping");
    BOOST_TEST(step.frame.data == "hello");
    BOOST_TEST(static_cast<const void*>(step.frame.data.data()) == static_cast<const void*>(window.data() + 18));
    BOOST_TEST(parser.position() == window.size());
}

BOOST_AUTO_TEST_SUITE_END()
