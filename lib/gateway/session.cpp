#include "gateway/session.hpp"

#include <sluice/log.hpp>

#include "net/cancellation.hpp"
#include "net/tcp_listener.hpp"
#include "wire/http_reply.hpp"

#include <asio/error.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <typeinfo>
#include <utility>

namespace sluice::gateway {
namespace {

using Part = wire::RequestDecoder::Part;

/// Of requests that wait for their turn; then no more is read, and TCP makes the client wait.
constexpr std::size_t kMaxPipelined = std::size_t{64} << 10;
/// Buffers above this are given back after each request.
constexpr std::size_t kKeptBuffer = std::size_t{16} << 10;
/// What one wake-up of the reader may read before other connections get their turn.
constexpr std::size_t kMaxReadsAtOnce = 16;

/// How long, and for how many bytes, a client that was told something is listened to after that. A socket
/// that is closed with unread bytes resets the connection, and the client may lose what it was told.
constexpr Duration kLinger = std::chrono::seconds(3);
constexpr std::size_t kMaxDiscarded = std::size_t{64} << 20;

constexpr Duration kCutLimit = std::chrono::seconds(1);

wire::RequestLimits limits_of(const ServerConfig& config) noexcept {
    wire::RequestLimits limits;
    limits.max_head = config.max_head;
    limits.max_body = config.max_body;
    return limits;
}

std::string message_of(int status) {
    switch (status) {
        case 408:
            return "The request did not come in time.";
        case 413:
            return "The request's body is larger than this server takes.";
        case 431:
            return "The request's head is larger than this server takes.";
        case 501:
            return "The request's transfer coding is not supported; use Content-Length or chunked.";
        case 505:
            return "The request's version of HTTP is not supported; use HTTP/1.1.";
        default:
            return "The request is not valid HTTP/1.1.";
    }
}

class Count {
  public:
    explicit Count(std::atomic<std::size_t>& what) : what_(what) { ++what_; }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    ~Count() { --what_; }

