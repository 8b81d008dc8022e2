// What an error answer says, whatever its shape, and what it means (PROTOCOLS sections 3.6, 5.5, 6.6, 7 and
// 10). Shared by every dialect, because gateways relay each other's errors.
//
//   ErrorBody body = read_error_body(text);
//   ErrorInfo error = classify_error(facts, body, &headers, Phase::headers);
#pragma once

#include <sluice/error.hpp>

#include "adapters/dialect.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters {

struct ErrorBody {
    enum class Shape : unsigned char { empty, json, broken_json, html, text };

    Shape shape = Shape::empty;
    std::string message;  ///< The provider's words, unbounded and unmasked.
    std::string code;     ///< Its most telling machine code, else its type; may be a number as text.
    std::string param;    ///< The request field it blames.
    /// Every machine-readable word in it (codes, types, reasons, quota ids), squeezed to lower-case letters
    /// and digits.
    std::vector<std::string> words;
    /// More text that helps to classify: an upstream's own error (OpenRouter `metadata.raw`), details.
    std::string more_text;
    int status = 0;                                        ///< An HTTP status named inside the body; 0: none.
    std::optional<std::chrono::milliseconds> retry_delay;  ///< Google's RetryInfo.
    std::optional<std::uint64_t> tokens_in, context_window;

    bool has(std::string_view squeezed_word) const noexcept;
};

/// Reads a JSON object, an array of them, JSON that is broken or cut, an SSE `data:` line, HTML or plain
/// text. Never fails.
ErrorBody read_error_body(std::string_view text);

/// The kind of error and everything an ErrorInfo tells. `headers` may be null (an error inside a stream).
ErrorInfo classify_error(const ExchangeFacts& facts, const ErrorBody& body, const wire::HeaderList* headers,
                         Phase phase);

/// Sets what every error of an exchange has in common, where it is not set yet.
void add_facts(ErrorInfo& error, const ExchangeFacts& facts);

}  // namespace sluice::adapters
