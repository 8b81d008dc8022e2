#include <sluice/round_loop.hpp>

#include <asio/post.hpp>

#include <algorithm>
#include <thread>

namespace sluice {
namespace {

// How often a round looks for more. More than once, because a coroutine may need a few hops to get something
// done; not until nothing is ready, because a fast peer always has a little more, and picking that up bit by
// bit is what a round is to avoid.
constexpr int kSweeps = 4;

// Handlers that a hold must have gathered to have been worth its wait: a single stream, however fast, gathers
// one, and waits longer for its first token than it would have to.
constexpr std::size_t kWorthwhile = 3;
// Rounds without a hold after one in vain; twice as many after each further one. Load that has begun is found
// after so many rounds, which is less than it takes to notice.
constexpr std::size_t kMinRest = 16;
constexpr std::size_t kMaxRest = 128;

}  // namespace

RoundLoop::RoundLoop(asio::io_context& context, RoundOptions options)
    : context_(context), options_(options), markers_(std::make_shared<std::size_t>(0)) {}

std::size_t RoundLoop::run() {
    using Clock = std::chrono::steady_clock;
    std::size_t handlers = 0;
    Clock::time_point last{};  // when the last round was over, its hold included
    std::size_t rest = 0;      // rounds to go until holding is tried again
    std::size_t next_rest = kMinRest;
    bool was_held = false;
    while (const std::size_t woken = context_.run_one()) {
        handlers += woken;
        ++rounds_;
        const Clock::time_point start = Clock::now();
        const bool is_load = start - last < options_.load && options_.hold.count() > 0;
        std::size_t gathered = woken;
        if (is_load && rest == 0) {
            for (int i = 0; i < kSweeps; ++i) {
                const std::size_t found = sweep();
                if (found == 0) break;
                gathered += found;
            }
            handlers += gathered - woken;
            if (context_.stopped()) continue;
        }
        if (was_held && gathered < kWorthwhile) {
            rest = next_rest;
            next_rest = std::min(2 * next_rest, kMaxRest);
        } else if (was_held) {
            next_rest = kMinRest;
        }
        was_held = is_load && rest == 0;
        if (was_held) {
            std::this_thread::sleep_until(start + options_.hold);
            ++held_;
        } else if (rest > 0) {
            --rest;
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
