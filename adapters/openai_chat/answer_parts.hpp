// The pieces that a stream of chunks, a whole answer and a request of this dialect have in common.
#pragma once

#include <sluice/error.hpp>
#include <sluice/event.hpp>
#include <sluice/usage.hpp>

#include "wire/json_writer.hpp"

#include <cstdint>
#include <string_view>

namespace sluice::adapters::openai_chat {

/// The `finish_reason` a client is told; empty: none. `is_own`: `raw` is a word of this dialect.
std::string_view finish_word(StopReason reason, std::string_view raw, bool is_own) noexcept;

/// The value of `usage`. Counts that are not known are left out.
void write_usage(const Usage& usage, wire::JsonWriter& json);

/// {"message","type","param","code"} of an error: what classify() and OpenAI's clients recognise the kind by.
void write_error(const ErrorInfo& error, wire::JsonWriter& json);

/// One element of `reasoning_details` (OpenRouter): reasoning.encrypted when the text is hidden, else
/// reasoning.text. `block` counts the parts of the answer's reasoning.
struct ReasoningDetail {
    std::string_view text;
    std::string_view signature;
    std::string_view id;
    bool redacted = false;
    std::uint32_t block = 0;
};
void write_reasoning_detail(const ReasoningDetail& detail, wire::JsonWriter& json);

/// The field in which Google's compatible endpoint hangs its signature on a call or a text; none for an empty
/// one.
void write_thought_signature(std::string_view signature, wire::JsonWriter& json);

}  // namespace sluice::adapters::openai_chat
