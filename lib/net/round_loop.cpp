#include <sluice/round_loop.hpp>

#include <asio/post.hpp>

#include <thread>

namespace sluice {
namespace {

// How often a round looks for more. More than once, because a coroutine may need a few hops to get something
// done; not until nothing is ready, because a fast peer always has a little more, and picking that up bit by
// bit is what a round is to avoid.
constexpr int kSweeps = 4;

}  // namespace

RoundLoop::RoundLoop(asio::io_context& context, RoundOptions options)
    : context_(context), options_(options), markers_(std::make_shared<std::size_t>(0)) {}

std::size_t RoundLoop::run() {
    using Clock = std::chrono::steady_clock;
    std::size_t handlers = 0;
    Clock::time_point last{};  // when the last round was over, its hold included
    while (const std::size_t woken = context_.run_one()) {
        handlers += woken;
        ++rounds_;
        const Clock::time_point start = Clock::now();
        const bool is_load = start - last < options_.load;
        if (is_load && options_.hold.count() > 0) {
            for (int i = 0; i < kSweeps; ++i) {
                const std::size_t found = sweep();
                if (found == 0) break;
                handlers += found;
            }
            if (context_.stopped()) continue;
            std::this_thread::sleep_until(start + options_.hold);
            ++held_;
        }
        last = Clock::now();
    }
    return handlers;
}

// Runs what is ready now, and what one look at the sockets finds: everything in front of a marker at the
// queue's end.
std::size_t RoundLoop::sweep() {
    if (context_.stopped()) return 0;
    const std::size_t before = *markers_;
    asio::post(context_, [markers = markers_] { ++*markers; });
    std::size_t handlers = 0;
    while (*markers_ == before && !context_.stopped())
        handlers += context_.poll_one();
    return *markers_ == before ? handlers : handlers - 1;
}

}  // namespace sluice
