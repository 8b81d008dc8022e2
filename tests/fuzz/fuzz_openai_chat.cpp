// Any bytes as an event-stream body. Whatever the reads, the events are the same; there is one terminal event
// and it is the last; text is valid UTF-8; the bytes of the events are the body. The first byte of the input
// seeds the reads. An answer that ended well is the same after it was encoded for a client.
#include "support/decode.hpp"

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

test::Decoded through_a_client(std::string_view body) {
    const adapters::Dialect& chat = adapters::openai_chat::dialect();
    adapters::AnswerFacts facts;
    facts.origin = "openai_chat@acme";
    auto encoder = chat.make_encoder(std::move(facts));
    auto decoder = chat.make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder, {});
    adapters::EventBatch batch;
    std::string window(body), out;
    window.resize(body.size() + wire::kPadding);
    reader.finish(std::string_view(window).substr(0, body.size()), window.size(), batch);
    for (const StreamEvent& event : batch.events())
        encoder->encode(event, out);
    return test::decode_chat(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::uint32_t state = data[0] + 1u;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

    const test::Decoded whole = test::decode_chat(body);
    require(whole.terminals == 1 && !whole.after_terminal);
    require(body.starts_with(whole.raw));
    for (const std::string* text : {&whole.text, &whole.reasoning, &whole.refusal})
        require(simdjson::validate_utf8(*text));
    for (const std::string& extension : whole.extensions)
        require(simdjson::validate_utf8(extension));
    if (whole.error) {
        require(!whole.error->message.empty());
        require(whole.error->provider_message.size() <= ErrorInfo::kMaxExcerpt);
        require(simdjson::validate_utf8(whole.error->provider_message));
    }

    const test::Decoded split = test::decode_chat(body, [&state](std::size_t) {
        state = state * 1664525u + 1013904223u;
        return std::size_t{1} + (state >> 16) % 64;
    });
    require(split.trace == whole.trace);

    if (whole.stop) require(through_a_client(body).trace == whole.trace);

    auto decoder = adapters::openai_chat::dialect().make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_body(body, batch);
    require(decoder->state() == adapters::DecoderState::ended);
    require(!batch.empty() && batch.events().back().is_terminal());
    return 0;
}
