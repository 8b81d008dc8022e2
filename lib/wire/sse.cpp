#include "wire/sse.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::wire {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

std::string_view slice(std::string_view window, std::size_t begin, std::size_t end) {
    return {window.data() + begin, end - begin};  // substr() would check what we know
}

/// Moves `at` to the first `byte` of `window` at or after `from`, or to the window's end. `at` is where the
/// last search stopped: what lies between `from` and `at` is known not to hold `byte`.
inline void seek(std::string_view window, char byte, std::size_t from, std::size_t& at) {
    at = std::max(at, from);
    if (at == window.size() || window[at] == byte) return;
    const void* found = std::memchr(window.data() + at, byte, window.size() - at);
    at = found ? static_cast<std::size_t>(static_cast<const char*>(found) - window.data()) : window.size();
}

/// Whether `line` is the field `name`; then `value` is what follows the colon and one space.
template <std::size_t size>  // so that the comparison is one of constants, no call
bool is_field(std::string_view line, const char (&name)[size], std::string_view& value) {
    constexpr std::size_t length = size - 1;
    if (line.size() < length || std::memcmp(line.data(), name, length) != 0) return false;
    value = slice(line, length, line.size());
    if (value.empty()) return true;
    if (value.front() != ':') return false;
    value.remove_prefix(value.size() > 1 && value[1] == ' ' ? 2 : 1);
    return true;
}

}  // namespace

std::string_view SseParser::Field::in(std::string_view window, const std::string& own) const {
    switch (place) {
        case Place::window:
            return window.substr(begin, end - begin);
        case Place::own:
            return own;
        case Place::none:
            break;
    }
    return {};
}

void SseParser::Field::move_to(std::string& own, std::string_view window) {
    if (place != Place::window) return;
    own.assign(window, begin, end - begin);
    place = Place::own;
}

SseParser::Step SseParser::next(std::string_view window) {
    if (error_) return stop();
    if (line_ == window.size() && within_limits(line_)) return {};  // nothing new
    if (!bom_done_ && !skip_bom(window)) return {};
    Step step;
    if (take_usual(window, step)) return step;
    std::string_view line;
    while (take_line(window, line)) {
        if (!line.empty()) {
            if (!take_field(window, line)) return stray(window, line);
            if (take_usual(window, step)) return step;
        } else if (data_.place != Field::Place::none) {
            return dispatch(window);
        } else {
            event_.place = Field::Place::none;
            carried_ = 0;
        }
    }
    return stop();
}

SseParser::Step SseParser::finish(std::string_view window) {
    Step step = next(window);
    if (step.kind != Kind::need_more) return step;
    bom_done_ = true;
    if (line_ < window.size()) {
        const std::string_view line = window.substr(line_);
        line_ = window.size();
        if (!take_field(window, line)) return stray(window, line);
    }
    if (data_.place != Field::Place::none) return dispatch(window);
    return step;
}

std::size_t SseParser::may_skip() const noexcept {
    const bool is_open = data_.place != Field::Place::none || event_.place != Field::Place::none ||
                         line_ != position_ || carried_ != 0;
    if (error_ || !bom_done_ || after_cr_ || is_open) return 0;
    const std::size_t before = dropped_ + position_;
    return limits_.max_stream - std::min(before, limits_.max_stream);
}

void SseParser::rebase(std::size_t bytes) noexcept {
    dropped_ += bytes;
    position_ -= bytes;
    line_ -= bytes;
    lf_ -= std::min(bytes, lf_);  // a search may lag behind line_
    cr_ -= std::min(bytes, cr_);
    for (Field* field : {&data_, &event_}) {
        if (field->place != Field::Place::window) continue;
        field->begin -= bytes;
        field->end -= bytes;
    }
}

/// False while the window is a proper prefix of a BOM.
bool SseParser::skip_bom(std::string_view window) {
    if (window.size() < kBom.size() && kBom.starts_with(window)) return false;
    bom_done_ = true;
    if (window.starts_with(kBom)) line_ = kBom.size();
    return true;
}

