// Writes the head of an HTTP/1.1 request. Nothing that a caller or a configuration supplies can inject a
// line: CR, LF, NUL and every other byte that RFC 9110 forbids in a method, target, name or value is refused.
#pragma once

#include "wire/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::wire {

/// Fields that go out with many requests: checked once.
class RequestFields {
  public:
    /// Host, Content-Length and Transfer-Encoding are refused here: they frame the message and are
    /// RequestHead's own.
    RequestFields& field(std::string_view name, std::string_view value);
    /// The lines; empty when error() is set.
    std::string_view text() const noexcept { return error_ ? std::string_view() : text_; }
    std::error_code error() const noexcept { return error_; }

  private:
    std::string text_;
    std::error_code error_;
};

class RequestHead {
  public:
    /// `target` is origin-form ("/v1/chat/completions") or authority-form for CONNECT; `host` goes out as the
    /// Host field.
    RequestHead(std::string_view method, std::string_view target, std::string_view host);
    /// The same are refused as in RequestFields.
    RequestHead& field(std::string_view name, std::string_view value);
    RequestHead& fields(const RequestFields& all);
    /// At most once.
    RequestHead& content_length(std::size_t bytes);
    /// The whole head with its blank line. Empty and error() set when any part was refused.
    std::string finish() &&;
    std::error_code error() const noexcept { return error_; }

  private:
    std::string text_;
    std::error_code error_;
    bool has_length_ = false;
};

/// Whether `value` may stand in a header field (visible ASCII, SP, HTAB, obs-text).
bool is_field_value(std::string_view value) noexcept;
/// Whether `name` is a token of RFC 9110.
bool is_token(std::string_view name) noexcept;

}  // namespace sluice::wire
