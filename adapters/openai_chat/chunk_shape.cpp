#include "adapters/openai_chat/chunk_shape.hpp"

#include <simdjson.h>

#include <array>
#include <cstring>

namespace sluice::adapters::openai_chat {
namespace {

constexpr std::size_t kLongestText =
    512;  // beyond that the parser's vectors are faster than a loop over bytes

/// The length of the JSON string source at the front of `text`, up to its closing quote; npos when it is none
/// we take.
std::size_t string_length(std::string_view text) noexcept {
    unsigned char high = 0;
    const std::size_t limit = text.size() < kLongestText ? text.size() : kLongestText;
    for (std::size_t i = 0; i < limit; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        high |= byte;
        if (byte == '"') {
            bool valid = high < 0x80 || simdjson::validate_utf8(text.data(), i);
            return valid ? i : std::string_view::npos;
        }
        if (byte == '\\') ++i;
        if (byte < 0x20) return std::string_view::npos;
    }
    return std::string_view::npos;
}

/// Bytes that stand for themselves in a JSON string, whatever is beside them.
constexpr std::array<bool, 256> plain_bytes() {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte)
        plain[byte] = byte != '"' && byte != '\\';
    return plain;
}
constexpr std::array<bool, 256> kPlain = plain_bytes();

/// The same for one without escapes.
std::size_t plain_length(std::string_view text) noexcept {
    const std::size_t limit = text.size() < kLongestText ? text.size() : kLongestText;
    std::size_t length = 0;
    while (length < limit && kPlain[static_cast<unsigned char>(text[length])])
        ++length;
    if (length < limit && text[length] == '"') return length;
    length = string_length(text);
    const bool is_plain =
        length != std::string_view::npos && std::memchr(text.data(), '\\', length) == nullptr;
    return is_plain ? length : std::string_view::npos;
}

}  // namespace

void ChunkShape::learn(std::string_view json, std::string_view text) {
    forget();
    shape_.assign(json);
    text_begin_ = static_cast<std::size_t>(text.data() - json.data());
    text_end_ = text_begin_ + text.size();
    padding_begin_ = padding_end_ = json.size();
    for (std::string_view name : {R"("obfuscation":")", R"("p":")"}) {  // OpenAI, Mistral
        std::size_t padding = json.find(name, text_end_);
        if (padding == std::string_view::npos) continue;
        padding += name.size();
        std::size_t length = string_length(json.substr(padding));
        if (length == std::string_view::npos) return;
        padding_begin_ = padding;
        padding_end_ = padding + length;
        return;
    }
}

bool ChunkShape::match(std::string_view json, std::string_view& escaped) const noexcept {
    if (shape_.empty() || json.size() <= text_begin_) return false;
    if (std::memcmp(json.data(), shape_.data(), text_begin_) != 0) return false;
    json.remove_prefix(text_begin_);
    std::size_t length = string_length(json);
    if (length == std::string_view::npos || length == 0) return false;
    escaped = json.substr(0, length);
    json.remove_prefix(length);

    const std::string_view shape = shape_;
    const std::string_view between = shape.substr(text_end_, padding_begin_ - text_end_);
    if (!json.starts_with(between)) return false;
    json.remove_prefix(between.size());
    if (padding_begin_ == shape.size()) return json.empty();

    length = string_length(json);
    // An escape there would be unchecked.
    if (length == std::string_view::npos || json.substr(0, length).find('\\') != std::string_view::npos)
        return false;
    return json.substr(length) == shape.substr(padding_end_);
}

void ChunkShape::put_within(std::string_view head, std::string_view tail) {
    const bool is_there = frame_.size() == head.size() + shape_.size() + tail.size() &&
                          frame_.starts_with(head) && frame_.ends_with(tail);
    if (is_there || shape_.empty()) return;
    head_ = head.size();
    frame_.assign(head).append(shape_).append(tail);
}

std::size_t ChunkShape::match_frame(std::string_view bytes, std::string_view& text) const noexcept {
    std::string_view rest = bytes;
    const auto take = [&](std::size_t from, std::size_t to) {
        const std::size_t size = to - from;
        if (rest.size() < size || std::memcmp(rest.data(), frame_.data() + from, size) != 0) return false;
        rest.remove_prefix(size);
        return true;
    };
    if (frame_.empty() || !take(0, head_ + text_begin_)) return 0;
    std::size_t length = plain_length(rest);
    if (length == std::string_view::npos || length == 0) return 0;
    const std::string_view said(rest.data(), length);
    rest.remove_prefix(length);
    if (padding_begin_ == shape_.size()) {
        if (!take(head_ + text_end_, frame_.size())) return 0;
    } else {
        if (!take(head_ + text_end_, head_ + padding_begin_)) return 0;
        length = plain_length(rest);
        if (length == std::string_view::npos) return 0;
        rest.remove_prefix(length);
        if (!take(head_ + padding_end_, frame_.size())) return 0;
    }
    text = said;
    return bytes.size() - rest.size();
}

}  // namespace sluice::adapters::openai_chat
