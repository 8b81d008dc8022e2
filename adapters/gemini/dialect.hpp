// Google Gemini generateContent, on the Gemini API and on Vertex (PROTOCOLS section 6).
#pragma once

#include "adapters/dialect.hpp"

namespace sluice::adapters::gemini {

inline constexpr std::string_view kName = "gemini";

/// Stateless; one for the process.
const Dialect& dialect();

// The four parts, each in a file of its own.
Result<EncodedRequest> encode_request(const Request& request, const Target& target);
std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target);
std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts);
Result<ParsedRequest> parse_request(const ClientRequest& request);
std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts);
std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts);
EncodedError encode_error(const ErrorInfo& error);

}  // namespace sluice::adapters::gemini
