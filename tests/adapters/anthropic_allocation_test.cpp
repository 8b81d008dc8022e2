// The token path allocates nothing once its buffers have grown. A program of its own, because it replaces
// operator new.
#include "adapters/anthropic/dialect.hpp"
#include "support/allocations.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

struct Allocations {
    std::size_t decoding = 0, encoding = 0;
};

Allocations per_round(const std::string& opening, const std::string& round) {
    const adapters::Dialect& dialect = adapters::anthropic::dialect();
    auto decoder = dialect.make_decoder(test::facts_for_tests());
    adapters::AnswerFacts facts;
    facts.origin = "anthropic@anthropic";
    auto encoder = dialect.make_encoder(facts);
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    std::string window = opening, out;
    window.reserve(opening.size() + round.size() + wire::kPadding);
    Allocations all;
    std::size_t events = 0;
    constexpr int kWarmUp = 5, kRounds = 50;
    for (int i = 0; i < kWarmUp + kRounds; ++i) {
        batch.clear();
        const std::size_t before = test::allocations();
        reader.feed(window, window.capacity(), batch);
        const std::size_t between = test::allocations();
        out.clear();
        for (const StreamEvent& event : batch.events())
            encoder->encode(event, out);
        if (i >= kWarmUp) {
            all.decoding += between - before;
            all.encoding += test::allocations() - between;
        }
        events += batch.events().size();
        window = round;
    }
    BOOST_TEST(events >= 3u * (kWarmUp + kRounds));
    BOOST_TEST((decoder->state() == adapters::DecoderState::open));
    return all;
}

std::string start(std::string_view block) {
    return R"(data: {"type":"content_block_start","index":0,"content_block":)" + std::string(block) + "}\n\n";
}
std::string delta(std::string_view what) {
    return R"(data: {"type":"content_block_delta","index":0,"delta":)" + std::string(what) + "}\n\n";
}

BOOST_AUTO_TEST_SUITE(anthropic_allocations)

BOOST_AUTO_TEST_CASE(steady_state) {
    std::string text, thinking, input;
    for (const char* word :
         {" one", " two\\n", " \\u4e2d", " a text that is longer than any small string holds in place"}) {
        text += delta(R"({"type":"text_delta","text":")" + std::string(word) + "\"}");
        thinking += delta(R"({"type":"thinking_delta","thinking":")" + std::string(word) + "\"}");
        input += delta(R"({"type":"input_json_delta","partial_json":")" + std::string(word) + "\"}");
    }
    const std::pair<std::string, std::string> rounds[] = {
        {start(R"({"type":"text","text":"a"})"), text},
        {start(R"({"type":"thinking","thinking":"a"})"), thinking},
        {start(R"({"type":"tool_use","id":"t","name":"f","input":{}})"), input},
    };
    for (const auto& [opening, round] : rounds) {
        const Allocations all = per_round(opening, round);
        BOOST_TEST(all.decoding == 0u);
        BOOST_TEST(all.encoding == 0u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
