// How often a decoder asks for memory once its buffers have grown.
#pragma once

#include "support/allocations.hpp"
#include "support/decode.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace sluice::test {

/// Feeds the same frames again and again to one decoder, which must not end on them, and counts what is asked
/// for after the first few times. Each round must make at least `events`.
inline std::size_t allocations_per_round(const adapters::Dialect& dialect, std::string_view round,
                                         std::size_t events = 4) {
    auto decoder = dialect.make_decoder(facts_for_tests());
    adapters::BodyReader reader(*decoder);
    adapters::EventBatch batch;
    std::string window(round);
    window.reserve(window.size() + wire::kPadding);
    std::size_t seen = 0, before = 0;
    constexpr int kWarmUp = 5, kRounds = 50;
    for (int i = 0; i < kWarmUp + kRounds; ++i) {
        if (i == kWarmUp) before = allocations();
        batch.clear();
        reader.feed(window, window.capacity(), batch);
        seen += batch.events().size();
    }
    const std::size_t after = allocations();
    BOOST_TEST(seen >= events * (kWarmUp + kRounds));
    BOOST_TEST((decoder->state() == adapters::DecoderState::open));
    return after - before;
}

}  // namespace sluice::test
