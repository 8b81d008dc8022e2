#include "gateway/pass_through.hpp"

#include "adapters/ascii.hpp"
#include "wire/json_members.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <utility>

namespace sluice::gateway {
namespace {

using adapters::is_space;
using adapters::trim;

/// Where a dialect's answers tell the model, and how they end.
struct Shape {
    std::string_view dialect;
    std::string_view model;  ///< The member, as it is searched for.
    std::string_view
        parent;  ///< Of a stream: the outermost member that holds it; empty: it is outermost itself.
    /// What stands in a frame with the finish reason. One that ends with a colon is a member, whose value is
    /// a string then.
    std::array<std::string_view, 2> finish;
    std::string_view marker;  ///< What ends a stream: its last frame's data, or their type.
    std::string_view ending;  ///< That frame.
};
constexpr std::array kShapes{
    Shape{"openai_chat", R"("model":)", "", {R"("finish_reason":)"}, "[DONE]", "data: [DONE]"},
    Shape{"openai_responses",
          R"("model":)",
          "response",
          {R"("response.completed")", R"("response.incomplete")"},
          "",
          ""},
    Shape{"anthropic",
          R"("model":)",
          "message",
          {},
          R"("message_stop")",
          "event: message_stop\ndata: {\"type\":\"message_stop\"}"},
    Shape{"gemini", R"("modelVersion":)", "", {R"("finishReason":)"}, "", ""},
};

const Shape& shape_of(std::string_view dialect) noexcept {
    for (const Shape& shape : kShapes)
        if (shape.dialect == dialect) return shape;
    static constexpr Shape kNone{"", "", "", {}, "", ""};
    return kNone;
}

bool replaces(const PassThroughOptions& options) noexcept {
    return !options.upstream_model.empty() && options.upstream_model != options.shown_model &&
           !shape_of(options.dialect).model.empty();
}

std::string quoted(std::string_view text) {
    std::string json;
    wire::JsonWriter(json).string(text);
    return json;
}

/// The JSON string that begins at `at`, quotes included; empty when there is none.
std::string_view string_at(std::string_view text, std::size_t at) noexcept {
    const std::size_t end = wire::end_of_string(text, at);
    return end == std::string_view::npos ? std::string_view() : text.substr(at, end - at);
}

bool says(std::string_view json_string, std::string_view text) {
    if (json_string.size() < 2) return false;
    wire::TextArena arena;
    std::string_view said;
    return wire::unescape(json_string.substr(1, json_string.size() - 2), arena, said) && said == text;
}

/// string_view::find(), for JSON: that one looks at each of its many quotes, and this one at the letter
/// behind the quote, which is rare, and behind a quote is rarer still.
std::size_t find(std::string_view text, std::string_view word, std::size_t from = 0) noexcept {
    const std::size_t pivot = word.size() > 1 && word.front() == '"' ? 1 : 0;
    for (std::size_t at = from + pivot; at < text.size(); ++at) {
        const void* found = std::memchr(text.data() + at, word[pivot], text.size() - at);
        if (found == nullptr) break;
        at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        const std::string_view rest = text.substr(at - pivot);
        if (rest.front() == word.front() && rest.starts_with(word)) return at - pivot;
    }
    return std::string_view::npos;
}

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_space(text[at]))
        ++at;
    return at;
}

/// Goes through one JSON text and knows where it is: how deep, and in which of the outermost members.
class Place {
  public:
    explicit Place(std::string_view json) : json_(json) {}

    /// Whether a key begins at `at` (not before the last one asked for): in the outermost object, or in the
    /// object that is its member `parent`. Within a string it is none: there, quotes are escaped.
    bool is_key(std::size_t at, std::string_view parent) {
        while (at_ < at)
            step();
        return at_ == at && (parent.empty() ? depth_ == 1 : depth_ == 2 && parent_ == parent);
    }

    std::size_t at() const noexcept { return at_; }

  private:
    void step() noexcept {
        const char c = json_[at_];
        if (c == '"') {
            const std::string_view text = string_at(json_, at_);
            at_ = text.empty() ? json_.size() : at_ + text.size();
            if (depth_ == 1 && text.size() > 2) last_ = text.substr(1, text.size() - 2);
            return;
        }
        if (c == '{' || c == '[') {
            if (depth_ == 1) parent_ = last_;
            ++depth_;
        } else if ((c == '}' || c == ']') && depth_ > 0) {
            --depth_;
        }
        ++at_;
    }

