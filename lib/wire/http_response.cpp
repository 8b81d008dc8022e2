#include "wire/http_response.hpp"

#include "wire/body_buffer.hpp"
#include "wire/http_request.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::wire {
namespace {

// A chunk's size line with its extensions, which nobody uses.
constexpr std::size_t kMaxChunkLine = 4096;

char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return to_lower(a) == b; });
}

/// Calls `visit` with every element of a comma-separated list, empty ones included.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
    for (;;) {
        const std::size_t comma = list.find(',');
        visit(trim_blanks(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

std::optional<std::uint64_t> parse_length(std::string_view digits) noexcept {
    std::uint64_t value = 0;
    for (const char c : digits) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (c < '0' || c > '9' || value > (UINT64_MAX - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return digits.empty() ? std::nullopt : std::optional(value);
}

/// 16 for a byte that is no hexadecimal digit.
unsigned hex_value(char c) noexcept {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit < 10) return digit;
    const unsigned letter = (static_cast<unsigned char>(c) | 0x20U) - unsigned{'a'};
    return letter < 6 ? letter + 10 : 16;
}

/// Splits "name: value". A folded line, a space before the colon and control bytes are refused (RFC 9112
/// section 5).
bool split_field(std::string_view line, std::string_view& name, std::string_view& value) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    name = line.substr(0, colon);
    value = trim_blanks(line.substr(colon + 1));
    return is_token(name) && is_field_value(value);
}

}  // namespace

void HeaderList::add(std::string_view name, std::string_view value) {
    if (fields_.capacity() == 0) {  // a provider's usual answer
        fields_.reserve(24);
        text_.reserve(1000);  // with its end within what allocators take for small
    }
    const std::size_t begin = text_.size();
    fields_.push_back({begin, name.size(), value.size()});
    text_.append(name).append(value);
    std::transform(name.begin(), name.end(), text_.data() + begin, to_lower);
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const noexcept {
    for (const Field& field : fields_) {
        if (field.name != name.size()) continue;  // nearly all others
        const auto [stored, value] = pair_of(field);
        if (equals_ignoring_case(name, stored)) return value;
    }
    return std::nullopt;
}

ResponseDecoder::ResponseDecoder(HttpLimits limits)
    : limits_(limits), buffer_(limits.initial_buffer, limits.max_buffer), line_budget_(limits.max_head) {}

void ResponseDecoder::reset() {
    buffer_.reset();
    phase_ = Phase::status_line;
    started_ = !buffer_.undecoded().empty();
    persistent_ = false;
    after_chunk_ = false;
    scanned_ = 0;
    line_budget_ = limits_.max_head;
    error_.clear();
    head_.status = 0;
    head_.headers.clear();
}

std::span<char> ResponseDecoder::prepare() {
    if (error_) return {};
    const std::span<char> space = buffer_.prepare();
    if (space.empty()) fail(in_head() ? WireError::head_too_large : WireError::body_too_large);
    return space;
}

void ResponseDecoder::commit(std::size_t bytes) noexcept {
    buffer_.commit(bytes);
    started_ = started_ || bytes != 0;
}

void ResponseDecoder::commit_eof() noexcept {
    eof_ = true;
    if (!error_ && buffer_.undecoded().empty()) starve();
}

Progress ResponseDecoder::parse_head() {
    std::string_view line;
    while (!error_ && in_head() && take_line(line)) {
        if (phase_ == Phase::status_line) {
            on_status_line(line);
        } else {
            on_field_line(line);
        }
    }
    if (error_) return Progress::failed;
    return in_head() ? Progress::need_more : Progress::done;
}

bool ResponseDecoder::decode_body() {
    if (error_ || in_head()) return false;
    if (phase_ == Phase::chunk_line && !take_chunk_line()) return false;
    while (phase_ == Phase::trailers) {
        if (!take_trailer()) return false;
    }
    if (phase_ == Phase::complete) return false;

    std::size_t size = buffer_.undecoded().size();
    if (phase_ != Phase::until_close)
        size = static_cast<std::size_t>(std::min<std::uint64_t>(size, remaining_));
    if (size == 0) return starve();
    buffer_.take(size);
    if (phase_ == Phase::until_close || (remaining_ -= size) != 0) return true;
    after_chunk_ = phase_ == Phase::chunk;
    phase_ = after_chunk_ ? Phase::chunk_line : Phase::complete;
    return true;
}

bool ResponseDecoder::fail(WireError what) noexcept {
    error_ = what;
    return false;
}

// Nothing more can be decoded until more is read; after the end of the connection, never.
bool ResponseDecoder::starve() noexcept {
    if (!eof_ || phase_ == Phase::complete) return false;
    if (phase_ == Phase::until_close) {
        phase_ = Phase::complete;
        return false;
    }
    const std::string_view rest = buffer_.undecoded();
    const bool other_protocol = phase_ == Phase::status_line && !rest.empty() && rest.front() != 'H';
    return fail(other_protocol ? WireError::bad_status_line : WireError::body_truncated);
}

// A line of the head or the trailers, without its end: CRLF, or LF alone (RFC 9112 section 2.2).
bool ResponseDecoder::take_line(std::string_view& line) noexcept {
    const std::string_view text = buffer_.undecoded();
    const std::size_t lf = text.find('\n', scanned_);
    const bool whole = lf != std::string_view::npos;
    const std::size_t size = whole ? lf + 1 : text.size();
    if (size > line_budget_) return fail(WireError::head_too_large);
    if (!whole) {
        scanned_ = size;
        return starve();
    }
    line_budget_ -= size;
    scanned_ = 0;
    buffer_.skip(size);
    line = text.substr(0, lf);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
}

void ResponseDecoder::on_status_line(std::string_view line) {
    if (line.empty()) return;  // left over from a careless server's last body
    const bool well_formed = line.size() >= 12 && line.starts_with("HTTP/1.") &&
                             (line[7] == '0' || line[7] == '1') && line[8] == ' ' && line[9] != '0' &&
                             (line.size() == 12 || line[12] == ' ') && is_field_value(line);
    const std::optional<std::uint64_t> code = well_formed ? parse_length(line.substr(9, 3)) : std::nullopt;
    if (!code) {
        fail(WireError::bad_status_line);
        return;
    }
    head_.status = static_cast<int>(*code);
    http_1_0_ = line[7] == '0';
    phase_ = Phase::fields;
}

void ResponseDecoder::on_field_line(std::string_view line) {
    std::string_view name;
    std::string_view value;
    if (line.empty()) {
        end_head();
    } else if (split_field(line, name, value)) {
        head_.headers.add(name, value);
    } else {
        fail(WireError::bad_header);
    }
}

void ResponseDecoder::end_head() {
    if (head_.status == 101) {
        fail(WireError::bad_framing);  // we never ask for an upgrade
    } else if (head_.status < 200) {
        head_.headers.clear();
        phase_ = Phase::status_line;  // the line budget is not renewed: interim answers are bounded too
    } else {
        choose_framing();
    }
}

// RFC 9112 section 6.3.
void ResponseDecoder::choose_framing() {
    bool close = false;
    bool keep_alive = !http_1_0_;
    bool chunked = false;
    bool valid = true;
    std::optional<std::uint64_t> size;
    for (const auto& [name, value] : head_.headers.all()) {
        if (name == "connection") {
            for_each_element(value, [&](std::string_view option) {
                close = close || equals_ignoring_case(option, "close");
                keep_alive = keep_alive || equals_ignoring_case(option, "keep-alive");
            });
        } else if (name == "transfer-encoding") {
            valid = valid && !chunked && equals_ignoring_case(value, "chunked");
            chunked = true;
        } else if (name == "content-length") {
            for_each_element(value, [&](std::string_view element) {
                const std::optional<std::uint64_t> parsed = parse_length(element);
                valid = valid && parsed && (!size || size == parsed);
                size = parsed;
            });
        }
    }
    if (!valid) {
        fail(WireError::bad_framing);
        return;
    }
    const bool bodiless = head_.status == 204 || head_.status == 304;
    // Where two readers could disagree about the end, the connection ends with this response.
    const bool doubtful = chunked && (size || bodiless || http_1_0_);
    persistent_ = keep_alive && !close && !doubtful;
    if (bodiless || (!chunked && size == 0)) {
        phase_ = Phase::complete;
    } else if (chunked) {
        phase_ = Phase::chunk_line;
    } else if (size) {
        phase_ = Phase::length;
        remaining_ = *size;
    } else {
        phase_ = Phase::until_close;
        persistent_ = false;
    }
}

// The line end of the chunk before, if there was one, and the line with the size of the next.
bool ResponseDecoder::take_chunk_line() noexcept {
    const std::string_view text = buffer_.undecoded();
    const char* const end = text.data() + text.size();
    const char* at = text.data();
    if (after_chunk_) {
        if (!text.empty() && text[0] != '\r') return fail(WireError::bad_chunk);
        if (text.size() > 1 && text[1] != '\n') return fail(WireError::bad_chunk);
        if (text.size() < 2) return starve();
        at += 2;
    }
    const char* const line = at;
    std::uint64_t size = 0;
    for (unsigned digit = 0; at != end && (digit = hex_value(*at)) < 16; ++at) {
        if (at - line == 16) return fail(WireError::bad_chunk);
        size = size << 4 | digit;
    }
    if (at == line && at != end) return fail(WireError::bad_chunk);
    if (end - at >= 2 && at[0] == '\r' && at[1] == '\n') {
        at += 2;
    } else if (!skip_extension(line, end, at)) {
        return false;
    }
    buffer_.skip(static_cast<std::size_t>(at - text.data()));
    if (size == 0) {
        phase_ = Phase::trailers;
        line_budget_ = limits_.max_head;
    } else {
        phase_ = Phase::chunk;
        remaining_ = size;
    }
    return true;
}

// From the end of a chunk's size to the next line. Chunk framing is written by machines: here a line
// ends with CRLF only.
bool ResponseDecoder::skip_extension(const char* line, const char* end, const char*& at) noexcept {
    if (at == end) return starve();
    if (std::string_view("\r; \t").find(*at) == std::string_view::npos) return fail(WireError::bad_chunk);
    const char* const lf = std::find(at, end, '\n');
    if (static_cast<std::size_t>(lf - line) >= kMaxChunkLine) return fail(WireError::bad_chunk);
    if (lf == end) return starve();
    std::string_view extension(at, lf);
    if (!extension.ends_with('\r')) return fail(WireError::bad_chunk);
    extension.remove_suffix(1);
    if (!is_field_value(extension)) return fail(WireError::bad_chunk);
    at = lf + 1;
    return true;
}

bool ResponseDecoder::take_trailer() noexcept {
    std::string_view line;
    std::string_view name;
    std::string_view value;
    if (!take_line(line)) return false;
    if (!line.empty()) return split_field(line, name, value) || fail(WireError::bad_header);
    phase_ = Phase::complete;
    return true;
}

}  // namespace sluice::wire
