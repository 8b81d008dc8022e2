#include "wire/json_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace sluice::wire;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(json_reader)

BOOST_AUTO_TEST_CASE(is_json_takes_all_of_json) {
    const std::string_view texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "7",
        "\"\"",
        " \t\r\n{ } \n",
        "[ ]",
        "[1]",
        "[1 , 2]",
        "[[[]],[{}],[],{}]",
        R"({"a":1})",
        R"({ "a" : 1 , "b" : [ true , null ] })",
        R"({"a":{"b":{"c":[]}}})",
        R"({"":""})",
        "-1.5e-10",
        "1E+5",
        "0.0",
        "1e5",
        R"("\"\\\/\b\f\n\r\té")",
        R"("\ud83d\ude00")",
        // JSON, though not for simdjson:
        R"("\ud83d")",
        R"("\ude00 alone")",
        "123456789012345678901234567890",
        "1e400",
        "\"\x7F\xE2\x80\xA8\"",
    };
    for (const std::string_view text : texts)
        BOOST_TEST(is_json(text), text);
    BOOST_TEST(is_json(std::string(1024, '[') + std::string(1024, ']')));
}

BOOST_AUTO_TEST_CASE(is_json_takes_nothing_else) {
    const std::string_view texts[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1]]",
        "[] []",
        "1 2",
        "{} x",
        "{1:2}",
        "{a:1}",
        R"({"a"})",
        R"({"a":})",
        R"({"a":1,})",
        R"({"a" 1})",
        R"({"a":1 "b":2})",
        R"({,"a":1})",
        R"({"a":1]})",
        R"(["a":1])",
        "tru",
        "True",
        "nulll",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1.e5",
        "1e",
        "1e+",
        "--1",
        "-true",
        "0x10",
        "NaN",
        "Infinity",
        "'a'",
        "\"",
        "\"abc",
        "abc\"",
        R"("\)",
        R"("\")",
        R"("\x")",
        R"("\q1)",
        R"("\u12")",
        R"("\u12g4")",
        R"("\U0041")",
        "\"a\nb\"",
        "\"\0\""sv,
        "\"\x1F\"",
        "\"\xFF\"",
        "\"\xED\xA0\x80\"",
        "\xEF\xBB\xBF{}",
        "// c\n1",
        "[1]\0"sv,
        "\v1",
        "1,",
    };
    for (const std::string_view text : texts)
        BOOST_TEST(!is_json(text), text);
    BOOST_TEST(!is_json(std::string(1025, '[') + std::string(1025, ']')));
    BOOST_TEST(!is_json(std::string(1000000, '[')));
}

BOOST_AUTO_TEST_CASE(no_prefix_of_an_object_is_json) {
    const std::string_view text = R"({"a":[1,-2.5e3,"x\n",{"b":null}],"c":true})";
    for (std::size_t size = 0; size < text.size(); ++size)
        BOOST_TEST(!is_json(text.substr(0, size)), size);
    BOOST_TEST(is_json(text));
}

BOOST_AUTO_TEST_CASE(unescape_without_escapes_is_the_view_itself) {
    TextArena arena;
    std::string_view text;
    const std::string_view source = "no escapes: \xE6\xBC\xA2";
    BOOST_TEST(unescape(source, arena, text));
    BOOST_TEST((text.data() == source.data()));
    BOOST_TEST(text.size() == source.size());
    BOOST_TEST(arena.capacity() == 0u);
}

