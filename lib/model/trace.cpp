#include "model/trace.hpp"

#include <string_view>

namespace sluice {
void append_hex(std::string& out, std::uint64_t bits, std::size_t digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out.resize(out.size() + digits);
    char* const end = out.data() + out.size();
    for (char* at = end; at != end - digits; bits >>= 4)
        *--at = kDigits[bits & 15U];
}

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
