#include "flow/hedge_budget.hpp"

#include <algorithm>

namespace sluice::flow {
namespace {

constexpr double kNewShare = 1.0 / 32;  // of the newest request in the mean

}  // namespace

void HedgeBudget::earn(double cost) noexcept {
    if (!used_) {
        used_ = true;
        worth_ = cost;
        balance_ = burst_ * worth_;
        return;
    }
    worth_ += (cost - worth_) * kNewShare;
    balance_ = std::min(balance_ + max_extra_ * cost, burst_ * worth_);
}

bool HedgeBudget::spend(double cost) noexcept {
    // A sum of twentieths that should be 1 may be a hair less.
    if (balance_ < cost * (1 - 1e-9)) return false;
    balance_ = std::max(0.0, balance_ - cost);
    return true;
}

}  // namespace sluice::flow
