#include "testing/memory_pipe.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::testing {

namespace {

constexpr std::size_t kFirstRing = 4096;

}  // namespace

void MemoryPipe::grow(std::size_t wanted) {
    if (wanted <= ring_.size() || ring_.size() == window_) return;
    std::vector<char> larger(std::min(std::max({wanted, 2 * ring_.size(), kFirstRing}), window_));
    const std::size_t bytes = take(asio::buffer(larger));
    ring_ = std::move(larger);
    first_ = 0;
    size_ = bytes;
}

std::size_t MemoryPipe::put(asio::const_buffer from) {
    grow(size_ + from.size());
    const auto* source = static_cast<const char*>(from.data());
    const std::size_t bytes = std::min(from.size(), ring_.size() - size_);
    if (bytes == 0) return 0;
    const std::size_t start = (first_ + size_) % ring_.size();
    const std::size_t until_wrap = std::min(bytes, ring_.size() - start);
    std::memcpy(ring_.data() + start, source, until_wrap);
    std::memcpy(ring_.data(), source + until_wrap, bytes - until_wrap);
    size_ += bytes;
    readable.notify();
    return bytes;
}

std::size_t MemoryPipe::take(asio::mutable_buffer into) {
    auto* target = static_cast<char*>(into.data());
    const std::size_t bytes = std::min(into.size(), size_);
    if (bytes == 0) return 0;
    const std::size_t until_wrap = std::min(bytes, ring_.size() - first_);
    std::memcpy(target, ring_.data() + first_, until_wrap);
    std::memcpy(target + until_wrap, ring_.data(), bytes - until_wrap);
    first_ = (first_ + bytes) % ring_.size();
    size_ -= bytes;
    writable.notify();
    return bytes;
}

void MemoryPipe::finish(std::error_code end) noexcept {
    if (!end_) end_ = end;
    readable.notify();
}

void MemoryPipe::break_off(std::error_code error) noexcept {
    if (!broken_) broken_ = error;
    writable.notify();
}

}  // namespace sluice::testing
