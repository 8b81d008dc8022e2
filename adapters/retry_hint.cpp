#include "adapters/retry_hint.hpp"

#include "adapters/ascii.hpp"
#include "adapters/rate_limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace sluice::adapters {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using Hint = std::optional<milliseconds>;

constexpr milliseconds kLongest = std::chrono::hours(24);

Hint clamped(double ms) noexcept {
    if (!(ms > 0)) return milliseconds::zero();  // NaN too
    return milliseconds(
        static_cast<std::int64_t>(std::ceil(std::min(ms, static_cast<double>(kLongest.count())))));
}

Hint longest(Hint a, Hint b) noexcept {
    return a && b ? std::max(a, b) : (a ? a : b);
}

/// Takes a number off the front of `text`. No exponent, sign, "inf" or "nan".
std::optional<double> take_number(std::string_view& text) noexcept {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    double value = 0;
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// Takes a unit off the front of `text`; its length in milliseconds.
std::optional<double> take_unit(std::string_view& text) noexcept {
    struct Unit {
        std::string_view name;
        double ms;
    };
    // Longest names first, because the first match counts.
    static constexpr std::array kUnits = {
        Unit{"milliseconds", 1}, Unit{"millisecond", 1}, Unit{"minutes", 60e3}, Unit{"seconds", 1e3},
        Unit{"minute", 60e3},    Unit{"second", 1e3},    Unit{"hours", 3600e3}, Unit{"hour", 3600e3},
        Unit{"days", 86400e3},   Unit{"mins", 60e3},     Unit{"secs", 1e3},     Unit{"day", 86400e3},
        Unit{"min", 60e3},       Unit{"sec", 1e3},       Unit{"ms", 1},         Unit{"us", 1e-3},
        Unit{"\xC2\xB5s", 1e-3}, Unit{"ns", 1e-6},       Unit{"h", 3600e3},     Unit{"m", 60e3},
        Unit{"s", 1e3},          Unit{"d", 86400e3},
    };
    for (const Unit& unit : kUnits) {
        if (text.size() < unit.name.size()) continue;
        bool same = std::equal(unit.name.begin(), unit.name.end(), text.begin(),
                               [](char want, char have) { return want == to_lower(have); });
        bool whole = text.size() == unit.name.size() || !is_alnum(text[unit.name.size()]) ||
                     is_digit(text[unit.name.size()]);
        if (!same || !whole) continue;
        text.remove_prefix(unit.name.size());
        return unit.ms;
    }
    return std::nullopt;
}

/// Takes "1m2.5s" or "26 seconds" off the front of `text`: numbers with units, at least one.
Hint take_duration(std::string_view& text) noexcept {
    double total = 0;
    bool any = false;
    for (;;) {
        std::string_view rest = trim(text);
        std::optional<double> number = take_number(rest);
        if (!number) break;
        while (!rest.empty() && rest.front() == ' ')
            rest.remove_prefix(1);
        std::optional<double> unit = take_unit(rest);
        if (!unit) break;
        total += *number * *unit;
        any = true;
        text = rest;
    }
    return any ? clamped(total) : std::nullopt;
}

std::optional<int> take_int(std::string_view& text, std::size_t max_digits) noexcept {
    std::size_t digits = 0;
    int value = 0;
    while (digits < max_digits && digits < text.size() && is_digit(text[digits])) {
        value = value * 10 + (text[digits++] - '0');
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c) noexcept {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<unsigned> take_month(std::string_view& text) noexcept {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() < 3) return std::nullopt;
    std::size_t at = kMonths.find(text.substr(0, 3));
    if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
    text.remove_prefix(3);
    return static_cast<unsigned>(at / 3 + 1);
}

struct TimeOfDay {
    int hours, minutes, seconds;
};

std::optional<TimeOfDay> take_time(std::string_view& text) noexcept {
    auto hours = take_int(text, 2);
    if (!hours || !take(text, ':')) return std::nullopt;
    auto minutes = take_int(text, 2);
    if (!minutes || !take(text, ':')) return std::nullopt;
    auto seconds = take_int(text, 2);
    if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;  // 60: a leap second
    return TimeOfDay{*hours, *minutes, *seconds};
}

std::optional<system_clock::time_point> assemble(int year, unsigned month, int day, TimeOfDay time) noexcept {
    std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                     std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(time.hours) + std::chrono::minutes(time.minutes) +
           std::chrono::seconds(time.seconds);
}

/// The answer's own clock: what an absolute time in it is compared with.
std::optional<system_clock::time_point> date_of(const wire::HeaderList& headers) {
    std::optional<std::string_view> date = headers.find("date");
    return date ? parse_http_date(*date) : std::nullopt;
}

Hint until(std::optional<system_clock::time_point> when, const wire::HeaderList& headers) {
    std::optional<system_clock::time_point> now = date_of(headers);
    if (!when || !now) return std::nullopt;
    return clamped(std::chrono::duration<double, std::milli>(*when - *now).count());
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
    text = trim(text);
    if (take(text, '-')) {
        Hint magnitude = parse_duration(text);
        return magnitude ? Hint(milliseconds::zero()) : std::nullopt;
    }
    std::string_view rest = text;
    if (std::optional<double> seconds = take_number(rest); seconds && rest.empty())
        return clamped(*seconds * 1e3);
    Hint duration = take_duration(text);
    return text.empty() ? duration : std::nullopt;
}

std::optional<milliseconds> parse_reset(std::string_view text, const wire::HeaderList& headers) {
    constexpr double kEpochSeconds = 1e9, kEpochMilliseconds = 1e12;
    std::string_view rest = trim(text);
    std::optional<double> number = take_number(rest);
    if (number && rest.empty() && *number >= kEpochSeconds && *number < 1e15) {
        double seconds = *number >= kEpochMilliseconds ? *number / 1000 : *number;
        return until(system_clock::time_point(std::chrono::seconds(static_cast<std::int64_t>(seconds))),
                     headers);
    }
    if (auto when = parse_rfc3339(text)) return until(when, headers);
    return parse_duration(text);
}

std::optional<milliseconds> retry_hint_from_text(std::string_view text) {
    static constexpr std::array<std::string_view, 7> kPhrases = {
        "again in ", "retry in ", "retry after ",         "again after ",
        "wait for ", "wait ",     "retry_after_seconds: "};
    std::string low = lower(text);
    Hint best;
    for (std::string_view phrase : kPhrases) {
        for (std::size_t at = low.find(phrase); at != std::string::npos; at = low.find(phrase, at + 1)) {
            std::string_view rest = std::string_view(low).substr(at + phrase.size());
            best = longest(best, take_duration(rest));
        }
    }
    return best;
}

std::optional<milliseconds> retry_after_from_headers(const wire::HeaderList& headers) {
    Hint ms, after;
    if (auto field = headers.find("retry-after-ms")) {
        std::string_view rest = trim(*field);
        if (std::optional<double> value = take_number(rest); value && rest.empty()) ms = clamped(*value);
    }
    if (auto field = headers.find("retry-after")) {
        after = parse_duration(*field);
        if (!after) after = until(parse_http_date(*field), headers);
    }
    return longest(ms, after);
}

std::optional<milliseconds> limit_reset_from_headers(const wire::HeaderList& headers, int status) {
    if (status != 429 && status != 503) return std::nullopt;
    Hint best;
    for (const RateLimit& limit : read_rate_limits(headers))
        if (limit.remaining == 0U) best = longest(best, limit.reset_in);
    // Zero means "at once" or 1970: as good as no hint.
    return best && best->count() > 0 ? best : std::nullopt;
}

std::optional<milliseconds> retry_hint_from_headers(const wire::HeaderList& headers, int status) {
    if (Hint after = retry_after_from_headers(headers)) return after;
    return limit_reset_from_headers(headers, status);
}

std::optional<system_clock::time_point> parse_http_date(std::string_view text) {
    text = trim(text);
    std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) {  // asctime: "Sun Nov  6 08:49:37 1994"
        if (text.size() < 4) return std::nullopt;
        text.remove_prefix(4);
        auto month = take_month(text);
        if (!month || !take(text, ' ')) return std::nullopt;
        take(text, ' ');
        auto day = take_int(text, 2);
        if (!day || !take(text, ' ')) return std::nullopt;
        auto time = take_time(text);
        if (!time || !take(text, ' ')) return std::nullopt;
        auto year = take_int(text, 4);
        if (!year || !text.empty()) return std::nullopt;
        return assemble(*year, *month, *day, *time);
    }
    text = trim(text.substr(comma + 1));
    auto day = take_int(text, 2);
    if (!day) return std::nullopt;
    bool rfc850 = take(text, '-');  // "06-Nov-94"; otherwise IMF-fixdate, "06 Nov 1994"
    if (!rfc850 && !take(text, ' ')) return std::nullopt;
    auto month = take_month(text);
    if (!month || !take(text, rfc850 ? '-' : ' ')) return std::nullopt;
    auto year = take_int(text, 4);
    if (!year || !take(text, ' ')) return std::nullopt;
    if (rfc850 && *year < 100) *year += *year >= 70 ? 1900 : 2000;
    auto time = take_time(text);
    if (!time || (text != " GMT" && text != " UTC")) return std::nullopt;
    return assemble(*year, *month, *day, *time);
}

std::optional<system_clock::time_point> parse_rfc3339(std::string_view text) {
    text = trim(text);
    auto year = take_int(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    auto month = take_int(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    auto day = take_int(text, 2);
    if (!day || text.empty() || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
    auto time = take_time(text);
    if (!time) return std::nullopt;
    double fraction = 0;
    if (take(text, '.')) {
        for (double digit = 0.1; !text.empty() && is_digit(text.front()); digit /= 10) {
            fraction += digit * (text.front() - '0');
            text.remove_prefix(1);
        }
    }
    std::chrono::minutes offset{0};
    if (!take(text, 'Z') && !take(text, 'z')) {
        int sign = take(text, '-') ? -1 : (take(text, '+') ? 1 : 0);
        auto hours = take_int(text, 2);
        if (sign == 0 || !hours || !take(text, ':')) return std::nullopt;
        auto minutes = take_int(text, 2);
        if (!minutes) return std::nullopt;
        offset = sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
    }
    auto whole = assemble(*year, static_cast<unsigned>(*month), *day, *time);
    if (!whole || !text.empty()) return std::nullopt;
    return *whole - offset + milliseconds(static_cast<std::int64_t>(fraction * 1000));
}

}  // namespace sluice::adapters
