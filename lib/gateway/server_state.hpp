// What the connections of one server share. Connections belong to their coroutines, which hold this; it knows
// them only to end them.
#pragma once

#include "gateway/server.hpp"
#include "net/arrivals.hpp"
#include "net/signal.hpp"
#include "net/task_group.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice::gateway {

class Session;

struct ServerState : std::enable_shared_from_this<ServerState> {
    ServerState(asio::any_io_executor where, ServerConfig limits, std::shared_ptr<Clock> time, Service& what,
                std::shared_ptr<Load> shared_load);

    static asio::awaitable<void> run(std::shared_ptr<ServerState> self, Acceptor& acceptor);
    void drain(Duration limit);
    void stop();

    void enter(Session& session);
    void leave(Session& session) noexcept;
    /// Where reads go that are too large for a connection's own buffer. Used within one call, never across an
    /// await.
    std::span<char> scratch();
    /// Gives `text`, which is empty, memory that another answer has used, if there is some. Between its
    /// writes an answer needs none, so a few buffers serve all.
    void lend(std::string& text);
    /// Empties it, and keeps its memory for the next.
    void take_back(std::string& text) noexcept;

    const asio::any_io_executor executor;
    const ServerConfig config;
    const std::shared_ptr<Clock> clock;
    Service& service;
    const net::Arrivals& arrivals;
    const std::shared_ptr<Load> load;
    net::TaskGroup tasks;
    bool draining = false;
    std::size_t refusing = 0;  // connections that are only told "too many"

  private:
    static asio::awaitable<void> accept_all(std::shared_ptr<ServerState> self);
    void welcome(std::unique_ptr<Connection> connection);
    void close_acceptor() noexcept;
    void end_drain();
    void notify_if_ended() noexcept;
    std::vector<std::shared_ptr<Session>> all_sessions() const;

    Acceptor* acceptor_ = nullptr;        // while it gives connections
    std::shared_ptr<net::Signal> ended_;  // while run() waits
    std::vector<Session*> sessions_;
    std::vector<char> scratch_;
    std::vector<std::string> spare_;
    std::unique_ptr<Timer> drain_timer_;
    TimePoint drain_end_ = kNever;
    bool last_words_ = false;  // the drain's time is over
    bool stopped_ = false;
};

}  // namespace sluice::gateway
