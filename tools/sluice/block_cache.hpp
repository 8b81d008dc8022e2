// Blocks of memory that were freed, kept for the next use of their size: so that a request finds the blocks
// of the one before, still in the processor's cache, whatever their size. malloc has such a place for sizes
// up to 1 KiB and seven blocks of each; a gateway's coroutine frames are larger, and it has as many as it has
// requests at once.
#pragma once

#include <array>
#include <cstddef>

namespace sluice::cli {

/// For one thread. Does not own the blocks: what is in it at the end is lost.
class BlockCache {
  public:
    static constexpr std::size_t kStep = 64;
    static constexpr std::size_t kLargest = 8192;
    /// Of one size, in bytes; and of all.
    static constexpr std::size_t kMaxOfSize = std::size_t{256} << 10;
    static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

    /// How large a block must be made, so that give() takes it for this size.
    static constexpr std::size_t rounded(std::size_t size) noexcept {
        if (size > kLargest) return size;
        return size == 0 ? kStep : (size + kStep - 1) / kStep * kStep;
    }

    /// One of at least `size` bytes; null when there is none.
    void* take(std::size_t size) noexcept {
        if (size > kLargest) return nullptr;
        Kept& kept = kept_[rounded(size) / kStep];
        Block* const block = kept.first;
        if (!block) return nullptr;
        kept.first = block->next;
        kept.bytes -= rounded(size);
        bytes_ -= rounded(size);
        return block;
    }
    /// One of at least rounded(size) bytes. False when it is not wanted.
    bool give(void* memory, std::size_t size) noexcept {
        if (size > kLargest) return false;
        const std::size_t bytes = rounded(size);
        Kept& kept = kept_[bytes / kStep];
        if (kept.bytes + bytes > kMaxOfSize || bytes_ + bytes > kMaxBytes) return false;
        auto* const block = static_cast<Block*>(memory);
        block->next = kept.first;
        kept.first = block;
        kept.bytes += bytes;
        bytes_ += bytes;
        return true;
    }

  private:
    struct Block {
        Block* next;
    };
    struct Kept {
        Block* first = nullptr;
        std::size_t bytes = 0;
    };

    std::array<Kept, kLargest / kStep + 1> kept_{};
    std::size_t bytes_ = 0;
};

}  // namespace sluice::cli
