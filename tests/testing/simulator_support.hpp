// A raw byte client for the simulator's tests: sends what it is told, keeps what comes and how it came.
#pragma once

#include <sluice/clock.hpp>
#include <sluice/connector.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/simulator.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <charconv>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sluice::tests {

/// A POST of a chat completion.
inline std::string post(std::string_view body, std::string_view fields = {}) {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: sim.test\r\nContent-Type: application/json\r\n" +
           std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

/// A request for a stream of `model`.
inline std::string ask(std::string_view model, std::string_view fields = {},
                       std::string_view text = "Capital of Mongolia?") {
    return post(R"({"model":")" + std::string(model) + R"(","messages":[{"role":"user","content":")" +
                    std::string(text) + R"("}],"stream":true,"stream_options":{"include_usage":true}})",
                fields);
}

struct RawClient {
    std::unique_ptr<Connection> connection;
    std::string received;
    std::vector<std::size_t> reads;                          // bytes of each
    std::vector<std::pair<Duration, std::string>> arrivals;  // when, what
    std::optional<std::error_code> end;

    static asio::awaitable<void> talk(std::shared_ptr<RawClient> self, std::shared_ptr<Clock> clock,
                                      std::string request) {
        const TimePoint start = clock->now();
        const std::error_code closed = co_await self->connection->open();
        if (closed) {
            self->end = closed;
            co_return;
        }
        co_await self->connection->write(asio::buffer(request), asio::const_buffer());
        std::string bytes(65536, '\0');
        while (!self->end) {
            const IoResult result = co_await self->connection->read_some(asio::buffer(bytes));
            if (result.error) self->end = result.error;
            if (result.bytes == 0) continue;
            self->reads.push_back(result.bytes);
            self->received.append(bytes, 0, result.bytes);
            self->arrivals.emplace_back(clock->now() - start, bytes.substr(0, result.bytes));
        }
    }
};

/// An HTTP answer taken apart, by hand: nothing of the library under test helps.
struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
    bool complete = false;
    std::string rest;  // bytes after it: the next answer on the connection

    static Answer parse(std::string_view bytes) {
        Answer answer;
        const std::size_t head_end = bytes.find("\r\n\r\n");
        if (head_end == std::string_view::npos) return answer;
        std::string_view head = bytes.substr(0, head_end + 2);
        bytes.remove_prefix(head_end + 4);
        std::from_chars(head.data() + 9, head.data() + 12, answer.status);
        for (head.remove_prefix(head.find("\r\n") + 2); !head.empty();
             head.remove_prefix(head.find("\r\n") + 2)) {
            const std::string_view line = head.substr(0, head.find("\r\n"));
            answer.headers.emplace(line.substr(0, line.find(": ")), line.substr(line.find(": ") + 2));
        }
        if (answer.headers.contains("content-length")) {
            const std::size_t size = std::stoul(answer.headers["content-length"]);
            answer.complete = bytes.size() >= size;
            answer.body = bytes.substr(0, size);
            answer.rest = bytes.substr(answer.body.size());
            return answer;
        }
        for (;;) {
            const std::size_t line = bytes.find("\r\n");
            std::size_t size = 0;
            if (line == std::string_view::npos) return answer;
            const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + line, size, 16);
            BOOST_REQUIRE((error == std::errc() && end == bytes.data() + line));
            bytes.remove_prefix(line + 2);
            answer.body += bytes.substr(0, size);
            if (bytes.size() < size + 2) return answer;
            BOOST_REQUIRE(bytes.substr(size, 2) == "\r\n");
            bytes.remove_prefix(size + 2);
            if (size == 0) break;
        }
        answer.complete = true;
        answer.rest = bytes;
        return answer;
    }
    std::string header(std::string_view name) const {
        const auto found = headers.find(std::string(name));
        return found == headers.end() ? "<none>" : found->second;
    }
    bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
};

/// A simulator on a memory network in virtual time.
struct SimulatorFixture {
    asio::io_context context;
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Origin origin{false, "sim.test", 80};
    std::unique_ptr<testing::Simulator> simulator =
        std::make_unique<testing::Simulator>(context.get_executor(), Runtime(clock, network, nullptr));
    std::string base_url = simulator->listen(*network, origin);

    std::shared_ptr<RawClient> start(std::string request) {
        auto client = std::make_shared<RawClient>();
        client->connection = network->make(context.get_executor(), origin);
        asio::co_spawn(context, RawClient::talk(client, clock, std::move(request)), rethrow);
        return client;
    }
    /// Everything that a connection says until nothing more happens.
    std::shared_ptr<RawClient> exchange(std::string request) {
        auto client = start(std::move(request));
        clock->run(context);
        return client;
    }
    Answer answer(std::string request) {
        const auto client = exchange(std::move(request));
        const Answer result = Answer::parse(client->received);
        hang_up(*client);
        return result;
    }
    void hang_up(RawClient& client) {
        client.connection->close();
        clock->run(context);
    }
    static void rethrow(std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    }
};

}  // namespace sluice::tests