BOOST_AUTO_TEST_CASE(unescape_table) {
    struct Case {
        std::string_view source;
        std::string_view text;
    };
    const Case cases[] = {
        {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
        {R"(a\nb)", "a\nb"},
        {R"(\n)", "\n"},
        {R"(\\n)", "\\n"},
        {R"(\\\\)", "\\\\"},
        {R"(\u0041\u00e9\u00E9\u20ac)", "A\xC3\xA9\xC3\xA9\xE2\x82\xAC"},
        {R"(\u0000)", "\0"sv},
        {R"(\u007f\u0080\u07ff\u0800\uffff)", "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"},
        {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
        {R"(\uD83D\uDE00!)", "\xF0\x9F\x98\x80!"},
        {R"(\ud800\udc00\udbff\udfff)", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
        // Lone surrogates: a token may end inside a pair.
        {R"(\ud83d)", "\xEF\xBF\xBD"},
        {R"(\ude00)", "\xEF\xBF\xBD"},
        {R"(\ude00\ud83d)", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {R"(\ud83d\ud83d\ude00)", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {R"(\ud83dx)", "\xEF\xBF\xBDx"},
        {R"(\ud83d\n)", "\xEF\xBF\xBD\n"},
        {R"(\ud83d\u0041)",
         "\xEF\xBF\xBD"
         "A"},
        {R"(\ud83d\\ude00)", "\xEF\xBF\xBD\\ude00"},
    };
    TextArena arena;
    for (const Case& c : cases) {
        std::string_view text;
        BOOST_TEST(unescape(c.source, arena, text), c.source);
        BOOST_TEST(text == c.text, c.source);
    }
}

BOOST_AUTO_TEST_CASE(unescape_refuses_what_is_no_escape) {
    TextArena arena;
    char* const before = arena.allocate(1);
    for (const std::string_view source :
         {R"(\)", R"(a\)", R"(\x41)", R"(\u)", R"(\u004)", R"(\u00g0)", R"(\u+041)", R"(\U0041)", R"(ok\n\')",
          R"(\ud83d\u00)", R"(\ud83d\)"}) {
        std::string_view text;
        BOOST_TEST(!unescape(source, arena, text), source);
    }
    BOOST_TEST((arena.allocate(1) == before + 1));  // nothing is lost to failures
}

BOOST_AUTO_TEST_CASE(string_source_is_the_text_between_the_quotes) {
    struct Case {
        std::string_view document;
        bool is_string;
        std::string_view source;
    };
    const Case cases[] = {
        {R"({"v":"plain"})", true, "plain"},
        {R"({"v":"" })", true, ""},
        {R"({"v":"a" , "w":"b"})", true, "a"},
        {"{\"v\":\"a\"  \r\n\t}", true, "a"},
        {R"({"v":"say \"hi\" \\"})", true, R"(say \"hi\" \\)"},
        {R"({"v":"\ud83d"})", true, R"(\ud83d)"},
        {R"({"v":"{},:[]"})", true, "{},:[]"},
        {R"({"v":1})", false, ""},
        {R"({"v":null})", false, ""},
        {R"({"v":{"x":"y"}})", false, ""},
        {R"({"v":["y"]})", false, ""},
    };
    for (const Case& c : cases) {
        const simdjson::padded_string document(c.document);
        json::document parsed;
        BOOST_REQUIRE(!thread_parser().iterate(document).get(parsed));
        json::value value;
        BOOST_REQUIRE(!parsed["v"].get(value));
        std::string_view source;
        BOOST_TEST(string_source(value, source) == c.is_string, c.document);
        BOOST_TEST(source == c.source, c.document);
    }
}

// The decoders walk an object once, in any order of fields, and look at only some of them.
BOOST_AUTO_TEST_CASE(string_source_leaves_the_walk_intact) {
    const simdjson::padded_string document(R"({"a":"x","b":{"c":["y","z"]},"d":"\n","e":5} )"sv);
    json::document parsed;
    BOOST_REQUIRE(!thread_parser().iterate(document).get(parsed));
    std::vector<std::string> sources;
    for (auto field : parsed.get_object()) {
        json::value value = field.value();
        std::string_view source = "-";
        string_source(value, source);
        sources.emplace_back(source);
    }
    const std::vector<std::string> expected{"x", "-", R"(\n)", "-"};
    BOOST_TEST(sources == expected);
    BOOST_TEST(parsed.current_location().error() == simdjson::OUT_OF_BOUNDS);  // walked to the end
}

BOOST_AUTO_TEST_CASE(the_parser_is_one_per_thread_and_takes_large_documents) {
    BOOST_TEST(&thread_parser() == &thread_parser());
    const void* other = nullptr;
    std::thread([&other] { other = &thread_parser(); }).join();
    BOOST_TEST(other != &thread_parser());

    const simdjson::padded_string large("[\"" + std::string(std::size_t{8} << 20, 'x') + "\"]");
    json::document parsed;
    BOOST_REQUIRE(!thread_parser().iterate(large).get(parsed));
    BOOST_TEST(std::string_view(parsed.at(0)).size() == std::size_t{8} << 20);
}

BOOST_AUTO_TEST_CASE(arena_memory_is_stable_until_reset) {
    TextArena arena;
    std::vector<std::pair<char*, char>> pieces;
    for (int i = 0; i < 500; ++i) {
        char* at = arena.allocate(97);
        const char fill = static_cast<char>('a' + i % 26);
        std::fill_n(at, 97, fill);
        pieces.emplace_back(at, fill);
    }
    for (const auto& [at, fill] : pieces)
        BOOST_TEST(std::count(at, at + 97, fill) == 97);
}

BOOST_AUTO_TEST_CASE(arena_stops_growing) {
    TextArena arena;
    const auto batch = [&arena] {
        for (const std::size_t size : {100u, 5000u, 1u, 20000u, 300u, 0u})
            arena.allocate(size);
        arena.reset();
        return arena.capacity();
    };
    const std::size_t capacity = batch();
    BOOST_TEST(capacity >= 25401u);
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(batch() == capacity);
}

BOOST_AUTO_TEST_CASE(arena_gives_back_what_was_not_used) {
    TextArena arena;
    char* const first = arena.allocate(100);
    arena.shrink_last(60);
    BOOST_TEST((arena.allocate(1) == first + 40));
}

BOOST_AUTO_TEST_CASE(arena_keeps_only_so_much) {
    TextArena arena;
    arena.allocate(10);
    arena.allocate(std::size_t{1} << 20);
    BOOST_TEST(arena.capacity() > std::size_t{1} << 20);
    arena.reset(std::size_t{64} << 10);
    BOOST_TEST(arena.capacity() <= std::size_t{64} << 10);
    BOOST_TEST(arena.capacity() > 0u);
    arena.reset(0);
    BOOST_TEST(arena.capacity() == 0u);
    *arena.allocate(1) = 'x';
}

BOOST_AUTO_TEST_SUITE_END()
