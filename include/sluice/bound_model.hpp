// A model bound to the provider that serves it: a cheap, shared, immutable handle. What users hold.
//
//   sluice::OpenAI openai{{.api_key = key}};
//   sluice::BoundModel model = openai.model("gpt-5");
//   sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
//
// A combinator such as FallbackBoundModel takes BoundModels and is one, so they nest anywhere.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/clock.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/needs.hpp>
#include <sluice/request.hpp>
#include <sluice/result.hpp>
#include <sluice/token_stream.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class BoundModel;

/// Fits a request to the model that is about to get it: gives back what is sent to `target` instead. Called
/// once for each attempt, just before the request is encoded, on the stream's thread; must not block. What it
/// throws ends that attempt as ProviderBadRequest (phase prepare). docs/gate.md has more.
using TransformContext = std::function<Request(const ModelSpec& target, Request request)>;

/// A request as a client of one dialect wrote it. A target that speaks the dialect is sent these bytes, with
/// nothing changed but the model's id and what the stream needs (docs/native-body.md); every other target is
/// sent the Request, which must say the same. A transform_context hook, which changes Requests, wins over it.
struct NativeBody {
    NativeBody() = default;
    std::string dialect;                      ///< "openai_chat", "openai_responses", "anthropic", "gemini".
    std::shared_ptr<const std::string> json;  ///< The body. Never null when `dialect` is not empty.
    bool stream =
        true;  ///< Whether the answer is wanted as a stream. Its target is asked for it in that form.
    /// Header fields of the dialect that the client sent and its provider is to get ("anthropic-beta").
    std::vector<std::pair<std::string, std::string>> headers;
};

/// The trace that a request belongs to (W3C Trace Context).
struct TraceContext {
    TraceContext() = default;
    std::string trace_id;    ///< 32 hexadecimal digits, in lower case.
    std::string state;       ///< tracestate, passed on as it is.
    std::uint8_t flags = 3;  ///< Sampled, and a random id.
};

/// The moment from which a leg can no longer be replaced.
enum class CommitOn : std::uint8_t {
    first_event,  ///< The first event that carries an answer. After it tokens flow as they come.
    complete,     ///< The whole answer is held first, so that a mid-stream failure can still move on.
};

/// What holds for one request over all its attempts. What is set here wins over what a combinator's options
/// say.
class CallOptions {
  public:
    CallOptions() = default;
    // Every setter comes twice, so that both a named object and a chain of temporaries move instead of copy.

    /// Limit for the whole request, over all attempts, from the moment the call starts. Overrides
    /// Deadlines::total.
    CallOptions& total(std::chrono::milliseconds limit) &;
    /// Overrides FallbackOptions::transform_context. (In a co_await expression, give a hook that captures
    /// something a name first: docs/await-rule.md.)
    CallOptions& transform_context(TransformContext hook) &;
    /// Who hears what happens to this request's attempts. (The same about captures.)
    CallOptions& events(AttemptEvents listener) &;
    /// At most so many attempts in all, hedges included; mirrors and probes are not the caller's. At least 1.
    CallOptions& max_total_attempts(std::uint32_t limit) &;
    /// Demands a tag (ModelSpec::tags) of every target; several calls demand all of them. Failover, hedging
    /// and mirroring never cross it: what has not every tag is never asked.
    CallOptions& residency(std::string tag) &;
    /// What one attempt may cost, by estimate; models of unknown price are not passed over.
    CallOptions& max_cost(PicoUsd limit) &;
    /// Names the conversation that this request belongs to, for stickiness by conversation (docs/sticky.md).
    CallOptions& conversation(std::string id) &;
    /// The request in a client's own words, for targets of its dialect.
    CallOptions& native_body(NativeBody body) &;
    /// Overrides FallbackOptions::commit_on.
    CallOptions& commit_on(CommitOn moment) &;
    /// Told, with a span of its own for each attempt, to providers with ApiProviderOptions::forward_trace.
    CallOptions& trace(TraceContext context) &;

    CallOptions&& total(std::chrono::milliseconds limit) && { return std::move(total(limit)); }
    CallOptions&& transform_context(TransformContext hook) && {
        return std::move(transform_context(std::move(hook)));
    }
    CallOptions&& events(AttemptEvents listener) && { return std::move(events(std::move(listener))); }
    CallOptions&& max_total_attempts(std::uint32_t limit) && { return std::move(max_total_attempts(limit)); }
    CallOptions&& residency(std::string tag) && { return std::move(residency(std::move(tag))); }
    CallOptions&& max_cost(PicoUsd limit) && { return std::move(max_cost(limit)); }
    CallOptions&& conversation(std::string id) && { return std::move(conversation(std::move(id))); }
    CallOptions&& native_body(NativeBody body) && { return std::move(native_body(std::move(body))); }
    CallOptions&& commit_on(CommitOn moment) && { return std::move(commit_on(moment)); }
    CallOptions&& trace(TraceContext context) && { return std::move(trace(std::move(context))); }

    std::optional<std::chrono::milliseconds> total() const noexcept { return total_; }
    const TransformContext& transform_context() const noexcept { return transform_context_; }
    const AttemptEvents& events() const noexcept { return events_; }
    std::optional<std::uint32_t> max_total_attempts() const noexcept { return max_total_attempts_; }
    const std::vector<std::string>& residency() const noexcept { return residency_; }
    std::optional<PicoUsd> max_cost() const noexcept { return max_cost_; }
    const std::string& conversation() const noexcept { return conversation_; }
    /// Null when there is none.
    const NativeBody* native_body() const noexcept { return native_body_.get(); }
    std::optional<CommitOn> commit_on() const noexcept { return commit_on_; }
    /// Null when there is none.
    const TraceContext* trace() const noexcept { return trace_.get(); }