  private:
    std::atomic<std::size_t>& what_;
};

/// The bytes of `text` stay allocated for the next use, unless they are many.
void reuse(std::string& text) {
    text.clear();
    if (text.capacity() > kKeptBuffer) std::string().swap(text);
}

}  // namespace

Session::Session(std::shared_ptr<ServerState> server, std::unique_ptr<Connection> connection, Purpose purpose)
    : server_(std::move(server)),
      connection_(std::move(connection)),
      timer_(server_->clock->make_timer(server_->executor, [this] { on_ring(); })),
      purpose_(purpose),
      changed_(server_->executor),
      taken_(server_->executor),
      peer_(net::peer_address(*connection_)),
      decoder_(limits_of(server_->config)) {
    server_->enter(*this);
}

Session::~Session() {
    close();
    if (purpose_ == Purpose::serve) {
        --server_->load->connections;
    } else {
        --server_->refusing;
    }
    server_->leave(*this);
}

void Session::start(const std::shared_ptr<Session>& self) {
    net::TaskGroup& tasks = self->server_->tasks;
    self->serving_task_ = tasks.spawn(self->server_->executor, serve(self));
    if (self->serving_task_) tasks.spawn(self->server_->executor, read(self));
}

void Session::close() noexcept {
    if (std::exchange(closed_, true)) return;
    gone_ = true;
    connection_->close();
    timer_->disarm();
    changed_.notify();
    taken_.notify();
}

bool Session::is_idle() const noexcept {
    return phase_ == Phase::reading && progress_ == wire::Progress::need_more &&
           decoder_.part() == Part::none;
}

void Session::drain() {
    if (is_idle()) close();
}

void Session::end(Cut why) {
    if (closed_) return;
    cut_ = why;
    const bool may_speak = why == Cut::drained && phase_ == Phase::serving;
    if (!may_speak) close();
    if (in_service_ && serving_task_) serving_task_->cancel();
}

// --- Reading -----------------------------------------------------------------------------------------------

asio::awaitable<void> Session::read(std::shared_ptr<Session> self) {
    Session& s = *self;
    while (!s.gone_) {
        const IoResult got = co_await s.connection_->read_some(asio::buffer(s.chunk_));
        s.take(std::string_view(s.chunk_.data(), got.bytes));
        if (got.error) {
            s.on_peer_gone();
        } else if (got.bytes == s.chunk_.size()) {
            s.read_on();
        }
        while (s.input_.size() >= kMaxPipelined && !s.gone_) {
            co_await s.taken_.wait();
        }
    }
}

// There is more than the connection's own buffer holds: a prompt. The rest of it is read at once into a
// buffer that all connections share.
void Session::read_on() {
    for (std::size_t i = 0; i < kMaxReadsAtOnce && !gone_ && input_.size() < kMaxPipelined; ++i) {
        const std::span<char> into = server_->scratch();
        const IoResult got = connection_->try_read_some(asio::buffer(into.data(), into.size()));
        take(std::string_view(into.data(), got.bytes));
        if (got.error && got.error != asio::error::would_block) on_peer_gone();
        if (got.error || got.bytes < into.size()) break;
    }
}

void Session::take(std::string_view bytes) {
    if (bytes.empty() || gone_) return;
    if (phase_ == Phase::discarding) {
        discarded_ += bytes.size();
        if (discarded_ > kMaxDiscarded) close();
    } else if (phase_ == Phase::reading && progress_ == wire::Progress::need_more) {
        progress_ = decoder_.feed(bytes);
        if (progress_ == wire::Progress::need_more) watch_request();
        if (progress_ != wire::Progress::need_more || decoder_.expects_continue()) changed_.notify();
    } else {
        input_.append(bytes);
    }
}

// A request that comes in one piece, as most do, needs no deadline.
void Session::watch_request() {
    const Part part = decoder_.part();
    if (part == std::exchange(part_, part)) return;
    if (part == Part::head) expect_within(server_->config.header_timeout);
    if (part == Part::body) expect_within(server_->config.body_timeout);
}

void Session::on_peer_gone() {
    gone_ = true;
    if (in_service_) return end(Cut::client_gone);
    changed_.notify();
}

// --- Serving -----------------------------------------------------------------------------------------------

asio::awaitable<void> Session::serve(std::shared_ptr<Session> self) {
    Session& s = *self;
    bool again = s.purpose_ == Purpose::serve;
    if (!again) co_await s.refuse(503, "This server has as many connections as it may have. Try again soon.");
    while (again) {
        const bool asked = co_await s.next_request();
        if (!asked) break;
        const bool stays = co_await s.answer_request();
        again = stays;
    }
    if (s.lingers_ && !s.gone_) co_await s.linger();
    s.close();
}

// False when the connection is over, or is to be.
asio::awaitable<bool> Session::next_request() {
    phase_ = Phase::reading;
    part_ = Part::none;
    expect_within(server_->config.idle_timeout);
    progress_ = std::exchange(decoded_before_, true) ? decoder_.next() : wire::Progress::need_more;
    if (progress_ == wire::Progress::need_more && !input_.empty()) {
        progress_ = decoder_.feed(input_);  // keeps what is beyond one request
        reuse(input_);
        taken_.notify();
    }
    if (progress_ == wire::Progress::need_more) watch_request();
    if (server_->draining && is_idle()) co_return false;

    bool told_to_continue = false;
    while (progress_ == wire::Progress::need_more && !gone_ && !timed_out_) {
        if (!told_to_continue && decoder_.expects_continue()) {
            told_to_continue = true;
            head_ = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await write(asio::const_buffer(), server_->config.write_timeout);
            expect_within(server_->config.body_timeout);
            continue;  // the body may have come meanwhile
        }
        const bool woken = co_await changed_.wait();
        if (!woken) co_return false;
    }
    if (gone_) co_return false;
    if (progress_ == wire::Progress::done) co_return true;
    const int status = timed_out_ ? 408 : decoder_.error_status();
    co_await refuse(status, message_of(status));
    co_return false;
}

std::string_view Session::path() const noexcept {
    std::string_view target = decoder_.target();
    const bool is_absolute = target.starts_with("http://") || target.starts_with("https://");
    if (is_absolute) {  // RFC 9112 section 3.2.2: servers take it, although only proxies are sent it
        const std::size_t authority = target.find("//") + 2;
        target.remove_prefix(std::min(target.find_first_of("/?", authority), target.size()));
    }
    const std::string_view path = target.substr(0, target.find('?'));
    return is_absolute && path.empty() ? "/" : path;
}

// False when the connection is to end.
asio::awaitable<bool> Session::answer_request() {
    const Count counted(server_->load->requests);
    phase_ = Phase::serving;
    expect_by(kNever);
    reply_ = ReplyState::none;
    cut_ = Cut::none;
    persistent_ = false;
    bodiless_ = decoder_.method() == "HEAD";
    reuse(head_);
    server_->take_back(frames_);
    reuse(heartbeat_);

    const std::string_view target = decoder_.target();
    const std::size_t query = std::min(target.find('?'), target.size() - 1) + 1;
    const HttpRequest request{decoder_.method(),  path(),          target.substr(query),
                              decoder_.headers(), decoder_.body(), peer_};
    std::exception_ptr thrown;
    in_service_ = true;
    try {
        co_await server_->service.serve(request, *this);
    } catch (...) {
        thrown = std::current_exception();
    }
    in_service_ = false;
    if (cut_ != Cut::none) co_await await_again();
    if (thrown && cut_ == Cut::none) note(thrown);
    if (closed_) co_return false;
    if (reply_ != ReplyState::complete) {
        co_await break_off(thrown != nullptr);
        co_return false;
    }
    const bool stays = persistent_ && !server_->draining;
    lingers_ = !stays && (persistent_ || !input_.empty());
    co_return stays;
}

// Ends an answer that its service has not. `is_known`: why has been said.
asio::awaitable<void> Session::break_off(bool is_known) {
    if (reply_ == ReplyState::none) {
        if (cut_ == Cut::drained) {
            co_await refuse(503, "This server is shutting down.");
        } else {
            if (!is_known) log(LogLevel::error, "a request's service completed without an answer");
            co_await refuse(500, "The request could not be answered because of an error in this server.");
        }
        co_return;
    }
    if (!is_known && reply_ == ReplyState::streaming)
        log(LogLevel::error, "a request's service completed without an end to its answer");
    if (!chunked_) net::set_reset_on_close(*connection_);  // a body that ends with it would look whole
    if (reply_ == ReplyState::truncated && chunked_ && !broken_ && !frames_.empty()) {
        wire::append_chunk_size(head_, frames_.size());
        frames_ += "\r\n";
        co_await write(asio::buffer(frames_), kCutLimit);
    }
}

// What was thrown may quote what a client or a provider said, so only its type is told.
void Session::note(const std::exception_ptr& thrown) const {
    std::string what = "something that is no exception";
    try {
        std::rethrow_exception(thrown);
    } catch (const std::system_error& error) {
        what = "an error of " + std::string(error.code().category().name()) + ", number " +
               std::to_string(error.code().value());
    } catch (const std::exception& error) {
        int status = 0;
        const std::unique_ptr<char, void (*)(void*)> name(
            abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status), std::free);
        what = name ? name.get() : typeid(error).name();
    } catch (...) {
    }
    log(LogLevel::error, "a request was not answered: its service threw " + what);
}

asio::awaitable<void> Session::refuse(int status, std::string message) {
    HttpAnswer answer;
    try {
        answer = server_->service.refuse(status, message, path());
    } catch (...) {
        note(std::current_exception());
        answer.body = R"({"error":{"message":")" + message + R"("}})";
    }
    answer.status = status;
    if (status == 503 && !answer.headers.has("retry-after")) answer.headers.add("Retry-After", "1");
    phase_ = Phase::discarding;  // also lets a client send to its end that reads only then
    lingers_ = true;
    reuse(input_);
    reuse(head_);
    taken_.notify();
    bodiless_ = decoder_.method() == "HEAD";
    co_await write_answer(std::move(answer), false);
}

asio::awaitable<void> Session::linger() {
    phase_ = Phase::discarding;
    reuse(input_);
    taken_.notify();
    connection_->finish_writing();
    expect_within(kLinger);
    while (!gone_) {
        const bool woken = co_await changed_.wait();
        if (!woken) break;
    }
}

}  // namespace sluice::gateway
