#include <sluice/testing/memory_network.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "net/cancellation.hpp"
#include "testing/memory_pipe.hpp"

namespace sluice::testing {

namespace {

struct Pipes {
    Pipes(const asio::any_io_executor& executor, std::size_t window)
        : to_server(executor, window), to_client(executor, window) {}
    MemoryPipe to_server;
    MemoryPipe to_client;
};

/// One end of a connection. Operations in flight share it, so that they may outlive the Connection object.
struct End {
    End(std::shared_ptr<Pipes> both, MemoryPipe& from, MemoryPipe& to)
        : pipes(std::move(both)), in(from), out(to) {}

    std::shared_ptr<Pipes> pipes;
    MemoryPipe& in;
    MemoryPipe& out;
    bool connected = false;
    bool closed = false;
    bool reset_on_close = false;

    NetworkFaults faults;  // of the client's end; the server's has none
    std::size_t reads = 0;
    std::size_t writes = 0;
    std::size_t bytes_read = 0;

    std::error_code fault() const {
        return faults.error ? faults.error : make_error_code(asio::error::connection_reset);
    }
    /// Why no operation makes sense any more.
    std::error_code unusable() const {
        if (closed) return net::aborted();
        if (!connected) return make_error_code(asio::error::not_connected);
        return {};
    }

    /// Why nothing can be written.
    std::error_code refuse_write() const {
        if (const std::error_code error = unusable()) return error;
        return writes == faults.fail_write_at ? fault() : out.broken();
    }

    IoResult take(asio::mutable_buffer into) {
        if (const std::error_code error = unusable()) return {error, 0};
        if (reads == faults.fail_read_at) return {fault(), 0};
        if (bytes_read >= faults.reset_after_bytes)
            return {make_error_code(asio::error::connection_reset), 0};
        const std::size_t allowed = std::min(faults.max_read, faults.reset_after_bytes - bytes_read);
        const std::size_t bytes = in.take(asio::buffer(into, allowed));
        if (bytes == 0 && into.size() > 0) {
            return {in.end() ? in.end() : make_error_code(asio::error::would_block), 0};
        }
        ++reads;
        bytes_read += bytes;
        return {{}, bytes};
    }

    void close() noexcept {
        if (closed) return;
        closed = true;
        // What the peer sees is TCP's: an end that goes away with bytes it never read has lost them, and says
        // so by a reset.
        const bool reset = reset_on_close || in.size() > 0;
        out.finish(reset ? make_error_code(asio::error::connection_reset)
                         : make_error_code(asio::error::eof));
        in.break_off(reset ? make_error_code(asio::error::connection_reset)
                           : make_error_code(asio::error::broken_pipe));
        in.readable.notify();
        out.writable.notify();
    }
};

asio::awaitable<IoResult> read(std::shared_ptr<End> end, asio::mutable_buffer into) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    for (;;) {
        IoResult result = end->take(into);
        if (result.error != asio::error::would_block) co_return result;
        result.error = net::aborted();
        if (net::is_cancelled(state)) co_return result;
        co_await end->in.readable.wait();
    }
}

asio::awaitable<IoResult> write_all(std::shared_ptr<End> end, asio::const_buffer head,
                                    asio::const_buffer body) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    IoResult result;
    for (;;) {
        result.error = end->refuse_write();
        if (result.error) co_return result;
        const std::size_t of_head = end->out.put(head);
        head += of_head;
        const std::size_t of_body = head.size() == 0 ? end->out.put(body) : 0;
        body += of_body;
        result.bytes += of_head + of_body;
        if (head.size() + body.size() == 0) break;
        result.error = net::aborted();
        if (net::is_cancelled(state)) co_return result;
        co_await end->out.writable.wait();
    }
    ++end->writes;
    co_return result;
}

/// The server's end, and what both ends share. Open from the start.
class MemoryConnection : public Connection {
  public:
    explicit MemoryConnection(std::shared_ptr<End> end) : end_(std::move(end)) {}
    MemoryConnection(const MemoryConnection&) = delete;
    MemoryConnection& operator=(const MemoryConnection&) = delete;
    ~MemoryConnection() override { end_->close(); }

