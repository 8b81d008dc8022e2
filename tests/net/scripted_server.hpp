// A server of raw bytes on the in-memory network: each connection plays one script, so that a test says
// exactly what comes when, and what never comes.
//
//   ScriptedServer server(runtime, origin);
//   server.plays({request(), say("HTTP/1.1 200 OK\r\n..."), pause(10ms), hang_up()});
#pragma once

#include <sluice/runtime.hpp>
#include <sluice/testing/memory_network.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::net::test {

struct Step {
    enum class Kind : unsigned char { request, say, pause, hang_up, reset };
    Step(Kind what, std::string text, std::chrono::milliseconds time)
        : kind(what), bytes(std::move(text)), delay(time) {}
    Kind kind;
    std::string bytes;
    std::chrono::milliseconds delay;
};
using Script = std::vector<Step>;

/// Reads one request, head and body.
inline Step request() {
    return Step(Step::Kind::request, {}, {});
}
inline Step say(std::string bytes) {
    return Step(Step::Kind::say, std::move(bytes), {});
}
inline Step pause(std::chrono::milliseconds time) {
    return Step(Step::Kind::pause, {}, time);
}
inline Step hang_up() {
    return Step(Step::Kind::hang_up, {}, {});
}
inline Step reset() {
    return Step(Step::Kind::reset, {}, {});
}

class ScriptedServer {
  public:
    ScriptedServer(asio::io_context& context, std::shared_ptr<Clock> clock,
                   const std::shared_ptr<testing::MemoryNetwork>& network, const Origin& origin)
        : state_(std::make_shared<State>()) {
        network->listen(origin, [&context, clock, state = state_](std::unique_ptr<Connection> peer) {
            const std::size_t number = std::min(state->accepted++, state->scripts.size() - 1);
            asio::co_spawn(context, play(clock, std::move(peer), state->scripts.at(number), state),
                           [](std::exception_ptr thrown) {
                               if (thrown) std::rethrow_exception(thrown);
                           });
        });
    }

    /// The next connection's script. When all are used, the last one is played again. After its end the
    /// server waits for the client to close.
    void plays(Script script) { state_->scripts.push_back(std::move(script)); }
    std::size_t accepted() const { return state_->accepted; }
    const std::vector<std::string>& requests() const { return state_->requests; }

  private:
    struct State {
        std::vector<Script> scripts;
        std::vector<std::string> requests;
        std::size_t accepted = 0;
    };

    static bool is_whole(const std::string& request) {
        const std::size_t head = request.find("\r\n\r\n");
        if (head == std::string::npos) return false;
        const std::size_t length = request.find("content-length: ");
        const std::size_t body =
            length == std::string::npos ? 0 : std::strtoul(request.c_str() + length + 16, nullptr, 10);
        return request.size() >= head + 4 + body;
    }

    static asio::awaitable<void> play(std::shared_ptr<Clock> clock, std::unique_ptr<Connection> peer,
                                      Script script, std::shared_ptr<State> state) {
        std::string text(256, '\0');
        for (const Step& step : script) {
            switch (step.kind) {
                case Step::Kind::request: {
                    std::string request;
                    while (!is_whole(request)) {
                        const IoResult got = co_await peer->read_some(asio::buffer(text));
                        if (got.error) co_return;
                        request.append(text, 0, got.bytes);
                    }
                    state->requests.push_back(request);
                    break;
                }
                case Step::Kind::say: {
                    const IoResult written =
                        co_await peer->write(asio::buffer(step.bytes), asio::const_buffer());
                    if (written.error) co_return;
                    break;
                }
                case Step::Kind::pause:
                    co_await sleep_for(*clock, step.delay);
                    break;
                case Step::Kind::reset:
                    testing::MemoryNetwork::set_reset_on_close(*peer);
                    co_return;
                case Step::Kind::hang_up:
                    co_return;
            }
        }
        for (;;) {
            const IoResult got = co_await peer->read_some(asio::buffer(text));
            if (got.error) co_return;
        }
    }

    std::shared_ptr<State> state_;
};

}  // namespace sluice::net::test
