#include "adapters/openai_chat/chunk_shape.hpp"

#include "wire/plain_text.hpp"

#include <simdjson.h>

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

/// The same for one without escapes, whose beginning was not plain.
std::size_t unusual_length(std::string_view text) noexcept {
    const std::size_t length = string_length(text);
    const bool has_escape =
        length != std::string_view::npos && std::memchr(text.data(), '\\', length) != nullptr;
    return has_escape ? std::string_view::npos : length;
}

/// The same for any without escapes.
inline std::size_t unescaped_length(std::string_view text) noexcept {
    const std::size_t plain = wire::plain_front(text);
    return plain < text.size() && text[plain] == '"' ? plain : unusual_length(text);
}

}  // namespace

void ChunkShape::learn(std::string_view json, std::string_view text) {
    constexpr std::size_t kUsualAround = 16;  // "data: ", and an empty line
    forget();
    frame_.reserve(json.size() + kUsualAround);
    frame_.append(json);
    text_begin_ = static_cast<std::size_t>(text.data() - json.data());
    text_end_ = text_begin_ + text.size();
    has_padding_ = false;
    for (std::string_view name : {R"("obfuscation":")", R"("p":")"}) {  // OpenAI, Mistral
        std::size_t padding = json.find(name, text_end_);
        if (padding == std::string_view::npos) continue;
        padding += name.size();
        std::size_t length = string_length(json.substr(padding));
        if (length == std::string_view::npos) return;
        has_padding_ = true;
        padding_begin_ = padding;
        padding_end_ = padding + length;
        return;
    }
}

bool ChunkShape::match(std::string_view json, std::string_view& escaped) const noexcept {
    const std::string_view shape = chunk();
    if (shape.empty() || json.size() <= text_begin_) return false;
    if (std::memcmp(json.data(), shape.data(), text_begin_) != 0) return false;
    json.remove_prefix(text_begin_);
    std::size_t length = string_length(json);
    if (length == std::string_view::npos || length == 0) return false;
    escaped = json.substr(0, length);
    json.remove_prefix(length);

    if (!has_padding_) return json == shape.substr(text_end_);
    const std::string_view between = shape.substr(text_end_, padding_begin_ - text_end_);
    if (!json.starts_with(between)) return false;
    json.remove_prefix(between.size());

    length = string_length(json);
    // An escape there would be unchecked.
    if (length == std::string_view::npos || json.substr(0, length).find('\\') != std::string_view::npos)
        return false;
    return json.substr(length) == shape.substr(padding_end_);
}

void ChunkShape::put_within(std::string_view head, std::string_view tail) {
    const bool is_there =
        head_ == head.size() && tail_ == tail.size() && frame_.starts_with(head) && frame_.ends_with(tail);
    if (is_there || frame_.empty()) return;
    frame_.resize(frame_.size() - tail_);
    frame_.append(tail).replace(0, head_, head);
    head_ = head.size();
    tail_ = tail.size();
}

std::size_t ChunkShape::match_frame(std::string_view bytes, std::string_view& text) const noexcept {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    const auto take = [&](std::size_t from, std::size_t to) {
        const std::size_t size = to - from;
        if (static_cast<std::size_t>(end - at) < size || std::memcmp(at, frame_.data() + from, size) != 0)
            return false;
        at += size;
        return true;
    };
    if (frame_.empty() || !take(0, head_ + text_begin_)) return 0;
    std::size_t length = unescaped_length({at, end});
    if (length == std::string_view::npos || length == 0) return 0;
    const std::string_view said(at, length);
    at += length;
    if (has_padding_) {
        if (!take(head_ + text_end_, head_ + padding_begin_)) return 0;
        length = unescaped_length({at, end});
        if (length == std::string_view::npos) return 0;
        at += length;
    }
    if (!take(head_ + (has_padding_ ? padding_end_ : text_end_), frame_.size())) return 0;
    text = said;
    return static_cast<std::size_t>(at - bytes.data());
}

}  // namespace sluice::adapters::openai_chat
