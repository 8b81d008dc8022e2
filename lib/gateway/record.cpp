#include "gateway/record.hpp"

#include <array>

#include "net/failure_codes.hpp"

namespace sluice::gateway {
namespace {

constexpr std::array<std::string_view, 26> kReasons{"upstream_timeout",
                                                    "upstream_connect_error",
                                                    "upstream_tls_error",
                                                    "upstream_rate_limited",
                                                    "upstream_quota_exhausted",
                                                    "upstream_overloaded",
                                                    "upstream_5xx",
                                                    "upstream_auth_failed",
                                                    "upstream_bad_request",
                                                    "upstream_protocol_error",
                                                    "context_length_exceeded",
                                                    "model_not_found",
                                                    "content_filtered",
                                                    "empty_stream",
                                                    "stream_truncated",
                                                    "circuit_open",
                                                    "unhealthy",
                                                    "rate_limited_local",
                                                    "budget_exhausted",
                                                    "capability_missing",
                                                    "residency",
                                                    "attempts_spent",
                                                    "all_targets_failed",
                                                    "no_target_available",
                                                    "policy_violation",
                                                    "internal_error"};

constexpr std::array<std::string_view, 7> kOutcomes{"ok",          "error",   "interrupted", "client_gone",
                                                    "slow_client", "drained", "blocked"};
static_assert(kOutcomes.size() == std::size_t(Outcome::blocked) + 1);

constexpr std::array<std::string_view, 5> kEnds{"ok", "failed", "skipped", "abandoned", "running"};
static_assert(kEnds.size() == std::size_t(AttemptRecord::End::running) + 1);

// Whether the answer of one attempt is all that there is to say about the chain.
const Attempt* only_attempt(const ErrorInfo& error) noexcept {
    return error.attempts && error.attempts->size() == 1 ? &error.attempts->front() : nullptr;
}

std::string_view reason_of(const Attempt& attempt) noexcept {
    return attempt.reason ? gateway::reason_of(*attempt.reason) : gateway::reason_of(attempt.error);
}

// Connect, TLS, 5xx and broken answers are one kind, since the same triggers and retries are right for all.
std::string_view reason_of_unavailable(const ErrorInfo& error) noexcept {
    if (error.code == net::kTlsCode) return "upstream_tls_error";
    if (error.code == net::kProtocolCode) return "upstream_protocol_error";
    if (error.status >= 500) return "upstream_5xx";
    switch (error.phase) {
        case Phase::prepare:
        case Phase::connect:
        case Phase::send:
        case Phase::headers:
            return "upstream_connect_error";
        default:
            // The provider's own word for it, told within a 200: as good as a 5xx. Else it is the bytes.
            return error.code.empty() ? "upstream_protocol_error" : "upstream_5xx";
    }
}

std::string_view reason_of_status(int status) noexcept {
    if (status >= 500) return "upstream_5xx";
    return status >= 400 ? "upstream_bad_request" : "upstream_protocol_error";
}

// --- time ---

/// From `begin` on, `width` digits of it.
void put_digits(char* begin, std::size_t width, unsigned value) noexcept {
    for (char* at = begin + width; at > begin; value /= 10)
        *--at = static_cast<char>('0' + value % 10);
}

// Reads exactly `width` digits, and steps over them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) noexcept {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, width)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, char expected) noexcept {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

// Digits beyond the ninth are let go.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) noexcept {
    std::int64_t nanoseconds = 0;
    std::int64_t unit = 100'000'000;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        nanoseconds += (text.front() - '0') * unit;
        unit /= 10;
        any = true;
        text.remove_prefix(1);
    }
    if (!any) return std::nullopt;
    return std::chrono::nanoseconds(nanoseconds);
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) noexcept {
    if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
    const bool east = take(text, '+');
    if (!east && !take(text, '-')) return std::nullopt;
    const auto hours = take_digits(text, 2);
    if (!hours || !take(text, ':')) return std::nullopt;
    const auto minutes = take_digits(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const std::chrono::minutes offset(*hours * 60 + *minutes);
    return east ? offset : -offset;
}

}  // namespace

