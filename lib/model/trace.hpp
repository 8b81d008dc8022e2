// W3C Trace Context, level 2, on the way out.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/entropy.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// Appends the lowest `digits` hexadecimal digits of `bits`, with zeros in front; at most 16.
void append_hex(std::string& out, std::uint64_t bits, std::size_t digits);
/// A traceparent for a new span of that trace.
std::string traceparent(const TraceContext& trace, Entropy& dice);
/// traceparent, and tracestate if there is one.
void add_trace(const TraceContext& trace, Entropy& dice,
               std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace sluice
