// Real sockets: two loops, each with a server of its own, share a port and a Load.
#include "gateway/listen.hpp"
#include "gateway/server.hpp"
#include "net/port_claim.hpp"
#include "server_world.hpp"

#include <sluice/round_loop.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include <atomic>
#include <set>
#include <thread>

namespace {

using namespace sluice;
using namespace sluice::gateway;
using namespace sluice::gateway::test;
using asio::ip::tcp;

/// Says on which thread it is, who asks, and streams for ever when asked for that.
class ThreadService final : public Service {
  public:
    asio::awaitable<void> serve(const HttpRequest& request, Reply& reply) override {
        ++requests;
        if (request.path == "/stream") return stream(reply);
        return answer(request, reply);
    }
    HttpAnswer refuse(int status, std::string_view, std::string_view) override {
        return HttpAnswer(status, "refused");
    }
    std::atomic<std::size_t> requests{0};
    std::atomic<std::size_t> cut{0};

  private:
    static asio::awaitable<void> answer(const HttpRequest& request, Reply& reply) {
        const auto thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
        const std::string body = std::to_string(thread) + " " + std::string(request.peer);
        co_await reply.send(HttpAnswer(200, body));
    }
    asio::awaitable<void> stream(Reply& reply) {
        const HeaderFields none;
        reply.begin(200, "text/event-stream", none);
        try {
            for (;;) {
                reply.frames() += "data: x\n\n";
                co_await reply.flush();
                co_await sleep_for(*clock_, 1ms);
            }
        } catch (const asio::system_error& error) {
            if (error.code() != asio::error::operation_aborted) throw;
            if (reply.cut() == Cut::client_gone) ++cut;
        }
    }
    std::shared_ptr<Clock> clock_ = system_clock();
};

struct Loop {
    Loop(Service& service, const std::shared_ptr<Load>& load, std::uint16_t port)
        : acceptor(listen_on(context.get_executor(), "localhost", port, true)),
          server(context.get_executor(), ServerConfig(), system_clock(), service, load) {
        asio::co_spawn(context, server.run(*acceptor), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        thread = std::thread([this] { RoundLoop(context).run(); });
    }
    asio::io_context context{1};
    std::unique_ptr<Acceptor> acceptor;
    Server server;
    std::thread thread;
};

/// A blocking client.
class SocketClient {
  public:
    explicit SocketClient(std::uint16_t port) : socket_(context_) {
        socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    }
    void send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }
    std::string read_until(const std::string& end) {
        const std::size_t size = asio::read_until(socket_, asio::dynamic_buffer(buffer_), end);
        const std::string text = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return text;
    }
    std::error_code end() {
        std::error_code error;
        asio::read_until(socket_, asio::dynamic_buffer(buffer_), "no such text", error);
        return error;
    }

  private:
    asio::io_context context_;
    tcp::socket socket_;
    std::string buffer_;
};

template <typename Predicate>
bool eventually(Predicate holds) {
    const std::shared_ptr<Clock> clock = system_clock();
    const TimePoint limit = clock->now() + 20s;
    while (!holds()) {
        if (clock->now() > limit) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_server_threads)

BOOST_AUTO_TEST_CASE(two_threads_serve_one_port_and_both_drain) {
    const net::PortClaim claim("127.0.0.1", 0);
    const auto load = std::make_shared<Load>();
    ThreadService service;
    std::vector<std::unique_ptr<Loop>> loops;
    for (int i = 0; i < 2; ++i)
        loops.push_back(std::make_unique<Loop>(service, load, claim.port()));
    BOOST_CHECK_THROW(net::PortClaim("127.0.0.1", claim.port()), std::system_error);

    // Which loop a connection comes to is the kernel's dice; a hundred times the same is not.
    std::set<std::string> threads;
    std::size_t asked = 0;
    for (int i = 0; i < 100; ++i) {
        SocketClient client(claim.port());
        for (int j = 0; j < 5; ++j, ++asked) {
            client.send(get("/"));
            client.read_until("\r\n\r\n");
            const std::string body = client.read_until("127.0.0.1");
            threads.insert(body.substr(0, body.find(' ')));
        }
    }
    BOOST_TEST(threads.size() == 2U);
    BOOST_TEST(service.requests == asked);
    BOOST_TEST(eventually([&] { return load->connections == 0U; }));

    {
        SocketClient gone(claim.port());
        gone.send(get("/stream"));
        gone.read_until("data: x\n\n");
    }
    BOOST_TEST(eventually([&] { return service.cut == 1U; }));

    SocketClient idle(claim.port());
    idle.send(get("/"));
    idle.read_until("127.0.0.1");
    SocketClient streaming(claim.port());
    streaming.send(get("/stream"));
    streaming.read_until("data: x\n\n");
    for (const auto& loop : loops)
        asio::post(loop->context, [&server = loop->server] { server.drain(100ms); });
    BOOST_TEST(idle.end() == asio::error::eof);
    BOOST_TEST(streaming.end() == asio::error::eof);
    for (const auto& loop : loops)
        loop->thread.join();
    BOOST_TEST(load->connections == 0U);
    BOOST_TEST(load->requests == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_streams_without_end_does_not_starve_its_loop) {
    // A socket that always has room takes every flush at once.
    const net::PortClaim claim("127.0.0.1", 0);
    const auto load = std::make_shared<Load>();
    ScriptedService service;
    std::atomic<bool> done{false};
    service.on("/endless", [&](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        const HeaderFields none;
        reply.begin(200, "text/event-stream", none);
        while (!done) {
            reply.frames() += "data: x\n\n";
            co_await reply.flush();
        }
        co_await reply.end();
    });
    service.on("/done", [&](const HttpRequest&, Reply& reply) -> asio::awaitable<void> {
        done = true;
        co_await reply.send(HttpAnswer(200, "done"));
    });
    Loop loop(service, load, claim.port());
    SocketClient endless(claim.port());
    endless.send(get("/endless"));
    std::thread reader([&] { endless.read_until("0\r\n\r\n"); });
    SocketClient other(claim.port());
    other.send(get("/done"));
    other.read_until("done");
    reader.join();
    asio::post(loop.context, [&] { loop.server.stop(); });
    loop.thread.join();
    BOOST_TEST(load->connections == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
