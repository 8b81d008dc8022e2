// A server in virtual time, with clients that speak bytes.
//
//   World world;
//   world.service.on("/hello", [](const HttpRequest&, Reply& reply) { return say(reply, "hi"); });
//   Client& client = world.connect();
//   client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
//   world.settle();
//   BOOST_TEST(client.received() == ...);
#pragma once

#include <sluice/log.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "gateway/server.hpp"
#include "memory_acceptor.hpp"
#include "net/signal.hpp"

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/system_error.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway::test {

using namespace std::chrono_literals;

/// Answers what a test told it to, by path.
class ScriptedService final : public Service {
  public:
    using Handler = std::function<asio::awaitable<void>(const HttpRequest&, Reply&)>;

    void on(std::string path, Handler handler) {
        handlers_.insert_or_assign(std::move(path), std::move(handler));
    }

    asio::awaitable<void> serve(const HttpRequest& request, Reply& reply) override {
        seen.push_back(std::string(request.method) + " " + std::string(request.path) + "?" +
                       std::string(request.query) + " " + std::string(request.body));
        const auto handler = handlers_.find(request.path);
        if (handler == handlers_.end()) return echo(reply, std::string(request.body));
        return handler->second(request, reply);
    }
    HttpAnswer refuse(int status, std::string_view message, std::string_view path) override {
        HttpAnswer answer(status, "{\"refused\":\"" + std::string(path) + "\"}");
        last_refusal = message;
        return answer;
    }

    std::vector<std::string> seen;
    std::string last_refusal;

  private:
    static asio::awaitable<void> echo(Reply& reply, std::string body) {
        HttpAnswer answer(200, std::move(body));
        answer.content_type = "text/plain";
        co_await reply.send(std::move(answer));
    }
    std::map<std::string, Handler, std::less<>> handlers_;
};

/// One client's connection. Everything it does is spawned, and happens when the world runs.
class Client {
  public:
    Client(asio::io_context& context, std::unique_ptr<Connection> connection)
        : context_(context), connection_(std::move(connection)) {
        spawn(open());
    }

    void send(std::string bytes) {
        unsent_ += bytes;
        if (opened_ && !sending_) spawn(send_all());
    }
    /// Right after connect(): nothing is read, and what the server sends stays on its way.
    void stop_reading() { reads_ = false; }
    /// For one that does not read: takes at most so much of what is there.
    void read_some(std::size_t bytes) {
        std::string buffer(bytes, '\0');
        const IoResult got = connection_->try_read_some(asio::buffer(buffer));
        received_.append(buffer, 0, got.bytes);
    }
    void read_again() {
        if (!std::exchange(reads_, true) && !reading_) spawn(read_all());
    }
    void close() { connection_->close(); }
    void reset() {
        testing::MemoryNetwork::set_reset_on_close(*connection_);
        connection_->close();
    }
    void finish_writing() { connection_->finish_writing(); }

    const std::string& received() const noexcept { return received_; }
    /// What has come since the last call.
    std::string take() { return std::exchange(received_, std::string()); }
    /// The server ended the connection: eof, connection_reset; no error while it is there.
    std::error_code end() const noexcept { return end_; }
    bool is_open() const noexcept { return !end_; }
    std::error_code refused() const noexcept { return refused_; }

  private:
    void spawn(asio::awaitable<void> work) {
        asio::co_spawn(context_, std::move(work), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }
    asio::awaitable<void> open() {
        const std::error_code error = co_await connection_->open();
        refused_ = error;
        if (error) {
            end_ = error;
            co_return;
        }
        opened_ = true;
        if (!unsent_.empty()) spawn(send_all());
        if (reads_) spawn(read_all());
    }
    asio::awaitable<void> send_all() {
        sending_ = true;
        while (!unsent_.empty()) {
            const std::string bytes = std::exchange(unsent_, std::string());
            const IoResult sent = co_await connection_->write(asio::buffer(bytes), asio::const_buffer());
            if (sent.error) break;
        }
        sending_ = false;
    }
    asio::awaitable<void> read_all() {
        reading_ = true;
        std::string buffer(4096, '\0');
        while (reads_) {
            const IoResult got = co_await connection_->read_some(asio::buffer(buffer));
            received_.append(buffer, 0, got.bytes);
            if (got.error) {
                end_ = got.error;
                break;
            }
        }
        reading_ = false;
    }

    asio::io_context& context_;
    std::unique_ptr<Connection> connection_;
    std::string unsent_;
    std::string received_;
    std::error_code end_;
    std::error_code refused_;
    bool opened_ = false;
    bool sending_ = false;
    bool reads_ = true;
    bool reading_ = false;
};

class World {
  public:
    explicit World(ServerConfig settings = {}) : config(std::move(settings)) {
        asio::co_spawn(context, server.run(acceptor),
                       asio::bind_cancellation_slot(cancel_run.slot(), [this](std::exception_ptr thrown) {
                           ended = true;
                           if (thrown) std::rethrow_exception(thrown);
                       }));
        settle();
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() {
        server.stop();
        for (const std::unique_ptr<Client>& client : clients)
            client->close();
        settle();
    }

    Client& connect() {
        auto connection = network->make(context.get_executor(), origin);
        return *clients.emplace_back(std::make_unique<Client>(context, std::move(connection)));
    }
    /// Everything that can happen without time passing.
    void settle() { clock->advance(context, 0s); }
    void pass(Duration time) { clock->advance(context, time); }

    /// A new connection, all of `bytes`, and what came back when nothing more happens at once.
    std::string ask(const std::string& bytes) {
        Client& client = connect();
        client.send(bytes);
        settle();
        return client.received();
    }

    ServerConfig config;
    asio::io_context context{1};
    Origin origin{false, "server.test", 80};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    std::shared_ptr<Load> load = std::make_shared<Load>();
    ScriptedService service;
    sluice::test::MemoryAcceptor acceptor{context.get_executor(), *network, origin};
    Server server{context.get_executor(), config, clock, service, load};
    asio::cancellation_signal cancel_run;
    bool ended = false;  // run() has completed
    std::vector<std::unique_ptr<Client>> clients;
};

/// Handlers that wait until the test tells them to go on.
class Signals {
  public:
    explicit Signals(World& world) : go_(std::make_shared<net::Signal>(world.context.get_executor())) {}
    void tell() { go_->notify(); }
    /// Answers "told".
    ScriptedService::Handler answer_when_told() {
        return [go = go_](const HttpRequest&, Reply& reply) { return answer(go, reply); };
    }

  private:
    static asio::awaitable<void> answer(std::shared_ptr<net::Signal> go, Reply& reply) {
        const bool told = co_await go->wait();
        if (!told) throw asio::system_error(asio::error::operation_aborted);
        HttpAnswer said(200, "told");
        said.content_type = "text/plain";
        co_await reply.send(std::move(said));
    }
    std::shared_ptr<net::Signal> go_;
};

/// While it lives, what the library logs is kept.
class LogCapture {
  public:
    explicit LogCapture(std::vector<std::string>& lines) {
        set_log_sink([&lines](LogLevel, std::string_view line) { lines.emplace_back(line); });
    }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;
    ~LogCapture() { set_log_sink({}); }
};

inline std::string get(std::string_view path, std::string_view fields = {}) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view fields = {}) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}
/// As ScriptedService echoes it.
inline std::string echo_of(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nServer: sluice\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline int status_of(std::string_view answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

}  // namespace sluice::gateway::test
