#include "wire/error.hpp"

#include <string>

namespace sluice::wire {
namespace {

class Category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "sluice.wire"; }

    std::string message(int value) const override {
        switch (static_cast<WireError>(value)) {
            case WireError::line_too_long:
                return "a line of the event stream exceeds the limit (max_event)";
            case WireError::event_too_large:
                return "an event of the stream exceeds the limit (max_event)";
            case WireError::held_too_large:
                return "too much metadata before the first event (held limit)";
            case WireError::stream_too_large:
                return "the event stream exceeds the limit (max_stream)";
            case WireError::bad_status_line:
                return "the answer is not HTTP/1.x";
            case WireError::bad_header:
                return "malformed header field";
            case WireError::head_too_large:
                return "status line and header fields exceed the limit (max_head)";
            case WireError::bad_chunk:
                return "malformed chunk";
            case WireError::bad_framing:
                return "contradictory or unsupported Content-Length or Transfer-Encoding";
            case WireError::body_truncated:
                return "the connection ended before the body was complete";
            case WireError::bad_encoding:
                return "the body's compression is broken or cut short";
            case WireError::unsupported_encoding:
                return "unsupported Content-Encoding";
            case WireError::body_too_large:
                return "the body exceeds its limit";
            case WireError::bad_request_field:
                return "a request field holds a byte that HTTP does not allow";
        }
        return "unknown wire error";
    }
};

}  // namespace

const std::error_category& wire_category() noexcept {
    static const Category category;
    return category;
}

std::error_code make_error_code(WireError error) noexcept {
    return {static_cast<int>(error), wire_category()};
}

}  // namespace sluice::wire
