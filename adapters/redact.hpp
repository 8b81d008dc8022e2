// Provider text that may be shown: bounded, valid UTF-8, and without keys.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::adapters {

/// `text` with each of `secrets` and everything that looks like a credential ("sk-...", "AIza...", "Bearer
/// ...") replaced by "***". Providers quote the key they were given, some of them whole.
std::string mask_secrets(std::string_view text, std::span<const std::string_view> secrets);

/// At most ErrorInfo::kMaxExcerpt bytes of it, masked before it is cut, so that no part of a key is left at
/// the cut.
std::string masked_excerpt(std::string_view text, std::span<const std::string_view> secrets);

}  // namespace sluice::adapters
