// Time under the test's control: nothing happens until the test lets it pass, and then it takes no time at
// all.
//
//   asio::io_context context;
//   auto clock = std::make_shared<sluice::testing::VirtualClock>();
//   asio::co_spawn(context, scenario(clock), handler);
//   clock->run(context);      // runs everything; whenever all wait, jumps to the next timer
#pragma once

#include <sluice/clock.hpp>

#include <asio/io_context.hpp>

#include <cstddef>
#include <memory>

namespace sluice::testing {

/// One thread only, and no real sockets in the same io_context: time would jump over what they wait for.
/// Timers that are due at the same time ring in the order in which they were armed. Timers may outlive the
/// clock; they then never ring.
class VirtualClock : public Clock {
  public:
    VirtualClock();
    ~VirtualClock() override;
    /// Starts at one hour after the epoch of steady_clock, so that subtraction never wraps.
    TimePoint now() const noexcept override;
    /// Starts at 2026-01-01T00:00:00Z and passes with now().
    std::chrono::system_clock::time_point wall_now() const noexcept override;
    std::unique_ptr<Timer> make_timer(asio::any_io_executor executor, std::function<void()> on_ring) override;

    /// Lets `duration` pass, ringing each timer at its own time and running `context` in between. Returns
    /// with all ready work done.
    void advance(asio::io_context& context, Duration duration);
    /// Runs until nothing is ready and no timer is armed. Returns how much time passed. Does not return while
    /// a timer is armed again each time it rings: use advance() there.
    Duration run(asio::io_context& context);
    /// Jumps to the next timer and rings what is due then; what rings runs when its context does. False when
    /// no timer is armed. For a test that runs its io_context itself, handler by handler.
    bool ring_next();
    /// Timers that are armed now: zero after a test means that nothing was forgotten.
    std::size_t armed() const noexcept;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::testing
