// Server-sent events, sans-I/O and in place (WHATWG HTML 9.2, with the extensions of PROTOCOLS section 1).
//
// The parser does not own bytes. The caller shows it a window: all bytes that are not consumed yet. The
// window may grow at its end and may be moved in memory between calls, because the parser keeps offsets,
// never pointers. Frames are views into the window, but for the rare event of several data lines, whose
// joined text lives in the parser until the next call.
//
//   for (;;) {
//       SseParser::Step step = parser.next(window);
//       if (step.kind == SseParser::Kind::need_more) break;           // read, then call again with a longer
//       window
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
    std::string_view id;  ///< The last event id, sticky over frames. Lives in the parser until the next call.
};

struct SseLimits {
    std::size_t max_event = std::size_t{4} << 20;  ///< Bytes from the end of one item to the end of the next.
    std::size_t max_stream = std::size_t{1} << 30;  ///< Bytes of the whole stream.
};

class SseParser {
  public:
    explicit SseParser(SseLimits limits = {}) : limits_(limits) {}

    enum class Kind : unsigned char {
        need_more,   ///< The window holds no further complete item.
        frame,       ///< A dispatched event: `frame`.
        stray_line,  ///< A complete line that is no SSE field we know: `line` (an unknown field, or bare
                     ///< JSON).
        error,       ///< A limit was exceeded: `error`. Every later call says the same.
    };
    struct Step {
        Kind kind = Kind::need_more;
        SseFrame frame;
        std::string_view line;  ///< Without its line end.
        std::error_code error;
    };

    /// The next item in `window`, which starts where the last rebase() left off. Views are valid until the
    /// next call, and no longer than the window's bytes. Nothing is searched twice, however small the steps
    /// in which the window grows.
    Step next(std::string_view window);
    /// At a clean end of the stream: the pending block, if it has data, although no blank line closed it (the
    /// spec discards it; several servers omit the last blank line). The caller must check that its data
    /// parses. A pending unterminated line is processed first and may come out as a stray line; call until
    /// need_more.
    Step finish(std::string_view window);

    /// Offset in the window just after the last item returned: everything before it can be consumed. Comments
    /// and blocks without data are no items: their bytes belong to the item that follows them.
    std::size_t position() const noexcept { return position_; }
    /// Offset in the window up to where lines were taken that belong to no event so far: what a caller holds
    /// back besides an event that has begun.
    std::size_t idle_end() const noexcept { return data_.place == Field::Place::none ? line_ : position_; }
    /// How many bytes from position() on may be whole frames that the caller recognises without this parser,
    /// because they are like the last one; 0 while a block is open. None larger than max_event. Tell of them
    /// by skip().
    std::size_t may_skip() const noexcept;
    std::size_t max_event() const noexcept { return limits_.max_event; }
    void skip(std::size_t bytes) noexcept { line_ = position_ += bytes; }
    /// Tells that the first `bytes` (at most position()) of the window are gone.
    void rebase(std::size_t bytes) noexcept;
    /// Bytes of comment lines seen so far. They count as activity for nobody, but operators like to see them.
    std::size_t comments() const noexcept { return comments_; }

  private:
    /// A field of the open block: not seen, offsets into the window, or kept in a string of ours.
    struct Field {
        enum class Place : unsigned char { none, window, own };
        std::size_t begin = 0;
        std::size_t end = 0;
        Place place = Place::none;

        std::string_view in(std::string_view window, const std::string& own) const;
        void move_to(std::string& own, std::string_view window);
    };

    bool skip_bom(std::string_view window);
    bool take_usual(std::string_view window, Step& step);
    bool take_line(std::string_view window, std::string_view& line);
    bool take_field(std::string_view window, std::string_view line);
    void add_data(std::string_view window, std::string_view value);
    bool within_limits(std::size_t end) const noexcept;
    WireError exceeded(std::size_t end) const noexcept;
    Step dispatch(std::string_view window);
    Step stray(std::string_view window, std::string_view line);
    Step stop() const;

    SseLimits limits_;
    std::error_code error_;

    // Offsets into the window.
    std::size_t position_ = 0;
    std::size_t line_ = 0;  // where the first line not taken yet starts
    std::size_t lf_ = 0;    // the first LF from line_ on, or, if there is none, how far we have looked
    std::size_t cr_ = 0;    // the same for CR
    Field data_;
    Field event_;

    std::size_t dropped_ = 0;  // bytes of the stream before the window
    std::size_t carried_ = 0;  // bytes of the open block before position_: a stray line came between
    std::size_t comments_ = 0;
    std::string joined_;      // the text of data_, if it is ours
    std::string event_text_;  // the text of event_, if it is ours
    std::string id_;
    bool bom_done_ = false;
    bool after_cr_ =
        false;  // the last line ended with a CR at the window's end: an LF that follows belongs to it
};

}  // namespace sluice::wire
