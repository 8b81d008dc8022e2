// Any bytes as a Gemini stream. Whatever the reads, the events are the same; there is one terminal event and
// it is the last; text is valid UTF-8; and what ended well says the same when it is encoded and decoded
// again. The first byte of the input seeds the reads.
#include "adapters/gemini/dialect.hpp"
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

const adapters::Dialect& gemini() {
    return adapters::gemini::dialect();
}

std::string encode(std::string_view body) {
    adapters::AnswerFacts facts;
    facts.origin = "gemini@google";
    auto encoder = gemini().make_encoder(facts);
    auto decoder = gemini().make_decoder(test::facts_for_tests());
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    std::string padded(body);
    padded.resize(body.size() + wire::kPadding);
    reader.finish(std::string_view(padded).substr(0, body.size()), padded.size(), batch);
    std::string out;
    for (const StreamEvent& event : batch.events())
        encoder->encode(event, out);
    return out;
}

/// Whether the encoder can put everything back in its place: all JSON is valid and on one line.
bool can_come_back(const test::Decoded& decoded) {
    if (!decoded.stop || decoded.raw_stop.empty()) return false;
    const auto is_line = [](std::string_view json) {
        return wire::is_json(json) && json.find_first_of("\r\n") == std::string_view::npos;
    };
    for (const std::string& extension : decoded.extensions) {
        const std::size_t value = extension.find('=');
        if (extension.find('=', value + 1) != std::string::npos || !is_line(extension.substr(value + 1)))
            return false;
    }
    for (const test::DecodedTool& tool : decoded.tools)
        if (!tool.arguments.empty() && !(tool.arguments.front() == '{' && is_line(tool.arguments)))
            return false;
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::uint32_t state = data[0] + 1u;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

    const test::Decoded whole = test::decode(gemini(), body);
    require(whole.terminals == 1 && !whole.after_terminal);
    require(body.starts_with(whole.raw));
    for (const std::string* text : {&whole.text, &whole.reasoning, &whole.refusal})
        require(simdjson::validate_utf8(*text));
    for (const test::DecodedTool& tool : whole.tools)
        require(!whole.stop || tool.ended);
    if (whole.error) {
        require(!whole.error->message.empty());
        require(simdjson::validate_utf8(whole.error->provider_message));
    }

    const test::Decoded split = test::decode(gemini(), body, [&state](std::size_t) {
        state = state * 1664525u + 1013904223u;
        return std::size_t{1} + (state >> 16) % 64;
    });
    require(split.trace == whole.trace);

    if (can_come_back(whole)) {
        const test::Decoded again = test::decode(gemini(), encode(body));
        require(again.stop == whole.stop && again.raw_stop == whole.raw_stop);
        require(again.text == whole.text && again.reasoning == whole.reasoning);
        require(again.tools.size() == whole.tools.size());
        for (std::size_t i = 0; i < whole.tools.size(); ++i) {
            require(again.tools[i].id == whole.tools[i].id && again.tools[i].name == whole.tools[i].name);
            require(again.tools[i].arguments == whole.tools[i].arguments);
        }
        // A call in pieces comes back whole, at its end: the order of the events may differ.
        const bool in_pieces = body.find("artial") != std::string_view::npos ||
                               body.find("ill") != std::string_view::npos ||
                               body.find('\\') != std::string_view::npos;
        if (!in_pieces && whole.trace.find("\n1 ") == std::string::npos) require(again.trace == whole.trace);
    }

    auto decoder = gemini().make_decoder(test::facts_for_tests());
    adapters::EventBatch batch;
    decoder->on_body(body, batch);
    require(decoder->state() == adapters::DecoderState::ended);
    require(!batch.empty() && batch.events().back().is_terminal());
    return 0;
}
