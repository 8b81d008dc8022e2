// A stream of events from one provider: pull, single consumer, move-only.
//
//   sluice::TokenStream stream = co_await model.stream("Capital of Mongolia?");
//   while (const sluice::StreamEvent* event = co_await stream.next())
//       if (auto* delta = event->as<sluice::TextDelta>()) std::cout << delta->text << std::flush;
//
// A stream never lies: it gives exactly one terminal event (Finish or Failure), as the last one. One that
// ends without its provider's terminal marker gives a Failure of kind stream_truncated. After the terminal
// event next() returns nullptr, for ever. Dropping a stream at any point closes its connection at once.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/config.hpp>
#include <sluice/event.hpp>
#include <sluice/message.hpp>
#include <sluice/rate_limit.hpp>

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice {

/// What StreamEvent::raw() is made of.
enum class AnswerForm : std::uint8_t {
    none,          ///< There is no raw(): a stream that somebody made himself.
    event_stream,  ///< Server-sent events of the answering dialect.
    document,      ///< One whole answer, as the first event's raw().
};

/// Who really answers. After a failover this is the leg that answered, not the primary.
struct Answerer {
    Answerer() = default;
    std::string provider_id;
    std::string model_id;     ///< The id that was asked for at that provider.
    std::string response_id;  ///< Empty until the provider has told it.
    std::string
        response_model_id;   ///< The provider's own id for the model ("gpt-5-2026-08-07"), if it told one.
    std::string origin;      ///< "dialect@trust domain": who made the signatures in the events.
    std::string request_id;  ///< The provider's, for its support desk; empty when it told none.
    AnswerForm form = AnswerForm::none;
    bool native =
        false;  ///< It was asked with CallOptions::native_body(), so raw() is what its client expects.
};

/// What a provider implements: events in batches. Users hold a TokenStream instead.
class TokenSource {
  public:
    /// Stops everything at once and synchronously: nothing of the source runs on afterwards.
    virtual ~TokenSource() = default;

    /// Waits until at least one event is there and returns all that are. An empty span is the end; a terminal
    /// event, if there is one, is the last of its span. Views are valid until the next call on the source.
    /// Provider failures are Failure events, never exceptions; cancellation is
    /// asio::system_error(operation_aborted).
    virtual asio::awaitable<std::span<const StreamEvent>> next_batch() = 0;
    /// next_batch() without waiting: what can be had at once, else nothing, which says nothing about the end.
    virtual std::span<const StreamEvent> try_next_batch() { return {}; }
    /// Orderly end: gives the connection back where that is possible within a short bound. Idempotent. Does
    /// not throw.
    virtual asio::awaitable<void> close() = 0;
    /// close() without waiting. False, and nothing is closed, when it would have to wait.
    virtual bool try_close() noexcept { return false; }
    /// Valid as long as the source; response ids may appear as events arrive.
    virtual const Answerer& answerer() const noexcept = 0;
    /// What could not be carried to this provider, one sentence each.
    virtual std::span<const std::string> warnings() const noexcept { return {}; }
    /// What the answer's header fields said about the provider's rate limits.
    virtual std::span<const RateLimit> rate_limits() const noexcept { return {}; }
    /// What the provider has reported so far; a stream that failed may still have cost money.
    virtual std::optional<Usage> usage() const noexcept { return std::nullopt; }
};

/// Hears how a stream goes without standing in its way: it costs nothing an event. For combinators, which
/// must know how a leg ended that they have long handed on (docs/combinators.md). Called on the stream's
/// thread, at most once each, in this order; must not touch the stream.
class StreamWatch {
  public:
    virtual ~StreamWatch() = default;
    /// The first event that carries an answer has been read; not for a Failure.
    virtual void on_first_event() noexcept {}
    /// Every batch as it is read, Failure and Finish included. Only when wants_events() is true.
    virtual void on_events(std::span<const StreamEvent>) noexcept {}
    virtual bool wants_events() const noexcept { return false; }
    /// The terminal event, a Finish or a Failure, has been read. Valid during the call.
    virtual void on_end(const StreamEvent& terminal, const std::optional<Usage>& usage) noexcept = 0;
    /// The stream was closed or dropped before its end, or cancelled. Instead of on_end().
    virtual void on_abandoned(const std::optional<Usage>& usage) noexcept = 0;
};

class TokenStream {
  public:
    /// `source` must not be null.
    explicit TokenStream(std::unique_ptr<TokenSource> source);
    TokenStream(TokenStream&&) noexcept;
    TokenStream& operator=(TokenStream&&) noexcept;
    /// Stops the stream: its socket is closed before this returns, unless the answer was complete.
    ~TokenStream();

    /// The next event, or nullptr after the terminal one. The event and its views are valid until the next
    /// call. Cancellation (terminal) closes the connection and throws asio::system_error(operation_aborted).
    asio::awaitable<const StreamEvent*> next();
    /// All events that are parsed already, at least one; an empty span after the terminal one. One suspension
    /// a read, not a token: the way to consume fast. Mixes freely with next().
    asio::awaitable<std::span<const StreamEvent>> next_batch();
    /// next_batch() without waiting: empty when nothing more is here yet, or the stream has ended. For
    /// whoever gathers what is there before he writes it.
    std::span<const StreamEvent> try_next_batch();
    /// next() without waiting: nullptr when the next event is not here yet (or the stream has ended).
    const StreamEvent* try_next() noexcept;
    /// The first event that carries an answer, left at the head of the stream together with whatever came
    /// before it; nullptr when the stream has ended. What a gate decides on. Before the first event only.
    asio::awaitable<const StreamEvent*> peek();
    /// What peek() has found; null before.
    const StreamEvent* peeked() const noexcept;

    /// Reads to the end. Throws the typed error when the stream fails; after a failover with all attempts,
    /// whose last one, the stream's own, has no duration.
    asio::awaitable<AssistantMessage> collect();
    /// Reads what is left of a finished answer's body within a short bound, so that the connection can be
    /// used again, and otherwise closes it. next() returning nullptr has done this already. Idempotent; does
    /// not throw.
    asio::awaitable<void> close();
    /// close() without waiting. False, and nothing is closed, when it would have to wait.
    bool try_close() noexcept;

    /// Who really answers. Valid as long as the stream is not moved.
    const Answerer& answerer() const noexcept;
    /// The legs tried before this one, in order, each with cause, time and usage. Empty when the primary
    /// answered.
    std::span<const Attempt> attempts() const noexcept;
    /// What could not be carried to the provider that answers, one sentence each.
    std::span<const std::string> warnings() const noexcept;
    /// What the answer's header fields said about the provider's rate limits; empty when they said nothing.
    /// Valid as long as the stream is not moved.
    std::span<const RateLimit> rate_limits() const noexcept;
    /// What the provider has reported so far, whether or not the stream ends well. Absent is unknown, not
    /// zero.
    std::optional<Usage> usage() const noexcept;

    /// For combinators: puts `earlier` before the attempts that are already recorded.
    void prepend_attempts(std::vector<Attempt> earlier);
    /// For combinators: from now on `watch` hears how the stream goes, and at once what it has missed; of
    /// the events, those that have been read and not handed out. Not null. Destroyed with the stream, after
    /// its source.
    void watch(std::unique_ptr<StreamWatch> watch);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
