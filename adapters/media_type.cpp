#include "adapters/media_type.hpp"

#include "adapters/ascii.hpp"

#include <algorithm>

namespace sluice::adapters {

bool is_event_stream(const wire::HeaderList& headers) noexcept {
    constexpr std::string_view kEventStream = "text/event-stream";
    std::string_view type = headers.find("content-type").value_or(kEventStream);
    type = trim(type.substr(0, type.find(';')));
    return std::equal(type.begin(), type.end(), kEventStream.begin(), kEventStream.end(),
                      [](char given, char wanted) { return to_lower(given) == wanted; });
}

}  // namespace sluice::adapters
