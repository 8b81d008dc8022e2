// What kind of body an answer has, by its Content-Type.
#pragma once

#include "wire/http_response.hpp"

namespace sluice::adapters {

/// Whether the body is to be read as server-sent events. One without a content type is: that is what a stream
/// was asked for.
bool is_event_stream(const wire::HeaderList& headers) noexcept;

}  // namespace sluice::adapters