    asio::awaitable<std::error_code> open() override {
        co_return make_error_code(asio::error::already_connected);
    }
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override { return read(end_, into); }
    IoResult try_read_some(asio::mutable_buffer into) override { return end_->take(into); }
    asio::awaitable<IoResult> write(asio::const_buffer head, asio::const_buffer body) override {
        return write_all(end_, head, body);
    }
    void finish_writing() noexcept override { end_->out.finish(make_error_code(asio::error::eof)); }
    void close() noexcept override { end_->close(); }
    bool is_idle_alive() noexcept override {
        return !end_->unusable() && end_->in.size() == 0 && !end_->in.end() && !end_->out.broken();
    }

    void set_reset_on_close() noexcept { end_->reset_on_close = true; }

  protected:
    std::shared_ptr<End> end_;
};

}  // namespace

struct MemoryNetwork::State {
    class Client;

    std::map<Origin, std::shared_ptr<const Accept>> listeners;
    NetworkFaults faults;
    std::size_t window = std::size_t{64} << 10;
    Stats stats;

    static asio::awaitable<std::error_code> open(std::shared_ptr<State> state, std::shared_ptr<End> end,
                                                 asio::any_io_executor executor, Origin origin);
};

class MemoryNetwork::State::Client final : public MemoryConnection {
  public:
    Client(std::shared_ptr<State> state, asio::any_io_executor executor, Origin origin)
        : MemoryConnection(make_end(executor, *state)),
          state_(std::move(state)),
          executor_(std::move(executor)),
          origin_(std::move(origin)) {
        ++state_->stats.made;
        ++state_->stats.alive;
    }
    ~Client() override { close(); }

    asio::awaitable<std::error_code> open() override { return State::open(state_, end_, executor_, origin_); }
    void close() noexcept override {
        if (!end_->closed) --state_->stats.alive;
        end_->close();
    }

  private:
    static std::shared_ptr<End> make_end(const asio::any_io_executor& executor, const State& state) {
        auto pipes = std::make_shared<Pipes>(executor, state.window);
        auto end = std::make_shared<End>(pipes, pipes->to_client, pipes->to_server);
        end->faults = state.faults;
        return end;
    }

    std::shared_ptr<State> state_;
    asio::any_io_executor executor_;
    Origin origin_;
};

asio::awaitable<std::error_code> MemoryNetwork::State::open(std::shared_ptr<State> state,
                                                            std::shared_ptr<End> end,
                                                            asio::any_io_executor executor, Origin origin) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    while (end->faults.stall_open && !end->closed && !net::is_cancelled(cancellation)) {
        co_await end->in.readable.wait();
    }
    if (net::is_cancelled(cancellation)) co_return net::aborted();
    // As with a socket, nobody is connected within the call.
    co_await asio::post(executor, asio::use_awaitable);
    if (end->closed || net::is_cancelled(cancellation)) co_return net::aborted();
    if (end->faults.open_error) co_return end->faults.open_error;
    const auto listener = state->listeners.find(origin);
    if (listener == state->listeners.end()) co_return make_error_code(asio::error::connection_refused);

    end->connected = true;
    ++state->stats.opened;
    auto server_end = std::make_shared<End>(end->pipes, end->pipes->to_server, end->pipes->to_client);
    server_end->connected = true;
    asio::post(executor,
               [accept = listener->second, peer = std::make_unique<MemoryConnection>(server_end)]() mutable {
                   (*accept)(std::move(peer));
               });
    co_return std::error_code();
}

MemoryNetwork::MemoryNetwork() : state_(std::make_shared<State>()) {}

MemoryNetwork::~MemoryNetwork() = default;

std::unique_ptr<Connection> MemoryNetwork::make(asio::any_io_executor executor, const Origin& origin) {
    return std::make_unique<State::Client>(state_, std::move(executor), origin);
}

void MemoryNetwork::listen(const Origin& origin, Accept accept) {
    state_->listeners.insert_or_assign(origin, std::make_shared<const Accept>(std::move(accept)));
}

void MemoryNetwork::unlisten(const Origin& origin) {
    state_->listeners.erase(origin);
}

void MemoryNetwork::set_faults(NetworkFaults faults) {
    state_->faults = faults;
}

void MemoryNetwork::set_window(std::size_t bytes) {
    state_->window = bytes;
}

MemoryNetwork::Stats MemoryNetwork::stats() const noexcept {
    return state_->stats;
}

void MemoryNetwork::set_reset_on_close(Connection& end) {
    if (auto* const ours = dynamic_cast<MemoryConnection*>(&end)) ours->set_reset_on_close();
}

}  // namespace sluice::testing
