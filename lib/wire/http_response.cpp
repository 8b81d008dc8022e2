#include "wire/http_response.hpp"

#include "wire/http_request.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::wire {
namespace {

// Below this much free space a read is not worth its system call.
constexpr std::size_t kMinRead = 4096;
// A chunk's size line with its extensions, which nobody uses.
constexpr std::size_t kMaxChunkLine = 4096;

char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return to_lower(a) == b; });
}

std::string_view trim(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit` with every element of a comma-separated list, empty ones included.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
    for (;;) {
        const std::size_t comma = list.find(',');
        visit(trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

std::optional<std::uint64_t> parse_length(std::string_view digits) noexcept {
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9' || value > (UINT64_MAX - 9) / 10) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
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
    value = trim(line.substr(colon + 1));
    return is_token(name) && is_field_value(value);
}

}  // namespace

void HeaderList::add(std::string_view name, std::string_view value) {
    if (fields_.capacity() == 0) fields_.reserve(24);  // a provider's usual answer, in one allocation
    std::string& stored = fields_.emplace_back(name, value).first;
    std::transform(stored.begin(), stored.end(), stored.begin(), to_lower);
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const noexcept {
    for (const auto& [stored, value] : fields_) {
        if (equals_ignoring_case(name, stored)) return value;
    }
    return std::nullopt;
}

struct ResponseDecoder::State {
    enum class Phase : unsigned char {
        status_line,
        fields,
        length_body,
        close_body,
        chunk_size,
        chunk_data,
        chunk_end,
        trailers,
        complete
    };

    explicit State(HttpLimits given) : limits(given) {
        limits.initial_buffer = std::max(limits.initial_buffer, 2 * kMinRead);
        limits.max_buffer = std::max(limits.max_buffer, limits.initial_buffer);
        replace_buffer(limits.initial_buffer);
        line_budget = limits.max_head;
    }

    // --- the buffer ---

    std::size_t unread() const noexcept { return body_end - begin; }
    std::size_t undecoded() const noexcept { return raw_end - raw; }

    /// Moves what is unread and undecoded to the start of `to`, without the gap between them.
    void relocate(char* to) noexcept {
        const std::size_t body_size = unread();
        const std::size_t raw_size = undecoded();
        std::memmove(to, data.get() + begin, body_size);
        std::memmove(to + body_size, data.get() + raw, raw_size);
        moved_bytes += body_size + raw_size;
        begin = 0;
        body_end = raw = body_size;
        raw_end = body_size + raw_size;
    }

    void replace_buffer(std::size_t size) {
        auto fresh = std::make_unique<char[]>(size + kPadding);
        if (data) relocate(fresh.get());
        data = std::move(fresh);
        capacity = size;
    }

    /// Appends the first `size` undecoded bytes to the body.
    void take(std::size_t size) noexcept {
        const std::size_t pending = unread();
        if (pending == 0) {
            begin = body_end = raw;  // the usual case: the payload stays where it was read
        } else if (body_end != raw) {
            // Unread body straddles a chunk header. Each byte of payload pays for at most one moved byte, so
            // a huge event in tiny chunks stays linear. Neither move touches what was consumed.
            moved_bytes += std::min(pending, size);
            if (size < pending) {
                std::memmove(data.get() + body_end, data.get() + raw, size);
                body_end += size;
                raw += size;
                return;
            }
            std::memmove(data.get() + raw - pending, data.get() + begin, pending);
            begin = raw - pending;
        }
        raw += size;
        body_end = raw;
    }

    // --- the message ---

    bool fail(WireError what) noexcept {
        if (!error) error = what;
        return false;
    }

    /// Nothing more can be decoded until more is read; at the end of the connection, never.
    bool starve() noexcept {
        if (!eof) return false;
        if (phase == Phase::close_body) {
            phase = Phase::complete;
        } else if (phase == Phase::status_line && undecoded() != 0 && data[raw] != 'H') {
            fail(WireError::bad_status_line);  // some other protocol's last words
        } else if (phase != Phase::complete) {
            fail(WireError::body_truncated);
        }
        return false;
    }

    /// A line of the head or the trailers, without its end (CRLF, or LF alone: RFC 9112 section 2.2).
    bool take_line(std::string_view& line) noexcept {
        const char* const from = data.get() + raw;
        const void* const lf = std::memchr(from + scanned, '\n', undecoded() - scanned);
        const std::size_t size =
            lf ? static_cast<std::size_t>(static_cast<const char*>(lf) - from) + 1 : undecoded();
        if (size > line_budget) return fail(WireError::head_too_large);
        if (!lf) {
            scanned = size;
            return starve();
        }
        line_budget -= size;
        scanned = 0;
        raw += size;
        line = {from, size - 1};
        if (line.ends_with('\r')) line.remove_suffix(1);
        return true;
    }

    void on_status_line(std::string_view line) {
        if (line.empty()) return;  // left over from a careless server's last body
        const bool well_formed = line.size() >= 12 && line.starts_with("HTTP/1.") &&
                                 (line[7] == '0' || line[7] == '1') && line[8] == ' ' && line[9] != '0' &&
                                 (line.size() == 12 || line[12] == ' ') && is_field_value(line);
        const std::optional<std::uint64_t> code =
            well_formed ? parse_length(line.substr(9, 3)) : std::nullopt;
        if (!code) {
            fail(WireError::bad_status_line);
            return;
        }
        head.status = static_cast<int>(*code);
        minor_version = line[7] - '0';
        phase = Phase::fields;
    }

    void on_field_line(std::string_view line) {
        std::string_view name;
        std::string_view value;
        if (line.empty()) {
            end_head();
        } else if (split_field(line, name, value)) {
            head.headers.add(name, value);
        } else {
            fail(WireError::bad_header);
        }
    }

    void end_head() {
        if (head.status == 101) {
            fail(WireError::bad_framing);  // we never ask for an upgrade
        } else if (head.status < 200) {
            head.headers.clear();
            phase = Phase::status_line;  // the line budget is not renewed: interim answers are bounded too
        } else {
            begin = body_end = raw;
            choose_framing();
        }
    }

    /// RFC 9112 section 6.3.
    void choose_framing() {
        bool close = false;
        bool keep_alive = minor_version == 1;
        int transfer_encodings = 0;
        bool chunked = false;
        bool valid = true;
        std::optional<std::uint64_t> length;
        for (const auto& [name, value] : head.headers.all()) {
            if (name == "connection") {
                for_each_element(value, [&](std::string_view option) {
                    close = close || equals_ignoring_case(option, "close");
                    keep_alive = keep_alive || equals_ignoring_case(option, "keep-alive");
                });
            } else if (name == "transfer-encoding") {
                ++transfer_encodings;
                chunked = equals_ignoring_case(value, "chunked");
            } else if (name == "content-length") {
                for_each_element(value, [&](std::string_view element) {
                    const std::optional<std::uint64_t> parsed = parse_length(element);
                    valid = valid && parsed && (!length || length == parsed);
                    length = parsed;
                });
            }
        }
        if (!valid || transfer_encodings > 1 || (transfer_encodings == 1 && !chunked)) {
            fail(WireError::bad_framing);
            return;
        }
        const bool bodiless = head.status == 204 || head.status == 304;
        // Where two readers could disagree about the end, the connection ends with this response.
        const bool doubtful = chunked && (length || bodiless || minor_version == 0);
        persistent = keep_alive && !close && !doubtful;
        remaining = length.value_or(0);
        if (bodiless) {
            phase = Phase::complete;
        } else if (chunked) {
            phase = Phase::chunk_size;
        } else if (length) {
            phase = remaining == 0 ? Phase::complete : Phase::length_body;
        } else {
            phase = Phase::close_body;
            persistent = false;
        }
    }

    bool take_chunk_size() noexcept {
        const char* const line = data.get() + raw;
        const char* const end = data.get() + raw_end;
        const char* at = line;
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
        raw = static_cast<std::size_t>(at - data.get());
        remaining = size;
        phase = size == 0 ? Phase::trailers : Phase::chunk_data;
        line_budget = limits.max_head;
        return true;
    }

    /// From the end of a chunk's size to the next line. Chunk framing is written by machines: here a line
    /// ends with CRLF only.
    bool skip_extension(const char* line, const char* end, const char*& at) noexcept {
        if (at == end) return starve();
        if (*at != ';' && *at != ' ' && *at != '\t' && *at != '\r') return fail(WireError::bad_chunk);
        const char* const lf = std::find(at, end, '\n');
        if (static_cast<std::size_t>(lf - line) >= kMaxChunkLine) return fail(WireError::bad_chunk);
        if (lf == end) return starve();
        const std::string_view extension(at, static_cast<std::size_t>(lf - at));
        if (!extension.ends_with('\r') || !is_field_value(extension.substr(0, extension.size() - 1))) {
            return fail(WireError::bad_chunk);
        }
        at = lf + 1;
        return true;
    }

    bool take_chunk_end() noexcept {
        const std::string_view bytes(data.get() + raw, std::min<std::size_t>(undecoded(), 2));
        if (!std::string_view("\r\n").starts_with(bytes)) return fail(WireError::bad_chunk);
        if (bytes.size() < 2) return starve();
        raw += 2;
        phase = Phase::chunk_size;
        return true;
    }

    bool take_trailer() noexcept {
        std::string_view line;
        if (!take_line(line)) return false;
        std::string_view name;
        std::string_view value;
        if (line.empty()) {
            phase = Phase::complete;
        } else if (!split_field(line, name, value)) {
            return fail(WireError::bad_header);
        }
        return true;
    }

    HttpLimits limits;
    std::unique_ptr<char[]> data;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t body_end = 0;
    std::size_t raw = 0;
    std::size_t raw_end = 0;

    Phase phase = Phase::status_line;
    bool eof = false;
    bool started = false;
    bool persistent = false;
    int minor_version = 1;
    std::uint64_t remaining = 0;  // of the body, or of the chunk
    std::size_t scanned = 0;      // undecoded bytes known to hold no line end
    std::size_t line_budget = 0;  // bytes that the head, or the trailers, may still have
    std::size_t moved_bytes = 0;
    std::error_code error;
    ResponseHead head;
};

ResponseDecoder::ResponseDecoder(HttpLimits limits) : state_(std::make_unique<State>(limits)) {}
ResponseDecoder::ResponseDecoder(ResponseDecoder&&) noexcept = default;
ResponseDecoder& ResponseDecoder::operator=(ResponseDecoder&&) noexcept = default;
ResponseDecoder::~ResponseDecoder() = default;

void ResponseDecoder::reset() {
    State& s = *state_;
    s.begin = s.body_end = s.raw;
    if (s.capacity > s.limits.initial_buffer && s.undecoded() + kMinRead <= s.limits.initial_buffer) {
        s.replace_buffer(s.limits.initial_buffer);  // it had grown for one giant event
    }
    s.phase = State::Phase::status_line;
    s.started = s.undecoded() != 0;
    s.persistent = false;
    s.scanned = 0;
    s.line_budget = s.limits.max_head;
    s.error.clear();
    s.head.status = 0;
    s.head.headers.clear();
}

std::span<char> ResponseDecoder::prepare() {
    State& s = *state_;
    if (s.error) return {};
    const std::size_t size = s.unread() + s.undecoded();
    if (size == 0) {
        s.begin = s.body_end = s.raw = s.raw_end = 0;
    } else if (s.capacity - s.raw_end < kMinRead) {
        // Moving at most half a buffer to free at least the other half keeps the total cost linear.
        if (size > s.capacity / 2 && s.capacity < s.limits.max_buffer) {
            s.replace_buffer(std::min(2 * s.capacity, s.limits.max_buffer));
        } else {
            s.relocate(s.data.get());
        }
        if (s.capacity - s.raw_end < kMinRead) {
            s.fail(s.phase <= State::Phase::fields ? WireError::head_too_large : WireError::body_too_large);
            return {};
        }
    }
    return {s.data.get() + s.raw_end, s.capacity - s.raw_end};
}

void ResponseDecoder::commit(std::size_t bytes) noexcept {
    state_->raw_end += bytes;
    state_->started = state_->started || bytes != 0;
}

void ResponseDecoder::commit_eof() noexcept {
    state_->eof = true;
    if (state_->undecoded() == 0 && !state_->error) state_->starve();
}

Progress ResponseDecoder::parse_head() {
    State& s = *state_;
    std::string_view line;
    while (!s.error && s.phase <= State::Phase::fields && s.take_line(line)) {
        if (s.phase == State::Phase::status_line) {
            s.on_status_line(line);
        } else {
            s.on_field_line(line);
        }
    }
    if (s.error) return Progress::failed;
    return s.phase <= State::Phase::fields ? Progress::need_more : Progress::done;
}

const ResponseHead& ResponseDecoder::head() const noexcept {
    return state_->head;
}

bool ResponseDecoder::decode_body() {
    State& s = *state_;
    using Phase = State::Phase;
    while (!s.error) {
        switch (s.phase) {
            case Phase::chunk_size:
                if (!s.take_chunk_size()) return false;
                break;
            case Phase::chunk_end:
                if (!s.take_chunk_end()) return false;
                break;
            case Phase::trailers:
                if (!s.take_trailer()) return false;
                break;
            case Phase::length_body:
            case Phase::chunk_data: {
                const std::size_t size =
                    static_cast<std::size_t>(std::min<std::uint64_t>(s.remaining, s.undecoded()));
                if (size == 0) return s.starve();
                s.take(size);
                s.remaining -= size;
                if (s.remaining == 0)
                    s.phase = s.phase == Phase::chunk_data ? Phase::chunk_end : Phase::complete;
                return true;
            }
            case Phase::close_body:
                if (s.undecoded() == 0) return s.starve();
                s.take(s.undecoded());
                return true;
            case Phase::status_line:
            case Phase::fields:
            case Phase::complete:
                return false;
        }
    }
    return false;
}

std::string_view ResponseDecoder::body() const noexcept {
    return {state_->data.get() + state_->begin, state_->unread()};
}

void ResponseDecoder::consume(std::size_t bytes) noexcept {
    state_->begin += bytes;
}

std::size_t ResponseDecoder::readable_from(const char* at) const noexcept {
    return static_cast<std::size_t>(state_->data.get() + state_->capacity + kPadding - at);
}

bool ResponseDecoder::complete() const noexcept {
    return !state_->error && state_->phase == State::Phase::complete;
}

std::error_code ResponseDecoder::error() const noexcept {
    return state_->error;
}

bool ResponseDecoder::reusable() const noexcept {
    return complete() && state_->persistent && !state_->eof && state_->undecoded() == 0;
}

bool ResponseDecoder::started() const noexcept {
    return state_->started;
}

std::size_t ResponseDecoder::capacity() const noexcept {
    return state_->capacity;
}

std::size_t ResponseDecoder::moved_bytes() const noexcept {
    return state_->moved_bytes;
}

}  // namespace sluice::wire
