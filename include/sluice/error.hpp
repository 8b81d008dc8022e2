// What went wrong, as a value (ErrorInfo) and as an exception class that wraps it.
//
//   try {
//       sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
//   } catch (const sluice::RateLimited& error) {         // or QuotaExhausted, a RateLimited too
//       if (error.info().retry_after) ...
//   } catch (const sluice::ProviderError& error) {       // everything a provider can do wrong
//       log(error.what());                               // our words only: no key, prompt or answer
//   }
//
// Inside the library errors travel as values; an exception is thrown only at the public edge.
// Cancellation is not an error of a provider: it arrives as asio::system_error(operation_aborted).
#pragma once

#include <sluice/rate_limit.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace sluice {

struct Attempt;

/// What a caller can do about a failure. The kinds form the same tree as the exception classes below.
enum class ErrorKind : std::uint8_t {
    provider_error,           ///< The root; only a custom provider reports it.
    rate_limited,             ///< 429: wait `retry_after`, or go elsewhere.
    quota_exhausted,          ///< Money or a daily quota is used up: go elsewhere, never retry.
    provider_unavailable,     ///< Connect, TLS, 5xx, or an answer that breaks the protocol.
    provider_overloaded,      ///< 529, 503 or "overloaded": retry slower, or go elsewhere.
    provider_timeout,         ///< A deadline ran out; which one is in `ErrorInfo::phase`.
    stream_truncated,         ///< The stream ended without its terminal marker, or empty.
    all_providers_failed,     ///< A chain is exhausted; `ErrorInfo::attempts` has every leg.
    no_provider_available,    ///< Nobody could be asked; `ErrorInfo::attempts` says why not, leg by leg.
    context_length_exceeded,  ///< The prompt does not fit: only a larger window helps.
    provider_auth_failed,     ///< 401, 403, and the providers that say it with 400.
    provider_bad_request,     ///< The request is wrong and will be wrong everywhere.
    model_not_found,          ///< This provider does not serve that model.
    content_filtered,         ///< A policy of the provider refused the request.
};

/// How far the exchange had come. For a ProviderTimeout: the deadline that ran out (DESIGN "Time").
enum class Phase : std::uint8_t {
    prepare,      ///< Before any byte was sent: the request could not be expressed.
    connect,      ///< Waiting for a connection: pool, DNS, TCP, proxy, TLS.
    send,         ///< Writing the request.
    headers,      ///< Request written, response head not complete.
    first_event,  ///< Head is here, no event that carries an answer yet.
    stream,       ///< After the first event.
    idle,         ///< Deadline only: too long between two events that carry content.
    leg,          ///< Deadline only: this attempt as a whole.
    total,        ///< Deadline only: the request as a whole, over all attempts.
};

/// "RateLimited", "ProviderTimeout", ...: the name of the exception class for `kind`.
std::string_view class_name(ErrorKind kind) noexcept;
/// "connect", "first_event", ...: the enumerator's name.
std::string_view to_string(Phase phase) noexcept;
/// The kind one level up the tree; `provider_error` is its own parent.
ErrorKind parent_of(ErrorKind kind) noexcept;
/// Whether `kind` is `ancestor` or below it: is_a(quota_exhausted, rate_limited) is true.
bool is_a(ErrorKind kind, ErrorKind ancestor) noexcept;

/// One failure, as a value. Owns all its text.
struct ErrorInfo {
    ErrorInfo();
    [[gnu::cold]] ErrorInfo(ErrorKind what_kind, Phase where, std::string our_words);
    // Not inline, and said to be rare: an error has much to copy, and whoever may have one is to stay short.
    [[gnu::cold]] ErrorInfo(const ErrorInfo&);
    [[gnu::cold]] ErrorInfo(ErrorInfo&&) noexcept;
    [[gnu::cold]] ErrorInfo& operator=(const ErrorInfo&);
    [[gnu::cold]] ErrorInfo& operator=(ErrorInfo&&) noexcept;
    ~ErrorInfo();

