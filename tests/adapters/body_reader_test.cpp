#include "adapters/body_reader.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <string>

namespace {

using namespace sluice;
using namespace sluice::adapters;
using test::Decoded;
using test::sse;

const std::string kText = R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})";
const std::string kRole = R"({"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]})";
const std::string kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

struct Reader {
    std::unique_ptr<adapters::StreamDecoder> decoder =
        adapters::openai_chat::dialect().make_decoder(test::facts_for_tests());
    adapters::BodyReader reader{*decoder};
    adapters::EventBatch batch;
    std::string window;

    std::size_t feed(std::string_view more) {
        window += more;
        window.reserve(window.size() + wire::kPadding);
        batch.clear();
        return reader.feed(window, window.capacity(), batch);
    }
    const std::vector<StreamEvent>& events() { return batch.events(); }
};

BOOST_AUTO_TEST_SUITE(body_reader)

BOOST_AUTO_TEST_CASE(held_metadata_belongs_to_the_next_event) {
    Reader it;
    const std::string head = ": ping\n\n" + sse({kRole});
    BOOST_TEST(it.feed(head) == 0u);  // nothing to show: all of it stays
    BOOST_TEST(it.events().empty());
    const std::string text = sse({kText});
    BOOST_TEST(it.feed(text + "data: {\"cho") == head.size() + text.size());
    BOOST_REQUIRE_EQUAL(it.events().size(), 1u);
    BOOST_TEST(it.events()[0].raw() == head + text);
    BOOST_TEST(it.events()[0].as<TextDelta>()->text == "a");

    it.window.erase(0, head.size() + text.size());
    const std::string two = "ices\":[{\"index\":0,\"delta\":{\"reasoning\":\"r\",\"content\":\"b\"}}]}\n\n";
    const std::size_t size = it.window.size() + two.size();
    BOOST_TEST(it.feed(two) == size);
    // One frame, two events: the first has the bytes.
    BOOST_REQUIRE_EQUAL(it.events().size(), 2u);
    BOOST_TEST(it.events()[0].raw() == it.window);
    BOOST_TEST(it.events()[1].raw().empty());
}

BOOST_AUTO_TEST_CASE(the_end_has_the_bytes_of_its_frames) {
    Reader it;
    const std::string end = sse({kStop, R"({"choices":[],"usage":{"prompt_tokens":1}})", "[DONE]"});
    BOOST_TEST(it.feed(sse({kText}) + end + ": bye\n\n") == sse({kText}).size() + end.size() + 7);
    BOOST_REQUIRE_EQUAL(it.events().size(), 2u);
    BOOST_TEST(it.events()[1].is<Finish>());
    BOOST_TEST(it.events()[1].raw() == end);
    BOOST_TEST((it.decoder->state() == adapters::DecoderState::ended));
    // Everything after the end is swallowed.
    const std::size_t taken = it.feed(sse({kText}));
    BOOST_TEST(taken == it.window.size());
    BOOST_TEST(it.events().empty());
    it.reader.finish({}, 0, it.batch);
    BOOST_TEST(it.events().empty());
}

BOOST_AUTO_TEST_CASE(a_last_frame_without_its_blank_line) {
    Decoded got = test::decode_chat(sse({kText}) + "data: " + kStop);
    BOOST_TEST((got.stop == StopReason::stop));
    BOOST_TEST(got.raw == sse({kText}) + "data: " + kStop);
    got = test::decode_chat(sse({kText}) + "data: [DONE]");
    BOOST_TEST((got.stop == StopReason::unknown));
    got = test::decode_chat(sse({kText}) + "data: " + kText);
    BOOST_TEST(got.text == "aa");
    BOOST_TEST((got.error->kind == ErrorKind::stream_truncated));
    // One that is cut is a truncated stream, not a malformed one.
    got = test::decode_chat(sse({kText}) + "data: {\"choices\":[{\"delta\":{\"cont");
    BOOST_TEST((got.error->kind == ErrorKind::stream_truncated));
    BOOST_TEST(got.text == "a");
    // With its blank line it is malformed.
    got = test::decode_chat(sse({kText, "{\"choices\":[{\"delta\":{\"cont"}));
    BOOST_TEST((got.error->kind == ErrorKind::provider_unavailable));
}

BOOST_AUTO_TEST_CASE(bounded) {
    adapters::BodyLimits limits;
    limits.max_held = 1000;
    limits.sse.max_event = 2000;
    limits.sse.max_stream = 6000;
    auto decode = [&](const std::string& body) {
        Decoded got = test::decode_chat(
            body, [](std::size_t) { return std::size_t{100}; }, test::facts_for_tests(), limits);
        BOOST_TEST(got.terminals == 1u);
        return got;
    };
    std::string metadata, answers;
    while (metadata.size() <= limits.max_held)
        metadata += sse({kRole});
    while (answers.size() <= 3 * limits.max_held)
        answers += sse({kText, kRole});
    // Held bytes are counted since the last event, so a long stream with much metadata is fine.
    BOOST_TEST((decode(answers + sse({kStop, "[DONE]"})).stop == StopReason::stop));
    Decoded held = decode(metadata + sse({kText}));
    BOOST_REQUIRE(held.error.has_value());
    BOOST_TEST((held.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST((held.error->phase == Phase::first_event));
    BOOST_TEST(held.text.empty());
    // Behind the first event as much as one event may have: a long answer's end repeats its text.
    BOOST_TEST((decode(sse({kText}) + metadata + sse({kStop})).stop == StopReason::stop));
    held = decode(sse({kText}) + metadata + metadata);
    BOOST_TEST((held.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST((held.error->phase == Phase::stream));

    Decoded big = decode(sse({kText, "{\"x\":\"" + std::string(3000, 'x') + "\"}"}));
    BOOST_TEST((big.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(big.text == "a");
    Decoded endless = decode(answers + answers + answers);
    BOOST_TEST((endless.error->kind == ErrorKind::provider_unavailable));
    BOOST_TEST(!endless.stop.has_value());
}

BOOST_AUTO_TEST_CASE(a_full_batch_waits_for_the_next_call) {
    std::string body;
    for (int i = 0; i < 10; ++i)
        body +=
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::to_string(i) + "\"}}]}\n\n";
    body += "data: [DONE]\n\n";
    const auto decoder = openai_chat::dialect().make_decoder(ExchangeFacts());
    BodyReader reader(*decoder);
    EventBatch batch;
    std::string_view window = body;
    std::string text;
    std::string raw;
    std::size_t batches = 0;
    do {
        batch.clear();
        window.remove_prefix(reader.feed(window, 0, batch, 4));
        BOOST_TEST(batch.events().size() <= 4U);
        for (const StreamEvent& event : batch.events()) {
            raw += event.raw();
            if (const auto* delta = event.as<TextDelta>()) text += delta->text;
        }
        ++batches;
    } while (reader.is_behind());
    BOOST_TEST(text == "0123456789");
    BOOST_TEST(raw == body);
    BOOST_TEST(batches == 3U);
    BOOST_TEST(window.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
