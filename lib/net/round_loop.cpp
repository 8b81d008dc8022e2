#include <sluice/round_loop.hpp>

#include "net/arrivals.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <thread>

namespace sluice {
namespace {

// How often a round looks for more before it is held. More than once, because a coroutine may need a few hops
// to get something done; not until nothing is ready, because a fast peer always has a little more, and
// picking that up bit by bit is what a round is to avoid.
constexpr int kSweeps = 4;

// In which connections are counted, in holds. A loop that has more to do than it can runs few handlers in
// one.
constexpr int kPeriod = 2;

}  // namespace

RoundLoop::RoundLoop(asio::io_context& context, RoundOptions options)
    : context_(context),
      options_(options),
      arrivals_(net::Arrivals::of(context.get_executor())),
      markers_(std::make_shared<std::size_t>(0)) {}

std::size_t RoundLoop::run() {
    using Clock = std::chrono::steady_clock;
    std::size_t handlers = 0;
    Time last{};  // when the last round was over, its hold included
    while (const std::size_t woken = context_.run_one()) {
        handlers += woken;
        ++rounds_;
        const Time start = Clock::now();
        const bool is_close = start - last < options_.load;
        if (!is_close) arrivals_.break_row();
        if (is_close && is_load()) {
            arrivals_.set_defers_writes(true);
            for (int i = 0; i < kSweeps; ++i) {
                const std::size_t found = sweep();
                handlers += found;
                if (found == 0) break;
            }
            if (context_.stopped()) continue;
            std::this_thread::sleep_until(start + options_.hold);
            ++held_;
            last = Clock::now();
            begin_period(last);  // what the hold has gathered says whether to go on holding
        } else {
            last = Clock::now();
            if (last - period_ >= kPeriod * options_.hold) {
                arrivals_.set_defers_writes(false);
                begin_period(last);
            }
        }
    }
    return handlers;
}

bool RoundLoop::is_load() const noexcept {
    if (options_.hold.count() <= 0) return false;
    return arrivals_.connections() >= options_.connections || arrivals_.in_a_row() >= options_.in_a_row;
}

void RoundLoop::begin_period(Time now) noexcept {
    arrivals_.begin_period();
    period_ = now;
}

// Runs what is ready now, and what one look at the sockets finds: everything in front of a marker at the
// queue's end.
std::size_t RoundLoop::sweep() {
    if (context_.stopped()) return 0;
    const std::size_t before = *markers_;
    asio::post(context_, [markers = markers_] { ++*markers; });
    std::size_t handlers = 0;
    while (*markers_ == before && context_.poll_one() > 0)  // none while the marker waits: it is stopped
        ++handlers;
    return *markers_ == before ? handlers : handlers - 1;
}

}  // namespace sluice
