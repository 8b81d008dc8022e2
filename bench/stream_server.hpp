// The other end of the client benchmarks: a child process that streams one pre-encoded chat completion to
// whoever connects.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

/// What every contestant must have seen.
struct Transcript {
    std::size_t tokens = 0;
    std::uint64_t hash = 14695981039346656037ULL;  ///< FNV-1a of the text
    bool finished = false;

    void add(const char* text, std::size_t size) {
        ++tokens;
        for (std::size_t i = 0; i < size; ++i)
            hash = (hash ^ static_cast<unsigned char>(text[i])) * 1099511628211ULL;
    }
    bool operator==(const Transcript&) const = default;
};

/// Streams `tokens` tokens, `per_write` to a write and a chunk, on the other core, until destroyed.
class StreamServer {
  public:
    StreamServer(std::size_t tokens, std::size_t per_write);
    StreamServer(const StreamServer&) = delete;
    ~StreamServer();

    std::uint16_t port() const { return port_; }
    const Transcript& expected() const { return expected_; }
    /// Bytes of one whole answer, head included.
    std::size_t answer_bytes() const { return answer_bytes_; }

  private:
    std::uint16_t port_ = 0;
    pid_t child_ = -1;
    Transcript expected_;
    std::size_t answer_bytes_ = 0;
};

/// Keeps the calling process on one core; the servers are on the next.
void pin_to_core(int core);

}  // namespace bench
