// Server-sent events, sans-I/O and in place (WHATWG HTML 9.2, with the extensions of PROTOCOLS section 1).
//
// The parser does not own bytes. The caller shows it a window: all bytes that are not consumed yet. The window may grow
// at its end and may be moved in memory between calls, because the parser keeps offsets, never pointers. Frames are views into
// the window, but for the rare event of several data lines, whose joined text lives in the parser until the next call.
//
//   for (;;) {
//       SseParser::Step step = parser.next(window);
//       if (step.kind == SseParser::Kind::need_more) break;           // read, then call again with a longer window
//       ...use step.frame...
//       window.remove_prefix(parser.position()); parser.rebase(parser.position());   // consume when you like
//   }
#pragma once

#include "wire/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::wire {

struct SseFrame {
    std::string_view event;  ///< The event field's last value; empty means "message".
    std::string_view data;   ///< data lines joined with LF. Not checked for UTF-8.
    std::string_view id;     ///< The last event id, sticky over frames. Lives in the parser until the next call.
};

struct SseLimits {
    std::size_t max_event = std::size_t{4} << 20;    ///< Bytes from an event's first line to its blank line.
    std::size_t max_stream = std::size_t{1} << 30;   ///< Bytes of the whole stream.
};

class SseParser {
  public:
    explicit SseParser(SseLimits limits = {}) : limits_(limits) {}

    enum class Kind : unsigned char {
        need_more,   ///< The window holds no further complete item.
        frame,       ///< A dispatched event: `frame`.
        stray_line,  ///< A complete line that is no SSE field we know: `line` (an unknown field, or bare JSON).
        error,       ///< A limit was exceeded: `error`. Every later call says the same.
    };
    struct Step {
        Kind kind = Kind::need_more;
        SseFrame frame;
        std::string_view line;  ///< Without its line end.
        std::error_code error;
    };

    /// The next item in `window`, which starts where the last rebase() left off. Views are valid until the next call,
    /// and no longer than the window's bytes.
    Step next(std::string_view window);
    /// At a clean end of the stream: the pending block, if it has data, although no blank line closed it (the spec discards
    /// it; several servers omit the last blank line). The caller must check that its data parses. A pending unterminated
    /// line is processed first and may come out as a stray line; call until need_more.
    Step finish(std::string_view window);

    /// Offset in the window just after the last item returned: everything before it can be consumed.
    std::size_t position() const noexcept { return position_; }
    /// Tells that the first `bytes` (at most position()) of the window are gone.
    void rebase(std::size_t bytes) noexcept;
    /// Bytes of comment lines seen so far count as activity for nobody, but operators like to see them.
    std::size_t comments() const noexcept { return comments_; }

    // The implementation keeps: scan offset, the open block's first data line as an offset pair, further data lines joined in
    // joined_, the event name as an offset pair, the sticky id, a "last byte was CR" flag, and the BOM state.
  private:
    SseLimits limits_;
    std::size_t position_ = 0;
    std::size_t comments_ = 0;
};

}  // namespace sluice::wire
