#include <sluice/token_stream.hpp>

#include "model/collected.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// Extensions that come before the first answer are kept for the gate's decision; nobody needs more than this
// of them.
constexpr std::size_t kMaxEarlyBytes = std::size_t{1} << 20;

// A breaker, a health check and who counts attempts.
constexpr std::size_t kUsualWatches = 3;

struct EventRange {
    const StreamEvent* next = nullptr;
    const StreamEvent* end = nullptr;
    bool empty() const noexcept { return next == end; }
};

}  // namespace

ErrorInfo with_earlier_attempts(ErrorInfo error, const TokenStream& stream) {
    if (error.attempts || stream.attempts().empty()) return error;
    std::vector<Attempt> attempts(stream.attempts().begin(), stream.attempts().end());
    Attempt& last = attempts.emplace_back();
    last.provider = stream.answerer().provider_id;
    last.model = stream.answerer().model_id;
    last.error = error;
    last.usage = stream.usage();
    error.attempts = std::make_shared<const std::vector<Attempt>>(std::move(attempts));
    return error;
}

AssistantMessage collected(MessageBuilder builder, const TokenStream& stream) {
    AssistantMessage message = std::move(builder).take();
    const Answerer& answerer = stream.answerer();
    message.provider_id = answerer.provider_id;
    message.model_id = answerer.model_id;
    message.response_id = answerer.response_id;
    message.origin = answerer.origin;
    message.warnings.assign(stream.warnings().begin(), stream.warnings().end());
    return message;
}

struct TokenStream::Impl {
    std::vector<std::unique_ptr<StreamWatch>> watches;  // outlive the source: what they end has ended
    bool listening = false;                             // a watch hears of the next batch, whatever it is
    bool first_event_told = false;
    bool end_told = false;
    std::unique_ptr<TokenSource> source;
    EventRange ready;                       // handed out next
    EventRange after;                       // follows `ready`: the batch behind the early events
    bool ended = false;                     // the terminal event is in `ready`, in `after`, or was handed out
    const StreamEvent* terminal = nullptr;  // valid once read: the source is not asked again
    bool closed = false;
    const StreamEvent* answer = nullptr;  // what peek() found
    std::vector<OwnedEvent> early;        // events before the answer, which outlive their batch
    std::vector<StreamEvent> early_views;
    std::size_t early_bytes = 0;
    std::vector<Attempt> attempts;
    std::optional<ErrorInfo> failure;  // of a Failure that is our own
    std::optional<StreamEvent> failure_event;

    explicit Impl(std::unique_ptr<TokenSource> from) : source(std::move(from)) {}
    ~Impl() { abandon(); }

    // --- the watches ---

    void add(std::unique_ptr<StreamWatch> watch) {
        if (watches.empty()) watches.reserve(kUsualWatches);
        watches.push_back(std::move(watch));
        StreamWatch& added = *watches.back();
        first_event_told |= answer && !answer->is<Failure>();
        end_told |= terminal != nullptr;
        if (added.wants_events()) {
            if (!ready.empty()) added.on_events({ready.next, ready.end});
            if (!after.empty()) added.on_events({after.next, after.end});
        }
        if (first_event_told) added.on_first_event();
        if (end_told && terminal) added.on_end(*terminal, source->usage());
        if (end_told && !terminal) added.on_abandoned(source->usage());
        settle_listening();
    }
    void settle_listening() noexcept {
        const auto wants = [](const auto& watch) { return watch->wants_events(); };
        listening =
            !watches.empty() && (!first_event_told || std::any_of(watches.begin(), watches.end(), wants));
    }
    void tell(std::span<const StreamEvent> batch) noexcept {
        for (const auto& watch : watches)
            if (watch->wants_events()) watch->on_events(batch);
        const auto good = [](const StreamEvent& e) { return e.carries_answer() && !e.is<Failure>(); };
        if (!first_event_told && std::any_of(batch.begin(), batch.end(), good)) {
            first_event_told = true;
            for (const auto& watch : watches)
                watch->on_first_event();
            settle_listening();
        }
        if (terminal) {
            end_told = true;
            const std::optional<Usage> usage = source->usage();
            for (const auto& watch : watches)
                watch->on_end(*terminal, usage);
        }
    }
    void abandon() noexcept {
        if (std::exchange(end_told, true) || watches.empty()) return;
        const std::optional<Usage> usage = source->usage();
        for (const auto& watch : watches)
            watch->on_abandoned(usage);
    }

