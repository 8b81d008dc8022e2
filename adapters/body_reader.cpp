#include "adapters/body_reader.hpp"

#include "adapters/ascii.hpp"

#include <functional>

namespace sluice::adapters {
namespace {

/// Allocated bytes from `part` on, when it lies in the window; 0 (copy first) when the parser joined it from
/// several lines.
std::size_t readable_from(std::string_view part, std::string_view window, std::size_t readable) {
    const char* begin = window.data();
    const char* end = begin + window.size();
    bool inside =
        std::less_equal<>()(begin, part.data()) && std::less_equal<>()(part.data() + part.size(), end);
    const std::size_t before = inside ? static_cast<std::size_t>(part.data() - begin) : readable;
    return readable > before ? readable - before : 0;
}

}  // namespace

std::size_t BodyReader::feed(std::string_view bytes, std::size_t readable, EventBatch& out,
                             std::size_t max_events) {
    Window window{bytes, readable, 0};
    if (!ended()) read_items(window, out, max_events);
    if (ended()) return bytes.size();
    parser_.rebase(window.taken);
    return window.taken;
}

void BodyReader::finish(std::string_view bytes, std::size_t readable, EventBatch& out) {
    Window window{bytes, readable, 0};
    if (!ended()) read_items(window, out, SIZE_MAX);
    while (!ended()) {
        const std::size_t begin = parser_.position();
        wire::SseParser::Step step = parser_.finish(bytes);
        if (step.kind == wire::SseParser::Kind::need_more) break;
        // No blank line closed this frame: one that was cut is a truncated stream, not a malformed one.
        bool cut = step.kind == wire::SseParser::Kind::frame && trim(step.frame.data) != "[DONE]" &&
                   !wire::is_json(trim(step.frame.data));
        if (!cut) handle(step, begin, window, out);
    }
    if (ended()) return;
    std::size_t first_event = out.size();
    decoder_.on_end(out);
    own(window, bytes.size(), first_event, out);
}

void BodyReader::read_items(Window& window, EventBatch& out, std::size_t max_events) {
    is_behind_ = false;
    while (!ended()) {
        if (!tail_.empty()) read_repeats(window, out, max_events);
        is_behind_ = out.size() >= max_events;
        if (is_behind_) return;
        const std::size_t begin = parser_.position();
        wire::SseParser::Step step = parser_.next(window.bytes);
        if (step.kind == wire::SseParser::Kind::need_more) break;
        handle(step, begin, window, out);
    }
    const std::size_t limit = begun_ ? max_held_later_ : max_held_;
    if (!ended() && parser_.idle_end() - window.taken > limit) fail(wire::WireError::held_too_large, out);
}

/// `begin` is where the item begins.
void BodyReader::handle(const wire::SseParser::Step& step, std::size_t begin, Window& window,
                        EventBatch& out) {
    std::size_t first_event = out.size();
    switch (step.kind) {
        case wire::SseParser::Kind::need_more:
            return;
        case wire::SseParser::Kind::frame:
            decoder_.on_frame(step.frame, readable_from(step.frame.data, window.bytes, window.readable), out);
            tail_.clear();
            if (first_event + 1 == out.size())
                note_framing(window.bytes.substr(begin, parser_.position() - begin), step.frame.data);
            break;
        case wire::SseParser::Kind::stray_line:
            decoder_.on_stray_line(step.line, out);
            break;
        case wire::SseParser::Kind::error:
            fail(step.error, out);
            break;
    }
    own(window, parser_.position(), first_event, out);
}

void BodyReader::note_framing(std::string_view raw, std::string_view data) {
    constexpr std::string_view kData = "data:";
    constexpr std::size_t kLongest = 8;  // "data: ", and an empty line
    const std::size_t begin = kData.size() + (raw.size() > kData.size() && raw[kData.size()] == ' ' ? 1 : 0);
    const bool is_alone = raw.starts_with(kData) && raw.size() >= begin + data.size() &&
                          raw.size() <= begin + data.size() + kLongest && raw.data() + begin == data.data();
    if (!is_alone) return;
    head_ = raw.substr(0, begin);
    tail_ = raw.substr(begin + data.size());
}

// Nearly all frames of a long answer, without looking for lines, fields and members in each.
void BodyReader::read_repeats(Window& window, EventBatch& out, std::size_t max_events) {
    const std::string_view rest = window.bytes.substr(parser_.position(), parser_.may_skip());
    if (window.taken != parser_.position() || rest.empty()) return;
    const Framing framing{head_, tail_, parser_.max_event(), max_events};
    parser_.skip(decoder_.on_repeats(rest, framing, out));
    window.taken = parser_.position();
}

/// Gives the bytes up to `end` to the first of the new events, if there is one.
void BodyReader::own(Window& window, std::size_t end, std::size_t first_event, EventBatch& out) {
    if (first_event == out.size()) return;
    for (std::size_t i = first_event; !begun_ && i < out.size(); ++i)
        begun_ = out.events()[i].carries_answer();
    out.set_raw(first_event, window.bytes.substr(window.taken, end - window.taken));
    window.taken = end;
}

void BodyReader::fail(std::error_code error, EventBatch& out) {
    decoder_.on_failure(
        ErrorInfo(ErrorKind::provider_unavailable, begun_ ? Phase::stream : Phase::first_event,
                  "the answer cannot be read: " + error.message()),
        out);
}

}  // namespace sluice::adapters
