#include "adapters/anthropic/tool_id.hpp"

#include "adapters/ascii.hpp"

#include <algorithm>
#include <cstdint>

namespace sluice::adapters::anthropic {
namespace {

constexpr bool is_allowed(char c) noexcept {
    return is_alnum(c) || c == '_' || c == '-';
}

/// FNV-1a: tells apart ids that differ only in what is replaced.
std::uint64_t hash(std::string_view text) noexcept {
    std::uint64_t value = 0xcbf29ce484222325;
    for (char c : text)
        value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return value;
}

}  // namespace

std::string tool_id(std::string_view id) {
    std::string mapped(id);
    if (std::all_of(id.begin(), id.end(), is_allowed)) return mapped;
    std::replace_if(
        mapped.begin(), mapped.end(), [](char c) { return !is_allowed(c); }, '_');
    mapped.push_back('_');
    for (int shift = 60; shift >= 0; shift -= 4)
        mapped.push_back("0123456789abcdef"[(hash(id) >> shift) & 15]);
    return mapped;
}

}  // namespace sluice::adapters::anthropic
