// Tokens of one answer, by class, in one meaning for every provider (PROTOCOLS section 9):
// `input` includes what was read from or written to a cache, `output` includes reasoning.
// A count that the provider did not report is absent, never zero; a reported zero stays zero.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice {

using Tokens = std::uint64_t;

struct Usage {
    std::optional<Tokens> input;         ///< All prompt tokens, cached ones included.
    std::optional<Tokens> cached_input;  ///< Of `input`: read from a prompt cache.
    std::optional<Tokens> cache_write;   ///< Of `input`: written to a prompt cache.
    std::optional<Tokens> output;        ///< All generated tokens, reasoning included.
    std::optional<Tokens> reasoning;     ///< Of `output`: spent on reasoning.

    bool operator==(const Usage&) const = default;
};

}  // namespace sluice