    std::string_view json_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::string_view last_;    // string in the outermost object
    std::string_view parent_;  // member that was opened last there
};

/// The next line of `text` from `at` on, with its end; `at` moves behind it.
std::string_view next_line(std::string_view text, std::size_t& at) noexcept {
    const std::size_t newline = text.find('\n', at);
    const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    const std::string_view line = text.substr(at, end - at);
    at = end;
    return line;
}

/// What follows `data:`; empty for another line.
std::string_view data_of(std::string_view line) noexcept {
    constexpr std::string_view kData = "data:";
    return line.starts_with(kData) ? trim(line.substr(kData.size())) : std::string_view();
}

bool is_object(std::string_view data) noexcept {
    return data.size() >= 2 && data.front() == '{' && data.back() == '}';
}

/// The next frame of `text` from `at` on, with the empty line that ends it.
std::string_view next_frame(std::string_view text, std::size_t& at) noexcept {
    const std::size_t begin = at;
    while (at < text.size())
        if (trim(next_line(text, at)).empty()) break;
    return text.substr(begin, at - begin);
}

/// The text from the value on of the outermost member `key`, which has its quotes; empty when there is none
/// from `place` on.
std::string_view value_of(std::string_view json, std::string_view key, Place& place) {
    for (std::size_t at = find(json, key, place.at()); at != std::string_view::npos;
         at = find(json, key, at + 1)) {
        const std::size_t colon = skip_space(json, at + key.size());
        if (colon == json.size() || json[colon] != ':' || !place.is_key(at, {})) continue;
        return json.substr(skip_space(json, colon + 1));
    }
    return {};
}

bool begins_with_empty_array(std::string_view json) noexcept {
    if (!json.starts_with('[')) return false;
    const std::size_t first = skip_space(json, 1);
    return first < json.size() && json[first] == ']';
}

bool has_empty_array(std::string_view json) noexcept {
    for (std::size_t at = json.find('['); at != std::string_view::npos; at = json.find('[', at + 1))
        if (begins_with_empty_array(json.substr(at))) return true;
    return false;
}

/// A chunk that tells nothing but the usage: its list of choices is empty, as hardly any array of others is.
bool is_usage_only(std::string_view frame) {
    if (!has_empty_array(frame)) return false;
    for (std::size_t at = 0; at < frame.size();) {
        const std::string_view data = data_of(next_line(frame, at));
        if (!is_object(data)) continue;
        Place place(data);
        if (!begins_with_empty_array(value_of(data, R"("choices")", place))) return false;
        if (value_of(data, R"("usage")", place).starts_with('{')) return true;
        Place before(data);
        return value_of(data, R"("usage")", before).starts_with('{');
    }
    return false;
}

/// Puts `members` at the end of the object whose text ends before `end`, behind its last member.
void add_members(std::string& text, std::size_t end, std::string_view members) {
    const std::size_t brace = end - 1;
    const bool is_first = trim(std::string_view(text).substr(0, brace)).ends_with('{');
    text.insert(brace, members);
    if (!is_first) text.insert(brace, 1, ',');
}

}  // namespace

void add_to_last_object(std::string& text, std::size_t begin, std::string_view members) {
    std::size_t end = 0;
    for (std::size_t at = begin; at < text.size();) {
        const std::string_view data = data_of(next_line(text, at));
        if (is_object(data)) end = static_cast<std::size_t>(data.data() + data.size() - text.data());
    }
    if (end != 0) add_members(text, end, members);
}

namespace {

/// Whether a frame of `text` ends the stream: its data is the marker, or an object of that type.
bool has_marker(std::string_view text, std::string_view marker) {
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view data = data_of(next_line(text, at));
        if (data == marker) return true;
        wire::JsonMembers members;
        if (marker.front() != '"' || !is_object(data) || !members.read(data)) continue;
        if (const wire::JsonMember* type = members.find("type"); type && type->value == marker) return true;
    }
    return false;
}

/// Whether it may be so, by a look at the end of it: such a frame is short.
bool may_have_marker(std::string_view text, std::string_view marker) noexcept {
    constexpr std::size_t kLongest = 256;
    if (marker.empty()) return false;
    return find(text, marker, text.size() - std::min(text.size(), kLongest)) != std::string_view::npos;
}

