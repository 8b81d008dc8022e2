// What the traits of a text, and all that is no text, weigh in tokens in a dialect. Fitted to published
// tokenizers of each family (docs/context.md); whole numbers, so that an estimate is the same everywhere.
#pragma once

#include <sluice/usage.hpp>

#include <cstdint>
#include <string_view>

#include "engine/text_measure.hpp"

namespace sluice::engine {

struct TokenScale {
    std::string_view dialect;
    /// Of each trait, in thousandths of a token.
    std::array<std::uint32_t, kTraits> traits;
    // In tokens:
    Tokens message;       // around each message
    Tokens call;          // around each tool call, and each result
    Tokens request;       // once
    Tokens tools;         // once, when there are any
    Tokens tool;          // around each tool
    Tokens schema;        // around a response's schema
    Tokens image;         // one of usual size
    Tokens image_at_low;  // one whose detail is "low"
};

/// The cautious one, each weight the highest of all, for a dialect that is not known.
const TokenScale& token_scale(std::string_view dialect) noexcept;

/// In thousandths of a token.
std::uint64_t weigh(std::string_view text, const TokenScale& scale) noexcept;

}  // namespace sluice::engine
