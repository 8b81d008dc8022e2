// The seam for dice. One seed replays everything that was random.
#pragma once

#include <cstdint>
#include <memory>

namespace sluice {

class Entropy {
  public:
    virtual ~Entropy() = default;
    /// 64 uniform random bits. Safe to call from any thread.
    virtual std::uint64_t next() = 0;
};

/// Seeded once from the operating system; for jitter and ids, not for secrets.
std::shared_ptr<Entropy> system_entropy();
/// The same sequence for the same seed, on every platform.
std::shared_ptr<Entropy> seeded_entropy(std::uint64_t seed);

}  // namespace sluice
