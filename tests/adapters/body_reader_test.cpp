#include "adapters/body_reader.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::adapters;
using test::Decoded;
using test::sse;

const std::string kText = R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})";
const std::string kRole = R"({"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]})";
const std::string kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

/// A decoder that counts how often a frame was the last one again, or takes none for that.
class Repeats final : public StreamDecoder {
  public:
    explicit Repeats(bool takes_them)
        : decoder_(openai_chat::dialect().make_decoder(test::facts_for_tests())), takes_them_(takes_them) {}
    std::size_t on_repeats(std::string_view bytes, const Framing& framing, EventBatch& out) override {
        const std::size_t before = out.size();
        const std::size_t size = takes_them_ ? decoder_->on_repeats(bytes, framing, out) : 0;
        count += out.size() - before;
        for (std::size_t i = before; i < out.size(); ++i)
            BOOST_TEST(out.events()[i].repeats_frame());
        return size;
    }
    void on_frame(const wire::SseFrame& frame, std::size_t readable, EventBatch& out) override {
        decoder_->on_frame(frame, readable, out);
    }
    void on_stray_line(std::string_view line, EventBatch& out) override {
        decoder_->on_stray_line(line, out);
    }
    void on_body(std::string_view body, EventBatch& out) override { decoder_->on_body(body, out); }
    void on_end(EventBatch& out) override { decoder_->on_end(out); }
    void on_failure(ErrorInfo error, EventBatch& out) override {
        decoder_->on_failure(std::move(error), out);
    }
    DecoderState state() const noexcept override { return decoder_->state(); }
    const ResponseInfo& info() const noexcept override { return decoder_->info(); }
    const std::optional<Usage>& usage() const noexcept override { return decoder_->usage(); }

    std::size_t count = 0;

  private:
    std::unique_ptr<StreamDecoder> decoder_;
    bool takes_them_;
};

/// What is left of an event's frame without its text and OpenAI's padding.
std::string frame_of(const StreamEvent& event) {
    std::string frame(event.raw());
    if (!event.is<TextDelta>()) return frame;
    const std::string_view quoted = R"("content":")", padding = R"("obfuscation":")";
    for (const std::string_view hole : {quoted, padding}) {
        std::size_t begin = frame.rfind(hole);  // a frame without an event may stand before
        if (begin == std::string::npos) continue;
        begin += hole.size();
        std::size_t end = begin;
        for (; frame[end] != '"'; ++end)
            if (frame[end] == '\\') ++end;
        frame.erase(begin, end - begin);
    }
    return frame;
}

/// An event that says it repeats the frame before it does. What stood before that frame is no part of it.
void check_repeat(const StreamEvent& event, std::string& last_frame) {
    const std::string frame = frame_of(event);
    if (event.repeats_frame()) BOOST_TEST(last_frame.ends_with(frame));
    if (!event.raw().empty()) last_frame = frame;
}

/// Every event of `body`, with the bytes it has, when `piece` bytes come at a time.
std::string events_of(StreamDecoder& decoder, std::string_view body, std::size_t piece,
                      BodyLimits limits = {}) {
    BodyReader reader(decoder, limits);
    EventBatch batch;
    std::string seen, last_frame;
    std::size_t taken = 0;
    for (std::size_t end = 0; end < body.size();) {
        end = std::min(end + piece, body.size());
        const std::string window(body.substr(taken, end - taken));  // of its own, for AddressSanitizer
        do {
            batch.clear();
            const std::string_view rest = std::string_view(window).substr(window.size() - (end - taken));
            taken += reader.feed(rest, 0, batch, 3);
            Decoded decoded;
            for (const StreamEvent& event : batch.events()) {
                decoded.add(event);
                check_repeat(event, last_frame);
            }
            seen += decoded.trace + "[" + decoded.raw + "]\n";
        } while (reader.is_behind());
    }
    return seen;
}

bool is_the_same(std::string_view body, std::size_t piece, BodyLimits limits = {}) {
    Repeats taken(true), none(false);
    return events_of(taken, body, piece, limits) == events_of(none, body, piece, limits);
}

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

