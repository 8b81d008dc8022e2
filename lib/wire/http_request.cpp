#include "wire/http_request.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

namespace sluice::wire {
namespace {

enum ByteClass : unsigned char { kToken = 1, kValue = 2, kTarget = 4, kHost = 8 };

/// Which part of a message each byte may stand in: RFC 9110 sections 5.5 and 5.6.2, RFC 9112 section 3.2, RFC
/// 3986 section 3.2.2.
constexpr std::array<unsigned char, 256> kClasses = [] {
    std::array<unsigned char, 256> classes{};
    const auto mark = [&](std::string_view bytes, unsigned mask) {
        for (const char c : bytes)
            classes[static_cast<unsigned char>(c)] |= static_cast<unsigned char>(mask);
    };
    for (std::size_t byte = 0x21; byte < 0x7f; ++byte)
        classes[byte] = kValue | kTarget;
    for (std::size_t byte = 0x80; byte < 0x100; ++byte)
        classes[byte] = kValue;
    mark(" \t", kValue);
    mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'*+", kToken | kHost);
    mark("#%^`|", kToken);
    mark("(),;=:[]%", kHost);
    return classes;
}();

bool all_of_class(std::string_view text, ByteClass wanted) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [wanted](char c) { return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0; });
}

/// The fields that frame the message: a second one, from a caller's table of extra fields, would let two
/// readers disagree.
bool is_framing(std::string_view name) noexcept {
    const auto is = [name](std::string_view lower_case) {
        return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                          [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    };
    return is("host") || is("content-length") || is("transfer-encoding");
}

void append_line(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

/// Adds the field to `text`, unless it or something before it was refused.
void add(std::string& text, std::error_code& error, std::string_view name, std::string_view value) {
    if (!is_token(name) || is_framing(name) || !is_field_value(value)) error = WireError::bad_request_field;
    if (!error) append_line(text, name, value);
}

}  // namespace

bool is_field_value(std::string_view value) noexcept {
    return all_of_class(value, kValue);
}

bool is_token(std::string_view name) noexcept {
    return !name.empty() && all_of_class(name, kToken);
}

RequestHead::RequestHead(std::string_view method, std::string_view target, std::string_view host) {
    if (!is_token(method) || target.empty() || !all_of_class(target, kTarget) || host.empty() ||
        !all_of_class(host, kHost)) {
        error_ = WireError::bad_request_field;
        return;
    }
    text_.reserve(512);
    text_.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
    append_line(text_, "Host", host);
}

RequestFields& RequestFields::field(std::string_view name, std::string_view value) {
    add(text_, error_, name, value);
    return *this;
}

RequestHead& RequestHead::field(std::string_view name, std::string_view value) {
    add(text_, error_, name, value);
    return *this;
}

RequestHead& RequestHead::fields(const RequestFields& all) {
    if (all.error()) error_ = all.error();
    if (!error_) text_.append(all.text());
    return *this;
}

RequestHead& RequestHead::content_length(std::size_t bytes) {
    if (std::exchange(has_length_, true)) error_ = WireError::bad_request_field;
    if (!error_) append_line(text_, "Content-Length", std::to_string(bytes));
    return *this;
}

std::string RequestHead::finish() && {
    if (error_) return {};
    text_.append("\r\n");
    return std::move(text_);
}

}  // namespace sluice::wire
