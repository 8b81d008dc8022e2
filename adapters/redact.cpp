#include "adapters/redact.hpp"

#include "adapters/ascii.hpp"
#include "wire/json_writer.hpp"

#include <sluice/error.hpp>

#include <algorithm>
#include <array>

namespace sluice::adapters {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kShortestKey = 8;  // of what follows the prefix; spares words such as "sk-learn"

constexpr std::array<std::string_view, 16> kKeyPrefixes = {"sk-",  "gsk_", "xai-",  "pplx-", "csk-",   "hf_",
                                                           "AIza", "AQ.",  "ya29.", "r8_",   "nvapi-", "tgp_",
                                                           "fw_",  "ghp_", "eyJ",   "ABSK"};

/// A provider that masks the key itself leaves its ends: "sk-ab***yz".
bool is_key_char(char c) noexcept {
    return is_alnum(c) || c == '-' || c == '_' || c == '*' || c == '.' || c == '=' || c == '/' || c == '+';
}

std::size_t key_length(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_key_char) - text.begin());
}

/// How many bytes at the front of `text`, which starts a word, are a credential; `keep` of them are not
/// secret.
std::size_t credential_at(std::string_view text, std::size_t& keep) noexcept {
    constexpr std::string_view kBearer = "bearer ";
    bool bearer = text.size() > kBearer.size() &&
                  std::equal(kBearer.begin(), kBearer.end(), text.begin(),
                             [](char want, char have) { return want == to_lower(have); });
    if (bearer) {
        std::size_t length = key_length(text.substr(kBearer.size()));
        keep = kBearer.size();
        return length >= kShortestKey ? keep + length : 0;
    }
    keep = 0;
    for (std::string_view prefix : kKeyPrefixes) {
        if (prefix.front() != text.front() || !text.starts_with(prefix)) continue;
        std::size_t length = key_length(text);
        return length >= prefix.size() + kShortestKey ? length : 0;
    }
    return 0;
}

}  // namespace

std::string mask_secrets(std::string_view text, std::span<const std::string_view> secrets) {
    std::string plain(text);
    for (std::string_view secret : secrets) {
        if (secret.empty()) continue;
        for (std::size_t at = plain.find(secret); at != std::string::npos;
             at = plain.find(secret, at + kMask.size()))
            plain.replace(at, secret.size(), kMask);
    }
    std::string masked;
    masked.reserve(plain.size());
    std::size_t copied = 0;
    for (std::size_t i = 0; i < plain.size();) {
        const bool word_start = i == 0 || !is_alnum(plain[i - 1]);
        std::size_t keep = 0;
        const std::size_t length = word_start ? credential_at(std::string_view(plain).substr(i), keep) : 0;
        if (length == 0) {
            ++i;
            continue;
        }
        masked.append(plain, copied, i + keep - copied).append(kMask);
        copied = i += length;
    }
    masked.append(plain, copied);
    return masked;
}

std::string masked_excerpt(std::string_view text, std::span<const std::string_view> secrets) {
    return wire::excerpt(mask_secrets(text, secrets), ErrorInfo::kMaxExcerpt);
}

}  // namespace sluice::adapters
