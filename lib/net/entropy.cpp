#include <sluice/entropy.hpp>

#include <atomic>
#include <random>

namespace sluice {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): every seed gives a full-period, well mixed sequence, the same on
// every platform.
class SplitMix final : public Entropy {
  public:
    explicit SplitMix(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() override {
        std::uint64_t z = state_.fetch_add(kStep, std::memory_order_relaxed) + kStep;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

  private:
    static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
    std::atomic<std::uint64_t> state_;
};

}  // namespace

std::shared_ptr<Entropy> system_entropy() {
    static const std::shared_ptr<Entropy> entropy = [] {
        std::random_device device;
        return seeded_entropy((std::uint64_t{device()} << 32) | device());
    }();
    return entropy;
}

std::shared_ptr<Entropy> seeded_entropy(std::uint64_t seed) {
    return std::make_shared<SplitMix>(seed);
}

}  // namespace sluice
