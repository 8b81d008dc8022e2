// The seam for time. Nothing else in the library reads a clock or sleeps, so a test can swap in
// sluice::testing::VirtualClock and run hours in microseconds.
#pragma once

#include <sluice/config.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sluice {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

/// "No deadline".
inline constexpr TimePoint kNever = TimePoint::max();

/// A one-shot alarm that can be set again. Belongs to one executor and is used on it only.
class Timer {
  public:
    virtual ~Timer() = default;
    /// Rings once at `when` or soon after, never inside this call. Replaces an earlier setting.
    virtual void arm(TimePoint when) = 0;
    /// After this the callback is not called until armed again. Destroying the timer disarms it.
    virtual void disarm() noexcept = 0;
};

class Clock {
  public:
    virtual ~Clock() = default;
    virtual TimePoint now() const noexcept = 0;
    /// The date, for what is told to people. Never to measure with: it may jump.
    virtual std::chrono::system_clock::time_point wall_now() const noexcept;
    /// `on_ring` is called on `executor`; it may arm or destroy the timer.
    virtual std::unique_ptr<Timer> make_timer(asio::any_io_executor executor,
                                              std::function<void()> on_ring) = 0;
};

/// std::chrono::steady_clock on Asio's timers. One for the process; any thread.
std::shared_ptr<Clock> system_clock();

/// Completes at `when`. Cancellation (terminal, partial or total) ends it early with
/// asio::system_error(operation_aborted).
asio::awaitable<void> sleep_until(Clock& clock, TimePoint when);
/// The same, `delay` from now.
asio::awaitable<void> sleep_for(Clock& clock, Duration delay);

}  // namespace sluice
