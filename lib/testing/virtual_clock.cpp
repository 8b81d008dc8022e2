#include <sluice/testing/virtual_clock.hpp>

#include <asio/post.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace sluice::testing {

namespace {

/// What a timer is made of. Shared with the rings that are on their way, so that a callback may destroy its
/// timer.
struct Alarm {
    Alarm(asio::any_io_executor where, std::function<void()> what)
        : executor(std::move(where)), on_ring(std::move(what)) {}
    asio::any_io_executor executor;
    std::function<void()> on_ring;
    /// Of the setting in force; 0 when disarmed. A ring on its way that carries another is stale.
    std::uint64_t setting = 0;
};

void post_ring(const std::shared_ptr<Alarm>& alarm) {
    // The ring holds the alarm weakly: a destroyed timer must not keep alive what its callback captured.
    asio::post(alarm->executor, [weak = std::weak_ptr<Alarm>(alarm), setting = alarm->setting] {
        const std::shared_ptr<Alarm> alive = weak.lock();
        if (alive == nullptr || alive->setting != setting) return;
        alive->setting = 0;
        alive->on_ring();
    });
}

}  // namespace

struct VirtualClock::State {
    class QueuedTimer;
    /// Time first, then order of arming.
    using Key = std::pair<TimePoint, std::uint64_t>;

    TimePoint now = TimePoint(std::chrono::hours(1));
    std::uint64_t settings = 0;
    std::map<Key, std::shared_ptr<Alarm>> queue;

    TimePoint next() const noexcept { return queue.empty() ? kNever : queue.begin()->first.first; }

    /// Moves time to `when` and sends out every ring that is due by then.
    void jump(TimePoint when) {
        now = std::max(now, when);
        while (next() <= now) {
            post_ring(queue.begin()->second);
            queue.erase(queue.begin());
        }
    }
};

class VirtualClock::State::QueuedTimer final : public Timer {
  public:
    QueuedTimer(std::shared_ptr<State> clock, std::shared_ptr<Alarm> alarm)
        : clock_(std::move(clock)), alarm_(std::move(alarm)) {}
    QueuedTimer(const QueuedTimer&) = delete;
    QueuedTimer& operator=(const QueuedTimer&) = delete;
    ~QueuedTimer() override { disarm(); }

    void arm(TimePoint when) override {
        disarm();
        if (when == kNever) return;
        when_ = when;
        alarm_->setting = ++clock_->settings;
        if (when <= clock_->now) {
            post_ring(alarm_);
        } else {
            clock_->queue.emplace(Key(when, alarm_->setting), alarm_);
        }
    }

    void disarm() noexcept override {
        if (alarm_->setting == 0) return;
        clock_->queue.erase(Key(when_, alarm_->setting));
        alarm_->setting = 0;
    }

  private:
    std::shared_ptr<State> clock_;  // outlives the clock itself: its timers may too
    std::shared_ptr<Alarm> alarm_;
    TimePoint when_{};
};

namespace {

/// Runs everything that is ready, and what that makes ready. True when anything ran.
bool run_ready(asio::io_context& context) {
    context.restart();  // a context that once ran out of work refuses to poll
    return context.poll() > 0;
}

}  // namespace

VirtualClock::VirtualClock() : state_(std::make_shared<State>()) {}

VirtualClock::~VirtualClock() = default;

TimePoint VirtualClock::now() const noexcept {
    return state_->now;
}

std::chrono::system_clock::time_point VirtualClock::wall_now() const noexcept {
    constexpr std::chrono::sys_days kBegin = std::chrono::January / 1 / 2026;
    return kBegin +
           std::chrono::floor<std::chrono::microseconds>(state_->now - TimePoint(std::chrono::hours(1)));
}

std::unique_ptr<Timer> VirtualClock::make_timer(asio::any_io_executor executor,
                                                std::function<void()> on_ring) {
    auto alarm = std::make_shared<Alarm>(std::move(executor), std::move(on_ring));
    return std::make_unique<State::QueuedTimer>(state_, std::move(alarm));
}

void VirtualClock::advance(asio::io_context& context, Duration duration) {
    const std::shared_ptr<State> state = state_;  // a handler may drop the clock
    const TimePoint end = state->now + duration;
    for (;;) {
        if (run_ready(context)) continue;
        if (state->next() > end) break;
        state->jump(state->next());
    }
    state->jump(end);
}

Duration VirtualClock::run(asio::io_context& context) {
    const std::shared_ptr<State> state = state_;
    const TimePoint start = state->now;
    for (;;) {
        if (run_ready(context)) continue;
        if (state->next() == kNever) break;
        state->jump(state->next());
    }
    return state->now - start;
}

bool VirtualClock::ring_next() {
    if (state_->next() == kNever) return false;
    state_->jump(state_->next());
    return true;
}

std::size_t VirtualClock::armed() const noexcept {
    return state_->queue.size();
}

}  // namespace sluice::testing