    // True when `ready` has an event or the stream is over; false when the source must be asked.
    bool settle() noexcept {
        if (!ready.empty()) return true;
        ready = std::exchange(after, EventRange());
        return !ready.empty() || ended;
    }

    void end() noexcept {
        ended = true;
        ready = after = EventRange();
    }

    const StreamEvent* take() noexcept { return ready.empty() ? nullptr : ready.next++; }

    // Takes over a batch: cut after its first terminal event; a source that ends without one has been cut
    // off.
    void accept(std::span<const StreamEvent> batch) {
        if (batch.empty()) {
            fail(ErrorKind::stream_truncated,
                 "the stream ended before its terminal marker; ask again or elsewhere");
            return;
        }
        const auto last =
            std::find_if(batch.begin(), batch.end(), [](const StreamEvent& e) { return e.is_terminal(); });
        ended = last != batch.end();
        ready = {batch.data(), ended ? &*last + 1 : batch.data() + batch.size()};
        if (ended) terminal = &*last;
        if (listening || (ended && !watches.empty())) tell({ready.next, ready.end});
    }

    void fail(ErrorKind kind, std::string message) {
        failure.emplace(kind, answer ? Phase::stream : Phase::first_event, std::move(message));
        failure->provider = source->answerer().provider_id;
        failure->model = source->answerer().model_id;
        failure_event.emplace(Failure{&*failure});
        ready = {&*failure_event, &*failure_event + 1};
        ended = true;
        terminal = &*failure_event;
        if (!watches.empty()) tell({ready.next, ready.end});
    }

    // While the source is asked. Nothing more comes out of a stream whose source threw: it was cancelled.
    class Asking {
      public:
        explicit Asking(Impl& impl) noexcept : impl_(impl) {}
        Asking(const Asking&) = delete;
        ~Asking() {
            if (answered_) return;
            impl_.ended = true;
            impl_.abandon();
        }
        void answer(std::span<const StreamEvent> batch) {
            answered_ = true;
            impl_.accept(batch);
        }

      private:
        Impl& impl_;
        bool answered_ = false;
    };

    // `ready` holds no answer: keep copies, because the next read ends the life of its views.
    void keep_early() {
        for (; !ready.empty(); ++ready.next) {
            early.emplace_back(*ready.next);
            early_bytes += early.back().size();
        }
    }
};

TokenStream::TokenStream(std::unique_ptr<TokenSource> source) {
    if (!source) throw std::invalid_argument("a TokenStream needs a source");
    impl_ = std::make_unique<Impl>(std::move(source));
}
TokenStream::TokenStream(TokenStream&&) noexcept = default;
TokenStream& TokenStream::operator=(TokenStream&&) noexcept = default;
TokenStream::~TokenStream() = default;

asio::awaitable<const StreamEvent*> TokenStream::next() {
    Impl& impl = *impl_;
    if (!impl.settle()) {
        Impl::Asking source(impl);
        const std::span<const StreamEvent> batch = co_await impl.source->next_batch();
        source.answer(batch);
    }
    const StreamEvent* event = impl.take();
    if (!event && !try_close()) co_await close();
    co_return event;
}

