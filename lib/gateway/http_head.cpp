#include "gateway/http_head.hpp"

#include "wire/http_reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::gateway {
namespace {

bool is_break(char c) noexcept {
    return c == '\r' || c == '\n' || c == '\0';
}
/// Looks at every byte, which for a short text is faster than to stop at the first.
bool has_break(std::string_view text) noexcept {
    bool found = false;
    for (const char c : text)
        found |= is_break(c);
    return found;
}

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_framing(std::string_view name) noexcept {
    switch (name.empty() ? '\0' : lower(name.front())) {
        case 'c':
            return same_name(name, "content-length") || same_name(name, "connection");
        case 't':
            return same_name(name, "transfer-encoding");
        case 'k':
            return same_name(name, "keep-alive");
        default:
            return false;
    }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (name.empty() || has_break(name)) return;
    out.append(name).append(": ");
    const std::size_t begin = out.size();
    out.append(value);
    if (has_break(value))
        std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), is_break, ' ');
    out += "\r\n";
}

}  // namespace

bool has_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

void append_head(std::string& out, int status, std::string_view content_type, const HeaderFields& headers) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\nServer: sluice\r\n";
    } else {
        out += "HTTP/1.1 ";
        out += std::to_string(status);
        out += ' ';
        out += wire::reason_phrase(status);
        out += "\r\nServer: sluice\r\n";
    }
    if (!content_type.empty()) append_field(out, "Content-Type", content_type);
    for (const auto& [name, value] : headers)
        if (!is_framing(name)) append_field(out, name, value);
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

const std::string* find_field(const HeaderFields& headers, std::string_view name) noexcept {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [name](const auto& field) { return same_name(field.first, name); });
    return found == headers.end() ? nullptr : &found->second;
}

}  // namespace sluice::gateway
