#include "net/http_call.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "flow/deadline_clock.hpp"
#include "net/cancellation.hpp"
#include "net/http_failure.hpp"
#include "net/rest_of.hpp"
#include "net/signal.hpp"

namespace sluice::net {
namespace {

// So many reads in a row may succeed without waiting; then one goes through the loop, so that a fast peer
// cannot starve everything else on this thread.
constexpr unsigned kBurst = 16;
// What finish() reads away to keep a connection; beyond it a new one is cheaper.
constexpr std::size_t kMaxDrained = std::size_t{256} << 10;

}  // namespace

// Every await is followed by the same questions, in this order: were we closed? is the caller cancelled? did
// a deadline run out? Whoever closes the connection leaves his reason first, so an operation_aborted is never
// guessed at.
class HttpCall::State {
  public:
    State(asio::any_io_executor executor, std::shared_ptr<const HttpCallOptions> options,
          const Deadlines& limits, TimePoint total)
        : options_(std::move(options)),
          started_(options_->runtime.clock->now()),
          deadlines_(limits, started_, total),
          pool_(Pool::of(executor)),
          watchdog_(options_->runtime.clock->make_timer(std::move(executor), [this] { on_ring(); })) {}

    static asio::awaitable<Result<void>> send(std::shared_ptr<State> self, std::string_view head,
                                              std::string_view body);
    static asio::awaitable<Result<void>> read(std::shared_ptr<State> self);
    static asio::awaitable<Result<std::string>> read_all(std::shared_ptr<State> self, std::size_t limit);
    static asio::awaitable<void> finish(std::shared_ptr<State> self);
    bool try_finish() noexcept;
    bool try_read();
    void close() noexcept;

    wire::ResponseDecoder* decoder() noexcept { return lease_ ? &lease_->decoder : nullptr; }
    bool complete() const noexcept {
        return closed_ ? was_complete_ : answered_ && !cut_ && lease_->decoder.complete();
    }
    bool in_grace() const noexcept { return deadlines_.in_grace(); }

    void on_content() noexcept {
        deadlines_.on_content(now());
        watch();
    }
    void on_finish_reason() noexcept {
        deadlines_.on_finish_reason(now());
        watch();
    }

  private:
    // Marks that a coroutine waits: the connection must live until it is done, even when the call is closed
    // meanwhile.
    class Operation {
      public:
        explicit Operation(State& state) noexcept : state_(state) { state_.busy_ = true; }
        Operation(const Operation&) = delete;
        ~Operation() {
            state_.busy_ = false;
            if (state_.closed_) state_.lease_ = Lease();
        }

      private:
        State& state_;
    };

    bool take_idle();
    asio::awaitable<Result<void>> connect(bool fresh);
    asio::awaitable<Result<void>> exchange(std::string_view head, std::string_view body);

    TimePoint now() const noexcept { return options_->runtime.clock->now(); }
    Connection& connection() const noexcept { return *lease_->connection; }

    // --- deadlines ---

    // The watchdog is lazy: deadlines mostly move later, and it finds out when it rings.
    void watch() {
        if (closed_ || failure_) return;
        const TimePoint next = deadlines_.next();
        if (next < watched_) arm(next);
    }
    void arm(TimePoint when) {
        watched_ = when;
        if (when != kNever) watchdog_->arm(when);
    }
    void on_ring();
    void expire(Phase phase);
    bool is_late();

    // --- ends ---

    [[noreturn]] void abort() {
        close();
        throw asio::system_error(aborted(), "http call");
    }
    /// After an await. Throws when it is over for the caller.
    void check(const asio::cancellation_state& cancellation) {
        if (closed_ || is_cancelled(cancellation)) abort();
    }
    void fail(ErrorInfo error) {
        if (failure_) return;
        if (answered_) error.status = lease_->decoder.head().status;
        failure_ = std::make_unique<ErrorInfo>(std::move(error));
        watchdog_->disarm();
        if (lease_) connection().close();
    }
    Result<void> failed(ErrorInfo error) {
        fail(std::move(error));
        return verdict();
    }
    Result<void> verdict() const {
        if (failure_) return ErrorInfo(*failure_);
        return {};
    }

    // --- the body ---

    bool can_read() const noexcept {
        return answered_ && !closed_ && !failure_ && !lease_->decoder.complete();
    }
    /// The last read took all there was: mostly there is still nothing, and to ask is a system call. So the
    /// first try after it is answered without one; a later one looks, since time has passed. Of TLS it says
    /// nothing, since a read gives one record at most.
    bool is_just_emptied() noexcept { return std::exchange(untried_, false) && !options_->origin.tls; }
    void note_read(const IoResult& got, asio::mutable_buffer into) noexcept {
        drained_ = untried_ = got.bytes < into.size();
    }
    bool can_keep() const noexcept { return answered_ && keep_ && !cut_ && !failure_; }
    Result<void> broken(std::error_code error) {
        return failed(
            body_failure(error, deadlines_.first_event_seen() ? Phase::stream : Phase::first_event));
    }
    asio::mutable_buffer space();
    IoResult try_some(asio::mutable_buffer into);
    Result<void> accept(const IoResult& got);
    void begin_linger();
    std::size_t drain();
    bool append_to(std::string& text, std::size_t limit);
    std::string decoded(std::string raw, std::size_t limit);

