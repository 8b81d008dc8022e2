// What hedging may cost: a bucket of money that each request fills a little and each hedge empties a lot.
//
//   flow::HedgeBudget budget(0.05, 10);     // 5 % more at most, and ten requests' worth at once
//   budget.earn(cost_of_the_first_leg);     // each request
//   if (budget.spend(cost_of_the_next_leg)) start_it();
//
// Over any stretch of time, what is spent is at most max_extra x (what all first legs cost) + burst x (what
// one costs). The unit is the caller's: pico-USD, or 1 for each where prices are unknown.
#pragma once

namespace sluice::flow {

class HedgeBudget {
  public:
    /// `max_extra` > 0; `burst` >= 1, in first legs' worth. Starts full.
    HedgeBudget(double max_extra, double burst) noexcept : max_extra_(max_extra), burst_(burst) {}

    /// A request begins, whose first leg costs `cost`.
    void earn(double cost) noexcept;
    /// Takes `cost`, if all of it is there.
    bool spend(double cost) noexcept;
    double balance() const noexcept { return balance_; }

  private:
    double max_extra_;
    double burst_;
    double worth_ = 0;  // what a first leg costs, as a moving mean: a bucket of money has no fixed size
    double balance_ = 0;
    bool used_ = false;
};

}  // namespace sluice::flow
