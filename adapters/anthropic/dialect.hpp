// Anthropic Messages (PROTOCOLS section 5).
#pragma once

#include "adapters/dialect.hpp"

namespace sluice::adapters::anthropic {

inline constexpr std::string_view kName = "anthropic";

/// Stateless; one for the process.
const Dialect& dialect();

// The four parts, each in a file of its own.
Result<EncodedRequest> encode_request(const Request& request, const Target& target);
inline constexpr std::string_view kPath = "/messages";
/// The date that names the dialect's version for `target`.
std::string_view version_of(const Target& target) noexcept;
std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target);
EncodedRequest list_models(const Target& target);
std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts);
Result<ParsedRequest> parse_request(const ClientRequest& request);
std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts);
std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts);
EncodedError encode_error(const ErrorInfo& error);

}  // namespace sluice::adapters::anthropic
