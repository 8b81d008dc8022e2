// One request's way through a gate: everything but the waiting. gate.cpp drives it.
#pragma once

#include "flow/failover.hpp"
#include "model/call_state.hpp"
#include "model/gate.hpp"
#include "model/leg.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace sluice {

class GateRun {
  public:
    /// All three must outlive it. Finds the first leg to ask.
    GateRun(const Gate& gate, const Request& request, const CallContext& outer);
    GateRun(const GateRun&) = delete;
    GateRun& operator=(const GateRun&) = delete;
    /// A leg that is still being asked was cancelled.
    ~GateRun();

    /// There is a leg to ask. Otherwise error() says why not.
    bool has_leg() const noexcept { return leg_.has_value(); }
    const BoundModel& leg() const noexcept { return gate_.legs_[*leg_]; }
    /// For that leg. Its clock runs from here.
    const CallContext& begin();

    /// The leg's first answer is here.
    void on_answer(TokenStream& stream);
    /// It is good: from here on the stream is the caller's.
    TokenStream commit(TokenStream stream);
    /// It failed; leg() is now the next one. Gives what the user's hook must hear, if anything.
    std::shared_ptr<const Failover> on_failed(LegFailure failure);

    ErrorInfo error();

  private:
    void find_next();
    std::optional<Refusal> refusal_of(std::size_t leg, TimePoint now) const;
    void skip(std::size_t leg, const Refusal& why);
    void ask(std::size_t leg, bool last_resort);
    TimePoint share_of_budget();
    bool has_room() const noexcept;
    std::optional<std::uint64_t> sticky_key() const;
    void remember(std::size_t answered);
    void log_failover(std::size_t failed, const ErrorInfo& error, std::uint32_t in_a_row) const;
    std::shared_ptr<const Failover> give_up(std::size_t failed, const Attempt& record);

    const Gate& gate_;
    const CallContext& outer_;
    const Clock& clock_;
    CallContext context_;
    Needs needs_;
    TimePoint first_event_deadline_;  // the outer one's, for all legs together
    flow::FailoverMachine machine_;
    std::vector<Attempt> attempts_;
    std::optional<std::size_t> leg_;
    bool asking_ = false;  // the chooser waits to hear of `leg_`
    TimePoint started_;

    std::optional<std::uint64_t> sticky_key_;
    std::optional<std::size_t> sticky_leg_;
    bool sticky_pending_ = false;  // `sticky_leg_` has not had its turn
    std::optional<std::size_t> first_choice_;
    bool unwell_ = false;  // a leg failed or was refused for what it is, not for what the request is
    std::optional<ErrorInfo> final_error_;  // that no other leg can mend
};

}  // namespace sluice
