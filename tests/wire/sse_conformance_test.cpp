#include "wire/support/sse_oracle.hpp"
#include "wire/support/sse_replay.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>

using namespace sluice::test;
using namespace std::string_view_literals;

namespace {

/// Frames as {event|data|id}, stray lines as <line>, and $ before what only the end of the stream brought
/// out.
std::string render(const std::vector<SseItem>& items) {
    std::string text;
    bool at_finish = false;
    for (const SseItem& item : items) {
        if (item.at_finish && !at_finish) text += '$';
        at_finish = item.at_finish;
        text += item.frame ? '{' + item.event + '|' + item.data + '|' + item.id + '}' : '<' + item.line + '>';
    }
    return text;
}

/// Every way of reading `text` must bring out the same.
void check_every_replay(std::string_view text, const std::vector<SseItem>& expected) {
    for (const Consume consume : {Consume::at_once, Consume::half, Consume::never}) {
        const SseReplay whole = replay_sse(text, {}, consume);
        BOOST_TEST(!whole.error);
        BOOST_TEST((whole.items == expected), "read at once: " << render(whole.items));
        const SseReplay bytes = replay_sse(text, cuts_every(1, text.size()), consume);
        BOOST_TEST(same_items(bytes.items, expected), "read byte by byte: " << render(bytes.items));
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            const SseReplay halves = replay_sse(text, std::array{cut}, consume);
            BOOST_TEST(same_items(halves.items, expected), "cut at " << cut << ": " << render(halves.items));
        }
    }
}

struct Case {
    std::string_view name;
    std::string_view input;
    std::string_view expected;
};

