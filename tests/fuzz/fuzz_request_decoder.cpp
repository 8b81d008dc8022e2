// Any bytes, fed in any pieces: RequestDecoder must see the same requests as when it is fed at once, within
// its limits. The input's first byte chooses the pieces.
#include "wire/request_decoder.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice::wire;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

/// Every request that comes out, as text. `seed` 0 feeds all at once.
std::string decode(std::string_view wire, std::uint32_t seed, bool& failed) {
    RequestLimits limits;
    limits.max_body = 1000;
    RequestDecoder decoder(limits);
    std::string seen;
    do {
        std::size_t piece = wire.size();
        if (seed != 0) {
            seed = seed * 1664525U + 1013904223U;
            piece = std::min<std::size_t>(piece, seed >> 27);
        }
        Progress progress = decoder.feed(wire.substr(0, piece));
        for (; progress == Progress::done; progress = decoder.next()) {
            require(!decoder.method().empty() && !decoder.target().empty());
            require(decoder.body().size() <= limits.max_body);
            require(!decoder.expects_continue());
            seen += decoder.method() + " " + decoder.target() + (decoder.keep_alive() ? "\n" : " close\n");
            for (const auto& [name, value] : decoder.headers().all())
                seen.append(name).append(": ").append(value).append("\n");
            seen += decoder.body() + "\n";
        }
        require((progress == Progress::failed) == (decoder.error_status() != 0));
        wire.remove_prefix(piece);
    } while (!wire.empty());
    failed = decoder.error_status() != 0;
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 16384) return 0;
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool whole_failed = false;
    bool pieces_failed = false;
    const std::string whole = decode(wire, 0, whole_failed);
    const std::string pieces = decode(wire, data[0] + 1U, pieces_failed);
    require(whole == pieces);
    require(whole_failed == pieces_failed);
    return 0;
}