    const std::shared_ptr<const HttpCallOptions> options_;
    const TimePoint started_;
    flow::DeadlineClock deadlines_;
    const std::shared_ptr<Pool> pool_;
    Lease lease_;
    std::optional<Signal> wake_;  // while it waits for the pool: ends that
    std::unique_ptr<ErrorInfo> failure_;
    TimePoint watched_ = kNever;
    unsigned burst_ = 0;
    bool drained_ = false;  // the last read took all there was
    bool untried_ = false;  // and nobody has tried since
    bool busy_ = false;
    bool answered_ = false;   // the response head is here
    bool keep_ = true;        // nothing happened that rules out another request on this connection
    bool cut_ = false;        // the body was not handed out whole
    bool late_ = false;       // a silence deadline passed while nobody waited: the next wait decides
    bool lingering_ = false;  // in finish(): the watchdog ends the wait, and it is no failure
    bool closed_ = false;
    bool was_complete_ = false;  // when closed
    const std::unique_ptr<Timer> watchdog_;
};

void HttpCall::State::on_ring() {
    watched_ = kNever;
    if (lingering_) return connection().close();
    const TimePoint time = now();
    const std::optional<Phase> phase = deadlines_.expired(time);
    if (!phase) return watch();
    const bool silence = *phase == Phase::first_event || *phase == Phase::idle;
    if (silence && !busy_ && time < deadlines_.budget_end()) {
        late_ = true;
        return arm(deadlines_.budget_end());
    }
    expire(*phase);
}

void HttpCall::State::expire(Phase phase) {
    fail(timeout_failure(phase, deadlines_.limits(), deadlines_.in_grace()));
    if (wake_) wake_->notify();
}

// Before waiting: has the time run out already?
bool HttpCall::State::is_late() {
    const std::optional<Phase> phase = deadlines_.expired(now());
    if (phase) {
        expire(*phase);
    } else {
        late_ = false;
        watch();
    }
    return phase.has_value();
}

asio::awaitable<Result<void>> HttpCall::State::send(std::shared_ptr<State> self, std::string_view head,
                                                    std::string_view body) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    self->check(cancellation);
    if (const std::optional<Phase> late = self->deadlines_.expired(self->started_)) {
        self->expire(*late);
        co_return self->verdict();
    }
    for (bool fresh = false;; fresh = true) {
        if (fresh || !self->take_idle()) {
            Result<void> connected = co_await self->connect(fresh);
            if (!connected) co_return connected;
        }
        Result<void> answered = co_await self->exchange(head, body);
        if (answered) co_return answered;
        const bool stale =
            !self->failure_ && !fresh && self->lease_->reused && !self->lease_->decoder.started();
        if (!stale) co_return self->failed(std::move(answered).error());
        self->lease_ = Lease();
        self->deadlines_.on_reconnect(self->now());
    }
}

// A connection that is open already: mostly there is one, and then nothing is awaited.
bool HttpCall::State::take_idle() {
    lease_ = pool_->try_idle(options_->runtime, options_->origin, options_->pool, options_->http, started_);
    if (!lease_) return false;
    deadlines_.on_connected(started_);
    return true;
}

asio::awaitable<Result<void>> HttpCall::State::connect(bool fresh) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    watch();
    wake_.emplace(executor);
    {
        const Operation waiting(*this);
        Lease lease = co_await pool_->acquire(options_->runtime, options_->origin, options_->pool,
                                              options_->http, fresh, *wake_);
        lease_ = std::move(lease);
    }
    wake_.reset();
    check(cancellation);
    if (failure_) co_return verdict();
    if (!lease_) abort();
    if (!lease_->reused) {
        std::error_code error;
        {
            const Operation opening(*this);
            const std::error_code opened = co_await connection().open();
            error = opened;
        }
        check(cancellation);
        if (failure_) co_return verdict();
        if (error == asio::error::operation_aborted) abort();
        if (error) co_return failed(connect_failure(options_->origin, error));
    }
    deadlines_.on_connected(now());
    watch();
    co_return Result<void>();
}

