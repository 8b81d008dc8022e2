#include "adapters/rate_limits.hpp"

#include "adapters/ascii.hpp"
#include "adapters/retry_hint.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::adapters {
namespace {

enum class Field : unsigned char { none, limit, remaining, reset };

Field field_of(std::string_view word) noexcept {
    if (word == "limit") return Field::limit;
    if (word == "remaining") return Field::remaining;
    if (word == "reset") return Field::reset;
    return Field::none;
}

struct FieldName {
    Field field = Field::none;
    std::string window;
};

/// "x-ratelimit-remaining-tokens" and "anthropic-ratelimit-tokens-remaining" are both {remaining, "tokens"};
/// "ratelimitbysize-reset" is {reset, "bysize"}.
FieldName parse_name(std::string_view name) {
    FieldName parsed;
    while (!name.empty()) {
        std::string_view word = name.substr(0, name.find('-'));
        name.remove_prefix(std::min(word.size() + 1, name.size()));
        if (parsed.field == Field::none && field_of(word) != Field::none) {
            parsed.field = field_of(word);
            continue;
        }
        for (std::string_view prefix : {"x", "anthropic", "ratelimit"})
            if (word == prefix) word = {};
        if (word.starts_with("ratelimit")) word.remove_prefix(std::string_view("ratelimit").size());
        if (word.empty()) continue;
        if (!parsed.window.empty()) parsed.window.push_back('-');
        parsed.window.append(word);
    }
    return parsed;
}

/// A whole number; a fraction ("59.5") is cut, since what is left of one request is none.
std::optional<std::uint64_t> parse_count(std::string_view text) {
    text = trim(text);
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return std::nullopt;
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const bool is_fraction =
        rest.starts_with('.') && rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (!rest.empty() && !is_fraction) return std::nullopt;
    return count;
}

}  // namespace

std::vector<RateLimit> read_rate_limits(const wire::HeaderList& headers) {
    std::vector<RateLimit> limits;
    for (const auto& [name, value] : headers.all()) {
        if (!contains(name, "ratelimit") && !name.starts_with("anthropic-priority-")) continue;
        FieldName parsed = parse_name(name);
        if (parsed.field == Field::none) continue;
        auto found = std::find_if(limits.begin(), limits.end(),
                                  [&](const RateLimit& limit) { return limit.name == parsed.window; });
        if (found == limits.end()) {
            if (limits.size() == kMaxRateLimits) continue;
            found = limits.insert(limits.end(), RateLimit(std::move(parsed.window)));
        }
        if (parsed.field == Field::limit) found->limit = parse_count(value);
        if (parsed.field == Field::remaining) found->remaining = parse_count(value);
        if (parsed.field == Field::reset) found->reset_in = parse_reset(value, headers);
    }
    std::erase_if(limits,
                  [](const RateLimit& limit) { return !limit.limit && !limit.remaining && !limit.reset_in; });
    return limits;
}

}  // namespace sluice::adapters
