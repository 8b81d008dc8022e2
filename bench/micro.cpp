// The parts by themselves, over memory: framing, decoding, the gate, a failover. Google Benchmark; "allocs"
// is operator new calls per iteration of the inner loop.
#include <sluice/fallback.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "adapters/body_reader.hpp"
#include "adapters/openai_chat/dialect.hpp"
#include "support/allocations.hpp"
#include "wire/sse.hpp"

#include <benchmark/benchmark.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <string>

namespace {

using namespace sluice;
using testing::Script;

constexpr std::size_t kEvents = 64;

// 64 chunks as OpenAI sends them, and room for simdjson to look beyond.
// `alike`: they differ in their text only, as in nearly every stream; else in a field around it too.
std::string chunks(bool alike) {
    std::string text;
    for (std::size_t i = 0; i < kEvents; ++i) {
        text +=
            R"(data: {"id":"chatcmpl-Bq8nVlq1TuYQ0m7DbTjv3cZJ2sWkA","object":"chat.completion.chunk","created":)" +
            std::to_string(1'781'000'000 + (alike ? 0 : i)) +
            R"(,"model":"gpt-5-2026-08-07","service_tier":"default","choices":[{"index":0,"delta":{"content":" tok)" +
            std::to_string(i) + R"("},"logprobs":null,"finish_reason":null}]})" + "\n\n";
    }
    return text;
}

void report(benchmark::State& state, std::size_t items, std::size_t allocations) {
    state.SetItemsProcessed(static_cast<std::int64_t>(items) * state.iterations());
    state.counters["allocs"] = benchmark::Counter(
        double(allocations) / double(items) / double(state.iterations()), benchmark::Counter::kDefaults);
}

void sse_framing(benchmark::State& state) {
    const std::string text = chunks(true);
    std::size_t frames = 0;
    const std::size_t before = sluice::test::allocations();
    for (auto _ : state) {
        wire::SseParser parser;
        std::string_view window = text;
        while (parser.next(window).kind == wire::SseParser::Kind::frame) {
            ++frames;
            window.remove_prefix(parser.position());
            parser.rebase(parser.position());
        }
    }
    if (frames != kEvents * std::size_t(state.iterations())) state.SkipWithError("frames are missing");
    report(state, kEvents, sluice::test::allocations() - before);
}
BENCHMARK(sse_framing);

void framing_and_decoding(benchmark::State& state) {
    std::string text = chunks(state.range(0) != 0);
    const std::size_t size = text.size();
    text.resize(size + wire::kPadding);
    adapters::EventBatch batch;
    std::size_t events = 0;
    std::size_t before = 0;
    for (auto _ : state) {
        const auto decoder = adapters::openai_chat::dialect().make_decoder(adapters::ExchangeFacts());
        adapters::BodyReader reader(*decoder);
        batch.clear();
        if (events == 0) before = sluice::test::allocations();
        benchmark::DoNotOptimize(reader.feed({text.data(), size}, text.size(), batch));
        events += batch.events().size();
    }
    if (events != kEvents * std::size_t(state.iterations())) state.SkipWithError("events are missing");
    report(state, kEvents, sluice::test::allocations() - before);
}
BENCHMARK(framing_and_decoding)->Arg(1)->Arg(0)->ArgName("alike");

// A world of scripted providers in one thread.
struct World {
    World() { options.runtime = runtime; }
    asio::io_context context{1};
    Runtime runtime{std::make_shared<testing::VirtualClock>(), std::make_shared<testing::MemoryNetwork>(),
                    seeded_entropy(1)};
    testing::ScriptedProvider provider{"p", runtime};
    FallbackOptions options;

    template <typename T>
    T run(asio::awaitable<T> work) {
        T result{};
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
            if (!error) result = value;
        });
        context.restart();
        context.run();
        return result;
    }
};

asio::awaitable<std::size_t> count(BoundModel model) {
    std::size_t events = 0;
    TokenStream stream = co_await model.stream(Request());
    while (const StreamEvent* event = co_await stream.next())
        events += event->is<TextDelta>();
    co_return events;
}

void events_through_gates(benchmark::State& state) {
    constexpr std::size_t kLong = 16'384;
    World world;
    world.provider.script("m", Script().repeat_text("token", kLong, 16).finish());
    BoundModel model = world.provider.model("m");
    for (std::int64_t i = 0; i < state.range(0); ++i)
        model = FallbackBoundModel({model, world.provider.model("m")}, world.options);
    const std::size_t before = sluice::test::allocations();
    for (auto _ : state) {
        if (world.run(count(model)) != kLong) state.SkipWithError("events are missing");
    }
    report(state, kLong, sluice::test::allocations() - before);
}
BENCHMARK(events_through_gates)->Arg(0)->Arg(1)->Arg(3)->ArgName("gates");

// What one abandoned leg adds: compare with legs:1. Many requests to one spawn, so that the spawn does not
// count.
void failover(benchmark::State& state) {
    constexpr std::size_t kRequests = 256;
    World world;
    world.provider.script("bad", Script().fail(ErrorKind::provider_overloaded));
    world.provider.script("good", Script().text("token").finish());
    std::vector<BoundModel> chain(static_cast<std::size_t>(state.range(0) - 1), world.provider.model("bad"));
    chain.push_back(world.provider.model("good"));
    const FallbackBoundModel model(chain, world.options);
    const auto requests = [](BoundModel from) -> asio::awaitable<std::size_t> {
        std::size_t events = 0;
        for (std::size_t i = 0; i < kRequests; ++i) {
            const std::size_t one = co_await count(from);
            events += one;
        }
        co_return events;
    };
    const std::size_t before = sluice::test::allocations();
    for (auto _ : state) {
        if (world.run(requests(model)) != kRequests) state.SkipWithError("answers are missing");
    }
    report(state, kRequests, sluice::test::allocations() - before);
}
BENCHMARK(failover)->Arg(1)->Arg(2)->Arg(3)->ArgName("legs");

}  // namespace

BENCHMARK_MAIN();
