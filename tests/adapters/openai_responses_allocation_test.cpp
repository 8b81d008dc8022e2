// The token path allocates nothing once its buffers have grown. A program of its own, because it replaces
// operator new.
#include "adapters/openai_responses/dialect.hpp"
#include "support/decoder_allocations.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace sluice;

std::size_t allocations_per_round(const std::string& round) {
    return test::allocations_per_round(adapters::openai_responses::dialect(), round);
}

std::string delta(std::string_view type, std::string_view text, int output_index) {
    return "event: response." + std::string(type) + "\ndata: {\"type\":\"response." + std::string(type) +
           "\",\"sequence_number\":7,\"item_id\":\"an_item_id_that_is_longer_than_a_small_string_" +
           std::to_string(output_index) + "\",\"output_index\":" + std::to_string(output_index) +
           ",\"content_index\":0,\"delta\":\"" + std::string(text) +
           "\",\"logprobs\":[],\"obfuscation\":\"xyz\"}\n\n";
}

BOOST_AUTO_TEST_SUITE(openai_responses_allocations)

BOOST_AUTO_TEST_CASE(steady_state) {
    for (std::string_view type : {"output_text.delta", "reasoning_summary_text.delta", "reasoning_text.delta",
                                  "refusal.delta", "code_interpreter_call_code.delta"}) {
        std::string round;
        for (std::string_view text :
             {" one", " two\\n", " \\u4e2d", " a text that is longer than any small string holds in place"})
            round += delta(type, text, 0);
        BOOST_TEST(allocations_per_round(round) == 0u);
        round += delta(type, "of another item", 1);
        BOOST_TEST(allocations_per_round(round) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(arguments) {
    auto decoder = adapters::openai_responses::dialect().make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    auto feed = [&](std::string json) {
        json.reserve(json.size() + wire::kPadding);
        batch.clear();
        const std::size_t before = test::allocations();
        decoder->on_frame({"", json, ""}, json.capacity(), batch);
        return test::allocations() - before;
    };
    feed(
        R"({"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"f","call_id":"c","name":"n"}})");
    const std::string fragment =
        R"({"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a fragment\":1"})";
    feed(fragment);
    feed(fragment);
    BOOST_TEST(feed(fragment) == 0u);
    BOOST_TEST(batch.events().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
