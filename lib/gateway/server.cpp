#include "gateway/server.hpp"

#include "gateway/server_state.hpp"
#include "gateway/session.hpp"

#include <functional>
#include <utility>

namespace sluice::gateway {
namespace {

constexpr std::size_t kScratch = std::size_t{64} << 10;
/// Told "too many" at the same time. Whoever comes beyond that is hung up on: being refused must not cost
/// what it is to save.
constexpr std::size_t kMaxRefusing = 64;
/// Buffers of frames that wait for an answer to use them, and what they begin with and may have become.
constexpr std::size_t kMaxSpare = 64;
constexpr std::size_t kFirstBuffer = std::size_t{16} << 10;
constexpr std::size_t kMaxBuffer = std::size_t{64} << 10;
constexpr Duration kLastWords = std::chrono::seconds(1);

TimePoint later(TimePoint now, Duration delay) noexcept {
    return delay > kNever - now ? kNever : now + delay;
}

}  // namespace

ServerState::ServerState(asio::any_io_executor where, ServerConfig limits, std::shared_ptr<Clock> time,
                         Service& what, std::shared_ptr<Load> shared_load)
    : executor(std::move(where)),
      config(std::move(limits)),
      clock(std::move(time)),
      service(what),
      arrivals(net::Arrivals::of(executor)),
      load(std::move(shared_load)) {
    spare_.reserve(kMaxSpare);
}

asio::awaitable<void> ServerState::run(std::shared_ptr<ServerState> self, Acceptor& acceptor) {
    const auto ended = std::make_shared<net::Signal>(self->executor);
    self->ended_ = ended;
    self->acceptor_ = &acceptor;
    if (self->draining || self->stopped_) acceptor.close();
    if (!self->tasks.spawn(self->executor, accept_all(self))) co_return;
    const std::function<void()> on_cancel = [&self] { self->stop(); };
    co_await ended->wait_out(on_cancel);
    self->ended_ = nullptr;
    self->drain_timer_ = nullptr;
}

asio::awaitable<void> ServerState::accept_all(std::shared_ptr<ServerState> self) {
    for (;;) {
        std::unique_ptr<Connection> connection = co_await self->acceptor_->accept();
        if (connection == nullptr) break;
        self->welcome(std::move(connection));
    }
    self->acceptor_ = nullptr;
    self->notify_if_ended();
}

void ServerState::welcome(std::unique_ptr<Connection> connection) {
    if (draining || stopped_) return;
    const bool too_many = load->connections.fetch_add(1) >= config.max_connections;
    if (too_many) {
        load->connections.fetch_sub(1);
        if (refusing >= kMaxRefusing) return;
        ++refusing;
    }
    const auto purpose = too_many ? Session::Purpose::refuse : Session::Purpose::serve;
    Session::start(std::make_shared<Session>(shared_from_this(), std::move(connection), purpose));
}

void ServerState::enter(Session& session) {
    session.place = sessions_.size();
    sessions_.push_back(&session);
}

void ServerState::leave(Session& session) noexcept {
    Session* const last = sessions_.back();
    last->place = session.place;
    sessions_[session.place] = last;
    sessions_.pop_back();
    notify_if_ended();
}

void ServerState::notify_if_ended() noexcept {
    if (ended_ && acceptor_ == nullptr && sessions_.empty()) ended_->notify();
}

std::span<char> ServerState::scratch() {
    if (scratch_.empty()) scratch_.resize(kScratch);
    return scratch_;
}

void ServerState::lend(std::string& text) {
    if (spare_.empty()) return text.reserve(kFirstBuffer);
    text.swap(spare_.back());
    spare_.pop_back();
}

void ServerState::take_back(std::string& text) noexcept {
    const bool is_worth_it = text.capacity() >= kFirstBuffer && text.capacity() <= kMaxBuffer;
    text.clear();
    if (!is_worth_it || spare_.size() == kMaxSpare) return std::string().swap(text);
    spare_.emplace_back().swap(text);  // within what is reserved
}

// Owners, because ending one may be the end of another.
std::vector<std::shared_ptr<Session>> ServerState::all_sessions() const {
    std::vector<std::shared_ptr<Session>> all;
    all.reserve(sessions_.size());
    for (Session* const session : sessions_)
        if (auto alive = session->weak_from_this().lock()) all.push_back(std::move(alive));
    return all;
}

void ServerState::close_acceptor() noexcept {
    if (acceptor_ != nullptr) acceptor_->close();
}

void ServerState::drain(Duration limit) {
    if (stopped_) return;
    const TimePoint end = later(clock->now(), limit);
    if (!draining) {
        draining = true;
        close_acceptor();
        for (const std::shared_ptr<Session>& session : all_sessions())
            session->drain();
        drain_timer_ = clock->make_timer(executor, [this] { end_drain(); });
    }
    if (last_words_ || end >= drain_end_) return;
    drain_end_ = end;
    if (end != kNever) drain_timer_->arm(end);
}

void ServerState::end_drain() {
    if (last_words_) return stop();
    last_words_ = true;
    for (const std::shared_ptr<Session>& session : all_sessions())
        session->end(Cut::drained);
    if (!sessions_.empty()) drain_timer_->arm(clock->now() + kLastWords);
}

void ServerState::stop() {
    if (std::exchange(stopped_, true)) return;
    draining = true;
    close_acceptor();
    if (drain_timer_) drain_timer_->disarm();
    for (const std::shared_ptr<Session>& session : all_sessions())
        session->end(Cut::stopped);
}

Server::Server(asio::any_io_executor executor, ServerConfig config, std::shared_ptr<Clock> clock,
               Service& service, std::shared_ptr<Load> load)
    : state_(std::make_shared<ServerState>(std::move(executor), std::move(config), std::move(clock), service,
                                           std::move(load))) {}

Server::~Server() {
    state_->stop();
}

asio::awaitable<void> Server::run(Acceptor& acceptor) {
    return ServerState::run(state_, acceptor);
}

void Server::drain(std::chrono::milliseconds limit) {
    state_->drain(limit);
}

void Server::stop() {
    state_->stop();
}

}  // namespace sluice::gateway
