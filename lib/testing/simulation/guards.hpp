// What stands around real models in some worlds, breakers and health checks, and what their own events say of
// them: who may be asked at a moment, and who must not.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/breaker.hpp>
#include <sluice/health.hpp>

#include <asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "testing/simulation/dice.hpp"
#include "testing/simulation/record.hpp"

namespace sluice::testing::simulation {

class Guards {
  public:
    /// Draws whether there are any. `events` hears what is about no call.
    Guards(Dice& dice, const asio::any_io_executor& executor, const Runtime& runtime, AttemptEvents events);
    Guards(const Guards&) = delete;

    /// `leaf` with what guards it in this world; `text` becomes what that is.
    BoundModel around(Dice& dice, BoundModel leaf, std::string& text);
    void on_event(const AttemptEvent& event);
    /// Why this attempt, which starts now, should not: empty when it may.
    std::string objection(const ModelSpec& model, TimePoint now) const;

    /// What their own events have told of, and must not.
    const std::vector<std::string>& complaints() const noexcept { return complaints_; }

    HealthChecks* checks() const noexcept { return checks_.get(); }
    std::size_t watched() const noexcept { return watched_; }

  private:
    class Spy;
    struct Domain {
        Domain() = default;
        BreakerState state = BreakerState::closed;
        TimePoint until;
    };

    std::optional<Breakers> breakers_;
    std::unique_ptr<HealthChecks> checks_;
    std::size_t watched_ = 0;
    std::shared_ptr<bool> last_resort_;  // of the attempt that starts now
    std::map<std::string, Domain, std::less<>> domains_;
    std::map<std::string, TimePoint, std::less<>> down_;
    std::vector<std::string> complaints_;
};

}  // namespace sluice::testing::simulation
