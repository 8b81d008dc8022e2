// Any bytes as a Messages stream. Whatever the reads, the events are the same; there is one terminal event
// and it is the last; what the encoder makes of a good answer says the same, and a second round through it
// changes nothing. The first byte of the input seeds the reads.
#include "adapters/anthropic/dialect.hpp"
#include "support/decode.hpp"

#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice;

namespace {

const adapters::Dialect& dialect() {
    return adapters::anthropic::dialect();
}

void require(bool condition) {
    if (!condition) std::abort();
}

std::string encode(std::string_view body) {
    adapters::AnswerFacts facts;
    facts.origin = "anthropic@anthropic";
    auto encoder = dialect().make_encoder(std::move(facts));
    auto decoder = dialect().make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    reader.finish(body, 0, batch);
    std::string out;
    for (const StreamEvent& event : batch.events())
        encoder->encode(event, out);
    return out;
}

void check_round(std::string_view body, const test::Decoded& first) {
    const std::string once = encode(body);
    const test::Decoded second = test::decode(dialect(), once);
    require(second.stop == first.stop && second.raw_stop == first.raw_stop);
    require(second.text == first.text && second.reasoning == first.reasoning);
    require(second.signatures == first.signatures && second.tools.size() == first.tools.size());
    for (std::size_t i = 0; i < first.tools.size(); ++i)
        require(second.tools[i].id == first.tools[i].id && second.tools[i].name == first.tools[i].name &&
                second.tools[i].arguments == first.tools[i].arguments);
    require(test::decode(dialect(), encode(once)).trace == second.trace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::uint32_t state = data[0] + 1u;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

    const test::Decoded whole = test::decode(dialect(), body);
    require(whole.terminals == 1 && !whole.after_terminal);
    require(body.starts_with(whole.raw));
    for (const std::string* text : {&whole.text, &whole.reasoning})
        require(simdjson::validate_utf8(*text));
    for (const std::string& extension : whole.extensions)
        require(simdjson::validate_utf8(extension));
    for (const test::DecodedTool& tool : whole.tools)
        require(!tool.id.empty() && (tool.ended || whole.error));

    const test::Decoded split = test::decode(dialect(), body, [&state](std::size_t) {
        state = state * 1664525u + 1013904223u;
        return std::size_t{1} + (state >> 16) % 64;
    });
    require(split.trace == whole.trace);
    if (whole.stop) check_round(body, whole);

    auto decoder = dialect().make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_body(body, batch);
    require(decoder->state() == adapters::DecoderState::ended);
    require(!batch.empty() && batch.events().back().is_terminal());
    return 0;
}
