// Any bytes, cut into any reads, consumed at any time: SseParser must agree with the naive oracle, and its
// limits must not depend on the cuts. The input's first byte chooses how to replay the rest.
#include "wire/support/sse_oracle.hpp"
#include "wire/support/sse_replay.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice::test;

namespace {

/// Cuts that look random and depend on the input alone.
std::vector<std::size_t> cuts_of(std::string_view text, std::uint32_t seed) {
    std::vector<std::size_t> cuts;
    std::size_t at = 0;
    for (;;) {
        seed = seed * 1664525u + 1013904223u;
        at += seed >> 28;
        if (at >= text.size()) return cuts;
        cuts.push_back(at);
    }
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096) return 0;
    const unsigned how = data[0];
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto consume = static_cast<Consume>(how % 3);
    const std::vector<std::size_t> cuts = cuts_of(text, how);

    const SseReplay replay = replay_sse(text, cuts, consume);
    require(!replay.error);
    require(same_items(replay.items, decode_sse(text)));

    const sluice::wire::SseLimits limits{.max_event = how / 2, .max_stream = how};
    const SseReplay whole = replay_sse(text, {}, Consume::never, limits);
    const SseReplay pieces = replay_sse(text, cuts, consume, limits);
    require(static_cast<bool>(whole.error) == static_cast<bool>(pieces.error));
    require(same_items(whole.items, pieces.items));
    return 0;
}
