// What strategies cost a request when all is well: the same scripted answer through x, Breaker(x),
// Retry(Breaker(x)), Fallback(Retry(Breaker(x))) and so on, in turns within one run. Prints the median and
// the 99th percentile of one request, the difference to x, and allocations. The answers are compared first.
#include <sluice/sluice.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/scripted_provider.hpp>

#include "support/allocations.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t kEvents = 64;
constexpr std::size_t kBlock = 500;  // requests of one contender before the next has its turn
constexpr std::size_t kRounds = 200;

struct Contender {
    Contender(const char* what, BoundModel how) : name(what), model(std::move(how)) {}
    const char* name;
    BoundModel model;
    CallOptions options;
    std::vector<Nanoseconds> times;
    std::size_t allocations = 0;
};

asio::awaitable<std::string> answer(const Contender& contender) {
    const AssistantMessage message = co_await contender.model.generate("x", contender.options);
    co_return message.text();
}

asio::awaitable<void> block(Contender& contender, std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i) {
        std::size_t events = 0;
        const std::size_t allocations = test::allocations();
        const auto start = std::chrono::steady_clock::now();
        {
            TokenStream stream = co_await contender.model.stream("x", contender.options);
            for (;;) {
                const std::span<const StreamEvent> batch = co_await stream.next_batch();
                if (batch.empty()) break;
                events += batch.size();
            }
        }
        contender.times.push_back(std::chrono::steady_clock::now() - start);
        contender.allocations += test::allocations() - allocations;
        if (events != kEvents + 1) std::abort();  // the finish too
    }
}

template <typename T>
T run(asio::awaitable<T> work) {
    asio::io_context context(1);
    T result;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
        if (error) std::rethrow_exception(error);
        result = std::move(value);
    });
    context.run();
    return result;
}
void run(asio::awaitable<void> work) {
    asio::io_context context(1);
    asio::co_spawn(context, std::move(work), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
}

double percentile(std::vector<Nanoseconds>& times, double share) {
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(share * double(times.size() - 1));
    std::nth_element(times.begin(), at, times.end());
    return double(at->count());
}

}  // namespace

int main() {
    const Runtime runtime;
    testing::ScriptedProvider provider("p", runtime);
    provider.script("m", testing::Script().repeat_text("token", kEvents, 16).finish());
    const BoundModel x = provider.model("m");
    const Breakers breakers;
    const BoundModel guarded = BreakerBoundModel(x, breakers);
    const BoundModel retried = RetryBoundModel(guarded);
    const BoundModel chain = FallbackBoundModel({retried, x});
    SelectOptions weighted;
    weighted.strategy = Strategy::weighted;
    HedgeOptions hedged;
    hedged.delay = std::chrono::seconds(1);

    std::vector<Contender> contenders;
    contenders.emplace_back("x", x);
    contenders.emplace_back("Breaker(x)", guarded);
    contenders.emplace_back("Retry(Breaker(x))", retried);
    contenders.emplace_back("Fallback(Retry(Breaker(x)))", chain);
    contenders.emplace_back("the same, with a listener", chain);
    std::size_t heard = 0;
    contenders.back().options.events([&heard](const AttemptEvent&) { ++heard; });
    contenders.emplace_back("Fallback(x, x)", FallbackBoundModel({x, x}));
    contenders.emplace_back("Select(weighted, x, x)",
                            SelectBoundModel({Candidate(x), Candidate(x)}, weighted));
    contenders.emplace_back("Hedge(x, x)", HedgeBoundModel({x, x}, hedged));

    const std::string expected = run(answer(contenders.front()));
    for (Contender& contender : contenders) {
        if (run(answer(contender)) != expected) {
            std::fprintf(stderr, "%s answers something else\n", contender.name);
            return 1;
        }
        contender.times.reserve(kBlock * (kRounds + 1));
        run(block(contender, kBlock));  // warm up
        contender.times.clear();
        contender.allocations = 0;
    }
    for (std::size_t round = 0; round < kRounds; ++round)
        for (Contender& contender : contenders)
            run(block(contender, kBlock));

    std::printf("%zu requests each, %zu events a request, in turns of %zu\n", kBlock * kRounds, kEvents,
                kBlock);
    std::printf("%-30s %10s %10s %12s %10s\n", "", "median ns", "p99 ns", "more than x", "allocs");
    double base = 0;
    for (Contender& contender : contenders) {
        const double median = percentile(contender.times, 0.5);
        const double p99 = percentile(contender.times, 0.99);
        if (base == 0) base = median;
        std::printf("%-30s %10.0f %10.0f %9.0f ns %10.2f\n", contender.name, median, p99, median - base,
                    double(contender.allocations) / double(kBlock * kRounds));
    }
    return heard > 0 ? 0 : 1;
}