    ErrorKind kind = ErrorKind::provider_error;
    Phase phase = Phase::prepare;
    /// HTTP status of the answer, 0 when there was none.
    int status = 0;
    /// Who failed: the provider's id and the model's id.
    std::string provider;
    std::string model;
    /// Our own words: what happened and what to do. Never the provider's text, a key, a prompt or an answer.
    std::string message;
    /// The provider's machine code or type ("insufficient_quota"), empty when it gave none.
    std::string code;
    /// The provider's own text, at most kMaxExcerpt bytes of valid UTF-8, keys masked. May quote the
    /// prompt, so it is kept apart from `message` and is never logged by default.
    std::string provider_message;
    /// The provider's request id, for its support desk.
    std::string request_id;
    /// How long the provider asks us to wait, from any form of hint (PROTOCOLS section 11).
    std::optional<std::chrono::milliseconds> retry_after;
    /// The rate limits that the answer told, empty when it told none.
    std::vector<RateLimit> rate_limits;
    /// For context_length_exceeded: tokens of the request and the model's window, where the text tells them.
    std::optional<std::uint64_t> tokens_in;
    std::optional<std::uint64_t> context_window;
    /// The same request can never succeed at this target ("Request too large for the limit").
    bool never_retry_here = false;
    /// For an error that comes out of a chain after a failover: every leg in order, each with its own
    /// ErrorInfo, the one that ended the chain included. Otherwise null.
    std::shared_ptr<const std::vector<Attempt>> attempts;

    /// Longest `provider_message`, in bytes.
    static constexpr std::size_t kMaxExcerpt = 1024;
};

/// Waiting and asking the same target again may help: rate limits, overload, 5xx, timeouts, cut streams.
bool can_retry_same_target(const ErrorInfo& error) noexcept;
/// Another provider may succeed where this one failed. False only for what is wrong everywhere.
bool can_try_elsewhere(const ErrorInfo& error) noexcept;
/// One line for a log: "openai/gpt-5: RateLimited (429, rate_limit_exceeded) in headers: ...". Our words
/// only.
std::string describe(const ErrorInfo& error);

/// Base of the family. `what()` is describe(info()).
class ProviderError : public std::runtime_error {
  public:
    explicit ProviderError(ErrorInfo info);
    /// Valid as long as this exception or a copy of it lives.
    const ErrorInfo& info() const noexcept { return *info_; }
    ErrorKind kind() const noexcept { return info_->kind; }
    /// The same kind as a std::error_code of error_category().
    std::error_code code() const noexcept;

  private:
    std::shared_ptr<const ErrorInfo> info_;
};

class RateLimited : public ProviderError {
    using ProviderError::ProviderError;
};
class QuotaExhausted : public RateLimited {
    using RateLimited::RateLimited;
};
class ProviderUnavailable : public ProviderError {
    using ProviderError::ProviderError;
};
class ProviderOverloaded : public ProviderUnavailable {
    using ProviderUnavailable::ProviderUnavailable;
};
class ProviderTimeout : public ProviderUnavailable {
    using ProviderUnavailable::ProviderUnavailable;
};
class StreamTruncated : public ProviderUnavailable {
    using ProviderUnavailable::ProviderUnavailable;
};
class ContextLengthExceeded : public ProviderError {
    using ProviderError::ProviderError;
};
class ProviderAuthFailed : public ProviderError {
    using ProviderError::ProviderError;
};
class ProviderBadRequest : public ProviderError {
    using ProviderError::ProviderError;
};
class ModelNotFound : public ProviderBadRequest {
    using ProviderBadRequest::ProviderBadRequest;
};
class ContentFiltered : public ProviderBadRequest {
    using ProviderBadRequest::ProviderBadRequest;
};

/// A chain is exhausted. The last leg's error is nested: std::rethrow_if_nested gives it as its class.
class AllProvidersFailed : public ProviderUnavailable, public std::nested_exception {
  public:
    using ProviderUnavailable::ProviderUnavailable;
    /// Every leg in order, never empty. Valid as long as this exception or a copy of it lives.
    const std::vector<Attempt>& attempts() const noexcept { return *info().attempts; }
};

/// Nobody was asked: each leg is down, or may not or cannot serve this request (SkipReason, attempt.hpp).
/// `info().retry_after` is how long until the first of them may be asked again, where that is known.
class NoProviderAvailable : public ProviderUnavailable {
  public:
    using ProviderUnavailable::ProviderUnavailable;
    /// Every leg in order, all skipped, never empty. Valid as long as this exception or a copy of it lives.
    const std::vector<Attempt>& attempts() const noexcept { return *info().attempts; }
};

/// Throws the exception class that belongs to `error.kind`.
[[noreturn]] void throw_error(ErrorInfo error);

/// Category "sluice"; its values are the ErrorKinds plus one (0 is success).
const std::error_category& error_category() noexcept;
std::error_code make_error_code(ErrorKind kind) noexcept;

}  // namespace sluice

template <>
struct std::is_error_code_enum<sluice::ErrorKind> : std::true_type {};
