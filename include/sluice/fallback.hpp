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

#include <functional>
#include <initializer_list>
#include <memory>
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

/// The moment from which a leg can no longer be replaced.
enum class CommitOn : std::uint8_t {
    first_event,  ///< The first event that carries an answer. After it tokens flow as they come.
    complete,     ///< The whole answer is held first, so that a mid-stream failure can still move on.
};

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
    /// Fits the request to each leg, also of chains inside this one, unless the call has a hook of its own.
    TransformContext transform_context = {};
    /// Bytes of an answer that CommitOn::complete may hold; beyond it the leg fails.
    std::size_t max_held_bytes = std::size_t{8} << 20;
    Runtime runtime = {};
};

class FallbackBoundModel : public BoundModel {
  public:
    /// Legs are tried strictly in order. Throws std::invalid_argument for an empty chain.
    explicit FallbackBoundModel(std::vector<BoundModel> chain, FallbackOptions options = {});
};

}  // namespace sluice
