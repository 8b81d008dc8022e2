// The built-in lists of the content filter. docs/policies.md says what they are good for, and what not.
#pragma once

#include <span>
#include <string_view>

namespace sluice::gateway {

struct WordList {
    std::string_view category;
    std::string_view description;             ///< One sentence.
    std::span<const std::string_view> words;  ///< As in a configuration: phrases, with a "*" for any ending.
};

std::span<const WordList> built_in_lists() noexcept;
/// Null for a category that there is not.
const WordList* find_built_in(std::string_view category) noexcept;

}  // namespace sluice::gateway
