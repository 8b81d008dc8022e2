// An HTTP/1.1 response decoder, sans-I/O, around one padded buffer: read into it, parse in it, hand out views
// of it. De-chunking happens in place (wire/body_buffer.hpp); payload normally stays where it was read.
//
//   decoder.reset();
//   while (decoder.parse_head() == Progress::need_more) read();
//   for (;;) {
//       while (decoder.decode_body()) { ...use decoder.body()...; decoder.consume(n); }
//       if (decoder.complete() || decoder.error()) break;
//       read();
//   }
//
// where read() fills decoder.prepare() and tells by commit(n), or by commit_eof() when the peer has closed.
//
// The peer is authenticated by TLS and has one request in flight per connection, so an oddity cannot smuggle:
// every error and everything ambiguous makes the connection unusable (`reusable()` is false). RFC 9112.
#pragma once

#include "wire/body_buffer.hpp"
#include "wire/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::wire {

/// Without the spaces and tabs around it, which mean nothing in a header field (RFC 9110 section 5.6.3).
constexpr std::string_view trim_blanks(std::string_view text) noexcept {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Header fields in wire order, names in lower case. Owns its text.
class HeaderList {
  public:
    void add(std::string_view name, std::string_view value);
    /// The first field of that name (case-insensitive), or nothing. What this and all() give is valid until
    /// the next add() or clear().
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    /// Pairs of a name, in small letters, and its value, in their order.
    auto all() const noexcept {
        return std::views::transform(fields_, [this](const Field& field) { return pair_of(field); });
    }
    void clear() noexcept {
        text_.clear();
        fields_.clear();
    }

  private:
    struct Field {
        std::size_t begin;  // in text_: the name, and behind it the value
        std::size_t name;   // sizes
        std::size_t value;
    };
    std::pair<std::string_view, std::string_view> pair_of(const Field& field) const noexcept {
        const char* const name = text_.data() + field.begin;
        return {{name, field.name}, {name + field.name, field.value}};
    }

    std::string text_;
    std::vector<Field> fields_;
};

struct ResponseHead {
    int status = 0;
    HeaderList headers;
};

struct HttpLimits {
    std::size_t initial_buffer = std::size_t{32} << 10;
    /// Unread body plus one read; exceeding it is body_too_large.
    std::size_t max_buffer = std::size_t{5} << 20;
    /// Status line and fields, interim answers included; and again the trailers.
    std::size_t max_head = std::size_t{64} << 10;
};

enum class Progress : unsigned char { need_more, done, failed };

class ResponseDecoder {
  public:
    explicit ResponseDecoder(HttpLimits limits = {});

    /// Ready for the next response on the same connection. Keeps the buffer, and bytes read beyond the last
    /// response.
    void reset();

    /// Free space of at least 4 KiB to read into. May move unread bytes or grow: every view is invalid
    /// afterwards. Empty only when error() is set: max_buffer exceeded now, or any error before.
    std::span<char> prepare();
    void commit(std::size_t bytes) noexcept;
    /// The peer closed cleanly: the end of a close-delimited body, an error for any other. While bytes are
    /// still undecoded, the next parse_head() or decode_body() tells which.
    void commit_eof() noexcept;

    /// Parses the head; 1xx answers (but 101) are skipped. After `done`, head() is set.
    Progress parse_head();
    const ResponseHead& head() const noexcept { return head_; }

    /// Decodes the next piece of what was read. True when body() grew. Earlier *consumed* bytes are not
    /// touched, so views into them stay valid until prepare(); unconsumed bytes may move.
    bool decode_body();
    /// Decoded, not consumed. Followed by at least kPadding allocated bytes.
    std::string_view body() const noexcept { return buffer_.body(); }
    void consume(std::size_t bytes) noexcept { buffer_.consume(bytes); }
    /// Bytes that are allocated from `at`, a place in body(), on: what simdjson asks for.
    std::size_t readable_from(const char* at) const noexcept { return buffer_.readable_from(at); }

    /// The message's end was seen, trailers included.
    bool complete() const noexcept { return phase_ == Phase::complete && !error_; }
    /// Set once, sticky.
    std::error_code error() const noexcept { return error_; }
    /// After complete(): whether HTTP allows another request on this connection, and no stray byte follows.
    bool reusable() const noexcept {
        return complete() && persistent_ && !eof_ && buffer_.undecoded().empty();
    }
    /// Whether any byte of this response has arrived.
    bool started() const noexcept { return started_; }
    std::size_t capacity() const noexcept { return buffer_.capacity(); }
    /// Bytes moved within or between buffers since construction, for tests: the cost that must stay linear.
    std::size_t moved_bytes() const noexcept { return buffer_.moved_bytes(); }

  private:
    enum class Phase : unsigned char {
        status_line,
        fields,
        length,
        until_close,
        chunk_line,
        chunk,
        trailers,
        complete
    };

    bool in_head() const noexcept { return phase_ <= Phase::fields; }
    bool fail(WireError what) noexcept;
    bool starve() noexcept;
    bool take_line(std::string_view& line) noexcept;
    void on_status_line(std::string_view line);
    void on_field_line(std::string_view line);
    void end_head();
    void choose_framing();
    bool take_chunk_line() noexcept;
    bool skip_extension(const char* line, const char* end, const char*& at) noexcept;
    bool take_trailer() noexcept;

    HttpLimits limits_;
    BodyBuffer buffer_;
    Phase phase_ = Phase::status_line;
    bool eof_ = false;
    bool started_ = false;
    bool http_1_0_ = false;
    bool persistent_ = false;
    bool after_chunk_ = false;     // the line end after a chunk's data is still to come
    std::uint64_t remaining_ = 0;  // of the body, or of the chunk
    std::size_t scanned_ = 0;      // undecoded bytes known to hold no line end
    std::size_t line_budget_;      // bytes that the head, or the trailers, may still have
    std::error_code error_;
    ResponseHead head_;
};

/// Undoes Content-Encoding for a whole body: identity, gzip, x-gzip, deflate. At most `limit` bytes come out.
/// Errors: unsupported_encoding, bad_encoding (also when cut short), body_too_large. What came out before the
/// last two errors stays in `out`: the start of a page is often enough to tell what it says.
std::error_code decode_content(std::string_view encoding, std::string_view body, std::size_t limit,
                               std::string& out);

}  // namespace sluice::wire
