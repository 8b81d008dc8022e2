// The token path allocates nothing once its buffers have grown. A program of its own, because it replaces
// operator new.
#include "support/decoder_allocations.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

std::size_t allocations_per_round(const std::string& round) {
    return test::allocations_per_round(adapters::openai_chat::dialect(), round);
}

std::string chunk(std::string_view delta, int index = 0) {
    return "data: "
           "{\"id\":\"chatcmpl-123456789012345678901234567890\",\"object\":\"chat.completion.chunk\","
           "\"model\":\"gpt-5-mini-2025-08-07\",\"choices\":[{\"index\":" +
           std::to_string(index) + ",\"delta\":" + std::string(delta) + ",\"finish_reason\":null}]}\n\n";
}

BOOST_AUTO_TEST_SUITE(openai_chat_allocations)

BOOST_AUTO_TEST_CASE(steady_state) {
    // Of one shape, with escapes, of changing shape, reasoning, several choices, unknown fields, arguments.
    std::string text, changing;
    for (const char* word :
         {" one", " two\\n", " \\u4e2d", " a text that is longer than any small string holds in place"})
        text += chunk("{\"content\":\"" + std::string(word) + "\"}");
    changing = chunk(R"({"content":"x"})") + chunk(R"({"reasoning":"y"})") + chunk(R"({"content":"z"})", 1) +
               chunk(R"({"refusal":"no"})") + chunk(R"({"content":[{"type":"text","text":"part"}]})") +
               chunk(R"({"content":"x","audio":{"id":"a"}})");
    BOOST_TEST(allocations_per_round(text) == 0u);
    BOOST_TEST(allocations_per_round(changing) == 0u);
    std::string arguments;
    for (int i = 0; i < 4; ++i)
        arguments += chunk(
            R"({"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{\"a\": 1"}}]})");
    BOOST_TEST(allocations_per_round(arguments) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
