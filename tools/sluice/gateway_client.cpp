#include "gateway_client.hpp"

#include "commands.hpp"
#include "terminal.hpp"

#include <asio/buffer.hpp>
#include <asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "model/base_url.hpp"
#include "wire/http_response.hpp"
#include "wire/json_reader.hpp"

namespace sluice::cli {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kMaxAnswer = std::size_t{256} << 20;  // a thousand events with recorded prompts

bool is_plain(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) return false;
    return true;
}

// The words of an error body in OpenAI's shape, or nothing.
std::string message_of(std::string_view body) {
    const simdjson::padded_string padded(body);
    wire::json::document document;
    std::string_view text;
    if (wire::thread_parser().iterate(padded).get(document) != simdjson::SUCCESS ||
        document["error"]["message"].get_string().get(text) != simdjson::SUCCESS)
        return {};
    return one_line(text);
}

}  // namespace

GatewayClient::GatewayClient(std::string url, std::string key) : url_(std::move(url)), key_(std::move(key)) {
    if (!is_plain(key_)) throw UsageError("--key: a key has no spaces or control characters");
    try {
        const BaseUrl base(url_);
        if (base.has_query()) throw std::invalid_argument("it has a query");
        origin_ = base.origin;
        host_field_ = base.host_field;
        path_ = base.path();
    } catch (const std::invalid_argument& error) {
        throw UsageError("--gateway: expected something like http://127.0.0.1:41002: " +
                         std::string(error.what()));
    }
}

void GatewayClient::refuse(int status, std::string_view body) const {
    std::string what = "the gateway at " + url_ + " answered " + std::to_string(status);
    if (status == 401 || status == 403) {
        what += ": it wants a client key; give --key or set SLUICE_GATEWAY_KEY";
    } else if (status == 404) {
        what += ": it has no /admin/events, so it may be no Sluice gateway";
    } else if (const std::string said = message_of(body); !said.empty()) {
        what += ": " + said;
    }
    throw std::runtime_error(what);
}

asio::awaitable<std::string> GatewayClient::get(std::string target) const {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::unique_ptr<Connection> connection = runtime_.connector->make(executor, origin_);
    bool late = false;
    const std::unique_ptr<Timer> timer = runtime_.clock->make_timer(executor, [&] {
        late = true;
        connection->close();
    });
    timer->arm(runtime_.clock->now() + kPatience);
    const auto unreachable = [&](const std::string& why) {
        return GatewayUnreachable("no gateway answers at " + url_ + " (" +
                                  (late ? "no answer in time" : why) +
                                  "); is `sluice gateway run` running there?");
    };

    const std::error_code refused = co_await connection->open();
    if (refused) {
        const std::string detail = connection->failure_detail();
        throw unreachable(detail.empty() ? refused.message() : detail);
    }
    std::string head = "GET " + path_ + target + " HTTP/1.1\r\nhost: " + host_field_ +
                       "\r\naccept: application/json\r\nconnection: close\r\n";
    if (!key_.empty()) head += "authorization: Bearer " + key_ + "\r\n";
    head += "\r\n";
    const IoResult sent = co_await connection->write(asio::buffer(head), asio::const_buffer());
    if (sent.error) throw unreachable(sent.error.message());

    wire::ResponseDecoder decoder;
    decoder.reset();
    std::string body;
    bool has_head = false;
    while (true) {
        if (!has_head) has_head = decoder.parse_head() == wire::Progress::done;
        while (has_head && decoder.decode_body()) {
            body.append(decoder.body());
            decoder.consume(decoder.body().size());
        }
        if (decoder.error()) throw unreachable(decoder.error().message());
        if (has_head && decoder.complete()) break;
        if (body.size() > kMaxAnswer) throw unreachable("its answer has no end");
        const std::span<char> space = decoder.prepare();
        const IoResult got = co_await connection->read_some(asio::buffer(space.data(), space.size()));
        decoder.commit(got.bytes);
        if (got.error && got.bytes == 0) {
            if (late || got.error != asio::error::eof) throw unreachable(got.error.message());
            decoder.commit_eof();
        }
    }
    timer->disarm();
    connection->close();
    if (decoder.head().status != 200) refuse(decoder.head().status, body);
    co_return body;
}

}  // namespace sluice::cli