// The short way for frames like the last one must not be seen in what comes out.
BOOST_AUTO_TEST_CASE(a_frame_like_the_last_one_is_what_it_would_be_by_itself) {
    const auto chunk = [](std::string_view text, std::string_view more = "") {
        return R"({"id":"c","choices":[{"index":0,"delta":{"content":")" + std::string(text) +
               R"("},"finish_reason":null}])" + std::string(more) + "}";
    };
    const std::string long_text(600, 'x');
    const std::vector<std::string> chunks{
        chunk(" a"), chunk(" b"), chunk("\xC3\xA9"), chunk("\\n\\u00e9 \\\"x\\\""), chunk("c"), chunk(""),
        chunk("d"), chunk(long_text), chunk("e"),
        // Another chunk in the same words, in another order, with more behind it, of another choice.
        chunk("h", R"(,"usage":null)"), chunk("i", R"(,"usage":null)"), chunk("k", R"(,"obfuscation":"abc")"),
        chunk("l", R"(,"obfuscation":"d")"), chunk("m", R"(,"obfuscation":"\\n")"),
        R"({"id":"c","choices":[{"index":0,"delta":{"reasoning":"r"},"finish_reason":null}]})",
        R"({"id":"c","choices":[{"index":0,"delta":{"reasoning":"s"},"finish_reason":null}]})", chunk("n"),
        kStop};
    const std::vector<std::pair<std::string_view, std::string_view>> framings{
        {"data: ", "\n\n"},        {"data:", "\n\n"},
        {"data: ", "\r\n\r\n"},    {"data:  ", "\n\n"},
        {"data: ", " \n\n"},       {"data: ", "\n\n\n"},
        {": hm\ndata: ", "\n\n"},  {"event: message\ndata: ", "\n\n"},
        {"id: 1\ndata: ", "\n\n"}, {"data: ", "\ndata: \n\n"},
        {"data: ", "\r\r"}};
    for (const auto& [head, tail] : framings) {
        // With every chunk behind every other one.
        for (std::size_t first = 0; first < chunks.size(); ++first) {
            std::string body;
            for (std::size_t i = 0; i < chunks.size(); ++i)
                for (const std::string* one : {&chunks[first], &chunks[i]})
                    body.append(head).append(*one).append(tail);
            for (const std::size_t piece : {body.size(), std::size_t{1}, std::size_t{97}}) {
                BOOST_TEST(is_the_same(body, piece));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_bad_text_in_a_frame_like_the_last_one_is_found) {
    for (const std::string_view bad : {"\xFF", "a\tb", "\\x", "\xED\xA0\x80"}) {
        std::string body;
        for (const std::string_view text :
             {std::string_view("a"), std::string_view("b"), bad, std::string_view("c")})
            body.append("data: {\"choices\":[{\"delta\":{\"content\":\"").append(text).append("\"}}]}\n\n");
        BOOST_TEST(is_the_same(body, body.size()));
        Repeats fast(true);
        BOOST_TEST(events_of(fast, body, body.size()).find("failure ProviderUnavailable") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(frames_like_the_last_one_take_the_short_way) {
    for (const char* const end : {"\n\n", "\r\n\r\n"}) {
        // The first frame makes no event: its bytes are held for the next one.
        std::string body = R"(data: {"choices":[{"delta":{"role":"assistant","content":""}}]})";
        body += end;
        for (int i = 0; i < 20; ++i)
            body += "data: {\"choices\":[{\"delta\":{\"content\":\" " + std::to_string(i) +
                    "\"}}],\"obfuscation\":\"" + std::string(static_cast<std::size_t>(i % 7), 'x') + "\"}" +
                    end;
        Repeats counted(true);
        events_of(counted, body, body.size());
        BOOST_TEST(counted.count == 19U);
    }
}

BOOST_AUTO_TEST_CASE(limits_hold_for_frames_like_the_last_one) {
    const auto frame = [](std::size_t size) {
        return "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(size, 'x') + "\"}}]}\n\n";
    };
    BodyLimits limits;
    limits.sse.max_event = frame(100).size();
    limits.sse.max_stream = 12 * frame(100).size();
    for (const std::string& body : {frame(1) + frame(102), frame(1) + frame(103), frame(1) + frame(400)}) {
        BOOST_TEST(is_the_same(body, 50, limits));
    }
    std::string endless;
    for (int i = 0; i < 20; ++i)
        endless += frame(100);
    BOOST_TEST(is_the_same(endless, 1000, limits));
    Repeats fast(true);
    BOOST_TEST(events_of(fast, endless, 1000, limits).find("failure ProviderUnavailable") !=
               std::string::npos);
    BOOST_TEST(fast.count == 11U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
