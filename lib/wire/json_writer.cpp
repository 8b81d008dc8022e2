#include "wire/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "wire/plain_text.hpp"
#include "wire/utf8.hpp"

namespace sluice::wire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append_escape(std::string& out, char byte) {
    switch (byte) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    constexpr std::string_view hex = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    out += "\\u00";
    out += hex[value >> 4];
    out += hex[value & 0xF];
}

/// Copies `text` in runs, as long as possible, and breaks them only for what must be replaced.
template <bool escape>
void append(std::string& out, std::string_view text) {
    std::size_t run = 0;
    std::size_t at = 0;
    const auto flush = [&] { out.append(text, run, at - run); };
    while (at < text.size()) {
        const char byte = text[at];
        if (is_plain(byte)) {
            at += plain_front(text.substr(at));
        } else if (static_cast<unsigned char>(byte) < 0x80) {
            if constexpr (escape) {
                flush();
                append_escape(out, byte);
                run = at + 1;
            }
            ++at;
        } else if (const Utf8Front sequence = utf8_front(text.substr(at)); sequence.valid) {
            at += sequence.size;
        } else {
            flush();
            out += kReplacement;
            run = at += sequence.size;
        }
    }
    flush();
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
    append<true>(out, text);
}

void append_valid_utf8(std::string& out, std::string_view text) {
    append<false>(out, text);
}

std::string excerpt(std::string_view text, std::size_t limit) {
    std::string out;
    while (!text.empty()) {
        const Utf8Front sequence = utf8_front(text);
        const std::string_view character = sequence.valid ? text.substr(0, sequence.size) : kReplacement;
        if (character.size() > limit - out.size()) break;
        out += character;
        text.remove_prefix(sequence.size);
    }
    return out;
}

void JsonWriter::separate() {
    if (!first_ && !after_key_) out_ += ',';
    first_ = false;
    after_key_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
}

// Comma, quotes and colon come with the text in one go: most keys and texts are short, and what each append()
// costs is more than the copy.
void JsonWriter::quoted(std::string_view text, std::string_view behind) {
    constexpr std::size_t kShort = 64;
    if (text.size() > kShort || !is_plain(text)) {
        separate();
        out_ += '"';
        append_escaped(out_, text);
        out_ += behind;
        return;
    }
    std::array<char, kShort + 4> whole;
    char* end = whole.data();
    if (!first_ && !after_key_) *end++ = ',';
    *end++ = '"';
    if (!text.empty()) std::memcpy(end, text.data(), text.size());
    end += text.size();
    std::memcpy(end, behind.data(), behind.size());
    end += behind.size();
    out_.append(whole.data(), static_cast<std::size_t>(end - whole.data()));
    first_ = after_key_ = false;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    quoted(name, "\":");
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
    quoted(value, "\"");
    return *this;
}

template <class Number>
JsonWriter& JsonWriter::digits(Number value) {
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return raw({text.data(), end});
}

JsonWriter& JsonWriter::number(std::int64_t value) {
    return digits(value);
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
    return digits(value);
}

JsonWriter& JsonWriter::number(double value) {
    return std::isfinite(value) ? digits(value) : null();
}

JsonWriter& JsonWriter::boolean(bool value) {
    return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
    return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

}  // namespace sluice::wire
