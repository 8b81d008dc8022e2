#include <sluice/attempt.hpp>
#include <sluice/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

struct KindFacts {
    std::string_view class_name;
    ErrorKind parent;
};

// Indexed by ErrorKind.
constexpr std::array<KindFacts, 14> kKinds{{
    {"ProviderError", ErrorKind::provider_error},
    {"RateLimited", ErrorKind::provider_error},
    {"QuotaExhausted", ErrorKind::rate_limited},
    {"ProviderUnavailable", ErrorKind::provider_error},
    {"ProviderOverloaded", ErrorKind::provider_unavailable},
    {"ProviderTimeout", ErrorKind::provider_unavailable},
    {"StreamTruncated", ErrorKind::provider_unavailable},
    {"AllProvidersFailed", ErrorKind::provider_unavailable},
    {"NoProviderAvailable", ErrorKind::provider_unavailable},
    {"ContextLengthExceeded", ErrorKind::provider_error},
    {"ProviderAuthFailed", ErrorKind::provider_error},
    {"ProviderBadRequest", ErrorKind::provider_error},
    {"ModelNotFound", ErrorKind::provider_bad_request},
    {"ContentFiltered", ErrorKind::provider_bad_request},
}};
static_assert(kKinds.size() == std::size_t(ErrorKind::content_filtered) + 1);

constexpr std::array<std::string_view, 9> kPhases{"prepare", "connect", "send", "headers", "first_event",
                                                  "stream",  "idle",    "leg",  "total"};
static_assert(kPhases.size() == std::size_t(Phase::total) + 1);

const KindFacts& facts(ErrorKind kind) noexcept {
    return kKinds[static_cast<std::size_t>(kind)];
}

class ErrorCategory final : public std::error_category {
  public:
    const char* name() const noexcept override { return "sluice"; }
    std::string message(int value) const override {
        if (value < 1 || value > int(kKinds.size())) return "unknown sluice error";
        return std::string(kKinds[std::size_t(value) - 1].class_name);
    }
};

// The last leg's error stays reachable by std::rethrow_if_nested, which needs a handler to be active here.
[[noreturn]] void throw_exhausted(ErrorInfo error) {
    if (!error.attempts || error.attempts->empty()) throw ProviderUnavailable(std::move(error));
    try {
        throw_error(last_failed(*error.attempts).error);
    } catch (...) {
        throw AllProvidersFailed(std::move(error));
    }
}

}  // namespace

const Attempt& last_failed(const std::vector<Attempt>& attempts) noexcept {
    const auto asked = std::find_if(attempts.rbegin(), attempts.rend(), [](const Attempt& attempt) {
        return attempt.outcome == Attempt::Outcome::failed;
    });
    return asked != attempts.rend() ? *asked : attempts.back();
}

std::string_view class_name(ErrorKind kind) noexcept {
    return facts(kind).class_name;
}
std::string_view to_string(Phase phase) noexcept {
    return kPhases[static_cast<std::size_t>(phase)];
}
ErrorKind parent_of(ErrorKind kind) noexcept {
    return facts(kind).parent;
}

bool is_a(ErrorKind kind, ErrorKind ancestor) noexcept {
    while (kind != ancestor) {
        if (kind == ErrorKind::provider_error) return false;
        kind = parent_of(kind);
    }
    return true;
}

ErrorInfo::ErrorInfo() = default;
ErrorInfo::ErrorInfo(ErrorKind what_kind, Phase where, std::string our_words)
    : kind(what_kind), phase(where), message(std::move(our_words)) {}
ErrorInfo::ErrorInfo(const ErrorInfo&) = default;
ErrorInfo::ErrorInfo(ErrorInfo&&) noexcept = default;
ErrorInfo& ErrorInfo::operator=(const ErrorInfo&) = default;
ErrorInfo& ErrorInfo::operator=(ErrorInfo&&) noexcept = default;
ErrorInfo::~ErrorInfo() = default;

bool can_retry_same_target(const ErrorInfo& error) noexcept {
    if (error.never_retry_here) return false;
    switch (error.kind) {
        case ErrorKind::rate_limited:
        case ErrorKind::provider_unavailable:
        case ErrorKind::provider_overloaded:
        case ErrorKind::provider_timeout:
        case ErrorKind::stream_truncated:
            return true;
        case ErrorKind::no_provider_available:
            return error.retry_after.has_value();  // down for a while, not unfit for the request
        case ErrorKind::provider_error:
        case ErrorKind::quota_exhausted:
        case ErrorKind::all_providers_failed:
        case ErrorKind::context_length_exceeded:
        case ErrorKind::provider_auth_failed:
        case ErrorKind::provider_bad_request:
        case ErrorKind::model_not_found:
        case ErrorKind::content_filtered:
            return false;
    }
    return false;
}

bool can_try_elsewhere(const ErrorInfo& error) noexcept {
    switch (error.kind) {
        case ErrorKind::provider_bad_request:
        case ErrorKind::all_providers_failed:
            return false;
        default:
            return true;
    }
}

std::string describe(const ErrorInfo& error) {
    std::string line;
    if (!error.provider.empty() || !error.model.empty()) {
        line.append(error.provider).append("/").append(error.model).append(": ");
    }
    line.append(class_name(error.kind));
    if (error.status != 0 || !error.code.empty()) {
        line.append(" (");
        if (error.status != 0) line.append(std::to_string(error.status));
        if (error.status != 0 && !error.code.empty()) line.append(", ");
        line.append(error.code).append(")");
    }
    line.append(" in ").append(to_string(error.phase));
    if (!error.message.empty()) line.append(": ").append(error.message);
    return line;
}

ProviderError::ProviderError(ErrorInfo info)
    : std::runtime_error(describe(info)), info_(std::make_shared<const ErrorInfo>(std::move(info))) {}

std::error_code ProviderError::code() const noexcept {
    return make_error_code(kind());
}

void throw_error(ErrorInfo error) {
    switch (error.kind) {
        case ErrorKind::provider_error:
            throw ProviderError(std::move(error));
        case ErrorKind::rate_limited:
            throw RateLimited(std::move(error));
        case ErrorKind::quota_exhausted:
            throw QuotaExhausted(std::move(error));
        case ErrorKind::provider_unavailable:
            throw ProviderUnavailable(std::move(error));
        case ErrorKind::provider_overloaded:
            throw ProviderOverloaded(std::move(error));
        case ErrorKind::provider_timeout:
            throw ProviderTimeout(std::move(error));
        case ErrorKind::stream_truncated:
            throw StreamTruncated(std::move(error));
        case ErrorKind::all_providers_failed:
            throw_exhausted(std::move(error));
        case ErrorKind::no_provider_available:
            if (!error.attempts || error.attempts->empty()) throw ProviderUnavailable(std::move(error));
            throw NoProviderAvailable(std::move(error));
        case ErrorKind::context_length_exceeded:
            throw ContextLengthExceeded(std::move(error));
        case ErrorKind::provider_auth_failed:
            throw ProviderAuthFailed(std::move(error));
        case ErrorKind::provider_bad_request:
            throw ProviderBadRequest(std::move(error));
        case ErrorKind::model_not_found:
            throw ModelNotFound(std::move(error));
        case ErrorKind::content_filtered:
            throw ContentFiltered(std::move(error));
    }
    throw ProviderError(std::move(error));
}

const std::error_category& error_category() noexcept {
    static const ErrorCategory category;
    return category;
}

std::error_code make_error_code(ErrorKind kind) noexcept {
    return {static_cast<int>(kind) + 1, error_category()};
}

}  // namespace sluice
