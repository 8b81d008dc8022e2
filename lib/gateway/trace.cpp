#include "gateway/trace.hpp"

#include "model/trace.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::gateway {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kMaxRequestId = 128;
constexpr std::size_t kMaxTraceState = 512;  // what everybody must pass on, of the specification

/// Appended to `out`.
std::string random_hex(Entropy& dice, std::size_t digits, std::string out = {}) {
    const std::size_t end = out.size() + digits;
    out.reserve(end);
    while (out.size() < end)
        append_hex(out, dice.next(), std::min<std::size_t>(end - out.size(), 16));
    return out;
}

bool is_hex(std::string_view text) {
    return text.find_first_not_of(kHexDigits) == std::string_view::npos;
}
bool is_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}
unsigned hex_value(std::string_view digits) {
    unsigned value = 0;
    for (char c : digits)
        value = 16 * value + static_cast<unsigned>(kHexDigits.find(c));
    return value;
}

// "00-<32 digits>-<16 digits>-<2 digits>"; a higher version may have more behind it.
std::optional<TraceContext> parse(std::string_view text) {
    constexpr std::size_t kLength = 55;
    if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    const std::string_view version = text.substr(0, 2);
    const std::string_view id = text.substr(3, 32);
    const std::string_view parent = text.substr(36, 16);
    const std::string_view flags = text.substr(53, 2);
    if (!is_hex(version) || !is_hex(id) || !is_hex(parent) || !is_hex(flags)) return std::nullopt;
    if (version == "ff" || is_zero(id) || is_zero(parent)) return std::nullopt;
    if (text.size() > kLength && (version == "00" || text[kLength] != '-')) return std::nullopt;
    TraceContext trace;
    trace.trace_id = id;
    trace.flags = static_cast<std::uint8_t>(hex_value(flags) & 3U);
    return trace;
}

}  // namespace

std::string request_id_for(const wire::HeaderList& headers, Entropy& dice) {
    const auto is_safe = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("._:-").find(c) != std::string_view::npos;
    };
    const std::optional<std::string_view> given = headers.find("x-request-id");
    if (given && !given->empty() && given->size() <= kMaxRequestId &&
        std::all_of(given->begin(), given->end(), is_safe))
        return std::string(*given);
    return random_hex(dice, 24, "req_");
}

TraceContext trace_of(const wire::HeaderList& headers, Entropy& dice) {
    const std::optional<std::string_view> given = headers.find("traceparent");
    if (std::optional<TraceContext> trace = given ? parse(*given) : std::nullopt) {
        const std::string_view state = headers.find("tracestate").value_or(std::string_view());
        if (state.size() <= kMaxTraceState) trace->state = state;
        return std::move(*trace);
    }
    TraceContext trace;
    trace.trace_id = random_hex(dice, 32);
    return trace;
}

std::string event_id(std::chrono::system_clock::time_point when, Entropy& dice) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const auto milliseconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count());
    constexpr std::string_view kPrefix = "evt_";
    constexpr std::size_t begin = kPrefix.size();
    std::string id(begin + 26, '\0');
    kPrefix.copy(id.data(), begin);
    for (unsigned i = 0; i < 10; ++i)
        id[begin + i] = kDigits[(milliseconds >> (5 * (9 - i))) & 31U];
    const std::array<std::uint64_t, 2> random{dice.next(), dice.next()};
    for (unsigned i = 0; i < 16; ++i)
        id[begin + 10 + i] = kDigits[(random[i / 8] >> (5 * (i % 8))) & 31U];
    return id;
}

}  // namespace sluice::gateway
