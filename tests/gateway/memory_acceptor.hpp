// The server's side of a MemoryNetwork, as an Acceptor.
#pragma once

#include <sluice/gateway.hpp>
#include <sluice/testing/memory_network.hpp>

#include "net/signal.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <deque>
#include <memory>
#include <utility>

namespace sluice::test {

class MemoryAcceptor final : public Acceptor {
  public:
    MemoryAcceptor(const asio::any_io_executor& executor, testing::MemoryNetwork& network, Origin origin)
        : state_(std::make_shared<State>(executor)), network_(network), origin_(std::move(origin)) {
        network_.listen(origin_, [state = state_](std::unique_ptr<Connection> connection) {
            state->waiting.push_back(std::move(connection));
            state->changed.notify();
        });
    }
    ~MemoryAcceptor() override { network_.unlisten(origin_); }

    asio::awaitable<std::unique_ptr<Connection>> accept() override { return accept(state_); }
    void close() noexcept override {
        network_.unlisten(origin_);
        state_->closed = true;
        state_->waiting.clear();
        state_->changed.notify();
    }
    bool is_closed() const noexcept { return state_->closed; }

  private:
    struct State {
        explicit State(const asio::any_io_executor& executor) : changed(executor) {}
        net::Signal changed;
        std::deque<std::unique_ptr<Connection>> waiting;
        bool closed = false;
    };

    static asio::awaitable<std::unique_ptr<Connection>> accept(std::shared_ptr<State> state) {
        std::unique_ptr<Connection> connection;
        while (!state->closed && state->waiting.empty()) {
            const bool woken = co_await state->changed.wait();
            if (!woken) co_return nullptr;
        }
        if (state->closed) co_return nullptr;
        connection = std::move(state->waiting.front());
        state->waiting.pop_front();
        co_return connection;
    }

    std::shared_ptr<State> state_;
    testing::MemoryNetwork network_;
    Origin origin_;
};

}  // namespace sluice::test