/// The event's text where it stands in the frame as it is, without escapes; else empty.
std::string_view text_in(const StreamEvent& event) noexcept {
    const auto* said = event.as<TextDelta>();
    if (!said || said->text.empty()) return {};
    const std::string_view raw = event.raw();
    const std::less_equal<const char*> at_most;
    const bool inside = at_most(raw.data(), said->text.data()) &&
                        at_most(said->text.data() + said->text.size(), raw.data() + raw.size());
    return inside ? said->text : std::string_view();
}

/// How many line ends the last frame of `text` lacks: a last one at the end of a body may have none.
std::size_t missing_line_ends(std::string_view text) noexcept {
    std::size_t found = 0;
    for (; !text.empty() && (text.back() == '\n' || text.back() == '\r'); text.remove_suffix(1))
        if (text.back() == '\n') ++found;
    return found < 2 ? 2 - found : 0;
}

void append_frame(std::string& text, std::string_view frame, std::string_view line_end) {
    for (std::size_t at = 0; at < frame.size();)
        text.append(trim(next_line(frame, at))).append(line_end);
    text.append(line_end);
}

}  // namespace

StreamPassThrough::StreamPassThrough(PassThroughOptions options)
    : options_(std::move(options)), replaces_(replaces(options_)) {}

void StreamPassThrough::add(std::span<const StreamEvent> events, std::string& out) {
    while (!events.empty()) {
        const std::size_t passed = pass_repeats(events, out);
        if (passed == 0) add(events.front(), out);
        events = events.subspan(std::max<std::size_t>(passed, 1));
    }
}

/// Passes frames at the front that are the one before again, if that went out as it was: those that lie one
/// behind the other in one piece. Returns how many.
std::size_t StreamPassThrough::pass_repeats(std::span<const StreamEvent> events, std::string& out) const {
    if (!last_.known || !last_.as_it_is || !held_.empty() || !events.front().repeats_frame()) return 0;
    std::string_view run = events.front().raw();
    std::size_t count = 1;
    for (; count < events.size() && events[count].repeats_frame(); ++count) {
        const std::string_view raw = events[count].raw();
        if (raw.data() != run.data() + run.size()) break;
        run = {run.data(), run.size() + raw.size()};
    }
    out.append(run);
    return count;
}

void StreamPassThrough::add(const StreamEvent& event, std::string& out) {
    const std::string_view raw = event.raw();
    if (raw.empty()) return;
    const std::string_view text = text_in(event);
    if (pass_alike(raw, text, out)) return;
    last_.known = false;
    note_lines(raw);
    // A frame's first event has its bytes, and that may be another one than the Finish.
    const bool ends = may_have_marker(raw, shape_of(options_.dialect).marker);
    if (!ends) flush(out);
    if (ends || (options_.has_metadata && tells_finish(raw))) return pass(raw, held_);
    const std::size_t begin = out.size();
    pass(raw, out);
    learn(raw, text, std::string_view(out).substr(begin));
}

bool StreamPassThrough::pass_alike(std::string_view raw, std::string_view text, std::string& out) const {
    if (!last_.known || text.empty() || !held_.empty()) return false;
    const auto begin = static_cast<std::size_t>(text.data() - raw.data());
    const std::string_view frame = last_.frame;
    if (raw.substr(0, begin) != frame.substr(0, last_.begin) ||
        raw.substr(begin + text.size()) != frame.substr(last_.end))
        return false;
    if (last_.as_it_is) {
        out.append(raw);
        return true;
    }
    const std::string_view passed = last_.passed;
    out.append(passed.substr(0, last_.passed_begin)).append(text).append(passed.substr(last_.passed_end));
    return true;
}

void StreamPassThrough::learn(std::string_view raw, std::string_view text, std::string_view passed) {
    if (text.empty() || passed.empty()) return;
    last_.frame = raw;
    last_.begin = static_cast<std::size_t>(text.data() - raw.data());
    last_.end = last_.begin + text.size();
    last_.as_it_is = passed == raw;
    last_.known = last_.as_it_is || learn_changed(raw, text, passed);
}

