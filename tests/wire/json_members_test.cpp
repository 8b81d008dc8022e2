#include "wire/json_members.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using sluice::wire::JsonMember;
using sluice::wire::JsonMembers;
using sluice::wire::TextEdits;

/// "key=value;" of each outermost member; "-" when it is refused.
std::string members_of(std::string_view json, bool unambiguous = true) {
    JsonMembers members;
    if (!(unambiguous ? members.read_unambiguous(json) : members.read(json))) return "-";
    std::string all;
    for (const JsonMember& member : members.all())
        all.append(member.key).append("=").append(member.value).append(";");
    return all;
}

BOOST_AUTO_TEST_SUITE(json_members)

BOOST_AUTO_TEST_CASE(values_are_places_in_the_text) {
    const std::pair<std::string, std::string> cases[] = {
        {"{}", ""},
        {" \n{ \t} ", ""},
        {R"({"a":1})", "a=1;"},
        {R"( { "a" : -1.5e+3 , "b":true,"c" :null } )", "a=-1.5e+3;b=true;c=null;"},
        {R"({"a":"x","b":{"a":[1,{"c":"}"}],"d":"]"},"e":[ ]})",
         R"(a="x";b={"a":[1,{"c":"}"}],"d":"]"};e=[ ];)"},
        {R"({"a":"\"","b":"\\","c":"\\\"}","d":""})", R"(a="\"";b="\\";c="\\\"}";d="";)"},
        {R"({"mod\u0065l":"x"})", R"(model="x";)"},
        {R"({"":0})", "=0;"},
        {"{\"\xc3\xa9\":\"\xf0\x9f\x8c\x8a\"}", "\xc3\xa9=\"\xf0\x9f\x8c\x8a\";"},
    };
    for (const auto& [json, expected] : cases)
        BOOST_TEST(members_of(json) == expected, json);
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_refused) {
    for (const char* json : {"",
                             " ",
                             "[]",
                             "1",
                             "\"a\"",
                             "{",
                             "}",
                             "{}{}",
                             "{} x",
                             "{,}",
                             R"({"a"})",
                             R"({"a":})",
                             R"({"a":1,})",
                             R"({"a":1 "b":2})",
                             R"({a:1})",
                             R"({"a":[1,]})",
                             R"({"a":[1})",
                             R"({"a":{]})",
                             R"({"a":"x)",
                             R"({"a":"x\"})",
                             R"({"a\x":1})",
                             R"({"a":1}})",
                             R"({"a":[}]})",
                             R"({"a" 1})",
                             R"({"a":'x'})"})
        BOOST_TEST(members_of(json) == "-", json);
    // Cut anywhere, an object is none.
    const std::string whole = R"({"a":{"b":[1,"\"}",{}]},"c":"d"})";
    for (std::size_t size = 0; size < whole.size(); ++size)
        BOOST_TEST(members_of(whole.substr(0, size)) == "-", whole.substr(0, size));
}

BOOST_AUTO_TEST_CASE(a_key_that_stands_twice_is_ambiguous_at_any_depth) {
    for (const char* json : {R"({"model":"a","model":"b"})", R"({"model":"a","x":1,"mod\u0065l":"b"})",
                             R"({"model":"a","Model":"b"})", R"({"m":[{"content":"a","content":"b"}]})",
                             R"({"a":{"b":{"c":1,"d":2,"C":3}}})"}) {
        BOOST_TEST(members_of(json) == "-", json);
        BOOST_TEST(members_of(json, false) != "-", json);
    }
    for (const char* json : {R"({"a":{"b":1},"b":{"b":2,"a":3}})", R"({"m":[{"a":1},{"a":2}],"n":{"m":0}})"})
        BOOST_TEST(members_of(json) != "-", json);
}

BOOST_AUTO_TEST_CASE(depth_and_size_are_bounded) {
    const auto nested = [](std::size_t depth) {
        return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    BOOST_TEST(members_of(nested(JsonMembers::kMaxDepth)) != "-");
    BOOST_TEST(members_of(nested(JsonMembers::kMaxDepth + 1)) == "-");
    // A great many keys, and quotes behind a great many backslashes, take linear time.
    std::string many = "{";
    for (int i = 0; i < 20'000; ++i)
        many.append("\"k").append(std::to_string(i)).append("\":\"\\\\\\\\\\\"\",");
    many.append("\"z\":\"").append(200'000, '\\').append("\"}");
    BOOST_TEST(members_of(many).size() > many.size() / 2);
}

BOOST_AUTO_TEST_CASE(every_member_is_shown_and_may_be_refused) {
    std::string seen;
    JsonMembers members;
    const auto admit = [&](std::string_view key, std::string_view value) {
        seen.append(key).append(value).append(" ");
        return key != "bad";
    };
    BOOST_TEST(members.read(R"({"a":"x","b":{"c":[{"d":1}]}})", admit));
    BOOST_TEST(seen == R"(a"x" b{ c[ d1 )");
    BOOST_TEST(!members.read(R"({"a":[{"bad":null}]})", admit));
}

BOOST_AUTO_TEST_CASE(edits_are_applied_at_once) {
    const std::string text = R"({"a":1,"b":2})";
    JsonMembers members;
    BOOST_REQUIRE(members.read(text));
    TextEdits edits;
    edits.replace(members.find("b")->value, "22");
    edits.replace(members.find("a")->key_text, "\"A\"");  // begins where the next one is inserted
    edits.replace(members.front(), "\"x\":0,");
    edits.replace(members.front(), "\"y\":0,");
    BOOST_TEST(edits.apply(text) == R"({"x":0,"y":0,"A":1,"b":22})");
    BOOST_TEST(edits.empty());
    BOOST_TEST(edits.apply(text) == text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
