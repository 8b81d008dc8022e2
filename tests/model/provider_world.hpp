// A server of one's own on the in-memory network: what a provider sends, to the byte of the head.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/testing/memory_network.hpp>
#include <sluice/testing/virtual_clock.hpp>

#include "support/run.hpp"

#include <asio/co_spawn.hpp>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

/// One request as it arrived.
struct Arrived {
    explicit Arrived(std::string bytes) : text(std::move(bytes)) {}
    std::string text;

    std::string target() const {
        const std::size_t begin = text.find(' ') + 1;
        return text.substr(begin, text.find(' ', begin) - begin);
    }
    std::string body() const { return text.substr(text.find("\r\n\r\n") + 4); }
    /// The field's values, joined by "|"; "" for none.
    std::string header(std::string_view name) const {
        std::string values;
        std::size_t line = text.find("\r\n") + 2;
        for (std::size_t end; (end = text.find("\r\n", line)) != line; line = end + 2) {
            const std::string_view field = std::string_view(text).substr(line, end - line);
            const std::size_t colon = field.find(": ");
            if (is_same(field.substr(0, colon), name))
                values.append(values.empty() ? "" : "|").append(field.substr(colon + 2));
        }
        return values;
    }

  private:
    static bool is_same(std::string_view a, std::string_view b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
            return std::tolower(x) == std::tolower(y);
        });
    }
};

/// Answers every request with the same response, whatever it asks for.
struct ProviderWorld {
    asio::io_context context{1};
    std::shared_ptr<testing::VirtualClock> clock = std::make_shared<testing::VirtualClock>();
    std::shared_ptr<testing::MemoryNetwork> network = std::make_shared<testing::MemoryNetwork>();
    Runtime runtime{clock, network, seeded_entropy(1)};
    std::vector<Arrived> requests;
    std::string response;

    void answer(int status, std::string_view content_type, std::string_view body) {
        response = "HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-type: " + std::string(content_type) +
                   "\r\ncontent-length: " + std::to_string(body.size()) +
                   "\r\nconnection: close\r\nrequest-id: req_1\r\n\r\n" + std::string(body);
    }
    void serve(const Origin& origin) {
        network->listen(origin, [this](std::unique_ptr<Connection> connection) {
            asio::co_spawn(context, play(*this, std::move(connection)), [](std::exception_ptr) {});
        });
    }
    Result<AssistantMessage> ask(BoundModel model, Request request = "hi") {
        return std::move(*run(context, *clock, collect(std::move(model), std::move(request))));
    }

  private:
    static asio::awaitable<void> play(ProviderWorld& world, std::shared_ptr<Connection> connection) {
        std::string bytes;
        std::string buffer(4096, '\0');
        while (!is_whole(bytes)) {
            IoResult got = co_await connection->read_some(asio::buffer(buffer));
            if (got.error) co_return;
            bytes.append(buffer, 0, got.bytes);
        }
        world.requests.emplace_back(std::move(bytes));
        co_await connection->write(asio::buffer(world.response), asio::const_buffer());
        connection->close();
    }
    static bool is_whole(const std::string& bytes) {
        const std::size_t end = bytes.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        const std::string length = Arrived(bytes).header("content-length");
        return bytes.size() >= end + 4 + (length.empty() ? 0 : std::stoul(length));
    }
    // Optional, because co_spawn wants to construct one out of nothing.
    static asio::awaitable<std::optional<Result<AssistantMessage>>> collect(BoundModel model,
                                                                            Request request) {
        Result<TokenStream> opened = co_await model.try_stream(std::move(request));
        if (!opened) co_return opened.error();
        try {
            AssistantMessage message = co_await opened->collect();
            co_return message;
        } catch (const ProviderError& error) {
            co_return error.info();
        }
    }
};

}  // namespace sluice::test
