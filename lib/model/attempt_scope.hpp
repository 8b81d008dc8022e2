// One attempt at a real model, from its start to its end, whoever ends it: opened once, closed exactly once.
#pragma once

#include <sluice/bound_model.hpp>

#include "model/call_state.hpp"

#include <memory>

namespace sluice {

/// Emits AttemptStarted when made, and exactly one of AttemptSucceeded, AttemptFailed and AttemptAbandoned:
/// the latter from its destructor, if nobody has said better.
class AttemptScope final : public StreamWatch {
  public:
    /// `target` is the real model.
    AttemptScope(std::shared_ptr<const ModelTarget> target, std::shared_ptr<CallState> call, Purpose purpose,
                 std::uint32_t attempt);
    AttemptScope(const AttemptScope&) = delete;
    AttemptScope& operator=(const AttemptScope&) = delete;
    ~AttemptScope() override;

    /// There was no stream.
    void on_open_failed(const ErrorInfo& error) noexcept;

    void on_first_event() noexcept override;
    void on_end(const StreamEvent& terminal, const std::optional<Usage>& usage) noexcept override;
    void on_abandoned(const std::optional<Usage>& usage) noexcept override;

  private:
    const Clock& clock() const noexcept { return target_->provider().clock(); }
    AttemptFigures figures(TimePoint now, const std::optional<Usage>& usage) const;
    template <typename What>
    void emit(const What& what, TimePoint at) const {
        call_->emit(at, target_->spec(), what, purpose_, attempt_);
    }

    std::shared_ptr<const ModelTarget> target_;
    std::shared_ptr<CallState> call_;
    Purpose purpose_;
    std::uint32_t attempt_;
    TimePoint started_;
    std::optional<Duration> first_event_;
    bool closed_ = false;
};

}  // namespace sluice