asio::awaitable<std::span<const StreamEvent>> TokenStream::next_batch() {
    Impl& impl = *impl_;
    if (!impl.settle()) {
        Impl::Asking source(impl);
        const std::span<const StreamEvent> batch = co_await impl.source->next_batch();
        source.answer(batch);
    }
    const EventRange events = std::exchange(impl.ready, EventRange());
    if (events.empty() && !try_close()) co_await close();
    co_return std::span<const StreamEvent>(events.next, events.end);
}

std::span<const StreamEvent> TokenStream::try_next_batch() {
    Impl& impl = *impl_;
    if (!impl.settle()) {
        const std::span<const StreamEvent> batch = impl.source->try_next_batch();
        if (!batch.empty()) impl.accept(batch);
    }
    const EventRange events = std::exchange(impl.ready, EventRange());
    return {events.next, events.end};
}

const StreamEvent* TokenStream::try_next() noexcept {
    impl_->settle();
    return impl_->take();
}

const StreamEvent* TokenStream::peeked() const noexcept {
    return impl_->answer;
}

asio::awaitable<const StreamEvent*> TokenStream::peek() {
    Impl& impl = *impl_;
    while (!impl.answer) {
        const auto found = std::find_if(impl.ready.next, impl.ready.end,
                                        [](const StreamEvent& e) { return e.carries_answer(); });
        if (found != impl.ready.end) {
            impl.answer = found;
            break;
        }
        impl.keep_early();
        if (impl.ended) break;
        if (impl.early_bytes > kMaxEarlyBytes) {
            impl.fail(ErrorKind::provider_unavailable,
                      "over 1 MiB of extension events and no answer; try another provider");
        } else {
            Impl::Asking source(impl);
            const std::span<const StreamEvent> batch = co_await impl.source->next_batch();
            source.answer(batch);
        }
    }
    if (!impl.early.empty() && impl.early_views.empty()) {
        impl.early_views.assign(impl.early.begin(), impl.early.end());
        impl.after = std::exchange(
            impl.ready, {impl.early_views.data(), impl.early_views.data() + impl.early_views.size()});
    }
    co_return impl.answer;
}

asio::awaitable<AssistantMessage> TokenStream::collect() {
    MessageBuilder builder;
    std::optional<ErrorInfo> error;
    for (;;) {
        const std::span<const StreamEvent> batch = co_await next_batch();
        if (batch.empty()) break;
        for (const StreamEvent& event : batch)
            builder.add(event);
        if (const Failure* failure = batch.back().as<Failure>()) error = failure->error();
    }
    if (error) throw_error(with_earlier_attempts(std::move(*error), *this));
    co_return collected(std::move(builder), *this);
}

asio::awaitable<void> TokenStream::close() {
    Impl& impl = *impl_;
    impl.end();
    if (std::exchange(impl.closed, true)) co_return;
    co_await impl.source->close();
    impl.abandon();
}

bool TokenStream::try_close() noexcept {
    Impl& impl = *impl_;
    if (!impl.closed && !impl.source->try_close()) return false;
    impl.end();
    impl.closed = true;
    impl.abandon();
    return true;
}

const Answerer& TokenStream::answerer() const noexcept {
    return impl_->source->answerer();
}
std::span<const Attempt> TokenStream::attempts() const noexcept {
    return impl_->attempts;
}
std::span<const std::string> TokenStream::warnings() const noexcept {
    return impl_->source->warnings();
}
std::span<const RateLimit> TokenStream::rate_limits() const noexcept {
    return impl_->source->rate_limits();
}
std::optional<Usage> TokenStream::usage() const noexcept {
    return impl_->source->usage();
}

void TokenStream::prepend_attempts(std::vector<Attempt> earlier) {
    earlier.insert(earlier.end(), std::make_move_iterator(impl_->attempts.begin()),
                   std::make_move_iterator(impl_->attempts.end()));
    impl_->attempts = std::move(earlier);
}

void TokenStream::watch(std::unique_ptr<StreamWatch> watch) {
    if (!watch) throw std::invalid_argument("TokenStream::watch: there is no watch");
    impl_->add(std::move(watch));
}

}  // namespace sluice
