// Base64, RFC 4648 section 4, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

std::string to_base64(std::string_view bytes);
/// Nullopt for anything but base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice::wire
