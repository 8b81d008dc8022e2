// Server-sent events decoded the slow, plain way: the whole text at once, as the specification words it. What
// SseParser is compared with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

struct SseItem {
    bool frame = false;  // else a stray line
    std::string event;
    std::string data;
    std::string id;
    std::string line;
    std::size_t end = 0;  // offset just after the item
    bool at_finish = false;

    bool operator==(const SseItem&) const = default;
};

/// All items of `text`, the lenient end of the stream included (those have at_finish set).
inline std::vector<SseItem> decode_sse(std::string_view text) {
    std::vector<SseItem> items;
    std::string event, data, id;
    bool has_data = false;
    const auto dispatch = [&](std::size_t end, bool at_finish) {
        if (has_data) {
            data.pop_back();
            items.push_back({true, event, data, id, "", end, at_finish});
        }
        event.clear();
        data.clear();
        has_data = false;
    };
    std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (at < text.size()) {
        std::string line;
        while (at < text.size() && text[at] != '\n' && text[at] != '\r')
            line += text[at++];
        const bool at_finish = at == text.size();
        if (text.substr(at, 2) == "\r\n") {
            at += 2;
        } else if (!at_finish) {
            at += 1;
        }
        if (line.empty()) {
            dispatch(at, false);
            continue;
        }
        const std::size_t colon = line.find(':');
        const std::string name = line.substr(0, colon);
        std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
        if (value.starts_with(' ')) value.erase(0, 1);
        if (colon == 0) {
            continue;
        } else if (name == "data") {
            data += value + '\n';
            has_data = true;
        } else if (name == "event") {
            event = value;
        } else if (name == "id") {
            if (value.find('\0') == std::string::npos) id = value;
        } else if (name != "retry") {
            items.push_back({false, "", "", "", line, at, at_finish});
        }
    }
    dispatch(text.size(), true);
    return items;
}

}  // namespace sluice::test
