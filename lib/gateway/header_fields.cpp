#include "gateway/header_fields.hpp"

#include "wire/plain_text.hpp"

#include <algorithm>

namespace sluice::gateway {
namespace {

bool is_break(char c) noexcept {
    return c == '\r' || c == '\n' || c == '\0';
}
/// Nearly all text is plain, and that is told faster.
bool has_break(std::string_view text) noexcept {
    return !wire::is_plain(text) && std::any_of(text.begin(), text.end(), is_break);
}

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
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

}  // namespace

std::string_view one_line(std::string_view value, std::string& memory) {
    if (!has_break(value)) return value;
    memory = value;
    std::replace_if(memory.begin(), memory.end(), is_break, ' ');
    return memory;
}

HeaderFields::HeaderFields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (const auto& [name, value] : fields)
        add(name, value);
}

void HeaderFields::add(std::string_view name, std::string_view value) {
    if (name.empty() || has_break(name) || is_framing(name)) return;
    std::string changed;
    lines_.add(name).add(": ").add(one_line(value, changed)).add("\r\n");
}

bool HeaderFields::has(std::string_view name) const noexcept {
    for (std::string_view rest = lines(); !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
        if (same_name(rest.substr(0, rest.find(':')), name)) return true;
    return false;
}

}  // namespace sluice::gateway
