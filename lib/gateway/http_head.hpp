// The head of an HTTP/1.1 answer, as bytes.
#pragma once

#include "gateway/reply.hpp"

#include <string>
#include <string_view>

namespace sluice::gateway {

/// Whether an answer of that status has a body at all (RFC 9110 section 6.4.1).
bool has_body(int status) noexcept;

/// Status line and fields, without the empty line. What frames the message is left out of `headers`, and a
/// line break in a value becomes a space: neither may be had from who makes an answer of what others sent.
void append_head(std::string& out, int status, std::string_view content_type, const HeaderFields& headers);

/// Case is ignored, as in names of fields.
bool same_name(std::string_view a, std::string_view b) noexcept;
const std::string* find_field(const HeaderFields& headers, std::string_view name) noexcept;

}  // namespace sluice::gateway
