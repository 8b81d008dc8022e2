// An HTTP/1.1 response decoder, sans-I/O, around one padded buffer: read into it, parse in it, hand out views
// of it.
//
//       consumed        body()            gap      raw              free              64 bytes of padding
//   [ ............ | decoded, unread | ....... | undecoded | ..................... | ................. ]
//                  ^begin_           ^body_end_  ^raw_       ^raw_end_              ^capacity
//
// De-chunking happens in place. Payload normally stays where it was read; only when unread body straddles a
// chunk header are bytes moved, and then the shorter side of the gap, so that the total cost stays linear.
//
//   decoder.reset();
//   while (decoder.parse_head() == Progress::need_more) read_into(decoder.prepare()) -> decoder.commit(n) /
//   commit_eof(); for (;;) {
//       while (decoder.decode_body()) { use(decoder.body()); decoder.consume(n); }
//       if (decoder.complete() || decoder.error()) break;
//       read_into(decoder.prepare()) -> decoder.commit(n) / commit_eof();
//   }
//
// The peer is authenticated by TLS and has one request in flight per connection, so an oddity cannot smuggle:
// every error and everything ambiguous makes the connection unusable (`reusable()` is false). RFC 9112.
#pragma once

#include "wire/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::wire {

/// Bytes after the last readable byte that simdjson may touch (SIMDJSON_PADDING of 3.0.1).
inline constexpr std::size_t kPadding = 64;

/// Header fields in wire order, names in lower case. Owns its text.
class HeaderList {
  public:
    void add(std::string_view name, std::string_view value);
    /// The first field of that name (case-insensitive), or nothing.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return fields_; }
    void clear() noexcept { fields_.clear(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct ResponseHead {
    int status = 0;
    HeaderList headers;
};

struct HttpLimits {
    std::size_t initial_buffer = std::size_t{32} << 10;
    std::size_t max_buffer = std::size_t{5}
                             << 20;  ///< Unread body plus one read; exceeding it is body_too_large.
    std::size_t max_head = std::size_t{64} << 10;
};

enum class Progress : unsigned char { need_more, done, failed };

class ResponseDecoder {
  public:
    explicit ResponseDecoder(HttpLimits limits = {});
    ResponseDecoder(ResponseDecoder&&) noexcept;
    ResponseDecoder& operator=(ResponseDecoder&&) noexcept;
    ~ResponseDecoder();

    /// Ready for the next response on the same connection. Keeps the buffer, and bytes read beyond the last
    /// response.
    void reset();

    /// Free space of at least 4 KiB to read into. May move unread bytes or grow: every view is invalid
    /// afterwards. Empty only when error() is set: max_buffer exceeded now, or any error before.
    std::span<char> prepare();
    void commit(std::size_t bytes) noexcept;
    /// The peer closed cleanly: the end of a close-delimited body, an error for any other.
    void commit_eof() noexcept;

    /// Parses the head; 1xx answers (but 101) are skipped. After `done`, head() is set.
    Progress parse_head();
    const ResponseHead& head() const noexcept;

    /// Decodes the next piece of what was read. True when body() grew. Earlier *consumed* bytes are not
    /// touched, so views into them stay valid until prepare(); unconsumed bytes may move.
    bool decode_body();
    /// Decoded, not consumed. Followed by at least kPadding allocated bytes.
    std::string_view body() const noexcept;
    void consume(std::size_t bytes) noexcept;
    /// Bytes that are allocated from the start of body() on: what simdjson asks for.
    std::size_t readable_from(const char* at) const noexcept;

    bool complete() const noexcept;          ///< The message's end was seen (trailers included).
    std::error_code error() const noexcept;  ///< Set once, sticky.
    /// After complete(): whether HTTP allows another request on this connection, and no stray byte follows.
    bool reusable() const noexcept;
    /// Whether any byte of this response has arrived.
    bool started() const noexcept;
    std::size_t capacity() const noexcept;
    /// Bytes moved within or between buffers since construction, for tests: the cost that must stay linear.
    std::size_t moved_bytes() const noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Undoes Content-Encoding for a whole body: identity, gzip, x-gzip, deflate. At most `limit` bytes come out.
/// Errors: unsupported_encoding, bad_encoding (also when cut short), body_too_large.
std::error_code decode_content(std::string_view encoding, std::string_view body, std::size_t limit,
                               std::string& out);

}  // namespace sluice::wire