  private:
    std::optional<std::chrono::milliseconds> total_;
    TransformContext transform_context_;
    AttemptEvents events_;
    std::optional<std::uint32_t> max_total_attempts_;
    std::vector<std::string> residency_;
    std::optional<PicoUsd> max_cost_;
    std::string conversation_;
    std::shared_ptr<const NativeBody> native_body_;
    std::optional<CommitOn> commit_on_;
    std::shared_ptr<const TraceContext> trace_;  // shared: a combinator copies what it got
};

/// What all attempts of one request share. The library's own.
struct CallState;

/// What a combinator hands down to a leg. A combinator copies what it got, changes what it must, and passes
/// it to BoundModel::open().
struct CallContext {
    CallContext() = default;
    CallOptions options;
    /// When the whole request must be over; kNever until the first model on the way has set it.
    TimePoint deadline = kNever;
    /// When this leg must have begun to answer, because others wait for their turn: its share of the budget.
    TimePoint first_event_deadline = kNever;
    Purpose purpose = Purpose::answer;
    /// Nobody else is left: breakers and health checks let the request pass, and learn from it.
    bool last_resort = false;
    /// Null at the outermost model only, when somebody calls ModelTarget::open() himself.
    std::shared_ptr<CallState> call;
};

/// Credentials, base address and connections of one account at one service.
class Provider {
  public:
    virtual ~Provider() = default;
    /// The name under which it appears in errors, attempts and bills ("openai"). It stands for the account:
    /// breakers and health share their state by it, so two accounts at one service need two ids.
    virtual std::string_view id() const noexcept = 0;
    /// By which its attempts are measured.
    virtual const Clock& clock() const noexcept;
};

/// How a health check asks: docs/health-checks.md.
enum class ProbeKind : std::uint8_t {
    models,      ///< GET of the provider's list of models: authenticated, costs no tokens.
    completion,  ///< A completion of one token: proves the model itself, and costs it.
    tcp,         ///< A connection, with TLS where the provider has it: proves neither key nor model.
};
/// "models", "completion", "tcp".
std::string_view to_string(ProbeKind kind) noexcept;

struct Composition;

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

    /// Made of other models, which it asks through BoundModel::open(). A leaf is a real model: asking it is
    /// an attempt, counted and reported by BoundModel::open().
    virtual bool is_combinator() const noexcept { return false; }
    /// Why it should not be asked for this just now; absent when it can be. Must be cheap: filters ask before
    /// every attempt. The default is what its spec says; a combinator refuses when all its parts do, for the
    /// first one's reason that may pass, else for the first one's.
    virtual std::optional<Refusal> refusal(const Needs& needs, TimePoint now) const;
    virtual Composition composition() const;

    /// The default knows `completion`, of a real model. A combinator has no health of its own: watch the
    /// models that it is made of.
    virtual bool can_probe(ProbeKind kind) const noexcept;
    /// Asks whether the target works, without regard to breakers and health, and without the hooks of
    /// requests. Over by `deadline`, which is not kNever. A probe that costs tokens is an attempt with
    /// Purpose::probe, reported to `events`. The target and `events` live until it completes. Only
    /// cancellation throws, and std::logic_error for a kind that it cannot.
    virtual asio::awaitable<Result<void>> probe(ProbeKind kind, TimePoint deadline,
                                                const AttemptEvents& events) const;
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

    /// For combinators: opens a leg. Like ModelTarget::open(), and when the target is a real model the
    /// attempt is counted, reported to the call's events, and refused when the call has no attempt left or
    /// demands a tag that the model has not.
    asio::awaitable<Result<TokenStream>> open(const Request& request, const CallContext& context) const;

    /// Of a combinator: the primary's, always.
    const Provider& provider() const noexcept { return target_->provider(); }
    const ModelSpec& spec() const noexcept { return target_->spec(); }
    const std::shared_ptr<const ModelTarget>& target() const noexcept { return target_; }

  private:
    std::shared_ptr<const ModelTarget> target_;
};

/// What a model is made of, for explain(). The worst case is computed from these alone.
struct Composition {
    Composition() = default;
    enum class Order : std::uint8_t {
        leaf,      ///< A real model: one attempt.
        one,       ///< One part, asked `tries` times at most.
        in_turn,   ///< Parts one after another, each at most once, or `max_tries` in all.
        together,  ///< Parts side by side.
    };
    std::string kind = "model";  ///< "retry", "fallback", "weighted", ...
    std::string settings;        ///< For people: "3 tries, backoff 500 ms x2 up to 8 s".
    Order order = Order::leaf;
    std::vector<BoundModel> parts;
    bool holds_answers = false;              ///< A part may still be given up at the very end of its answer.
    std::uint32_t tries = 1;                 ///< Of Order::one.
    std::optional<std::uint32_t> max_tries;  ///< Of Order::in_turn, when it is not the number of parts.
    Duration waits{0};  ///< The longest that all waits between the tries, or before the last part, can take.
    /// Of a leaf, the longest until its first event, and as a whole. Of a combinator, the limit that it sets.
    /// Absent is none.
    std::optional<Duration> first_event;
    std::optional<Duration> total;
    std::optional<std::uint32_t> max_total_attempts;
};

}  // namespace sluice
