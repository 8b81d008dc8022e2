// Any bytes as a string: what JsonWriter makes of them is JSON to simdjson and to us, and reads back as the
// same text in valid UTF-8. Any bytes as a document: is_json() and simdjson agree, but for the values that
// are JSON and too large for simdjson; and so does JsonCheck, wherever the document is cut. Any bytes as an
// escaped string: unescape() refuses just what is no string.
#include "wire/json_check.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_writer.hpp"
#include "wire/support/utf8_oracle.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice::wire;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_string(std::string_view text) {
    const std::string expected = sluice::test::replace_ill_formed(text);
    std::string out;
    append_valid_utf8(out, text);
    require(out == expected);

    out.clear();
    JsonWriter(out).begin_object().key(text).string(text).end_object();
    require(is_json(out));
    static simdjson::dom::parser parser;
    for (const auto& [key, value] : simdjson::dom::object(parser.parse(out))) {
        require(key == expected);
        require(std::string_view(value) == expected);
    }

    out.clear();
    append_escaped(out, text);
    TextArena arena;
    std::string_view back;
    require(unescape(out, arena, back));
    require(back == expected);

    const std::size_t limit = text.size() / 2;
    const std::string cut = excerpt(text, limit);
    require(cut.size() <= limit && expected.starts_with(cut));
    require(simdjson::validate_utf8(cut));
}

void check_document(std::string_view text) {
    static simdjson::dom::parser parser;
    const simdjson::error_code error = parser.parse(text.data(), text.size()).error();
    if (is_json(text)) {
        // Out of range, a lone surrogate, or nested in a way that counts differently.
        require(!error || error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR ||
                error == simdjson::DEPTH_ERROR);
    } else {
        require(error);
    }
}

void check_pieces(std::string_view text) {
    for (std::size_t length : {text.size(), text.size() / 2 + 1, std::size_t{3}, std::size_t{1}}) {
        JsonCheck check;
        for (std::size_t at = 0; at < text.size() && length > 0; at += length)
            check.feed(text.substr(at, length));
        require(check.is_complete() == is_json(text));
    }
}

void check_escaped(std::string_view text) {
    TextArena arena;
    std::string_view back;
    const bool good = unescape(text, arena, back);
    if (good && simdjson::validate_utf8(text)) require(simdjson::validate_utf8(back));
    if (is_json('"' + std::string(text) + '"')) require(good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_string(text);
    check_document(text);
    check_pieces(text);
    check_escaped(text);
    return 0;
}
