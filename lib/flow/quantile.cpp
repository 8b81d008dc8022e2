#include "flow/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sluice::flow {
namespace {

using std::chrono::nanoseconds;

constexpr double kFirst = 1e6;  // the upper end of the first bucket: 1 ms

}  // namespace

// Bucket b ends at 2^(b/8) ms, its end included.
std::size_t LiveQuantile::bucket_of(nanoseconds duration) noexcept {
    const double ratio = static_cast<double>(duration.count()) / kFirst;
    if (ratio <= 1) return 0;
    // A hair off, so that rounding does not lift a bucket's own end into the next one.
    const double bucket = std::ceil(std::log2(ratio) * kPerDoubling - 1e-9);
    return static_cast<std::size_t>(std::min(bucket, double(kPerDoubling * kDoublings)));
}

void LiveQuantile::add(nanoseconds duration) noexcept {
    weights_[bucket_of(duration)] += 1;
    total_ += 1;
    if (samples_ < std::numeric_limits<std::uint32_t>::max()) ++samples_;
    if (total_ < static_cast<float>(window_)) return;
    for (float& weight : weights_)
        weight /= 2;
    total_ = std::accumulate(weights_.begin(), weights_.end(), 0.0F);
}

nanoseconds LiveQuantile::at(double q) const noexcept {
    if (samples_ == 0) return nanoseconds(0);
    const double wanted = std::clamp(q, 0.0, 1.0) * total_;
    double seen = 0;
    std::size_t bucket = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
        if (weights_[i] <= 0) continue;
        bucket = i;
        seen += weights_[i];
        if (seen >= wanted) break;
    }
    const double end = kFirst * std::exp2(double(bucket) / kPerDoubling);
    return nanoseconds(static_cast<std::int64_t>(std::llround(end)));
}

}  // namespace sluice::flow
