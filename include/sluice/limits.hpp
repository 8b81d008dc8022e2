// What one exchange may hold and how many connections a provider keeps. Every provider's options have both.
#pragma once

#include <chrono>
#include <cstddef>

namespace sluice {

/// Sizes that bound what one exchange may hold. An answer that breaks one is a typed error, never a crash.
struct Limits {
    /// First size of a connection's buffer; grows on demand.
    std::size_t read_buffer = std::size_t{32} << 10;
    /// One SSE event with its lines, in bytes.
    std::size_t max_event = std::size_t{4} << 20;
    /// Metadata before the first event, in bytes. Between later ones it is `max_event`, if that is more: the
    /// end of a long answer may repeat all of its text.
    std::size_t max_held = std::size_t{256} << 10;
    /// A whole streamed body, in bytes.
    std::size_t max_stream = std::size_t{1} << 30;
    /// Body of an error answer, after gunzip.
    std::size_t max_error_body = std::size_t{256} << 10;
    /// Status line and header fields.
    std::size_t max_head = std::size_t{64} << 10;
};

/// How connections of one provider are kept.
struct PoolOptions {
    std::size_t max_idle_per_origin = 16;
    /// Beyond it a request waits, within its connect deadline.
    std::size_t max_connections_per_origin = 1024;
    /// Providers close idle ones after 60 s or more.
    std::chrono::milliseconds idle_expiry = std::chrono::seconds(55);
};

}  // namespace sluice
