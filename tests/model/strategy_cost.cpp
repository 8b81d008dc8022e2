// What a request costs through Fallback(Retry(Breaker(x))) when all is well, for callgrind: strategy_cost.py
// compares it with x.
//
//   strategy_cost <plain|composed> <requests> <events>
#include <sluice/breaker.hpp>
#include <sluice/fallback.hpp>
#include <sluice/retry.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

// As in gate_cost.cpp: Asio looks through the slots of freed frames in order.
asio::awaitable<void> settle_frame_slots(int depth) {
    std::array<char, 600> room{};
    if (depth > 0) co_await settle_frame_slots(depth - 1);
    if (room[static_cast<std::size_t>(depth)] != 0) std::abort();
}

asio::awaitable<std::size_t> ask(sluice::BoundModel model, std::size_t requests) {
    std::size_t events = 0;
    for (std::size_t i = 0; i < requests; ++i) {
        sluice::TokenStream stream = co_await model.stream("x");
        co_await settle_frame_slots(4);
        while (const sluice::StreamEvent* event = co_await stream.next())
            events += event->is<sluice::TextDelta>();
    }
    co_return events;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const bool is_composed = std::strcmp(argv[1], "composed") == 0;
    const std::size_t requests = std::strtoul(argv[2], nullptr, 10);
    const std::size_t events = std::strtoul(argv[3], nullptr, 10);

    const auto clock = std::make_shared<sluice::testing::VirtualClock>();
    const sluice::Runtime runtime(clock, std::make_shared<sluice::testing::MemoryNetwork>(),
                                  sluice::seeded_entropy(1));
    sluice::testing::ScriptedProvider provider("p", runtime);
    provider.script("m", sluice::testing::Script().repeat_text("token", events, 16).finish());

    sluice::BoundModel model = provider.model("m");
    if (is_composed) {
        sluice::BreakerOptions breaker;
        breaker.runtime = runtime;
        sluice::RetryOptions retry;
        retry.runtime = runtime;
        sluice::FallbackOptions fallback;
        fallback.runtime = runtime;
        const sluice::Breakers breakers(breaker);
        const sluice::BoundModel guarded = sluice::BreakerBoundModel(model, breakers);
        model = sluice::FallbackBoundModel({sluice::RetryBoundModel(guarded, retry), model}, fallback);
    }

    asio::io_context context{1};
    std::size_t seen = 0;
    asio::co_spawn(context, ask(model, requests), [&](std::exception_ptr error, std::size_t total) {
        if (!error) seen = total;
    });
    context.run();
    std::printf("%zu\n", seen);
    return seen == requests * events ? 0 : 1;
}
