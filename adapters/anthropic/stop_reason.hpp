// Anthropic's word for why the model stopped, and ours (PROTOCOLS section 8).
#pragma once

#include <sluice/event.hpp>

#include <string_view>

namespace sluice::adapters::anthropic {

StopReason stop_reason_of(std::string_view word) noexcept;
/// Empty, which is written as null, for an end that nobody explained.
std::string_view word_of(StopReason reason) noexcept;

}  // namespace sluice::adapters::anthropic
