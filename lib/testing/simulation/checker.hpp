// The judge: what the library promises, held against what was written down. docs/simulation.md lists the
// rules by the names that stand here at the head of each complaint.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "testing/simulation/network.hpp"
#include "testing/simulation/world.hpp"

namespace sluice::testing::simulation {

class Checker {
  public:
    /// Both must outlive it.
    Checker(const Records& records, const std::deque<Flight>& flights)
        : records_(records), flights_(flights) {}

    /// "rule: what happened", for everything that went wrong with this call.
    std::vector<std::string> check(const CallRecord& call);

  private:
    const Records& records_;
    const std::deque<Flight>& flights_;
};

}  // namespace sluice::testing::simulation
