// Any bytes, cut into any reads, consumed in any steps: ResponseDecoder must say the same as when it reads
// them at once, keep its buffer bounded, and never touch what was consumed. The input's first byte chooses
// the cuts.
#include "wire/http_response.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice::wire;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

struct Outcome {
    int status = 0;
    std::size_t fields = 0;
    std::string body;
    std::error_code error;
    bool complete = false;

    bool operator==(const Outcome&) const = default;
};

/// `seed` 0 reads and consumes all there is.
Outcome decode(std::string_view wire, std::uint32_t seed) {
    const auto step = [&seed](std::size_t all) {
        if (seed == 0) return all;
        seed = seed * 1664525U + 1013904223U;
        return std::min<std::size_t>(all, seed >> 27);
    };
    const std::size_t size = wire.size();
    ResponseDecoder decoder;
    const auto read = [&] {
        if (wire.empty()) return decoder.commit_eof();
        const std::span<char> space = decoder.prepare();
        const std::size_t piece = std::min(space.size(), step(wire.size()));
        std::copy_n(wire.data(), piece, space.data());
        decoder.commit(piece);
        wire.remove_prefix(piece);
    };
    while (decoder.parse_head() == Progress::need_more)
        read();

    Outcome outcome;
    std::vector<std::string_view> consumed;
    for (;;) {
        std::string copies;
        while (decoder.decode_body()) {
            const std::string_view piece = decoder.body().substr(0, step(decoder.body().size()));
            require(decoder.readable_from(piece.data() + piece.size()) >= kPadding);
            consumed.push_back(piece);
            copies += piece;
            decoder.consume(piece.size());
        }
        for (const std::string_view piece : consumed)
            outcome.body += piece;
        require(std::string_view(outcome.body).ends_with(copies));
        consumed.clear();
        if (decoder.complete() || decoder.error()) break;
        read();
    }
    outcome.body += decoder.body();
    outcome.status = decoder.head().status;
    outcome.fields = decoder.head().headers.all().size();
    outcome.error = decoder.error();
    outcome.complete = decoder.complete();
    require(outcome.complete != static_cast<bool>(outcome.error));
    require(!decoder.reusable() || outcome.complete);
    require(outcome.body.size() <= size);
    require(decoder.moved_bytes() <= 3 * size);
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 65536) return 0;
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    require(decode(wire, 0) == decode(wire, data[0] + 1U));
    return 0;
}
