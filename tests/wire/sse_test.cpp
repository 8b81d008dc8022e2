#include "wire/sse.hpp"

#include "support/allocations.hpp"
#include "wire/support/sse_replay.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace sluice::test;
using namespace sluice::wire;
using Kind = SseParser::Kind;

BOOST_AUTO_TEST_SUITE(sse)

BOOST_AUTO_TEST_CASE(frames_are_views_into_the_window) {
    SseParser parser;
    const std::string_view window = "event: ping\ndata: hello\n\n";
    const SseParser::Step step = parser.next(window);
    BOOST_REQUIRE(step.kind == Kind::frame);
    BOOST_TEST(step.frame.event == "ping");
    BOOST_TEST(step.frame.data == "hello");
    BOOST_TEST((step.frame.event.data() == window.data() + 7));
    BOOST_TEST((step.frame.data.data() == window.data() + 18));
    BOOST_TEST(parser.position() == window.size());
    BOOST_CHECK(parser.next(window).kind == Kind::need_more);
}

BOOST_AUTO_TEST_CASE(several_data_lines_leave_the_window_alone) {
    SseParser parser;
    const std::string text = "data: a\r\ndata: b\r\n\r\n";
    const std::string window = text;
    BOOST_TEST(parser.next(window).frame.data == "a\nb");
    BOOST_TEST(window == text);
}

BOOST_AUTO_TEST_CASE(position_includes_the_line_feed_of_a_cut_crlf_once_it_is_seen) {
    SseParser parser;
    const std::string_view text = "data: a\r\n\r\ndata: b\r\n\r\n";
    BOOST_REQUIRE(parser.next(text.substr(0, 10)).kind == Kind::frame);  // ends with the CR of the blank line
    BOOST_TEST(parser.position() == 10u);
    BOOST_REQUIRE(parser.next(text.substr(0, 12)).kind == Kind::need_more);
    BOOST_TEST(parser.position() == 11u);
    BOOST_REQUIRE(parser.next(text).kind == Kind::frame);
    BOOST_TEST(parser.position() == text.size());
}

BOOST_AUTO_TEST_CASE(the_positions_of_the_items_tile_the_stream) {
    SseParser parser;
    const std::string_view window = ": hi\n\nevent: ping\n\ndata: a\n\nfoo: b\ndata: c\n\n: bye\n\n";
    parser.next(window);
    BOOST_TEST(window.substr(0, parser.position()) == ": hi\n\nevent: ping\n\ndata: a\n\n");
    parser.next(window);
    BOOST_TEST(window.substr(28, parser.position() - 28) == "foo: b\n");
    parser.next(window);
    BOOST_TEST(window.substr(35, parser.position() - 35) == "data: c\n\n");
    BOOST_CHECK(parser.next(window).kind == Kind::need_more);
    BOOST_TEST(parser.position() == 44u);  // the comment belongs to what follows
    BOOST_TEST(parser.comments() == 9u);
}

BOOST_AUTO_TEST_CASE(finish_says_everything_once) {
    SseParser parser;
    const std::string_view window = "data: a\nda";
    BOOST_CHECK(parser.next(window).kind == Kind::need_more);
    BOOST_TEST(parser.finish(window).line == "da");
    BOOST_TEST(parser.finish(window).frame.data == "a");
    BOOST_TEST(parser.position() == window.size());
    BOOST_CHECK(parser.finish(window).kind == Kind::need_more);
    BOOST_CHECK(parser.finish(window).kind == Kind::need_more);
}

