#include "adapters/gemini/finish_reason.hpp"

#include <array>

namespace sluice::adapters::gemini {
namespace {

struct Reason {
    std::string_view name;
    StopReason reason;
};

constexpr std::array kReasons{
    Reason{"STOP", StopReason::stop},
    Reason{"MAX_TOKENS", StopReason::length},
    Reason{"SAFETY", StopReason::content_filter},
    Reason{"RECITATION", StopReason::content_filter},
    Reason{"LANGUAGE", StopReason::content_filter},
    Reason{"BLOCKLIST", StopReason::content_filter},
    Reason{"PROHIBITED_CONTENT", StopReason::content_filter},
    Reason{"SPII", StopReason::content_filter},
    Reason{"CONTINUATION", StopReason::paused},
    Reason{"MALFORMED_FUNCTION_CALL", StopReason::error},
    Reason{"UNEXPECTED_TOOL_CALL", StopReason::error},
    Reason{"TOO_MANY_TOOL_CALLS", StopReason::error},
    Reason{"MISSING_THOUGHT_SIGNATURE", StopReason::error},
};

}  // namespace

StopReason stop_reason_of(std::string_view finish_reason) noexcept {
    for (const Reason& known : kReasons)
        if (known.name == finish_reason) return known.reason;
    return finish_reason.starts_with("IMAGE_") ? StopReason::content_filter : StopReason::unknown;
}

std::string_view finish_reason_of(StopReason reason) noexcept {
    switch (reason) {
        case StopReason::stop:
        case StopReason::tool_calls:
            return "STOP";
        case StopReason::length:
            return "MAX_TOKENS";
        case StopReason::content_filter:
            return "SAFETY";
        case StopReason::paused:
            return "CONTINUATION";
        case StopReason::error:
        case StopReason::unknown:
            break;
    }
    return "OTHER";
}

}  // namespace sluice::adapters::gemini
