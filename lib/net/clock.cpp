#include <sluice/clock.hpp>

#include "net/signal.hpp"

#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <cstdint>
#include <utility>

namespace sluice {
namespace {

// Deadlines mostly move later (an idle deadline at every read). So a wait that is under way for an earlier
// time is left alone: when it ends, it looks at the deadline and waits on. Moving a deadline costs one store
// instead of a timer operation.
//
// The state is shared with the wait's handler, which may run after the timer is gone; `wait_` numbers the
// waits so that a handler whose wait was replaced knows that it has nothing to say.
class Alarm : public std::enable_shared_from_this<Alarm> {
  public:
    Alarm(asio::any_io_executor executor, std::function<void()> on_ring)
        : timer_(std::move(executor)), on_ring_(std::move(on_ring)) {}

    void arm(TimePoint when) {
        deadline_ = when;
        if (when == kNever) return disarm();
        if (when < waiting_until_) wait_until(when);
    }

    // Cancels, because a wait left behind would keep io_context::run() from returning.
    void disarm() noexcept {
        deadline_ = kNever;
        if (waiting_until_ == kNever) return;
        waiting_until_ = kNever;
        ++wait_;
        timer_.cancel();
    }

  private:
    void wait_until(TimePoint when) {
        waiting_until_ = when;
        timer_.expires_at(when);
        timer_.async_wait([self = shared_from_this(), wait = ++wait_](const std::error_code&) {
            if (self->wait_ == wait) self->on_wait_end();
        });
    }

    void on_wait_end() {
        waiting_until_ = kNever;
        if (deadline_ > std::chrono::steady_clock::now()) return wait_until(deadline_);
        deadline_ = kNever;
        on_ring_();
    }

    asio::steady_timer timer_;
    std::function<void()> on_ring_;
    TimePoint deadline_ = kNever;
    TimePoint waiting_until_ = kNever;  // kNever: no wait under way
    std::uint64_t wait_ = 0;
};

class SystemTimer final : public Timer {
  public:
    SystemTimer(asio::any_io_executor executor, std::function<void()> on_ring)
        : alarm_(std::make_shared<Alarm>(std::move(executor), std::move(on_ring))) {}
    ~SystemTimer() override { alarm_->disarm(); }
    void arm(TimePoint when) override { alarm_->arm(when); }
    void disarm() noexcept override { alarm_->disarm(); }

  private:
    std::shared_ptr<Alarm> alarm_;
};

class SystemClock final : public Clock {
  public:
    TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
    std::unique_ptr<Timer> make_timer(asio::any_io_executor executor,
                                      std::function<void()> on_ring) override {
        return std::make_unique<SystemTimer>(std::move(executor), std::move(on_ring));
    }
};

}  // namespace

std::chrono::system_clock::time_point Clock::wall_now() const noexcept {
    return std::chrono::system_clock::now();
}

std::shared_ptr<Clock> system_clock() {
    static const std::shared_ptr<Clock> clock = std::make_shared<SystemClock>();
    return clock;
}

asio::awaitable<void> sleep_until(Clock& clock, TimePoint when) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    net::Signal rang(executor);
    const std::unique_ptr<Timer> timer = clock.make_timer(executor, [&rang] { rang.notify(); });
    timer->arm(when);
    const bool in_time = co_await rang.wait();
    if (!in_time) throw asio::system_error(asio::error::operation_aborted, "sleep");
}

asio::awaitable<void> sleep_for(Clock& clock, Duration delay) {
    const TimePoint now = clock.now();
    // A delay beyond the end of time is "for ever", not an overflow into the past.
    const TimePoint when = delay > kNever - now ? kNever : now + delay;
    return sleep_until(clock, when);
}

}  // namespace sluice
