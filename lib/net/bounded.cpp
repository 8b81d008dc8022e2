#include "net/bounded.hpp"

#include "net/cancellation.hpp"
#include "net/signal.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/system_error.hpp>

#include <utility>

namespace sluice::net {
namespace {

// Owns the spawned work: it carries the signal that stops it and hears of its end. Held by the waiter while
// it waits, and by the work's completion handler until the work ends, so that whoever stays longer finds it
// alive.
struct Run {
    explicit Run(const asio::any_io_executor& executor) : changed(executor) {}
    Signal changed;  // the work ended, or its time did
    asio::cancellation_signal stop;
    bool ended = false;
    std::exception_ptr thrown;
};

void start(const asio::any_io_executor& executor, asio::awaitable<void> work,
           const std::shared_ptr<Run>& run) {
    auto on_end = [run](std::exception_ptr thrown) {
        run->ended = true;
        run->thrown = std::move(thrown);
        run->changed.notify();
    };
    asio::co_spawn(executor, std::move(work),
                   asio::bind_cancellation_slot(run->stop.slot(), std::move(on_end)));
}

}  // namespace

asio::awaitable<BoundedOutcome> run_bounded(asio::awaitable<void> work, std::shared_ptr<Clock> clock,
                                            Duration limit) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::shared_ptr<Run> run = std::make_shared<Run>(executor);
    const std::unique_ptr<Timer> timer =
        clock->make_timer(executor, [&changed = run->changed] { changed.notify(); });
    const TimePoint now = clock->now();
    timer->arm(limit > kNever - now ? kNever : now + limit);
    start(executor, std::move(work), run);

    const bool woken = co_await run->changed.wait();
    BoundedOutcome outcome;
    if (run->ended) {
        outcome.end = run->thrown ? BoundedEnd::threw : BoundedEnd::completed;
        outcome.thrown = run->thrown;
        co_return outcome;
    }
    run->stop.emit(asio::cancellation_type::terminal);
    if (!woken) throw asio::system_error(aborted(), "run_bounded");
    outcome.end = BoundedEnd::timed_out;
    co_return outcome;
}

}  // namespace sluice::net
