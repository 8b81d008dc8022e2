// The head of an HTTP/1.1 answer, as bytes.
#pragma once

#include "gateway/header_fields.hpp"

#include <string>
#include <string_view>

namespace sluice::gateway {

/// Whether an answer of that status has a body at all (RFC 9110 section 6.4.1).
bool has_body(int status) noexcept;

/// Status line and fields, without the empty line.
void append_head(std::string& out, int status, std::string_view content_type, const HeaderFields& headers);

}  // namespace sluice::gateway
