// One direction of an in-memory connection: a bounded ring of bytes between one writer and one reader.
//
// The reader waits while the ring is empty, the writer while it is full; the end that goes away wakes the
// other. Single thread; both sides wait on the same executor's context.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>

#include <cstddef>
#include <system_error>
#include <vector>

#include "net/signal.hpp"

namespace sluice::testing {

class MemoryPipe {
  public:
    MemoryPipe(const asio::any_io_executor& executor, std::size_t window)
        : readable(executor), writable(executor), window_(window == 0 ? 1 : window) {}

    /// As many bytes as fit now. Wakes the reader.
    std::size_t put(asio::const_buffer from);
    /// As many bytes as are there. Wakes the writer.
    std::size_t take(asio::mutable_buffer into);
    std::size_t size() const noexcept { return size_; }

    /// What the reader gets once the ring is empty; no error while the writer is still there.
    std::error_code end() const noexcept { return end_; }
    /// No more bytes will come: eof, or connection_reset. The first call counts.
    void finish(std::error_code end) noexcept;

    /// What the writer gets from now on; no error while the reader is still there.
    std::error_code broken() const noexcept { return broken_; }
    void break_off(std::error_code error) noexcept;

    net::Signal readable;  ///< Bytes came, or their end.
    net::Signal writable;  ///< Room came, or the reader has gone.

  private:
    void grow(std::size_t wanted);

    std::vector<char> ring_;  // grows up to the window, so that a thousand quiet connections cost little
    std::size_t window_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    std::error_code end_;
    std::error_code broken_;
};

}  // namespace sluice::testing