asio::awaitable<Result<void>> HttpCall::State::exchange(std::string_view head, std::string_view body) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const IoResult at_once = connection().try_write(asio::buffer(head), asio::buffer(body));
    std::error_code write_error = at_once.error;
    if (!write_error && at_once.bytes < head.size() + body.size()) {
        watch();
        const auto rest = rest_of(asio::buffer(head), asio::buffer(body), at_once.bytes);
        const Operation writing(*this);
        const IoResult written = co_await connection().write(rest[0], rest[1]);
        write_error = written.error;
    }
    check(cancellation);
    if (failure_) co_return verdict();
    if (write_error == asio::error::operation_aborted) abort();
    // A server that refuses a request before it has all of it answers and closes. Its answer says more than
    // our write error.
    keep_ = !write_error;
    deadlines_.on_sent(now());
    watch();

    wire::ResponseDecoder& decoder = lease_->decoder;
    for (;;) {
        const wire::Progress progress = decoder.parse_head();
        if (progress == wire::Progress::done) break;
        const asio::mutable_buffer into = space();
        if (into.size() == 0) co_return head_failure(decoder.error(), decoder.started());
        IoResult got;
        if (write_error) {
            got = connection().try_read_some(into);
            if (got.error && got.bytes == 0) co_return send_failure(write_error);
        } else {
            const Operation reading(*this);
            const IoResult waited = co_await connection().read_some(into);
            got = waited;
        }
        check(cancellation);
        if (failure_) co_return verdict();
        if (got.error == asio::error::operation_aborted) abort();
        note_read(got, into);
        decoder.commit(got.bytes);
        if (got.error == asio::error::eof) {
            decoder.commit_eof();
        } else if (got.error && got.bytes == 0) {
            co_return head_failure(got.error, decoder.started());
        }
    }
    answered_ = true;
    deadlines_.on_headers();
    co_return Result<void>();
}

asio::awaitable<Result<void>> HttpCall::State::read(std::shared_ptr<State> self) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (self->complete()) co_return Result<void>();
    self->check(cancellation);
    if (!self->can_read()) co_return self->verdict();
    const asio::mutable_buffer into = self->space();
    if (into.size() == 0) co_return self->broken(self->lease_->decoder.error());
    IoResult got;
    got.error = asio::error::would_block;
    if (!self->drained_ || self->late_) got = self->try_some(into);
    if (got.error == asio::error::would_block) {
        if (self->late_ && self->is_late()) co_return self->verdict();
        self->burst_ = 0;
        {
            const Operation reading(*self);
            const IoResult waited = co_await self->connection().read_some(into);
            got = waited;
        }
        self->check(cancellation);
        if (self->failure_) co_return self->verdict();
        if (got.error == asio::error::operation_aborted) self->abort();
    }
    self->note_read(got, into);
    co_return self->accept(got);
}

bool HttpCall::State::try_read() {
    if (busy_ || !can_read() || is_just_emptied()) return false;
    const asio::mutable_buffer into = space();
    if (into.size() == 0) return broken(lease_->decoder.error()).has_value();
    const IoResult got = try_some(into);
    if (got.error == asio::error::would_block) return false;
    note_read(got, into);
    return accept(got).has_value();
}

// Space to read into; none when the response is broken or exceeds the buffer's limit.
asio::mutable_buffer HttpCall::State::space() {
    const std::span<char> free = lease_->decoder.prepare();
    return asio::buffer(free.data(), free.size());
}

IoResult HttpCall::State::try_some(asio::mutable_buffer into) {
    // Who is late must not be called so before what is there was read.
    if (burst_ >= kBurst && !late_) return {asio::error::would_block, 0};
    const IoResult got = connection().try_read_some(into);
    if (!got.error) ++burst_;
    return got;
}

Result<void> HttpCall::State::accept(const IoResult& got) {
    wire::ResponseDecoder& decoder = lease_->decoder;
    decoder.commit(got.bytes);
    if (got.error == asio::error::eof) {
        decoder.commit_eof();
    } else if (got.error && got.bytes == 0) {
        return broken(got.error);
    }
    if (decoder.error()) return broken(decoder.error());
    return {};
}

asio::awaitable<Result<std::string>> HttpCall::State::read_all(std::shared_ptr<State> self,
                                                               std::size_t limit) {
    std::string text;
    while (self->append_to(text, limit) && self->can_read()) {
        const Result<void> more = co_await read(self);
        if (!more) break;
    }
    if (self->failure_ && self->failure_->kind == ErrorKind::provider_timeout)
        co_return ErrorInfo(*self->failure_);
    co_return self->decoded(std::move(text), limit);
}

// Moves what is there of the body to `text`. False when that is full.
bool HttpCall::State::append_to(std::string& text, std::size_t limit) {
    if (closed_) abort();
    wire::ResponseDecoder& decoder = lease_->decoder;
    do {
        const std::string_view piece = decoder.body();
        const std::size_t room = limit - text.size();
        text.append(piece.substr(0, room));
        if (piece.size() > room) {
            cut_ = true;
            return false;
        }
        decoder.consume(piece.size());
    } while (decoder.decode_body());
    return true;
}

