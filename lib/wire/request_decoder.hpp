// An HTTP/1.1 request decoder for servers, sans-I/O, around Boost.Beast's parser (strict, fuzzed for years),
// with the checks it lacks: Transfer-Encoding must be exactly "chunked", exactly one Host, one Content-Length
// of digits only, bounded counts and sizes, trailers that never pass for fields.
//
//   Progress progress = decoder.feed(bytes);       // need_more: answer expects_continue(), read, feed again
//   while (progress == Progress::done) {
//       ...answer decoder.method(), target(), headers(), body()...
//       progress = decoder.next();
//   }
//   if (progress == Progress::failed) ...answer error_status() and close...
//
// Read no more from the connection between `done` and next(): what is fed then is kept, without a bound.
#pragma once

#include "wire/http_response.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::wire {

struct RequestLimits {
    /// Request line and fields; and again a chunk's line, and the trailers.
    std::size_t max_head = std::size_t{64} << 10;
    std::size_t max_fields = 256;
    std::size_t max_body = std::size_t{32} << 20;
};

class RequestDecoder {
  public:
    explicit RequestDecoder(RequestLimits limits = {});
    RequestDecoder(RequestDecoder&&) noexcept;
    RequestDecoder& operator=(RequestDecoder&&) noexcept;
    ~RequestDecoder();

    /// Takes bytes as they come, in any cut. `done`: one whole request (head and body) is here; bytes after
    /// it are kept for the next.
    Progress feed(std::string_view bytes);
    /// After `done`: on to the next request on the same connection. Bytes kept are parsed at once.
    Progress next();

    const std::string& method() const noexcept;
    const std::string& target() const noexcept;
    const HeaderList& headers() const noexcept;
    const std::string& body() const noexcept;
    bool keep_alive() const noexcept;
    /// HTTP/1.0, which knows no chunks. Once the head is here.
    bool is_http_1_0() const noexcept;
    /// How far the request under way has come: not a byte of it, some of its head, all of its head.
    enum class Part : unsigned char { none, head, body };
    Part part() const noexcept;
    /// Whether the head is here and the client waits for "100 Continue" before it sends the body.
    bool expects_continue() const noexcept;
    /// The status to answer a malformed request with (400, 413, 431, 501, 505); 0 when there is no error.
    int error_status() const noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::wire
