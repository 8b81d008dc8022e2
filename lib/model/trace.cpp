#include "model/trace.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace sluice {
namespace {

void append_hex(std::string& out, std::uint64_t bits, std::size_t digits) {
    std::array<char, 16> text{};
    const char* const end = std::to_chars(text.data(), text.data() + text.size(), bits, 16).ptr;
    const auto size = static_cast<std::size_t>(end - text.data());
    out.append(digits > size ? digits - size : 0, '0').append(text.data(), size);
}

}  // namespace

std::string traceparent(const TraceContext& trace, Entropy& dice) {
    std::string out = "00-" + trace.trace_id + '-';
    append_hex(out, dice.next() | 1U, 16);  // a span's id is never zero
    out += '-';
    append_hex(out, trace.flags, 2);
    return out;
}

void add_trace(const TraceContext& trace, Entropy& dice,
               std::vector<std::pair<std::string, std::string>>& headers) {
    headers.emplace_back("traceparent", traceparent(trace, dice));
    if (!trace.state.empty()) headers.emplace_back("tracestate", trace.state);
}

}  // namespace sluice
