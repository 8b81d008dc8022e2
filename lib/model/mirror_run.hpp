// One mirrored request: its secondary, read beside the primary, and the comparison when both have ended.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/mirror.hpp>

#include "model/call_state.hpp"
#include "model/leg.hpp"
#include "net/signal.hpp"
#include "net/task_group.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace sluice {

/// What all requests of one MirrorBoundModel share, and what mirrors that outlive it keep.
struct MirrorField {
    /// Throws std::invalid_argument for options that make no sense.
    MirrorField(BoundModel first, BoundModel second, MirrorOptions with);
    const BoundModel primary;
    const BoundModel secondary;
    const MirrorOptions options;
    const Clock& clock() const noexcept { return *options.runtime.clock; }
};

/// Shared by the secondary's coroutine and by the watches on both streams. One executor.
class MirrorRun : public std::enable_shared_from_this<MirrorRun> {
  public:
    /// `context` is the primary's.
    MirrorRun(std::shared_ptr<const MirrorField> field, const asio::any_io_executor& executor,
              const Request& request, const CallContext& context);

    /// False when `tasks` takes no more.
    bool start(net::TaskGroup& tasks);

    // --- what became of the primary; one of these, once ---
    /// It answers: the caller gets `stream`, and the secondary is only compared.
    void on_primary_answers(TokenStream& stream);
    /// It failed before that. `is_wanted`: the secondary is to serve; take() follows.
    void on_primary_failed(const LegFailure& failure, bool is_wanted);
    /// The caller has gone before that. No more after one of the others.
    void on_primary_abandoned() noexcept;

    /// The secondary's stream at its first answer, or nothing, and then secondary_failure() says why if that
    /// is known. Cancellation stops the secondary, and throws operation_aborted when it has ended.
    static asio::awaitable<std::optional<TokenStream>> take(std::shared_ptr<MirrorRun> self);
    std::optional<LegFailure>& secondary_failure() noexcept { return failure_; }
    TimePoint started() const noexcept { return started_; }

  private:
    enum class Which : std::uint8_t { primary, secondary };
    enum class Verdict : std::uint8_t { pending, drain, hand_over };
    struct Side {
        Side() = default;
        std::size_t bytes = 0;
        bool ended = false;
    };
    class Watch;
    class Running;

    static asio::awaitable<void> mirror(std::shared_ptr<MirrorRun> self, Running running);
    void decide(Verdict verdict) noexcept;
    void collect(Which which, std::span<const StreamEvent> events);
    void on_end(Which which, const ErrorInfo* error, const std::optional<Usage>& usage) noexcept;
    void on_abandoned(Which which, const std::optional<Usage>& usage) noexcept;
    void on_task_ended() noexcept;
    void end(Which which, const std::optional<Usage>& usage) noexcept;
    void report() noexcept;

    MirrorSide& told(Which which) noexcept {
        return which == Which::primary ? report_.primary : report_.secondary;
    }
    Side& side(Which which) noexcept { return which == Which::primary ? primary_ : secondary_; }
    TimePoint now() const noexcept { return field_->clock().now(); }

    const std::shared_ptr<const MirrorField> field_;
    const asio::any_io_executor executor_;
    const Request request_;  // outlives the caller's
    CallContext context_;    // the secondary's
    const TimePoint started_;
    MirrorReport report_;
    Side primary_;
    Side secondary_;
    Verdict verdict_ = Verdict::pending;
    bool timed_out_ = false;  // secondary_total has passed
    bool handed_over_ = false;
    std::optional<net::Task> task_;
    std::optional<TokenStream> stream_;  // on its way to the caller
    std::optional<LegFailure> failure_;  // of the secondary, before its first answer
    net::Signal decided_;                // wakes the secondary's coroutine
    net::Signal task_ended_;             // wakes the caller's
    const std::unique_ptr<Timer> timer_;
};

}  // namespace sluice