BOOST_AUTO_TEST_CASE(limits) {
    struct Case {
        std::string_view name;
        std::string_view input;
        SseLimits limits;
        std::size_t items;  // before the error
        std::error_code error;
    };
    const Case cases[] = {
        {"a line as long as the limit", "data: 1234\n\n", {.max_event = 11}, 1, {}},
        {"a longer one", "data: 12345\n\n", {.max_event = 10}, 0, WireError::line_too_long},
        {"an unterminated one", "data: 12345", {.max_event = 10}, 0, WireError::line_too_long},
        {"a good event before", "data: 1\n\ndata: 12345\n\n", {.max_event = 10}, 1, WireError::line_too_long},
        {"a long comment", ": 123456789\n\n", {.max_event = 10}, 0, WireError::line_too_long},
        {"too many short lines", "data: 1\ndata: 2\n\n", {.max_event = 10}, 0, WireError::event_too_large},
        {"comments without end", ": 1\n\n: 2\n\n: 3\n\n", {.max_event = 10}, 0, WireError::event_too_large},
        {"names without end", "event: 1\n\nevent: 2\n\n", {.max_event = 10}, 0, WireError::event_too_large},
        {"stray lines do not hide an event's size",
         "data: 1\nx\ndata: 2\n\n",
         {.max_event = 12},
         1,
         WireError::event_too_large},
        {"stray lines that are no event", "x\ny\nz\nx\ny\nz\nx\ny\nz\n", {.max_event = 4}, 9, {}},
        {"the whole stream", "data: 1\n\ndata: 2\n\n", {.max_stream = 18}, 2, {}},
        {"a longer stream",
         "data: 1\n\ndata: 2\n\ndata: 3\n\n",
         {.max_stream = 20},
         2,
         WireError::stream_too_large},
    };
    for (const Case& c : cases) {
        BOOST_TEST_CONTEXT(c.name) {
            for (const Consume consume : {Consume::at_once, Consume::half, Consume::never}) {
                for (const std::size_t step : {c.input.size(), std::size_t{1}, std::size_t{3}}) {
                    const SseReplay replay =
                        replay_sse(c.input, cuts_every(step, c.input.size()), consume, c.limits);
                    BOOST_TEST(replay.items.size() == c.items);
                    if (step != 1) BOOST_TEST(replay.error == c.error);
                    BOOST_TEST(static_cast<bool>(replay.error) == static_cast<bool>(c.error));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(limits_do_not_depend_on_the_cut) {
    const std::string_view text =
        "\xEF\xBB\xBF: c\r\n\r\ndata: 1\r\nx\r\ndata: 2\r\n\r\nevent: e\r\n\r\ndata: 3\r\n\r\n";
    for (std::size_t limit = 0; limit <= text.size(); ++limit) {
        for (const SseLimits limits : {SseLimits{.max_event = limit}, SseLimits{.max_stream = limit}}) {
            const SseReplay whole = replay_sse(text, {}, Consume::at_once, limits);
            const SseReplay bytes = replay_sse(text, cuts_every(1, text.size()), Consume::at_once, limits);
            BOOST_TEST(same_items(whole.items, bytes.items), "limit " << limit);
            BOOST_TEST(static_cast<bool>(whole.error) == static_cast<bool>(bytes.error), "limit " << limit);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_is_final) {
    SseParser parser({.max_event = 10});
    BOOST_CHECK(parser.next("data: 12345").kind == Kind::error);
    const SseParser::Step step = parser.next("data: 1\n\n");
    BOOST_CHECK(step.kind == Kind::error);
    BOOST_TEST(step.error == WireError::line_too_long);
    BOOST_CHECK(parser.finish("").kind == Kind::error);
}

// Were anything searched again from its start, these four million reads would run into the test's time-out.
BOOST_AUTO_TEST_CASE(byte_by_byte_is_linear) {
    std::string text = "data: " + std::string((std::size_t{4} << 20) - 8, 'x');
    text += "\n\n";
    SseParser parser;
    for (std::size_t size = 0; size < text.size(); ++size) {
        if (parser.next({text.data(), size}).kind != Kind::need_more) BOOST_FAIL("too early");
    }
    BOOST_TEST(parser.next(text).frame.data.size() == text.size() - 8);
}

BOOST_AUTO_TEST_CASE(nothing_is_allocated_in_the_steady_state) {
    const std::string_view round =
        ": ping\n\nevent: delta\nid: a-rather-long-event-identifier-0001\ndata: {\"text\":\"hello\"}\n\n"
        "data: first line of a longer event\ndata: second line of a longer event\n\n"
        "data: open\nstray: {\"a line that no short string could hold\":1}\n\n";
    SseParser parser;
    std::size_t items = 0;
    std::size_t before = 0;
    for (int i = 0; i < 1000; ++i) {
        if (i == 1) before = allocations();
        for (std::size_t size = 0; size <= round.size(); size += 31) {
            std::string_view window = round.substr(0, std::min(size + 31, round.size()));
            while (parser.next(window).kind != Kind::need_more)
                ++items;
        }
        parser.rebase(round.size());
    }
    const std::size_t during = allocations() - before;
    BOOST_TEST(during == 0u);
    BOOST_TEST(items == 4000u);
}

BOOST_AUTO_TEST_SUITE_END()
