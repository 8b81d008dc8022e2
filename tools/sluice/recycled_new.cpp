// operator new and delete of this program, over malloc: each thread keeps what it frees (block_cache.hpp).
// Worth 7 % of a gateway's CPU with 64 short streams at once (docs/gateway-benchmark.md). Not in builds with
// sanitizers, which watch every block.
#include "block_cache.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

using sluice::cli::BlockCache;

// Needs neither to be made nor to be destroyed, so it can be used before main() and at any thread's end.
constinit thread_local BlockCache cache;

}  // namespace

void* operator new(std::size_t size) {
    if (void* const block = cache.take(size)) return block;
    for (;;) {
        if (void* const block = std::malloc(BlockCache::rounded(size))) return block;
        const std::new_handler handler = std::get_new_handler();
        if (!handler) throw std::bad_alloc();
        handler();
    }
}

void operator delete(void* block, std::size_t size) noexcept {
    if (block && !cache.give(block, size)) std::free(block);
}

// malloc gives a little more than it was asked for, but never as much as a step.
void operator delete(void* block) noexcept {
    if (!block) return;
    const std::size_t usable = malloc_usable_size(block) / BlockCache::kStep * BlockCache::kStep;
    if (!cache.give(block, std::max(usable, BlockCache::kStep))) std::free(block);
}
