// The attempts of one request, as its events tell them.
#pragma once

#include <sluice/attempt_event.hpp>

#include "gateway/record.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace sluice::gateway {

class Metrics;

/// Shared by its request and by the listener, which a mirrored attempt may call after the request has ended.
class AttemptLog {
  public:
    explicit AttemptLog(std::shared_ptr<Metrics> metrics);
    void add(const AttemptEvent& event);
    /// A listener that fills `log`.
    static AttemptEvents listener(const std::shared_ptr<AttemptLog>& log);

    const std::vector<AttemptRecord>& attempts() const noexcept { return attempts_; }
    std::vector<AttemptRecord> take() noexcept { return std::move(attempts_); }
    /// Targets that were really asked.
    std::size_t asked() const noexcept;

  private:
    AttemptRecord* find(std::uint32_t number) noexcept;

    std::shared_ptr<Metrics> metrics_;
    std::vector<AttemptRecord> attempts_;
};

/// What all of them cost, as far as it is known; absent when the answering one's cost is not.
std::optional<PicoUsd> total_cost(const std::vector<AttemptRecord>& attempts);

}  // namespace sluice::gateway