std::string_view reason_of(SkipReason reason) noexcept {
    switch (reason) {
        case SkipReason::window_too_small:
            return "context_length_exceeded";
        case SkipReason::needs_tools:
        case SkipReason::needs_vision:
        case SkipReason::needs_json_schema:
            return "capability_missing";
        case SkipReason::residency:
            return "residency";
        case SkipReason::budget:
            return "budget_exhausted";
        case SkipReason::unhealthy:
            return "unhealthy";
        case SkipReason::breaker_open:
            return "circuit_open";
        case SkipReason::attempts_spent:
            return "attempts_spent";
    }
    return "internal_error";
}

std::string_view reason_of(const ErrorInfo& error) noexcept {
    switch (error.kind) {
        case ErrorKind::provider_error:
            return reason_of_status(error.status);
        case ErrorKind::rate_limited:
            return "upstream_rate_limited";
        case ErrorKind::quota_exhausted:
            return "upstream_quota_exhausted";
        case ErrorKind::provider_unavailable:
            return reason_of_unavailable(error);
        case ErrorKind::provider_overloaded:
            return "upstream_overloaded";
        case ErrorKind::provider_timeout:
            return "upstream_timeout";
        case ErrorKind::stream_truncated:
            // Before its first event there was nothing: other gateways call that a success.
            return error.phase == Phase::first_event ? "empty_stream" : "stream_truncated";
        case ErrorKind::all_providers_failed:
            if (const Attempt* only = only_attempt(error)) return reason_of(*only);
            return "all_targets_failed";
        case ErrorKind::no_provider_available:
            if (const Attempt* only = only_attempt(error)) return reason_of(*only);
            return "no_target_available";
        case ErrorKind::context_length_exceeded:
            return "context_length_exceeded";
        case ErrorKind::provider_auth_failed:
            return "upstream_auth_failed";
        case ErrorKind::provider_bad_request:
            return "upstream_bad_request";
        case ErrorKind::model_not_found:
            return "model_not_found";
        case ErrorKind::content_filtered:
            return "content_filtered";
    }
    return "internal_error";
}

std::span<const std::string_view> reasons() noexcept {
    return kReasons;
}
std::string_view to_string(Outcome outcome) noexcept {
    return kOutcomes[static_cast<std::size_t>(outcome)];
}
std::span<const std::string_view> outcomes() noexcept {
    return kOutcomes;
}
std::string_view to_string(AttemptRecord::End end) noexcept {
    return kEnds[static_cast<std::size_t>(end)];
}

TimestampText::TimestampText(std::chrono::system_clock::time_point time) noexcept {
    const auto milli = std::chrono::floor<std::chrono::milliseconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(milli);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(milli - day);
    char* const text = text_.data();
    put_digits(text, 4, static_cast<unsigned>(int(date.year())));
    put_digits(text + 5, 2, unsigned(date.month()));
    put_digits(text + 8, 2, unsigned(date.day()));
    put_digits(text + 11, 2, static_cast<unsigned>(clock.hours().count()));
    put_digits(text + 14, 2, static_cast<unsigned>(clock.minutes().count()));
    put_digits(text + 17, 2, static_cast<unsigned>(clock.seconds().count()));
    put_digits(text + 20, 3, static_cast<unsigned>(clock.subseconds().count()));
}

std::string timestamp_text(std::chrono::system_clock::time_point time) {
    return std::string(TimestampText(time).view());
}

std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) noexcept {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
    const auto hour = take_digits(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || !take(text, ':')) return std::nullopt;
    const auto second = take_digits(text, 2);
    if (!second) return std::nullopt;
    std::chrono::nanoseconds fraction(0);
    if (take(text, '.')) {
        const auto found = take_fraction(text);
        if (!found) return std::nullopt;
        fraction = *found;
    }
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                                           std::chrono::day(unsigned(*day))};
    // A leap second is the next minute's first.
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::time_point_cast<std::chrono::system_clock::duration>(
        std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
        std::chrono::seconds(*second) + fraction - *offset);
}

}  // namespace sluice::gateway