std::string HttpCall::State::decoded(std::string raw, std::size_t limit) {
    const std::optional<std::string_view> encoding = lease_->decoder.head().headers.find("content-encoding");
    if (!encoding) return raw;
    std::string text;
    if (wire::decode_content(*encoding, raw, limit, text)) cut_ = true;
    return text;
}

bool HttpCall::State::try_finish() noexcept {
    drain();
    if (can_keep() && can_read()) return false;
    close();
    return true;
}

asio::awaitable<void> HttpCall::State::finish(std::shared_ptr<State> self) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    for (std::size_t drained = self->drain(); self->can_keep() && self->can_read() && drained < kMaxDrained;
         drained += self->drain()) {
        const asio::mutable_buffer into = self->space();
        if (into.size() == 0) break;
        IoResult got = self->try_some(into);
        if (got.error == asio::error::would_block) {
            self->begin_linger();  // mostly nothing is missing, and no timer is touched
            if (!self->lingering_ || is_cancelled(cancellation)) break;
            self->burst_ = 0;
            const Operation reading(*self);
            const IoResult waited = co_await self->connection().read_some(into);
            got = waited;
        }
        if (self->closed_) co_return;
        if (!self->accept(got)) break;
    }
    self->close();
}

void HttpCall::State::begin_linger() {
    if (lingering_ || !can_keep() || closed_ || deadlines_.limits().linger <= Deadlines::kNone) return;
    lingering_ = true;
    arm(std::min(now() + deadlines_.limits().linger, deadlines_.budget_end()));
}

// Decodes and drops what was read of the body.
std::size_t HttpCall::State::drain() {
    if (!can_keep() || closed_) return 0;
    wire::ResponseDecoder& decoder = lease_->decoder;
    std::size_t drained = 0;
    do {
        drained += decoder.body().size();
        decoder.consume(decoder.body().size());
    } while (decoder.decode_body());
    return drained;
}

void HttpCall::State::close() noexcept {
    if (closed_) return;
    watchdog_->disarm();
    was_complete_ = complete();
    if (!busy_ && can_keep()) {
        burst_ = 0;
        drain();
        untried_ = false;  // a last look: the end of the body may have come by itself
        if (try_read()) drain();
    }
    closed_ = true;
    if (busy_) {
        if (lease_) connection().close();
        if (wake_) wake_->notify();
        return;
    }
    if (can_keep() && lease_->decoder.reusable()) lease_.return_to_pool(now());
    lease_ = Lease();
}

HttpCall::HttpCall(asio::any_io_executor executor, std::shared_ptr<const HttpCallOptions> options,
                   const Deadlines& deadlines, TimePoint total)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), deadlines, total)) {}

HttpCall::~HttpCall() {
    if (state_) state_->close();
}

asio::awaitable<Result<void>> HttpCall::send(std::string_view head, std::string_view body) {
    return State::send(state_, head, body);
}

const wire::ResponseHead& HttpCall::head() const noexcept {
    return state_->decoder()->head();
}

bool HttpCall::decode_body() {
    wire::ResponseDecoder* const decoder = state_->decoder();
    return decoder && decoder->decode_body();
}

std::string_view HttpCall::body() const noexcept {
    const wire::ResponseDecoder* const decoder = state_->decoder();
    return decoder ? decoder->body() : std::string_view();
}

void HttpCall::consume(std::size_t bytes) noexcept {
    if (wire::ResponseDecoder* const decoder = state_->decoder()) decoder->consume(bytes);
}

std::size_t HttpCall::readable_from(const char* at) const noexcept {
    const wire::ResponseDecoder* const decoder = state_->decoder();
    return decoder ? decoder->readable_from(at) : 0;
}

bool HttpCall::complete() const noexcept {
    return state_->complete();
}

asio::awaitable<Result<void>> HttpCall::read() {
    return State::read(state_);
}

bool HttpCall::try_read() {
    return state_->try_read();
}

asio::awaitable<Result<std::string>> HttpCall::read_all(std::size_t limit) {
    return State::read_all(state_, limit);
}

void HttpCall::on_content() noexcept {
    state_->on_content();
}

void HttpCall::on_finish_reason() noexcept {
    state_->on_finish_reason();
}

bool HttpCall::in_grace() const noexcept {
    return state_->in_grace();
}

asio::awaitable<void> HttpCall::finish() {
    return State::finish(state_);
}

bool HttpCall::try_finish() noexcept {
    return state_->try_finish();
}

void HttpCall::close() noexcept {
    state_->close();
}

}  // namespace sluice::net
