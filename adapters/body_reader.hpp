// From the bytes of an event-stream body to events: SSE framing and a dialect's decoder in one loop,
// sans-I/O.
//
//   BodyReader reader(*decoder);
//   for (;;) {
//       batch.clear();                                       // the last batch's views are no longer needed
//       std::size_t taken = reader.feed(window, readable, batch);
//       ...use batch.events(): views into the window, valid until its bytes move...
//       consume(taken);                                      // the next window starts there
//       ...read more; at a clean end of the body: reader.finish(window, readable, batch)...
//   }
//
// Frames that make no event (metadata, comments, empty deltas) stay in the window until the next event, whose
// raw() then starts with them. So raw() concatenated over a stream is the body, byte for byte, up to its
// terminal event.
#pragma once

#include "adapters/dialect.hpp"
#include "wire/sse.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::adapters {

struct BodyLimits {
    wire::SseLimits sse;
    /// Bytes of metadata before the first event. Between later ones as many as one event may have, if that is
    /// more: a long answer's end repeats all of its text (PROTOCOLS section 4.2, the `.done` events).
    std::size_t max_held = std::size_t{1} << 20;
};

class BodyReader {
  public:
    /// `decoder` must outlive this.
    explicit BodyReader(StreamDecoder& decoder, BodyLimits limits = {})
        : decoder_(decoder),
          parser_(limits.sse),
          max_held_(limits.max_held),
          max_held_later_(std::max(limits.max_held, limits.sse.max_event)) {}

    /// Decodes everything complete in `window`, which starts where the last call's result left off;
    /// `readable` is how many bytes are allocated from its start on (simdjson may look at 64 beyond a frame;
    /// with less, or 0 for unknown, it copies). Appends events to `out`, with raw() set. Returns how many
    /// bytes can be consumed: up to the end of the last frame that made an event. The window may be moved
    /// between calls. After the terminal event everything is consumed and ignored. Stops once `out` has
    /// `max_events`: is_behind() then, and the rest waits for the next call.
    std::size_t feed(std::string_view window, std::size_t readable, EventBatch& out,
                     std::size_t max_events = SIZE_MAX);
    /// feed() stopped because the batch was full: call it again, before there is more to read.
    bool is_behind() const noexcept { return is_behind_; }

    /// The body's clean end, with what is left of the window (feed() need not have seen it). A last frame
    /// without its blank line counts if it is whole. Always leaves a terminal event.
    void finish(std::string_view window, std::size_t readable, EventBatch& out);

    /// Bytes of comment lines so far.
    std::size_t comments() const noexcept { return parser_.comments(); }

  private:
    struct Window {
        std::string_view bytes;
        std::size_t readable;
        std::size_t taken;  // end of the last frame that made an event
    };

    void handle(const wire::SseParser::Step& step, std::size_t begin, Window& window, EventBatch& out);
    void read_items(Window& window, EventBatch& out, std::size_t max_events);
    void note_framing(std::string_view raw, std::string_view data);
    void read_repeats(Window& window, EventBatch& out, std::size_t max_events);
    void own(Window& window, std::size_t end, std::size_t first_event, EventBatch& out);
    void fail(std::error_code error, EventBatch& out);
    bool ended() const noexcept { return decoder_.state() == DecoderState::ended; }

    StreamDecoder& decoder_;
    wire::SseParser parser_;
    std::size_t max_held_;
    std::size_t max_held_later_;
    bool is_behind_ = false;
    bool begun_ = false;  // an event that carries an answer was seen
    // What stands around the data of a frame that has nothing else, as all of a stream have it: "data: " and
    // an empty line. No tail: the last frame was another, or made no event.
    std::string head_;
    std::string tail_;
};

}  // namespace sluice::adapters
