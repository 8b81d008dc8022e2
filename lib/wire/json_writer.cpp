#include "wire/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "wire/utf8.hpp"

namespace sluice::wire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

enum class ByteClass : unsigned char { plain, escape, multibyte };

constexpr std::array<ByteClass, 256> kByteClass = [] {
    std::array<ByteClass, 256> table{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        if (byte < 0x20 || byte == '"' || byte == '\\') table[byte] = ByteClass::escape;
        if (byte >= 0x80) table[byte] = ByteClass::multibyte;
    }
    return table;
}();

ByteClass class_of(char byte) {
    return kByteClass[static_cast<unsigned char>(byte)];
}

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

/// Whether a byte of these eight is no printable ASCII that stands for itself.
bool has_special(std::uint64_t eight) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    constexpr std::uint64_t kHighs = 0x8080808080808080;
    // A byte of a difference is zero, or has its high bit set, only where the byte is what is looked for, or
    // above one that is.
    const std::uint64_t quote = eight ^ (kOnes * '"');
    const std::uint64_t slash = eight ^ (kOnes * '\\');
    const std::uint64_t found = (eight - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes) | eight;
    return (found & kHighs) != 0;
}

/// How many bytes at the front of `text` are printable ASCII that stands for itself; a multiple of eight, so
/// that there may be more. Nearly all keys and most texts are nothing else.
std::size_t plain_front(std::string_view text) noexcept {
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + at, 8);
        if (has_special(eight)) break;
    }
    return at;
}

/// Copies `text` in runs, as long as possible, and breaks them only for what must be replaced.
template <bool escape>
void append(std::string& out, std::string_view text) {
    std::size_t run = 0;
    std::size_t at = plain_front(text);
    const auto flush = [&] { out.append(text, run, at - run); };
    while (at < text.size()) {
        const ByteClass kind = class_of(text[at]);
        if (kind == ByteClass::plain || (!escape && kind == ByteClass::escape)) {
            ++at;
        } else if (kind == ByteClass::escape) {
            flush();
            append_escape(out, text[at]);
            run = ++at;
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

bool is_plain(std::string_view text) noexcept {
    constexpr std::size_t kEight = 8;
    if (text.size() < kEight)
        return std::all_of(text.begin(), text.end(), [](char c) { return class_of(c) == ByteClass::plain; });
    if (text.size() - plain_front(text) >= kEight) return false;
    std::uint64_t last = 0;  // may overlap with what was looked at
    std::memcpy(&last, text.data() + text.size() - kEight, kEight);
    return !has_special(last);
}

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
    out_.append(whole.data(), end);
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
