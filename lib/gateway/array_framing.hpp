// How a stream looks to a client of Gemini that has not asked for events.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gateway {

/// Gemini's stream for clients that do not ask for alt=sse: one JSON array, an element a chunk (PROTOCOLS
/// section 6).
class ArrayFraming {
  public:
    /// Complete frames of an event stream as elements.
    void add(std::string_view frames, std::string& out) {
        constexpr std::string_view kData = "data: ";
        while (!frames.empty()) {
            std::string_view line = frames.substr(0, frames.find('\n'));
            frames.remove_prefix(std::min(line.size() + 1, frames.size()));
            if (!line.starts_with(kData)) continue;
            if (line.ends_with('\r')) line.remove_suffix(1);
            out.append(std::exchange(begun_, true) ? ",\r\n" : "[").append(line.substr(kData.size()));
        }
    }
    void end(std::string& out) { out.append(begun_ ? "]" : "[]"); }

  private:
    bool begun_ = false;
};

}  // namespace sluice::gateway
