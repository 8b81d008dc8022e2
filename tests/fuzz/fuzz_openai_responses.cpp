// Any bytes as a Responses body. Whatever the reads, the events are the same; there is one terminal event and
// it is the last; text is valid UTF-8; the bytes of the events are the body; and an answer that ended well
// says the same after it was written for a client and read again. The first byte of the input seeds the
// reads.
#include "adapters/openai_responses/dialect.hpp"
#include "support/decode.hpp"

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

const adapters::Dialect& kDialect = adapters::openai_responses::dialect();

void require(bool condition) {
    if (!condition) std::abort();
}

/// Without what may differ: the ids of items that had none, and line ends within a passed-on event.
std::string comparable(std::string trace) {
    for (char& c : trace)
        if (c == '\r' || c == '\n') c = ' ';
    for (std::size_t at; (at = trace.find("   of item ")) != std::string::npos;) {
        const std::size_t end = trace.find(' ', at + 11);
        trace.erase(at, (end == std::string::npos ? trace.size() : end) - at);
    }
    return trace;
}

void check_round_trip(std::string_view body, const test::Decoded& whole) {
    // An item that only a whole body had becomes events, and one that was never announced is announced.
    std::ptrdiff_t unannounced = 0;
    for (const std::string& extension : whole.extensions) {
        if (extension.starts_with("output.") || !wire::is_json(extension.substr(extension.find('=') + 1)))
            return;
        unannounced += extension.starts_with("response.output_item.done=");
    }
    if (unannounced > 0) return;
    auto decoder = kDialect.make_decoder(test::facts_for_tests());
    adapters::AnswerFacts facts;
    facts.origin = "openai_responses@acme";
    auto encoder = kDialect.make_encoder(facts);
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    reader.finish(body, body.size(), batch);
    std::string written;
    bool odd_id = false;
    for (const StreamEvent& event : batch.events()) {
        encoder->encode(event, written);
        if (const auto* reasoning = event.as<ReasoningDelta>())
            odd_id |= reasoning->id.find_first_of(" \r\n") != std::string_view::npos;
    }
    if (odd_id) return;
    const test::Decoded again = test::decode(kDialect, written);
    require(comparable(again.trace) == comparable(whole.trace));
    require(again.usage == whole.usage);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::uint32_t state = data[0] + 1u;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

    const test::Decoded whole = test::decode(kDialect, body);
    require(whole.terminals == 1 && !whole.after_terminal);
    require(body.starts_with(whole.raw));
    for (const std::string* text : {&whole.text, &whole.reasoning, &whole.refusal})
        require(simdjson::validate_utf8(*text));
    for (const test::DecodedTool& tool : whole.tools)
        require((tool.ended || !whole.stop) && !tool.id.empty());
    if (whole.error) {
        require(!whole.error->message.empty());
        require(whole.error->provider_message.size() <= ErrorInfo::kMaxExcerpt);
        require(simdjson::validate_utf8(whole.error->provider_message));
    }

    const test::Decoded split = test::decode(kDialect, body, [&state](std::size_t) {
        state = state * 1664525u + 1013904223u;
        return std::size_t{1} + (state >> 16) % 64;
    });
    require(split.trace == whole.trace);
    if (whole.stop) check_round_trip(body, whole);

    auto decoder = kDialect.make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_body(body, batch);
    require(decoder->state() == adapters::DecoderState::ended);
    require(!batch.empty() && batch.events().back().is_terminal());
    return 0;
}