constexpr Case kCases[] = {
    // Nothing to dispatch.
    {"nothing", "", ""},
    {"a blank line", "\n", ""},
    {"blank lines in every form", "\n\r\r\n\n\n\r\n", ""},
    {"a comment only", ": hello\n\n", ""},
    {"an empty comment", ":\n\n", ""},
    {"an event name without data", "event: ping\n\n", ""},
    {"an id without data", "id: 7\n\n", ""},
    {"retry only", "retry: 1000\n\n", ""},

    // Data.
    {"one line", "data: hello\n\n", "{|hello|}"},
    {"two events", "data: a\n\ndata: b\n\n", "{|a|}{|b|}"},
    {"two lines are joined by LF", "data: a\ndata: b\n\n", "{|a\nb|}"},
    {"three lines", "data: a\ndata: b\ndata: c\n\n", "{|a\nb\nc|}"},
    {"joined, then joined again", "data: a\ndata: b\n\ndata: c\ndata: d\n\n", "{|a\nb|}{|c\nd|}"},
    {"joined, then single", "data: a\ndata: b\n\ndata: c\n\n", "{|a\nb|}{|c|}"},
    {"no space after the colon", "data:a\n\n", "{|a|}"},
    {"only one space is removed", "data:  a\n\n", "{| a|}"},
    {"a tab is not removed", "data:\ta\n\n", "{|\ta|}"},
    {"trailing spaces stay", "data: a   \n\n", "{|a   |}"},
    {"only a space", "data: \n\n", "{||}"},
    {"two spaces", "data:  \n\n", "{| |}"},
    {"colons in the value", "data: a:b: c\n\n", "{|a:b: c|}"},
    {"a value that begins with a colon", "data::a\n\n", "{|:a|}"},
    {"data: alone is an empty string", "data:\n\n", "{||}"},
    {"data alone is an empty string", "data\n\n", "{||}"},
    {"data alone, twice", "data\ndata\n\n", "{|\n|}"},
    {"empty first line", "data:\ndata: a\n\n", "{|\na|}"},
    {"empty last line", "data: a\ndata:\n\n", "{|a\n|}"},
    {"two blank lines dispatch once", "data: a\n\n\ndata: b\n\n", "{|a|}{|b|}"},
    {"NUL in data stays", "data: a\0b\n\n"sv, "{|a\0b|}"sv},
    {"ill-formed UTF-8 in data is handed on", "data: \xFF\xC0\n\n", "{|\xFF\xC0|}"},

    // Line ends.
    {"CR", "data: a\r\rdata: b\r\r", "{|a|}{|b|}"},
    {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "{|a|}{|b|}"},
    {"mixed", "data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\r\r\n", "{|a|}{|b|}{|c|}{|d|}"},
    {"LF CR is two line ends", "data: a\n\rdata: b\n\r", "{|a|}{|b|}"},
    {"CR CRLF is two line ends", "data: a\r\r\n", "{|a|}"},
    {"CRLF joins", "data: a\r\ndata: b\r\n\r\n", "{|a\nb|}"},
    {"CR joins", "data: a\rdata: b\r\r", "{|a\nb|}"},
    {"U+2028 and U+2029 are no line ends",
     "data: a\xE2\x80\xA8"
     "b\xE2\x80\xA9"
     "c\n\n",
     "{|a\xE2\x80\xA8"
     "b\xE2\x80\xA9"
     "c|}"},
    {"U+0085 is no line end",
     "data: a\xC2\x85"
     "b\n\n",
     "{|a\xC2\x85"
     "b|}"},
    {"VT and FF are no line ends", "data: a\vb\fc\n\n", "{|a\vb\fc|}"},
    {"FS, GS, RS are no line ends",
     "data: a\x1C\x1D\x1E"
     "b\n\n",
     "{|a\x1C\x1D\x1E"
     "b|}"},

    // Comments.
    {"a comment before", ": hi\ndata: a\n\n", "{|a|}"},
    {"a comment inside", "data: a\n: hi\ndata: b\n\n", "{|a\nb|}"},
    {"a comment after", "data: a\n:\n\n", "{|a|}"},
    {"a comment that looks like data", ":data: x\ndata: a\n\n", "{|a|}"},
    {"keep-alives between events", ": k\n\n: k\n\ndata: a\n\n: k\n\ndata: b\n\n", "{|a|}{|b|}"},

    // Event names.
    {"an event name", "event: ping\ndata: a\n\n", "{ping|a|}"},
    {"the name after the data", "data: a\nevent: ping\n\n", "{ping|a|}"},
    {"the last name wins", "event: x\nevent: y\ndata: a\n\n", "{y|a|}"},
    {"an empty name resets", "event: x\nevent:\ndata: a\n\n", "{|a|}"},
    {"a name without colon resets", "event: x\nevent\ndata: a\n\n", "{|a|}"},
    {"a name is for one event", "event: x\ndata: a\n\ndata: b\n\n", "{x|a|}{|b|}"},
    {"a block without data resets the name", "event: x\n\ndata: a\n\n", "{|a|}"},
    {"one space is removed from a name", "event:  x \ndata: a\n\n", "{ x |a|}"},

    // Ids.
    {"an id", "id: 7\ndata: a\n\n", "{|a|7}"},
    {"an id is sticky", "id: 7\ndata: a\n\ndata: b\n\n", "{|a|7}{|b|7}"},
    {"an id of a block without data is sticky too", "id: 7\n\ndata: a\n\n", "{|a|7}"},
    {"id: alone resets", "id: 7\ndata: a\n\nid:\ndata: b\n\n", "{|a|7}{|b|}"},
    {"id alone resets", "id: 7\ndata: a\n\nid\ndata: b\n\n", "{|a|7}{|b|}"},
    {"an id with NUL is ignored", "id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n"sv, "{|a|7}{|b|7}"},
    {"the last id wins", "id: 7\nid: 8\ndata: a\n\n", "{|a|8}"},

    // Retry.
    {"retry is no stray line", "retry: 10\ndata: a\n\n", "{|a|}"},
    {"retry that is no number is ignored", "retry: 10x\nretry:\nretry\nretry: -1\ndata: a\n\n", "{|a|}"},

    // Fields that are not in the specification: handed to the dialect.
    {"an unknown field", "error: {\"code\":500}\n\n", "<error: {\"code\":500}>"},
    {"an unknown field without colon", "hello\ndata: a\n\n", "<hello>{|a|}"},
    {"names are case-sensitive", "Data: a\nDATA: b\nEvent: c\nID: d\n\n",
     "<Data: a><DATA: b><Event: c><ID: d>"},
    {"a space before the colon", "data : a\n\n", "<data : a>"},
    {"a space before the name", " data: a\n\n", "< data: a>"},
    {"names that only begin like ours", "data2: a\neventual: b\nid2: c\nretry2: d\ndatax\n\n",
     "<data2: a><eventual: b><id2: c><retry2: d><datax>"},
    {"names that are shorter than ours", "dat: a\neven\ni\nretr:\nd\n\n", "<dat: a><even><i><retr:><d>"},
    {"bare JSON over several lines", "{\n  \"error\": {\n    \"code\": 503\n  }\n}\n",
     "<{><  \"error\": {><    \"code\": 503><  }><}>"},
    {"bare JSON with CRLF", "{\r\n}\r\n", "<{><}>"},
    {"a stray line inside a block", "data: a\nfoo: b\ndata: c\n\n", "<foo: b>{|a\nc|}"},
    {"a stray line inside a named block", "event: x\ndata: a\nfoo\n\ndata: b\n\n", "<foo>{x|a|}{|b|}"},
    {"a stray line between name and data", "event: x\nfoo\ndata: a\n\n", "<foo>{x|a|}"},
    {"a name again after a stray line", "event: x\nfoo\nevent: y\ndata: a\n\n", "<foo>{y|a|}"},
    {"stray lines in a block without data", "event: x\nfoo\n\ndata: a\n\n", "<foo>{|a|}"},
    {"two stray lines inside a block", "data: a\nfoo\ndata: b\nbar\ndata: c\n\n", "<foo><bar>{|a\nb\nc|}"},
    {"stray lines with CR", "data: a\rfoo\rdata: b\r\r", "<foo>{|a\nb|}"},
    {"only a space", " \ndata: a\n\n", "< >{|a|}"},

    // Byte order mark.
    {"a BOM",
     "\xEF\xBB\xBF"
     "data: a\n\n",
     "{|a|}"},
    {"a BOM and nothing", "\xEF\xBB\xBF", ""},
    {"a BOM before a blank line", "\xEF\xBB\xBF\ndata: a\n\n", "{|a|}"},
    {"a second BOM is part of the name",
     "\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: a\n\ndata: b\n\n",
     "<\xEF\xBB\xBF"
     "data: a>{|b|}"},
    {"a later BOM is part of the name",
     "data: a\n\n\xEF\xBB\xBF"
     "data: b\n\n",
     "{|a|}<\xEF\xBB\xBF"
     "data: b>"},
    {"half a BOM",
     "\xEF\xBB"
     "data: a\n\n",
     "<\xEF\xBB"
     "data: a>"},
    {"half a BOM at the end", "\xEF\xBB", "$<\xEF\xBB>"},
    {"a BOM in the data stays", "data: \xEF\xBB\xBF\n\n", "{|\xEF\xBB\xBF|}"},

    // The end of the stream: lenient.
    {"no blank line", "data: a\n", "${|a|}"},
    {"no line end", "data: a", "${|a|}"},
    {"a CR and no blank line", "data: a\r", "${|a|}"},
    {"a CRLF and no blank line", "data: a\r\n", "${|a|}"},
    {"the blank line is a CR", "data: a\n\r", "{|a|}"},
    {"two lines and no blank line", "event: x\ndata: a\ndata: b", "${x|a\nb|}"},
    {"no data at the end", "data: a\n\nevent: x\nid: 7", "{|a|}"},
    {"a cut field name at the end", "data: a\nda", "$<da>{|a|}"},
    {"a cut field name after a frame", "data: a\n\neve", "{|a|}$<eve>"},
    {"a comment at the end", "data: a\n\n: bye", "{|a|}"},
    {"a bare data at the end", "data", "${||}"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sse_conformance)

BOOST_AUTO_TEST_CASE(table) {
    for (const Case& c : kCases) {
        BOOST_TEST_CONTEXT(c.name) {
            const std::vector<SseItem> expected = decode_sse(c.input);
            BOOST_TEST(render(expected) == c.expected, "the oracle says " << render(expected));
            check_every_replay(c.input, expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_whole_table_as_one_stream) {
    std::string stream;
    for (const Case& c : kCases)
        (stream += c.input) += "\n\n";
    const std::vector<SseItem> expected = decode_sse(stream);
    for (const std::size_t step : {1u, 2u, 3u, 7u, 64u, 1000u}) {
        for (const Consume consume : {Consume::at_once, Consume::half, Consume::never}) {
            const SseReplay replay = replay_sse(stream, cuts_every(step, stream.size()), consume);
            BOOST_TEST(same_items(replay.items, expected), "reads of " << step);
        }
    }
}

BOOST_AUTO_TEST_CASE(random_streams_agree_with_the_oracle) {
    constexpr std::string_view kPieces[] = {"data",       "data:",
                                            "data: ",     "data: {\"a\":1}",
                                            "event",      "event: x",
                                            "id",         "id: 7",
                                            "retry: 5",   ":",
                                            " ",          "\n",
                                            "\n\n",       "\r",
                                            "\r\n",       "\r\n\r\n",
                                            "\r\r",       "\0"sv,
                                            "foo: b",     ": ping",
                                            "{",          "\xE2\x80\xA8",
                                            "\x85",       "\xEF\xBB\xBF",
                                            "x",          "data: a\n\n",
                                            "data: b\r\n"};
    std::mt19937 random(41002);
    const auto below = [&random](std::size_t n) { return random() % n; };
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (std::size_t pieces = below(30); pieces != 0; --pieces)
            text += kPieces[below(std::size(kPieces))];
        std::vector<std::size_t> cuts;
        for (std::size_t at = below(8); at < text.size(); at += below(8))
            cuts.push_back(at);
        const auto consume = static_cast<Consume>(below(3));
        const std::vector<SseItem> expected = decode_sse(text);
        const SseReplay replay = replay_sse(text, cuts, consume);
        BOOST_TEST_REQUIRE(same_items(replay.items, expected),
                           "round " << round << ": " << render(replay.items) << " != " << render(expected));
    }
}

BOOST_AUTO_TEST_SUITE_END()
