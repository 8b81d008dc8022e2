#include "gateway/findings.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::gateway {
namespace {

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_plain(char c) noexcept {
    return is_letter_or_digit(c) || c == '_' || c == '-';
}

}  // namespace

std::string key_path(std::string_view path, std::string_view key) {
    std::string full(path);
    if (!key.empty() && std::all_of(key.begin(), key.end(), is_plain) && !looks_like_secret(key)) {
        if (!full.empty()) full += '.';
        return full.append(key);
    }
    return full.append("[").append(quoted(key)).append("]");
}

std::string item_path(std::string_view path, std::size_t index) {
    return std::string(path).append("[").append(std::to_string(index)).append("]");
}

bool looks_like_secret(std::string_view text) noexcept {
    // How the keys of services begin; short ones are words.
    constexpr std::array<std::string_view, 10> kBeginnings{"sk-",   "sk_",  "AIza", "gsk_", "xai-",
                                                           "pplx-", "csk-", "AKIA", "ghp_", "hf_"};
    constexpr std::size_t kShortest = 16;
    if (text.size() >= kShortest && text.starts_with("Bearer ")) return true;
    for (std::size_t at = 0; at + kShortest <= text.size(); ++at) {
        if (at > 0 && is_letter_or_digit(text[at - 1])) continue;
        const std::string_view rest = text.substr(at);
        if (std::none_of(kBeginnings.begin(), kBeginnings.end(),
                         [&](auto one) { return rest.starts_with(one); }))
            continue;
        const auto* end = std::find_if_not(rest.begin(), rest.end(), is_plain);
        const bool has_digit = std::any_of(rest.begin(), end, [](char c) { return c >= '0' && c <= '9'; });
        // In the middle of something else it takes more than a beginning.
        if (static_cast<std::size_t>(end - rest.begin()) >= kShortest && (at == 0 || has_digit)) return true;
    }
    return false;
}

std::string quoted(std::string_view text) {
    if (looks_like_secret(text)) return "(not shown)";
    constexpr std::size_t kLongest = 60;
    std::string shown = "\"";
    for (const char c : text.substr(0, kLongest))
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    if (text.size() > kLongest) {
        // Not in the middle of a character.
        while ((static_cast<unsigned char>(shown.back()) & 0xC0U) == 0x80U)
            shown.pop_back();
        if ((static_cast<unsigned char>(shown.back()) & 0xC0U) == 0xC0U) shown.pop_back();
        shown += "...";
    }
    return shown + "\"";
}

void Findings::add(Level level, std::string_view code, std::string path, Place place, std::string message,
                   std::string suggestion) {
    if (level == Level::error) has_error_ = true;
    if (all_.size() >= kMost) {
        ++left_out_;
        return;
    }
    ConfigFinding finding;
    finding.level = level;
    finding.code = code;
    finding.path = std::move(path);
    finding.line = place.line;
    finding.column = place.column;
    finding.message = std::move(message);
    finding.suggestion = std::move(suggestion);
    all_.push_back(std::move(finding));
}

void Findings::error(std::string_view code, std::string path, Place place, std::string message,
                     std::string suggestion) {
    add(Level::error, code, std::move(path), place, std::move(message), std::move(suggestion));
}

std::vector<ConfigFinding> Findings::take() {
    std::stable_sort(all_.begin(), all_.end(), [](const ConfigFinding& a, const ConfigFinding& b) {
        if ((a.line == 0) != (b.line == 0)) return b.line == 0;
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    if (left_out_ > 0) {
        ConfigFinding more;
        more.level = has_error_ ? Level::error : Level::warning;
        more.code = "E014";
        more.message = std::to_string(left_out_) + " more findings are not shown";
        all_.push_back(std::move(more));
        left_out_ = 0;
    }
    return std::exchange(all_, {});
}

}  // namespace sluice::gateway