/// The common case, in a third of the time: what is left of the open block is one data line and the blank
/// line, both with LF or both with CR LF. Takes nothing if it is anything else.
bool SseParser::take_usual(std::string_view window, Step& step) {
    if (after_cr_ || data_.place != Field::Place::none || window.size() - line_ < 5 ||
        std::memcmp(window.data() + line_, "data:", 5) != 0) {
        return false;
    }
    seek(window, '\n', line_, lf_);
    seek(window, '\r', line_, cr_);
    const bool is_crlf = cr_ + 1 == lf_;
    const std::string_view blank = is_crlf ? "\r\n" : "\n";
    if ((cr_ < lf_ && !is_crlf) || lf_ >= window.size() ||
        !slice(window, lf_ + 1, window.size()).starts_with(blank) || !within_limits(lf_ + 1)) {
        return false;
    }
    const std::size_t begin = line_ + (window[line_ + 5] == ' ' ? 6 : 5);
    step.kind = Kind::frame;
    step.frame.event = event_.in(window, event_text_);
    step.frame.data = slice(window, begin, is_crlf ? cr_ : lf_);
    step.frame.id = id_;
    event_.place = Field::Place::none;
    position_ = line_ = lf_ + 1 + blank.size();
    carried_ = 0;
    return true;
}

bool SseParser::take_line(std::string_view window, std::string_view& line) {
    if (after_cr_ && line_ < window.size()) {
        after_cr_ = false;
        if (window[line_] == '\n') {
            if (position_ == line_) {
                ++position_;
                if (carried_ != 0) ++carried_;
            }
            ++line_;
        }
    }
    seek(window, '\n', line_, lf_);
    seek(window, '\r', line_, cr_);
    const std::size_t end = std::min(lf_, cr_);
    if (!within_limits(end)) error_ = exceeded(end);
    if (error_ || end == window.size()) return false;

    line = slice(window, line_, end);
    line_ = end + 1;
    if (end == cr_) {
        if (line_ == window.size()) {
            after_cr_ = true;
        } else if (window[line_] == '\n') {
            ++line_;
        }
    }
    return true;
}

/// Takes one line that is not blank into the open block. False when it is no field of the specification.
bool SseParser::take_field(std::string_view window, std::string_view line) {
    std::string_view value;
    if (is_field(line, "data", value)) {
        add_data(window, value);
    } else if (line.front() == ':') {
        comments_ += line.size();
    } else if (is_field(line, "event", value)) {
        event_.begin = static_cast<std::size_t>(value.data() - window.data());
        event_.end = event_.begin + value.size();
        event_.place = Field::Place::window;
    } else if (is_field(line, "id", value)) {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else {
        return is_field(line, "retry", value);  // nobody reconnects: these are POST streams
    }
    return true;
}

void SseParser::add_data(std::string_view window, std::string_view value) {
    if (data_.place == Field::Place::none) {
        data_.begin = static_cast<std::size_t>(value.data() - window.data());
        data_.end = data_.begin + value.size();
        data_.place = Field::Place::window;
        return;
    }
    data_.move_to(joined_, window);
    joined_ += '\n';
    joined_ += value;
}

/// Whether everything up to `end`, line end excluded, is within limits. Line ends do not count, so that the
/// answer does not depend on how reads were cut.
bool SseParser::within_limits(std::size_t end) const noexcept {
    return carried_ + (end - position_) <= limits_.max_event && dropped_ + end <= limits_.max_stream;
}

WireError SseParser::exceeded(std::size_t end) const noexcept {
    if (end - line_ > limits_.max_event) return WireError::line_too_long;
    if (carried_ + (end - position_) > limits_.max_event) return WireError::event_too_large;
    return WireError::stream_too_large;
}

SseParser::Step SseParser::dispatch(std::string_view window) {
    Step step;
    step.kind = Kind::frame;
    step.frame = {event_.in(window, event_text_), data_.in(window, joined_), id_};
    data_.place = event_.place = Field::Place::none;
    position_ = line_;
    carried_ = 0;
    return step;
}

SseParser::Step SseParser::stray(std::string_view window, std::string_view line) {
    // The caller may consume up to here, so what the open block has so far must become ours.
    data_.move_to(joined_, window);
    event_.move_to(event_text_, window);
    const bool open = data_.place != Field::Place::none || event_.place != Field::Place::none;
    carried_ = open ? carried_ + (line_ - position_) : 0;
    position_ = line_;
    Step step;
    step.kind = Kind::stray_line;
    step.line = line;
    return step;
}

SseParser::Step SseParser::stop() const {
    Step step;
    if (error_) {
        step.kind = Kind::error;
        step.error = error_;
    }
    return step;
}

}  // namespace sluice::wire
