// FallbackBoundModel: a chain of models behind one gate. The gate tries the legs in order, looks at the first
// event that carries an answer, commits to the leg that gives a good one, and from there on gets out of the
// way.
//
//   sluice::FallbackBoundModel model{{anthropic.model("claude-opus-4-8"), openai.model("gpt-5")},
//                                    {.on_failover = record_failover}};
//
// The contract in full, point by point, is docs/gate.md.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace sluice {

/// A set of error kinds. A kind stands for itself and everything below it in the tree (error.hpp).
class TriggerSet {
  public:
    constexpr TriggerSet() = default;
    TriggerSet(std::initializer_list<ErrorKind> kinds);
    bool contains(ErrorKind kind) const noexcept { return (bits_ >> static_cast<unsigned>(kind)) & 1U; }
    friend bool operator==(TriggerSet, TriggerSet) = default;

  private:
    std::uint32_t bits_ = 0;
};

namespace triggers {
/// RateLimited, ProviderUnavailable, ContextLengthExceeded: what a chain is for. The library's default.
TriggerSet standard();
/// standard() and ProviderAuthFailed: for services that must stay up when one key is bad.
TriggerSet with_auth();
/// Every ProviderError.
TriggerSet any_error();
}  // namespace triggers

/// One abandoned leg. Owns everything, so that an asynchronous hook may keep it.
struct Failover {
    Failover() = default;
    ModelSpec failed;               ///< The abandoned leg's model.
    std::optional<ModelSpec> next;  ///< The leg tried next; absent when the chain is exhausted.
    ErrorInfo error;                ///< Why it was abandoned.
    std::size_t attempt = 0;        ///< Position of the abandoned leg in the chain, from 0.
    Attempt record;                 ///< With time and usage, for billing.
    /// How often in a row this leg was abandoned, this time included, over all requests of this model.
    std::uint32_t consecutive_failures = 1;
};

/// A plain callable or one that returns asio::awaitable<void>; both take `const Failover&`.
class FailoverHook {
  public:
    FailoverHook() = default;
    template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FailoverHook> &&
             std::is_invocable_v<F&, const Failover&>) FailoverHook(F callable) {
        if constexpr (std::is_same_v<std::invoke_result_t<F&, const Failover&>, asio::awaitable<void>>)
            async_ = std::move(callable);
        else
            plain_ = [callable = std::move(callable)](const Failover& what) mutable { callable(what); };
    }
    explicit operator bool() const noexcept { return plain_ || async_; }
    const std::function<void(const Failover&)>& plain() const noexcept { return plain_; }
    const std::function<asio::awaitable<void>(const Failover&)>& async() const noexcept { return async_; }

  private:
    std::function<void(const Failover&)> plain_;
    std::function<asio::awaitable<void>(const Failover&)> async_;
};

/// How the legs share the time that a request has.
enum class BudgetSplit : std::uint8_t {
    /// Each leg but the last must have begun to answer within (time left) / (legs left), so that the others
    /// get their turn before the deadline. An answer that has begun may use all of what is left.
    even,
    none,  ///< Each leg may use all of what is left.
};

/// For how long requests begin with the leg that answered when the first choice did not (docs/sticky.md).
struct Stickiness {
    enum class By : std::uint8_t {
        none,          ///< Every request begins with its first choice.
        chain,         ///< One memory for all requests. It ends on time, and the first choice gets its try.
        conversation,  ///< One for each CallOptions::conversation; each use of it makes it last on.
    };
    By by = By::none;
    std::chrono::milliseconds time = std::chrono::minutes(5);
    /// Conversations that are remembered at most; beyond it the one used longest ago is forgotten.
    std::size_t max_conversations = 10'000;
};

/// What happens when a leg fails or cannot be asked. Throws std::invalid_argument at construction for a zero
/// or negative hook_limit or stickiness time, and for a zero where there must be at least one.
struct FallbackOptions {
    /// Kinds that move on to the next leg. Any other kind is thrown at once. Replaces the default.
    TriggerSet trigger_errors = triggers::standard();
    /// Called once for each abandoned leg, the last one too. What it throws is logged and swallowed.
    FailoverHook on_failover = {};
    CommitOn commit_on = CommitOn::first_event;
    /// How long an awaitable hook may hold up the next leg; then it is cancelled and left behind.
    std::chrono::milliseconds hook_limit = std::chrono::seconds(1);
    /// Limit for the whole request when CallOptions sets none; zero is none.
    std::chrono::milliseconds total = std::chrono::minutes(15);
    BudgetSplit split = BudgetSplit::even;
    /// Legs that may be asked after the first one; zero is no failover at all. Absent: all of them. A leg
    /// that is passed over does not count.
    std::optional<std::size_t> max_fallbacks = {};
    /// Limit for the attempts of the whole request, retries and hedges included, when neither CallOptions nor
    /// an outer model sets one.
    std::optional<std::uint32_t> max_total_attempts = {};
    /// When every leg is refused, and some only for now (breaker open, unhealthy): ask the least bad of them
    /// all the same. Otherwise the error is NoProviderAvailable.
    bool last_resort = true;
    /// Pass over legs whose spec says that they cannot serve the request: tools, images, a JSON schema, its
    /// size. Switch it off when transform_context makes requests fit.
    bool filter_capabilities = true;
    Stickiness stickiness = {};
    /// Fits the request to each leg, also of chains inside this one, unless the call has a hook of its own.
    TransformContext transform_context = {};
    /// Bytes of an answer that CommitOn::complete may hold; beyond it the leg fails.
    std::size_t max_held_bytes = std::size_t{8} << 20;
    /// Who hears what happens to the attempts, when neither the call nor an outer model has a listener.
    AttemptEvents events = {};
    Runtime runtime = {};
};

class FallbackBoundModel : public BoundModel {
  public:
    /// Legs are tried strictly in order; legs that cannot serve the request, or not now, are passed over and
    /// recorded as skipped. Throws std::invalid_argument for an empty chain.
    explicit FallbackBoundModel(std::vector<BoundModel> chain, FallbackOptions options = {});
};

}  // namespace sluice
