#include "adapters/anthropic/stop_reason.hpp"

namespace sluice::adapters::anthropic {

StopReason stop_reason_of(std::string_view word) noexcept {
    if (word == "end_turn" || word == "stop_sequence") return StopReason::stop;
    if (word == "max_tokens" || word == "model_context_window_exceeded") return StopReason::length;
    if (word == "tool_use") return StopReason::tool_calls;
    if (word == "refusal") return StopReason::content_filter;
    if (word == "pause_turn" || word == "compaction") return StopReason::paused;
    if (word == "error") return StopReason::error;  // only our own encoder writes it
    return StopReason::unknown;
}

std::string_view word_of(StopReason reason) noexcept {
    switch (reason) {
        case StopReason::stop:
            return "end_turn";
        case StopReason::length:
            return "max_tokens";
        case StopReason::tool_calls:
            return "tool_use";
        case StopReason::content_filter:
            return "refusal";
        case StopReason::paused:
            return "pause_turn";
        case StopReason::error:
            return "error";  // not in Anthropic's list, but clients must expect new words, and "end_turn"
                             // would lie
        case StopReason::unknown:
            break;
    }
    return {};
}

}  // namespace sluice::adapters::anthropic