// At most one of the two parts was changed, and the text was not.
bool StreamPassThrough::learn_changed(std::string_view raw, std::string_view text, std::string_view passed) {
    const std::string_view after = raw.substr(last_.end);
    if (passed.starts_with(raw.substr(0, last_.begin))) {
        last_.passed_begin = last_.begin;
    } else if (passed.ends_with(after) && passed.size() >= after.size() + text.size()) {
        last_.passed_begin = passed.size() - after.size() - text.size();
    } else {
        return false;
    }
    if (!passed.substr(last_.passed_begin).starts_with(text)) return false;
    last_.passed = passed;
    last_.passed_end = last_.passed_begin + text.size();
    return true;
}

void StreamPassThrough::flush(std::string& out) {
    out.append(held_);
    held_.clear();
}

void StreamPassThrough::finish(const StreamEvent& event, std::string_view metadata, std::string& out) {
    const Shape& shape = shape_of(options_.dialect);
    const std::size_t begin = out.size();
    flush(out);
    pass(event.raw(), out);
    note_lines(event.raw());
    if (!metadata.empty()) add_to_last_object(out, begin, metadata);
    if (shape.marker.empty() || has_marker(std::string_view(out).substr(begin), shape.marker)) return;
    const std::string_view line_end = crlf_ ? "\r\n" : "\n";
    for (; missing_ > 0; --missing_)
        out.append(line_end);
    append_frame(out, shape.ending, line_end);
}

void StreamPassThrough::note_lines(std::string_view raw) noexcept {
    if (raw.empty()) return;
    crlf_ |= raw.ends_with("\r\n");
    missing_ = missing_line_ends(raw);
}

bool StreamPassThrough::tells_finish(std::string_view raw) const noexcept {
    for (std::string_view word : shape_of(options_.dialect).finish) {
        if (word.empty()) continue;
        for (std::size_t at = find(raw, word); at != std::string_view::npos; at = find(raw, word, at)) {
            at = skip_space(raw, at + word.size());
            if (!word.ends_with(':') || (at < raw.size() && raw[at] == '"')) return true;
        }
    }
    return false;
}

void StreamPassThrough::pass(std::string_view raw, std::string& out) const {
    if (!options_.hide_usage) return pass_frame(raw, out);
    for (std::size_t at = 0; at < raw.size();) {
        const std::string_view frame = next_frame(raw, at);
        if (!is_usage_only(frame)) pass_frame(frame, out);
    }
}

// Nearly every frame of some dialects names the model, so what is searched for is the member's bytes; only
// where they are found, with just that id, is the text before them looked at, to tell the answer's own member
// from one of the same name within it (the arguments of a call, the client's own metadata).
void StreamPassThrough::pass_frame(std::string_view raw, std::string& out) const {
    const Shape& shape = shape_of(options_.dialect);
    std::size_t found = replaces_ ? find(raw, shape.model) : std::string_view::npos;
    std::size_t copied = 0;
    for (std::size_t at = 0; at < raw.size() && found != std::string_view::npos;) {
        const std::string_view data = data_of(next_line(raw, at));
        if (found >= at) continue;
        const std::size_t begin = data.empty() ? at : static_cast<std::size_t>(data.data() - raw.data());
        Place place(data);
        for (; found < at; found = find(raw, shape.model, found + shape.model.size())) {
            const std::string_view id = string_at(raw, skip_space(raw, found + shape.model.size()));
            if (found < begin || !says(id, options_.upstream_model)) continue;
            if (!place.is_key(found - begin, shape.parent)) continue;
            const auto value = static_cast<std::size_t>(id.data() - raw.data());
            out.append(raw.substr(copied, value - copied)).append(quoted(options_.shown_model));
            copied = value + id.size();
        }
    }
    out.append(raw.substr(copied));
}

std::string pass_document(std::string_view body, const PassThroughOptions& options,
                          std::string_view metadata) {
    wire::JsonMembers members;
    if (!members.read(body)) return std::string(body);
    wire::TextEdits edits;
    if (replaces(options)) {
        std::string_view name = shape_of(options.dialect).model;
        name = name.substr(1, name.size() - 3);  // without quotes and colon
        const wire::JsonMember* model = members.find(name);
        if (model != nullptr && says(model->value, options.upstream_model))
            edits.replace(model->value, quoted(options.shown_model));
    }
    std::string text = edits.apply(body);
    if (!metadata.empty()) add_members(text, text.rfind('}') + 1, metadata);
    return text;
}

}  // namespace sluice::gateway
