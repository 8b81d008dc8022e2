// Gemini's finish reasons and ours (PROTOCOLS section 8).
#pragma once

#include <sluice/event.hpp>

#include <string_view>

namespace sluice::adapters::gemini {

/// Before tool calls are looked at: Gemini says STOP to them too.
StopReason stop_reason_of(std::string_view finish_reason) noexcept;
/// What a client is told. Gemini has no word for `error` and `unknown` but OTHER.
std::string_view finish_reason_of(StopReason reason) noexcept;

}  // namespace sluice::adapters::gemini
