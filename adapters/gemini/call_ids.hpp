// Gemini mostly gives its function calls no ids and matches results by name and order (PROTOCOLS
// section 6.3), while everybody else needs ids. So we make some, and know them again: they are never sent to
// Google.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::adapters::gemini {

/// An id for call number `index` of a choice of the answer `response_id`, unique over a conversation as far
/// as that is; letters, digits, '_' and '-' only, as every dialect takes them.
std::string make_call_id(std::string_view response_id, std::uint32_t choice, std::uint32_t index);

/// Whether Google may see the id: not one that we, or another provider in its unmistakable form, made up.
/// Results are matched without, and Vertex refuses the field for older models.
bool is_gemini_call_id(std::string_view id) noexcept;

}  // namespace sluice::adapters::gemini
