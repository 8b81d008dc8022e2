// The gate that every chain and every selection has: it filters the legs, asks one after another until one
// gives a good answer, and hands that leg's own stream out. In which order is a LegChooser's decision.
// docs/gate.md states the contract.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/fallback.hpp>

#include "flow/sticky.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Who is asked next. Shared by all requests, also of other threads; keeps its own lock. Each on_asked() is
/// followed by exactly one of on_answer(), on_failed() and on_given_up().
class LegChooser {
  public:
    virtual ~LegChooser() = default;
    /// True: it picks among legs that have passed the filters, so each of them is asked for a refusal before
    /// each pick. False: it has a fixed order, and only the leg that it has picked is.
    virtual bool filters_first() const noexcept = 0;
    /// There is one leg that each request should begin with.
    virtual bool has_primary() const noexcept = 0;
    /// One of `candidates`, which are in the order of the list and not empty.
    virtual std::size_t pick(std::span<const std::size_t> candidates, const Needs& needs, TimePoint now) = 0;

    virtual void on_asked(std::size_t) {}
    /// Its first answer is here, and nobody has taken it yet.
    virtual void on_answer(std::size_t, Duration /*after*/, TimePoint, TokenStream&) {}
    /// Before its first answer.
    virtual void on_failed(std::size_t, const ErrorInfo&, TimePoint) {}
    /// The caller cancelled, or the leg refused after all.
    virtual void on_given_up(std::size_t, TimePoint) noexcept {}
};

/// What a gate is beside its options.
struct GateShape {
    GateShape(std::string_view class_name, std::string kind_name)
        : owner(class_name), kind(std::move(kind_name)) {}
    std::string_view owner;  ///< For messages: "FallbackBoundModel".
    std::string kind;        ///< Composition::kind.
    /// How often legs may be asked in all; absent: each once. More than there are legs: failed ones again.
    std::optional<std::size_t> max_attempts;
};

class Gate {
  public:
    /// Throws std::invalid_argument for an empty list and for the options that docs/gate.md rules out.
    Gate(std::vector<BoundModel> legs, FallbackOptions options, GateShape shape,
         std::shared_ptr<LegChooser> chooser);

    /// The gate must live until it completes.
    asio::awaitable<Result<TokenStream>> open(const Request& request, const CallContext& outer) const;
    /// Refused by all legs: for the first one's reason that may pass, and the smallest time among those, else
    /// for the first one's.
    std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const;
    Composition composition() const;

    const BoundModel& primary() const noexcept { return legs_.front(); }
    const std::vector<BoundModel>& legs() const noexcept { return legs_; }
    const FallbackOptions& options() const noexcept { return options_; }
    const Clock& clock() const noexcept { return *options_.runtime.clock; }

  private:
    friend class GateRun;

    /// What of `needs` its legs are asked for.
    Needs filtered(Needs needs) const;

    /// Of all requests together.
    struct Memory {
        Memory(std::size_t legs, const Stickiness& options);
        std::vector<std::atomic<std::uint32_t>> failures_in_a_row;
        std::mutex mutex;  // guards `sticky`
        flow::Sticky sticky;
    };

    std::vector<BoundModel> legs_;
    FallbackOptions options_;
    GateShape shape_;
    std::shared_ptr<LegChooser> chooser_;
    std::vector<std::optional<Tokens>> windows_;
    std::size_t max_asks_ = 1;
    std::shared_ptr<const FailoverHook> hook_;  // shared with a hook that outlives its limit
    std::unique_ptr<Memory> memory_;
};

}  // namespace sluice
