// Hears the attempts of one turn and keeps them.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/session.hpp>

#include <memory>
#include <vector>

namespace sluice {

class AttemptRecorder {
  public:
    /// A listener that keeps `recorder` alive, and passes each event on to `others`, first.
    static AttemptEvents listener(std::shared_ptr<AttemptRecorder> recorder, AttemptEvents others);

    const std::vector<TurnAttempt>& attempts() const noexcept { return attempts_; }

  private:
    void on_event(const AttemptEvent& event);
    TurnAttempt& add(const AttemptEvent& event, TurnAttempt::Outcome outcome);

    std::vector<TurnAttempt> attempts_;
};

}  // namespace sluice
