// A quantile of durations that follows what happens now: "95 of 100 first events came within this".
//
//   flow::LiveQuantile times;
//   times.add(first_event);
//   if (times.samples() >= 20) delay = times.at(0.95);
//
// A histogram of 161 buckets, each 9 % wider than the one before it, from 1 ms to 17 minutes: the memory is
// the same after one sample and after a billion. All counts are halved each time the weight of `window`
// samples is there, so the last few hundred decide. No clock: age is counted in samples, and a night without
// traffic forgets nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::flow {

class LiveQuantile {
  public:
    /// At least 2.
    explicit LiveQuantile(std::uint32_t window = 512) noexcept : window_(window) {}

    void add(std::chrono::nanoseconds duration) noexcept;
    /// The upper end of the bucket in which quantile `q` (0 to 1) lies: never less than the true value of
    /// what is remembered, and at most 9 % more (below 1 ms: 1 ms). Zero without samples.
    std::chrono::nanoseconds at(double q) const noexcept;
    /// How many were ever added; saturates.
    std::uint32_t samples() const noexcept { return samples_; }

  private:
    static constexpr std::size_t kPerDoubling = 8;
    static constexpr std::size_t kDoublings = 20;
    static std::size_t bucket_of(std::chrono::nanoseconds duration) noexcept;

    std::array<float, kPerDoubling * kDoublings + 1> weights_{};
    float total_ = 0;
    std::uint32_t window_;
    std::uint32_t samples_ = 0;
};

}  // namespace sluice::flow
