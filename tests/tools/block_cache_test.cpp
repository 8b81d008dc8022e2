#include "block_cache.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <set>
#include <vector>

using sluice::cli::BlockCache;

namespace {

std::unique_ptr<std::byte[]> block_of(std::size_t size) {
    return std::make_unique<std::byte[]>(BlockCache::rounded(size));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(block_cache)

BOOST_AUTO_TEST_CASE(gives_back_the_last_block_of_a_size) {
    BlockCache cache;
    for (const std::size_t size : {0U, 1U, 64U, 65U, 2000U, 8191U, 8192U}) {
        BOOST_TEST(cache.take(size) == nullptr);
        const auto one = block_of(size), two = block_of(size);
        BOOST_TEST(cache.give(one.get(), size));
        BOOST_TEST(cache.give(two.get(), size));
        BOOST_TEST(cache.take(size) == two.get());
        BOOST_TEST(cache.take(size) == one.get());
        BOOST_TEST(cache.take(size) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(a_block_serves_every_size_that_is_rounded_to_its_own) {
    BlockCache cache;
    const auto block = block_of(130);
    for (std::size_t size = 129; size <= 192; ++size) {
        BOOST_TEST(BlockCache::rounded(size) == 192U);
        BOOST_TEST(cache.give(block.get(), 192));
        BOOST_TEST(cache.take(128) == nullptr);
        BOOST_TEST(cache.take(193) == nullptr);
        BOOST_TEST(cache.take(size) == block.get());
    }
}

BOOST_AUTO_TEST_CASE(keeps_no_large_blocks) {
    BlockCache cache;
    const auto block = block_of(BlockCache::kLargest + 1);
    BOOST_TEST(BlockCache::rounded(BlockCache::kLargest + 1) == BlockCache::kLargest + 1);
    BOOST_TEST(!cache.give(block.get(), BlockCache::kLargest + 1));
    BOOST_TEST(cache.take(BlockCache::kLargest + 1) == nullptr);
}

BOOST_AUTO_TEST_CASE(keeps_so_much_of_a_size_and_so_much_in_all) {
    BlockCache cache;
    std::vector<std::unique_ptr<std::byte[]>> blocks;
    std::size_t kept = 0;
    for (std::size_t size = BlockCache::kLargest; size > 0; size -= BlockCache::kStep) {
        std::size_t of_size = 0;
        while (cache.give(blocks.emplace_back(block_of(size)).get(), size))
            of_size += size;
        BOOST_TEST(of_size <= BlockCache::kMaxOfSize);
        if (kept == 0) BOOST_TEST(of_size == BlockCache::kMaxOfSize);
        kept += of_size;
    }
    BOOST_TEST(kept <= BlockCache::kMaxBytes);
    BOOST_TEST(kept > BlockCache::kMaxBytes - BlockCache::kLargest);
    // All of them are different.
    std::set<void*> seen;
    for (std::size_t size = BlockCache::kStep; size <= BlockCache::kLargest; size += BlockCache::kStep)
        while (void* const block = cache.take(size))
            BOOST_TEST(seen.insert(block).second);
}

BOOST_AUTO_TEST_SUITE_END()
