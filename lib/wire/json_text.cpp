#include "wire/json_text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace sluice::wire {
namespace {

constexpr std::size_t kMaxDepth = 1024;
constexpr std::size_t kFirstBlock = std::size_t{4} << 10;

/// RFC 8259, by recursive descent without recursion. simdjson would be stricter than JSON: it refuses
/// integers beyond 64 bits, doubles out of range and lone surrogates, all of which users may put in a schema
/// or a model into its arguments.
class Checker {
  public:
    explicit Checker(std::string_view text) : text_(text) {}

    bool check() {
        if (!value()) return false;
        while (!open_.empty()) {
            skip_space();
            if (take(open_.back())) {
                open_.pop_back();
            } else if (!take(',') || !(open_.back() == ']' || key()) || !value()) {
                return false;
            }
        }
        skip_space();
        return text_.empty();
    }

  private:
    bool take(char expected) {
        if (text_.empty() || text_.front() != expected) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool take(std::string_view word) {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n\r"), text_.size())); }

    /// A scalar, an empty container, or a container's opening up to and including its first value's first
    /// scalar.
    bool value() {
        for (;;) {
            skip_space();
            const bool object = take('{');
            if (!object && !take('[')) return scalar();
            const char end = object ? '}' : ']';
            if (open_.size() == kMaxDepth) return false;
            skip_space();
            if (take(end)) return true;
            open_ += end;
            if (object && !key()) return false;
        }
    }
    bool key() {
        skip_space();
        if (!string()) return false;
        skip_space();
        return take(':');
    }
    bool scalar() {
        if (text_.empty()) return false;
        switch (text_.front()) {
            case '"':
                return string();
            case 't':
                return take("true");
            case 'f':
                return take("false");
            case 'n':
                return take("null");
            default:
                return number();
        }
    }

    bool string() {
        if (!take('"')) return false;
        for (;;) {
            std::size_t at = 0;
            while (at < text_.size() && text_[at] != '"' && text_[at] != '\\') {
                if (static_cast<unsigned char>(text_[at++]) < 0x20) return false;
            }
            text_.remove_prefix(at);
            if (take('"')) return true;
            if (!take('\\') || text_.empty()) return false;
            const char escape = text_.front();
            text_.remove_prefix(1);
            if (escape == 'u') {
                if (std::min(text_.find_first_not_of("0123456789abcdefABCDEF"), text_.size()) < 4)
                    return false;
                text_.remove_prefix(4);
            } else if (std::string_view("\"\\/bfnrt").find(escape) == std::string_view::npos) {
                return false;
            }
        }
    }
    bool digits() {
        const std::size_t count = std::min(text_.find_first_not_of("0123456789"), text_.size());
        text_.remove_prefix(count);
        return count != 0;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return digits();
        }
        return true;
    }

    std::string_view text_;
    std::string open_;  // the closing brackets we owe
};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// The code unit of "uXXXX" at `text`, or -1.
std::int32_t code_unit(std::string_view text) {
    if (text.size() < 5 || text[0] != 'u') return -1;
    std::int32_t unit = 0;
    for (std::size_t i = 1; i < 5; ++i) {
        const int digit = hex_digit(text[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

bool is_high_surrogate(std::int32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low_surrogate(std::int32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

char* put_utf8(char* out, std::int32_t point) {
    const auto put = [&out](std::int32_t byte) {
        *out++ = static_cast<char>(static_cast<unsigned char>(byte));
    };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | (point >> 6));
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    }
    return out;
}

/// Writes the escape at `text` (which follows a backslash) and returns how many bytes of `text` it took; 0:
/// not an escape.
std::size_t unescape_one(std::string_view text, char*& out) {
    if (text.empty()) return 0;
    switch (text.front()) {
        case '"':
        case '\\':
        case '/':
            *out++ = text.front();
            return 1;
        case 'b':
            *out++ = '\b';
            return 1;
        case 'f':
            *out++ = '\f';
            return 1;
        case 'n':
            *out++ = '\n';
            return 1;
        case 'r':
            *out++ = '\r';
            return 1;
        case 't':
            *out++ = '\t';
            return 1;
        default:
            break;
    }
    const std::int32_t unit = code_unit(text);
    if (unit < 0) return 0;
    if (is_high_surrogate(unit) && text.size() > 5 && text[5] == '\\') {
        const std::int32_t low = code_unit(text.substr(6));
        if (is_low_surrogate(low)) {
            out = put_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            return 11;
        }
    }
    out = put_utf8(out, is_high_surrogate(unit) || is_low_surrogate(unit) ? 0xFFFD : unit);
    return 5;
}

/// unescape() of a text whose first escape is at `backslash`.
bool unescape_from(std::size_t backslash, std::string_view escaped, TextArena& arena,
                   std::string_view& text) {
    // No escape is shorter than what it stands for.
    char* const begin = arena.allocate(escaped.size());
    char* out = begin;
    std::string_view rest = escaped;
    while (backslash != std::string_view::npos) {
        std::memcpy(out, rest.data(), backslash);
        out += backslash;
        rest.remove_prefix(backslash + 1);
        const std::size_t taken = unescape_one(rest, out);
        if (taken == 0) {
            arena.shrink_last(escaped.size());
            return false;
        }
        rest.remove_prefix(taken);
        backslash = rest.find('\\');
    }
    std::memcpy(out, rest.data(), rest.size());
    out += rest.size();
    text = {begin, out};
    arena.shrink_last(escaped.size() - text.size());
    return true;
}

}  // namespace

bool is_json(std::string_view text) {
    return simdjson::validate_utf8(text.data(), text.size()) && Checker(text).check();
}

char* TextArena::allocate(std::size_t bytes) {
    while (current_ < blocks_.size() && blocks_[current_].size - blocks_[current_].used < bytes)
        ++current_;
    if (current_ == blocks_.size()) {
        const std::size_t size = std::max({bytes, kFirstBlock, capacity()});  // at least doubles
        blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size, 0});
    }
    Block& block = blocks_[current_];
    char* const at = block.data.get() + block.used;
    block.used += bytes;
    return at;
}

void TextArena::shrink_last(std::size_t unused) noexcept {
    blocks_[current_].used -= unused;
}

void TextArena::reset(std::size_t keep) noexcept {
    for (std::size_t size = capacity(); size > keep; blocks_.pop_back())
        size -= blocks_.back().size;
    for (Block& block : blocks_)
        block.used = 0;
    current_ = 0;
}

std::size_t TextArena::capacity() const noexcept {
    std::size_t size = 0;
    for (const Block& block : blocks_)
        size += block.size;
    return size;
}

std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size() || text[at] != '"') return std::string_view::npos;
    for (std::size_t from = at + 1; from < text.size();) {
        const void* found = std::memchr(text.data() + from, '"', text.size() - from);
        if (found == nullptr) break;
        const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        std::size_t escapes = quote;  // an odd number of backslashes before it: it is a part of the string
        while (text[escapes - 1] == '\\')
            --escapes;
        from = quote + 1;
        if ((quote - escapes) % 2 == 0) return from;
    }
    return std::string_view::npos;
}

bool unescape(std::string_view escaped, TextArena& arena, std::string_view& text) {
    const std::size_t backslash = escaped.find('\\');
    if (backslash != std::string_view::npos) return unescape_from(backslash, escaped, arena, text);
    text = escaped;
    return true;
}

}  // namespace sluice::wire
