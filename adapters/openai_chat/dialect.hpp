// OpenAI Chat Completions and everything compatible with it (PROTOCOLS sections 3 and 7).
#pragma once

#include "adapters/dialect.hpp"

namespace sluice::adapters::openai_chat {

inline constexpr std::string_view kName = "openai_chat";

/// Stateless; one for the process.
const Dialect& dialect();

// The four parts, each in a file of its own.
Result<EncodedRequest> encode_request(const Request& request, const Target& target);
/// Where a request to `target` goes.
std::string path_of(const Target& target);
std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target);
std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts);
Result<ParsedRequest> parse_request(const ClientRequest& request);
std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts);
std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts);
EncodedError encode_error(const ErrorInfo& error);

}  // namespace sluice::adapters::openai_chat
