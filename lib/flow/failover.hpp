// Which legs of a list may still be asked, and what a failure means, as a state machine: no I/O, no clock, no
// dice. It knows no order: whoever drives it picks one of candidates(), and tells what became of it.
//
//   while (true) {
//       candidates() empty?  -> last_resort(), and if that has none either: exhausted
//       pick one of them     -> on_refused(leg, why), and pick again
//                            -> on_asked(leg); it fails: on_failed(error) -> move_on or propagate
//   }
//
// A leg is fresh, refused, failed, or done with:
//
//   fresh --on_refused--> refused --last_resort--> asked once more, if nobody else was
//     \--on_asked, on_failed--> failed --(rules.may_ask_again)--> a candidate when no fresh leg is left
//                          \--> done with, when asking again cannot help
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/error.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/needs.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace sluice::flow {

struct FailoverRules {
    FailoverRules() = default;
    /// Whether a kind of error moves on to another leg.
    std::function<bool(ErrorKind)> is_trigger;
    /// How often legs may be asked in all; at least 1.
    std::size_t max_asks = 1;
    /// Legs that failed may be asked again once no fresh one is left, if their error allows it.
    bool may_ask_again = false;
    /// When everybody is refused and somebody only for now, the least bad one is asked all the same.
    bool last_resort = true;
};

class FailoverMachine {
  public:
    enum class Verdict : unsigned char {
        move_on,    ///< Pick another leg.
        propagate,  ///< No other leg is to be asked: the error is the answer.
    };

    /// `windows`: each leg's context window where known; not empty, and must outlive the machine.
    FailoverMachine(std::span<const std::optional<Tokens>> windows, FailoverRules rules);

    /// The legs that may be asked now, in the order of the list. Valid until the next call that changes
    /// something.
    std::span<const std::size_t> candidates();
    /// An earlier leg's context_length_exceeded has shown that the request does not fit this one either.
    bool is_too_small(std::size_t leg) const noexcept;
    /// It was passed over.
    void on_refused(std::size_t leg, const Refusal& why);
    void on_asked(std::size_t leg);
    /// The leg that was asked last failed.
    Verdict on_failed(const ErrorInfo& error);
    /// The leg that was asked last has refused after all: it counts as passed over.
    void on_turned_down(const Refusal& why);
    /// Without candidates: the leg to ask although it is refused: of those that are refused only for now the
    /// one that may be asked again soonest (unknown comes last). Absent when somebody has been asked already.
    std::optional<std::size_t> last_resort();
    /// How many more times a leg may be asked, by the rules.
    std::size_t asks_left() const noexcept;
    bool may_ask_again() const noexcept { return rules_.may_ask_again; }

  private:
    enum class State : unsigned char { fresh, refused, failed, done };
    struct Leg {
        State state = State::fresh;
        std::optional<Refusal> refusal;
    };

    std::span<const std::optional<Tokens>> windows_;
    FailoverRules rules_;
    std::vector<Leg> legs_;
    std::vector<std::size_t> candidates_;
    std::size_t asks_ = 0;
    std::size_t asked_last_ = 0;
    bool last_resort_used_ = false;
    std::optional<Tokens> too_small_;  // the largest window that was too small
};

}  // namespace sluice::flow
