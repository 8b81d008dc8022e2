// ErrorInfo::code of failures that no provider told: what tells apart, for machines, what is one kind.
#pragma once

#include <string_view>

namespace sluice::net {

/// A connection whose TLS failed: the handshake, or the certificate.
inline constexpr std::string_view kTlsCode = "tls_failed";
/// An answer whose head is not HTTP.
inline constexpr std::string_view kProtocolCode = "malformed_head";

}  // namespace sluice::net
