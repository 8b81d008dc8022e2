// Who made a signature, and how it survives a client that speaks another dialect.
//
// A signature (Anthropic's, Responses' encrypted_content, Gemini's thoughtSignature) only means something to
// who made it. Its origin is "dialect@trust domain". A client behind a gateway gives back what it was given:
// where the client's dialect is not the origin's, the signature travels as base64 of
// "sluice:1:<origin>:<value>", and comes back as what it was.
#pragma once

#include <sluice/message.hpp>

#include <string>
#include <string_view>

namespace sluice::adapters {

/// "anthropic@anthropic".
std::string make_origin(std::string_view dialect, std::string_view trust_domain);
/// The part before the '@'.
std::string_view dialect_of(std::string_view origin) noexcept;

/// Whether a target of origin `target` may have `signature` back: the same origin, or one of "dialect@*",
/// which a client's bare signature has.
bool may_return(const Signature& signature, std::string_view target) noexcept;

/// What a client of `client_dialect` is given for a signature made by `origin`: the bare value when the
/// dialects are the same, else the wrapped one. Empty stays empty.
std::string signature_for_client(std::string_view value, std::string_view origin,
                                 std::string_view client_dialect);
/// Whether `text` is such a wrapped one; `text` may go on behind it.
bool is_wrapped_signature(std::string_view text) noexcept;
/// What a client of `client_dialect` gave back.
Signature signature_from_client(std::string_view text, std::string_view client_dialect);

}  // namespace sluice::adapters
