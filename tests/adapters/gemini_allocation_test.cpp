// Gemini's token path allocates nothing once its buffers have grown. A program of its own, because it
// replaces operator new.
#include "adapters/gemini/dialect.hpp"
#include "support/decoder_allocations.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

std::string chunk(std::string_view part, int count) {
    return R"(data: {"candidates":[{"content":{"parts":[)" + std::string(part) +
           R"(],"role":"model"},"index":0,"groundingMetadata":{"a":1}}],"usageMetadata":{"promptTokenCount":438,"candidatesTokenCount":)" +
           std::to_string(count) +
           R"(},"modelVersion":"gemini-2.5-flash-preview-09-2025","responseId":"IJLJaPGIL7uN1MkPvI6K0QQ"})" +
           "\r\n\r\n";
}

BOOST_AUTO_TEST_CASE(gemini_steady_state) {
    std::string round;
    for (const char* part :
         {R"({"text":" one"})", R"({"text":" two\n\u4e2d"})", R"({"text":"why","thought":true})",
          R"({"text":"a text that is longer than any small string holds in place"})",
          R"({"text":"","thoughtSignature":"CjMBjz1rX+5bsB4my6OH1kEm854ff8XqCcGlUfho4qnkULvrtwYlgV0N72"})"})
        round += chunk(part, static_cast<int>(round.size()));
    BOOST_TEST(test::allocations_per_round(adapters::gemini::dialect(), round, 10) == 0u);
}

}  // namespace
