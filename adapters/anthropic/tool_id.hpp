// Anthropic takes tool ids of letters, digits, '_' and '-' only; other providers make others.
#pragma once

#include <string>
#include <string_view>

namespace sluice::adapters::anthropic {

/// The id itself where Anthropic takes it. Else one that depends on nothing but the id, so that a call and
/// its result, and the same call in the next turn, agree.
std::string tool_id(std::string_view id);

}  // namespace sluice::adapters::anthropic
