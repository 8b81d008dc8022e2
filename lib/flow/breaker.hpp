// The circuit breaker of one failure domain as a state machine: no I/O, no clock, no dice, no lock.
//
//             failures in a row, share of failures, or told to wait
//     closed ------------------------------------------------------> open <-----+
//       ^ ^                                                        |   |        |
//       | |  a last resort begins to answer                        |   | time   | a probe fails
//       | +--------------------------------------------------------+   v        |
//       +-------------------------------------------------------- half-open ----+
//                       enough probes begin to answer
//
// Each request holds a permit, and reports with it once how it began and once how it ended. A permit knows in
// which epoch it was given: what began before the last change of state tells nothing about the new state.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/error.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::flow {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

struct BreakerRules {
    std::uint32_t failures = 5;
    double failure_ratio = 0.5;
    Duration window = std::chrono::seconds(30);
    std::uint32_t min_requests = 20;
    Duration open_for = std::chrono::seconds(5);
    double factor = 2.0;
    Duration max_open_for = std::chrono::minutes(5);
    std::uint32_t probes = 1;
    std::uint32_t successes_to_close = 1;
    Duration auth_open_for = std::chrono::minutes(10);
    Duration quota_open_for = std::chrono::minutes(10);
};

/// Whose failure an error is, and what it means for it.
struct Blame {
    enum class Domain : unsigned char { nobody, model, account };
    Domain domain = Domain::nobody;
    bool at_once = false;  ///< Opens without counting, for `at_least`.
    Duration at_least{0};  ///< Not to be asked earlier.
};
Blame blame(const ErrorInfo& error, const BreakerRules& rules) noexcept;

/// Good and bad ends of the last while.
class FailureWindow {
  public:
    void add(bool good, TimePoint now, Duration length) noexcept;
    void clear() noexcept { slots_ = {}; }
    struct Counts {
        std::uint64_t good = 0;
        std::uint64_t bad = 0;
    };
    /// Of the last `length`, give or take a tenth.
    Counts counts(TimePoint now, Duration length) const noexcept;

  private:
    static constexpr std::int64_t kSlots = 10;
    struct Slot {
        std::int64_t number = -1;
        std::uint64_t good = 0;
        std::uint64_t bad = 0;
    };
    std::array<Slot, kSlots> slots_;
};

class CircuitBreaker {
  public:
    struct Permit {
        std::uint64_t epoch = 0;
        bool is_probe = false;        ///< Holds one of the probes' places.
        bool is_last_resort = false;  ///< Was let through an open breaker.
        bool has_begun = false;
    };
    struct Change {
        BreakerState from;
        BreakerState to;
        Duration open_for;  ///< Of `to` open; else zero.
    };
    using MaybeChange = std::optional<Change>;

    /// `rules` outlives the machine.
    explicit CircuitBreaker(const BreakerRules& rules) noexcept : rules_(&rules) {}

    /// Why a request would be refused now: the time until it would not be, zero when that depends on the
    /// probes under way. Absent: it would pass.
    std::optional<Duration> refusal(TimePoint now) const noexcept;
    /// Lets a request through. Precondition: it would not be refused, or it is the last resort.
    Permit admit(TimePoint now, bool last_resort, MaybeChange& change) noexcept;

    /// The first good event. Needed only if awaits_begin(permit).
    MaybeChange on_begun(Permit& permit) noexcept;
    static bool awaits_begin(const Permit& permit) noexcept {
        return permit.is_probe || permit.is_last_resort;
    }
    // And once, how it ended:
    /// the good end,
    MaybeChange on_finished(Permit& permit, TimePoint now) noexcept;
    /// or a failure that `blame` lays on this domain,
    MaybeChange on_failed(Permit& permit, const Blame& blame, ErrorKind kind, TimePoint now,
                          std::uint64_t dice) noexcept;
    /// or an end that says nothing about it.
    void on_neutral(Permit& permit) noexcept { give_back(permit); }

    BreakerState state() const noexcept { return state_; }
    std::uint32_t consecutive_failures() const noexcept { return consecutive_; }
    std::optional<ErrorKind> last_error() const noexcept { return last_error_; }
    std::uint32_t probes_under_way() const noexcept { return probes_; }
    /// Until it may be asked; zero unless it is open.
    Duration retry_after(TimePoint now) const noexcept;

  private:
    Change go(BreakerState to, Duration open_for) noexcept;
    MaybeChange open(const Blame& blame, TimePoint now, std::uint64_t dice) noexcept;
    void give_back(Permit& permit) noexcept;
    bool too_many_failures(TimePoint now) const noexcept;

    const BreakerRules* rules_;
    BreakerState state_ = BreakerState::closed;
    std::uint64_t epoch_ = 0;
    TimePoint open_until_{};
    std::uint32_t openings_ = 0;  // since an answer came to its good end: how long the next one is
    std::uint32_t consecutive_ = 0;
    std::uint32_t probes_ = 0;  // under way
    std::uint32_t successes_ = 0;
    std::optional<ErrorKind> last_error_;
    FailureWindow window_;
};

}  // namespace sluice::flow
