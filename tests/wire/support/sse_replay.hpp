// Feeds SseParser as a connection would, and worse: any cut into reads, a window that moves in memory with
// every read (so that a pointer kept over a read is an error that AddressSanitizer sees), and a caller that
// consumes at once, later or never.
#pragma once

#include "wire/sse.hpp"
#include "wire/support/sse_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::test {

enum class Consume { at_once, half, never };

struct SseReplay {
    std::vector<SseItem> items;
    std::error_code error;
};

/// `cuts` are the offsets at which reads end, ascending; the last read ends with `text`. `end` of an item is
/// where position() stood.
inline SseReplay replay_sse(std::string_view text, std::span<const std::size_t> cuts, Consume consume,
                            wire::SseLimits limits = {}) {
    using Kind = wire::SseParser::Kind;
    SseReplay result;
    wire::SseParser parser(limits);
    std::size_t start = 0;  // of the window

    const auto drain = [&](std::size_t read, bool at_finish) {
        const std::size_t size = read - start;
        const auto buffer = std::make_unique_for_overwrite<char[]>(size);
        std::copy_n(text.data() + start, size, buffer.get());
        std::string_view window(buffer.get(), size);
        for (;;) {
            const wire::SseParser::Step step = at_finish ? parser.finish(window) : parser.next(window);
            if (step.kind == Kind::need_more) return;
            if (step.kind == Kind::error) {
                result.error = step.error;
                return;
            }
            const bool frame = step.kind == Kind::frame;
            result.items.push_back({frame, std::string(step.frame.event), std::string(step.frame.data),
                                    std::string(step.frame.id), std::string(step.line),
                                    start + parser.position(), at_finish});
            if (consume == Consume::never) continue;
            const std::size_t bytes = consume == Consume::half ? parser.position() / 2 : parser.position();
            window.remove_prefix(bytes);
            parser.rebase(bytes);
            start += bytes;
        }
    };

    for (const std::size_t cut : cuts) {
        if (!result.error) drain(cut, false);
    }
    if (!result.error) drain(text.size(), false);
    if (!result.error) drain(text.size(), true);
    return result;
}

/// Cuts after every `step` bytes.
inline std::vector<std::size_t> cuts_every(std::size_t step, std::size_t size) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = step; at < size; at += step)
        cuts.push_back(at);
    return cuts;
}

/// Equal up to where the item ends: a CRLF cut in two lets an item end between them.
inline bool same_items(const std::vector<SseItem>& a, const std::vector<SseItem>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](SseItem x, const SseItem& y) {
        if (x.end + 1 == y.end || x.end == y.end + 1) x.end = y.end;
        return x == y;
    });
}

}  // namespace sluice::test
