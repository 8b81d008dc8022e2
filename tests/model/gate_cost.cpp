// Streams `events` text events from a scripted provider behind `gates` nested gates, for callgrind:
// gate_cost.py compares.
//
//   gate_cost <gates> <events>
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

// Asio keeps the frames of finished coroutines in slots and looks through them in order, so what a frame
// costs depends on what happened to be freed before it. Blocks that fit everything, in the first slots, make
// it equal.
asio::awaitable<void> settle_frame_slots(int depth) {
    std::array<char, 600> room{};
    if (depth > 0) co_await settle_frame_slots(depth - 1);
    if (room[static_cast<std::size_t>(depth)] != 0) std::abort();
}

asio::awaitable<std::size_t> count(sluice::BoundModel model) {
    std::size_t events = 0;
    sluice::TokenStream stream = co_await model.stream("x");
    co_await settle_frame_slots(4);
    while (const sluice::StreamEvent* event = co_await stream.next())
        events += event->is<sluice::TextDelta>();
    co_return events;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const int gates = std::atoi(argv[1]);
    const std::size_t events = std::strtoul(argv[2], nullptr, 10);

    const auto clock = std::make_shared<sluice::testing::VirtualClock>();
    const sluice::Runtime runtime(clock, std::make_shared<sluice::testing::MemoryNetwork>(),
                                  sluice::seeded_entropy(1));
    sluice::testing::ScriptedProvider provider("p", runtime);
    provider.script("m", sluice::testing::Script().repeat_text("token", events, 16).finish());

    sluice::FallbackOptions options;
    options.runtime = runtime;
    sluice::BoundModel model = provider.model("m");
    for (int i = 0; i < gates; ++i)
        model = sluice::FallbackBoundModel({model, provider.model("m")}, options);

    asio::io_context context{1};
    std::size_t seen = 0;
    asio::co_spawn(context, count(model), [&](std::exception_ptr error, std::size_t total) {
        if (!error) seen = total;
    });
    context.run();
    std::printf("%zu\n", seen);
    return seen == events ? 0 : 1;
}
