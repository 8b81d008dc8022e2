// What the tests of HttpCall share: a scripted server, one virtual clock, and a consumer that reads as a
// stream does.
#pragma once

#include <sluice/entropy.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/http_call.hpp"
#include "scripted_server.hpp"
#include "support/run.hpp"

namespace sluice::net::test {

using std::chrono::milliseconds;

inline const Origin kOrigin(false, "api.test", 80);
inline const std::string kHead = "POST /v1 HTTP/1.1\r\nhost: api.test\r\ncontent-length: 4\r\n\r\n";
inline const std::string kBody = "ping";
inline const std::string kChunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

inline std::string chunk(std::string_view text) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + std::string(text) + "\r\n";
}
inline std::string sized(std::string_view text, std::string_view status = "200 OK",
                         std::string_view fields = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\ncontent-length: " + std::to_string(text.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(text);
}
inline const std::string kLast = chunk("");

struct Answer {
    Answer() = default;
    int status = 0;
    std::string body;
    std::optional<ErrorInfo> error;
    milliseconds at{0};
    bool complete = false;
    bool in_grace = false;
};

struct World {
    asio::io_context context;
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    ScriptedServer server{context, clock, network, kOrigin};
    HttpCallOptions options;
    sluice::Deadlines deadlines;
    sluice::TimePoint total = sluice::kNever;
    sluice::TimePoint start = clock->now();
    std::function<bool(std::string_view)> is_content = [](std::string_view piece) {
        return !piece.starts_with(':');
    };
    std::shared_ptr<Pool> pool = Pool::of(context.get_executor());

    World() {
        options.runtime = sluice::Runtime(clock, network, sluice::seeded_entropy(1));
        options.origin = kOrigin;
    }
    explicit World(Script script) : World() { server.plays(std::move(script)); }

    milliseconds elapsed() const { return std::chrono::duration_cast<milliseconds>(clock->now() - start); }
    std::shared_ptr<const HttpCallOptions> shared_options() const {
        return std::make_shared<const HttpCallOptions>(options);
    }
    std::string stats() const {
        const Pool::Stats s = pool->stats();
        return std::to_string(s.idle) + " idle, " + std::to_string(s.leased) + " leased, " +
               std::to_string(s.waiting) + " waiting, " + std::to_string(network->stats().alive) +
               " alive, " + std::to_string(clock->armed()) + " armed";
    }
    void poll() {
        context.restart();
        context.poll();
    }
};

// As a stream consumes: pieces, and what they mean for the deadlines.
inline asio::awaitable<void> consume(World& world, HttpCall& call, Answer& answer) {
    Result<void> done = co_await call.send(kHead, kBody);
    if (done) answer.status = call.head().status;
    while (done) {
        while (call.decode_body()) {
            const std::string piece(call.body());
            call.consume(piece.size());
            answer.body += piece;
            if (piece == "FINISH") {
                call.on_finish_reason();
            } else if (world.is_content(piece)) {
                call.on_content();
            }
        }
        if (call.complete()) break;
        Result<void> more = co_await call.read();
        done = std::move(more);
    }
    if (!done) answer.error = done.error();
    answer.complete = call.complete();
    answer.in_grace = call.in_grace();
    answer.at = world.elapsed();
}

inline asio::awaitable<Answer> fetch(World& world) {
    HttpCall call(world.context.get_executor(), world.shared_options(), world.deadlines, world.total);
    Answer answer;
    co_await consume(world, call, answer);
    co_await call.finish();
    co_return answer;
}

inline Answer run(World& world) {
    return sluice::test::run(world.context, *world.clock, fetch(world));
}

inline const std::string kNothingLeft = "0 idle, 0 leased, 0 waiting, 0 alive, 0 armed";
inline const std::string kOneIdle = "1 idle, 0 leased, 0 waiting, 1 alive, 0 armed";

/// One call, for the tests that look at a step of it. Time passes only as far as the step needs.
struct Single {
    explicit Single(World& w)
        : world(w), call(w.context.get_executor(), w.shared_options(), w.deadlines, w.total) {}
    World& world;
    HttpCall call;

    Result<void> send() { return keep(call.send(kHead, kBody)); }
    Result<void> read() { return keep(call.read()); }
    Result<std::string> read_all(std::size_t limit = 1000) { return keep(call.read_all(limit)); }
    void finish() { run(call.finish()); }

  private:
    template <typename T>
    static asio::awaitable<void> store(asio::awaitable<T> step, std::optional<T>& out) {
        T result = co_await std::move(step);
        out.emplace(std::move(result));
    }
    template <typename T>
    T keep(asio::awaitable<T> step) {
        std::optional<T> out;
        run(store(std::move(step), out));
        return std::move(*out);
    }
    void run(asio::awaitable<void> step) {
        bool done = false;
        asio::co_spawn(world.context, std::move(step), [&done](std::exception_ptr thrown) {
            done = true;
            if (thrown) std::rethrow_exception(thrown);
        });
        world.poll();
        while (!done)
            world.clock->advance(world.context, milliseconds(1));
    }
};

}  // namespace sluice::net::test
