// The padded buffer that a message is read into, de-chunked in and viewed in. It knows places, not protocols.
//
//       consumed        body()            gap      undecoded        free              64 bytes of padding
//   [ ............ | decoded, unread | ....... | .............. | ........... | ................. ]
//                  ^begin_           ^end_     ^raw_            ^raw_end_     ^capacity_
//
//   read into prepare(), commit(n); then, over undecoded(): skip() what is framing, take() what is payload.
//
// skip() and take() never touch consumed bytes, so views of those live until prepare().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace sluice::wire {

/// Bytes after the last readable byte that simdjson may touch (SIMDJSON_PADDING of 3.0.1).
inline constexpr std::size_t kPadding = 64;

class BodyBuffer {
  public:
    /// Below this much free space a read is not worth its system call.
    static constexpr std::size_t kMinRead = 4096;

    BodyBuffer(std::size_t initial, std::size_t max)
        : initial_(std::max(initial, 2 * kMinRead)), max_(std::max(max, initial_)) {
        replace(initial_);
    }

    /// At least kMinRead bytes to read into, or none when what is unread and undecoded leaves no room for
    /// them in `max`.
    std::span<char> prepare() {
        const std::size_t size = body().size() + undecoded().size();
        if (size == 0) {
            begin_ = end_ = raw_ = raw_end_ = 0;
        } else if (capacity_ - raw_end_ < kMinRead) {
            // Moving at most half a buffer to free at least the other half keeps the total cost linear.
            if (size > capacity_ / 2 && capacity_ < max_) {
                replace(std::min(2 * capacity_, max_));
            } else {
                relocate(data_.get());
            }
            if (capacity_ - raw_end_ < kMinRead) return {};
        }
        return {data_.get() + raw_end_, capacity_ - raw_end_};
    }
    void commit(std::size_t size) noexcept { raw_end_ += size; }

    std::string_view undecoded() const noexcept { return {data_.get() + raw_, raw_end_ - raw_}; }
    void skip(std::size_t size) noexcept { raw_ += size; }

    /// The first `size` undecoded bytes become the end of the body.
    void take(std::size_t size) noexcept {
        if (begin_ == end_) {
            begin_ = raw_;  // the usual case: nothing is unread, and the payload stays where it was read
            raw_ += size;
            end_ = raw_;
        } else if (end_ == raw_) {
            raw_ += size;
            end_ = raw_;
        } else {
            close_gap(size);
        }
    }

    std::string_view body() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
    void consume(std::size_t size) noexcept { begin_ += size; }

    /// Forgets the body, keeps what is undecoded, and gives back what one giant event had made it grow by.
    void reset() {
        begin_ = end_ = raw_;
        if (capacity_ > initial_ && undecoded().size() <= initial_ / 2) replace(initial_);
    }

    std::size_t readable_from(const char* at) const noexcept {
        return static_cast<std::size_t>(data_.get() + capacity_ + kPadding - at);
    }
    std::size_t capacity() const noexcept { return capacity_; }
    std::size_t moved_bytes() const noexcept { return moved_bytes_; }

  private:
    /// Unread body straddles framing. The shorter side moves, so a byte of payload pays for at most one moved
    /// byte and a huge event in tiny chunks stays linear.
    void close_gap(std::size_t size) noexcept {
        const std::size_t unread = end_ - begin_;
        moved_bytes_ += std::min(unread, size);
        if (size < unread) {
            std::memmove(data_.get() + end_, data_.get() + raw_, size);
            end_ += size;
            raw_ += size;
        } else {
            std::memmove(data_.get() + raw_ - unread, data_.get() + begin_, unread);
            begin_ = raw_ - unread;
            raw_ += size;
            end_ = raw_;
        }
    }

    /// Moves what is unread and undecoded to the start of `to`, without the gap.
    void relocate(char* to) noexcept {
        const std::size_t body_size = end_ - begin_;
        const std::size_t raw_size = raw_end_ - raw_;
        std::memmove(to, data_.get() + begin_, body_size);
        std::memmove(to + body_size, data_.get() + raw_, raw_size);
        moved_bytes_ += body_size + raw_size;
        begin_ = 0;
        end_ = raw_ = body_size;
        raw_end_ = body_size + raw_size;
    }

    void replace(std::size_t capacity) {
        auto fresh = std::make_unique<char[]>(capacity + kPadding);  // zeroed, padding included
        if (data_) relocate(fresh.get());
        data_ = std::move(fresh);
        capacity_ = capacity;
    }

    std::size_t initial_;
    std::size_t max_;
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t raw_ = 0;
    std::size_t raw_end_ = 0;
    std::size_t moved_bytes_ = 0;
};

}  // namespace sluice::wire
