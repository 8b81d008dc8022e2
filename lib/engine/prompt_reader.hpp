// What can be counted in a prompt in one pass.
#pragma once

#include "engine/lexicons.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::engine {

/// From so many on, more different words make no task harder.
inline constexpr std::size_t kMostUniqueWords = 150;

struct PromptCounts {
    std::size_t characters = 0;                // estimated, where not all was read
    std::size_t unique_words = 0;              // up to kMostUniqueWords
    std::array<std::uint8_t, kTopics> hits{};  // different words and phrases of each list
};

/// Reads what kMaxClassified says. Any bytes.
PromptCounts read_prompt(std::string_view prompt) noexcept;

}  // namespace sluice::engine
