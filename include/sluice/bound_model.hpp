// A model bound to the provider that serves it: a cheap, shared, immutable handle. What users hold.
//
//   sluice::OpenAI openai{{.api_key = key}};
//   sluice::BoundModel model = openai.model("gpt-5");
//   sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
//
// A combinator such as FallbackBoundModel takes BoundModels and is one, so they nest anywhere.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/request.hpp>
#include <sluice/result.hpp>
#include <sluice/token_stream.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice {

/// Fits a request to the model that is about to get it: gives back what is sent to `target` instead. Called
/// once for each attempt, just before the request is encoded, on the stream's thread; must not block. What it
/// throws ends that attempt as ProviderBadRequest (phase prepare). docs/gate.md has more.
using TransformContext = std::function<Request(const ModelSpec& target, Request request)>;

/// What holds for one request over all its attempts.
class CallOptions {
  public:
    CallOptions() = default;
    /// Limit for the whole request, over all attempts, from the moment the call starts. Overrides
    /// Deadlines::total.
    CallOptions& total(std::chrono::milliseconds limit) & {
        total_ = limit;
        return *this;
    }
    CallOptions&& total(std::chrono::milliseconds limit) && {
        total_ = limit;
        return std::move(*this);
    }
    std::optional<std::chrono::milliseconds> total() const noexcept { return total_; }

    /// Overrides FallbackOptions::transform_context. (In a co_await expression, give a hook that captures
    /// something a name first: docs/await-rule.md.)
    CallOptions& transform_context(TransformContext hook) & {
        transform_context_ = std::move(hook);
        return *this;
    }
    CallOptions&& transform_context(TransformContext hook) && {
        transform_context_ = std::move(hook);
        return std::move(*this);
    }
    const TransformContext& transform_context() const noexcept { return transform_context_; }

  private:
    std::optional<std::chrono::milliseconds> total_;
    TransformContext transform_context_;
};

/// What a combinator hands down to a leg: the request's absolute deadline and the options behind it, into
/// which it puts its own where the caller has set none.
struct CallContext {
    CallContext() = default;
    CallOptions options;
    /// When the whole request must be over; kNever until the first model on the way has set it.
    TimePoint deadline = kNever;
};

/// Credentials, base address and connections of one account at one service.
class Provider {
  public:
    virtual ~Provider() = default;
    /// The name under which it appears in errors, attempts and bills ("openai").
    virtual std::string_view id() const noexcept = 0;
};

/// What a BoundModel points to. Implement it to add a provider or a combinator.
class ModelTarget {
  public:
    virtual ~ModelTarget() = default;
    virtual const Provider& provider() const noexcept = 0;
    virtual const ModelSpec& spec() const noexcept = 0;
    /// Opens a stream. Provider failures are the error of the result, or a Failure as the stream's first
    /// event; only cancellation throws. `request` and `context` live until it completes.
    virtual asio::awaitable<Result<TokenStream>> open(const Request& request,
                                                      const CallContext& context) const = 0;
};

class BoundModel {
  public:
    /// `target` must not be null.
    explicit BoundModel(std::shared_ptr<const ModelTarget> target);

    /// Opens a stream. Throws the typed class (error.hpp) when that fails before there is a stream; later
    /// failures are the stream's Failure event. The handle may be dropped meanwhile. Any executor; the stream
    /// stays on it.
    asio::awaitable<TokenStream> stream(Request request) const;
    asio::awaitable<TokenStream> stream(Request request, CallOptions options) const;
    /// The whole answer. Throws the typed class on any failure.
    asio::awaitable<AssistantMessage> generate(Request request) const;
    asio::awaitable<AssistantMessage> generate(Request request, CallOptions options) const;
    /// stream() with the error as a value. Throws on cancellation only.
    asio::awaitable<Result<TokenStream>> try_stream(Request request) const;
    asio::awaitable<Result<TokenStream>> try_stream(Request request, CallOptions options) const;

    /// Of a combinator: the primary's, always.
    const Provider& provider() const noexcept { return target_->provider(); }
    const ModelSpec& spec() const noexcept { return target_->spec(); }
    const std::shared_ptr<const ModelTarget>& target() const noexcept { return target_; }

  private:
    std::shared_ptr<const ModelTarget> target_;
};

}  // namespace sluice
