// W3C Trace Context, level 2, on the way out.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/entropy.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// A traceparent for a new span of that trace.
std::string traceparent(const TraceContext& trace, Entropy& dice);
/// traceparent, and tracestate if there is one.
void add_trace(const TraceContext& trace, Entropy& dice,
               std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace sluice
