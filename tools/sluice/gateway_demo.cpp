// `sluice gateway demo`: a gateway to play with, in front of a simulated provider that fails and another that
// does not. With --once it asks itself, and checks what it says.
#include "commands.hpp"
#include "interrupt.hpp"
#include "terminal.hpp"

#include <sluice/gateway.hpp>
#include <sluice/runtime.hpp>
#include <sluice/testing/simulator.hpp>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sluice::cli {
namespace {

constexpr std::uint16_t kFirstPort = 41002;
constexpr std::uint16_t kPorts = 20;
constexpr std::string_view kModel = "gpt-4o-mini";
constexpr std::string_view kReplacement = "claude-sonnet-4-20250514";
constexpr std::string_view kFallback = "anthropic-fallback";

/// What there is to try: a curl line, and what its answer must have in it.
struct Trial {
    std::string title;
    std::string path;
    std::vector<std::string> headers;
    std::string body;  ///< Empty: a GET.
    std::vector<std::string> expected;
};

std::vector<Trial> trials() {
    const std::string model(kModel);
    const std::string answered_by = "\"provider\":\"" + std::string(kFallback) + "\"";
    const std::string message = R"("messages": [{"role": "user", "content": "What is a sluice?"}])";
    return {
        {"An OpenAI client asks; the primary is down, and the fallback is an Anthropic provider",
         "/v1/chat/completions",
         {},
         R"({"model": ")" + model + R"(", )" + message + "}",
         {"\"object\":\"chat.completion\"", answered_by}},
        {"The same as a stream",
         "/v1/chat/completions",
         {},
         R"({"model": ")" + model + R"(", "stream": true, )" + message + "}",
         {"data: {", answered_by, "data: [DONE]"}},
        {"An Anthropic client",
         "/v1/messages",
         {"anthropic-version: 2023-06-01"},
         R"({"model": ")" + model + R"(", "max_tokens": 200, )" + message + "}",
         {"\"type\":\"message\"", answered_by}},
        {"A Gemini client",
         "/v1beta/models/" + model + ":generateContent",
         {},
         R"({"contents": [{"role": "user", "parts": [{"text": "What is a sluice?"}]}]})",
         {"\"candidates\"", answered_by}},
        {"Who is well", "/health", {}, "", {"openai-primary", std::string(kFallback)}},
        {"What happened", "/admin/events?last=1", {}, "", {"\"failover\"", "\"attempts\""}},
        {"What would happen",
         "/admin/explain",
         {},
         R"({"model": ")" + model + R"(", )" + message + "}",
         {"openai-primary", std::string(kFallback)}},
        {"Metrics", "/metrics", {}, "", {"sluice_gateway_"}},
    };
}

/// As a person would type it.
std::string curl_line(const std::string& origin, const Trial& trial) {
    std::string line = "curl -sN '" + origin + trial.path + "'";
    for (const std::string& header : trial.headers)
        line += " -H '" + header + "'";
    if (!trial.body.empty()) line += " -H 'Content-Type: application/json' \\\n     -d '" + trial.body + "'";
    return line;
}

GatewayConfig demo_config(const testing::Simulator& simulator, std::uint16_t port) {
    GatewayConfig config;
    TargetConfig primary;
    primary.id = "openai-primary";
    primary.provider = "openai";
    primary.base_url = simulator.base_url("openai");
    primary.priority = 1;
    primary.retry.attempts_per_target = 1;
    primary.models.emplace_back();
    primary.models.back().id = kModel;
    primary.models.back().upstream = "sim-503";
    TargetConfig fallback;
    fallback.id = kFallback;
    fallback.provider = "anthropic";
    fallback.base_url = simulator.base_url("anthropic");
    fallback.priority = 2;
    fallback.models.emplace_back();
    fallback.models.back().id = kReplacement;
    fallback.models.back().upstream = "demo-story";
    config.targets = {primary, fallback};
    config.failover.model_mapping.emplace(kModel, kReplacement);
    config.server.threads = 1;
    config.server.port = port;
    return config;
}

testing::SimulatedAnswer story() {
    testing::SimulatedAnswer answer;
    answer.tokens = {"A",      " sluice", " is",    " a",    " channel", " with", " a",    " gate",
                     " at",    " its",    " head:", " it",   " looks",   " at",   " what", " comes,",
                     " opens", " once,",  " and",   " gets", " out",     " of",   " the",  " way."};
    answer.delay_between = std::chrono::milliseconds(20);
    return answer;
}

std::string request_text(const Trial& trial, std::uint16_t port) {
    std::string text = (trial.body.empty() ? "GET " : "POST ") + trial.path +
                       " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\nConnection: close\r\n";
    for (const std::string& header : trial.headers)
        text += header + "\r\n";
    if (!trial.body.empty())
        text +=
            "Content-Type: application/json\r\nContent-Length: " + std::to_string(trial.body.size()) + "\r\n";
    return text + "\r\n" + trial.body;
}

/// The bytes of a body without the framing of its chunks, as curl would show it.
std::string without_chunks(std::string_view body) {
    std::string text;
    for (;;) {
        const std::size_t line = body.find("\r\n");
        std::size_t size = 0;
        if (line == std::string_view::npos) return text;
        std::from_chars(body.data(), body.data() + line, size, 16);
        body.remove_prefix(line + 2);
        if (size == 0 || body.size() < size + 2) return text;
        text += body.substr(0, size);
        body.remove_prefix(size + 2);
    }
}

class GatewayDemo {
  public:
    GatewayDemo(asio::io_context& context, const GatewayDemoOptions& options)
        : options_(options), simulator_(context.get_executor()) {
        simulator_.listen();
        simulator_.on_model("demo-story", [](std::size_t, std::string_view) { return story(); });
        start();
        asio::co_spawn(context, gateway_->serve(), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);  // through the loop, to main()
        });
    }

    /// Ends what still runs on `context`; the gateway outlives its serve().
    void close(asio::io_context& context) {
        gateway_->stop();
        asio::co_spawn(context, simulator_.stop(), [](std::exception_ptr) {});
        context.restart();
        context.run();
    }

    asio::awaitable<int> play() {
        const std::string origin = "http://127.0.0.1:" + std::to_string(port_);
        out_.write(out_.paint(Style::bold, "sluice gateway demo") + " on " + origin +
                   ": no network, no keys; both providers are simulated\n");
        for (const std::string& line : gateway_->summary())
            out_.write("  " + out_.paint(Style::dim, line) + "\n");
        bool all_as_promised = true;
        for (const Trial& trial : trials()) {
            out_.write("\n" + out_.paint(Style::bold, trial.title) + "\n  " + curl_line(origin, trial) +
                       "\n");
            if (!options_.once) continue;
            const bool as_promised = co_await try_it(trial);
            all_as_promised = all_as_promised && as_promised;
        }
        if (options_.once) co_return all_as_promised ? kOk : kFailed;
        out_.write("\n" + out_.paint(Style::dim, "Ctrl-C ends it.") + "\n");
        co_await sleep_until(*runtime_.clock, kNever);  // until it is interrupted
        co_return kOk;
    }

  private:
    /// On the first port of a few that is free.
    void start() {
        std::string problem;
        for (std::uint16_t port = kFirstPort; port < kFirstPort + kPorts; ++port) {
            gateway_ = std::make_unique<Gateway>(demo_config(simulator_, port));
            try {
                port_ = gateway_->bind();
                return;
            } catch (const std::system_error& error) {
                problem = error.code().message();
            }
        }
        throw std::runtime_error("cannot listen on any port from " + std::to_string(kFirstPort) +
                                 " on: " + problem);
    }

    asio::awaitable<bool> try_it(const Trial& trial) {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        const Origin origin(false, "127.0.0.1", port_);
        const std::unique_ptr<Connection> connection = runtime_.connector->make(here, origin);
        const std::error_code failed = co_await connection->open();
        std::string answer;
        if (!failed) {
            const std::string request = request_text(trial, port_);
            co_await connection->write(asio::buffer(request), asio::const_buffer());
            std::string bytes(65536, '\0');
            for (bool more = true; more;) {
                const IoResult result = co_await connection->read_some(asio::buffer(bytes));
                answer.append(bytes, 0, result.bytes);
                more = !result.error;
            }
        }
        co_return show(trial, answer);
    }

    bool show(const Trial& trial, std::string_view answer) {
        const std::size_t head = std::min(answer.find("\r\n\r\n"), answer.size());
        const bool is_chunked = answer.substr(0, head).find("hunked") != std::string_view::npos;
        const std::string_view rest = answer.substr(std::min(head + 4, answer.size()));
        const std::string body = is_chunked ? without_chunks(rest) : std::string(rest);
        out_.write_untrusted(body.ends_with('\n') ? body : body + "\n");
        bool as_promised = answer.starts_with("HTTP/1.1 200 ");
        for (const std::string& expected : trial.expected)
            as_promised = as_promised && body.find(expected) != std::string::npos;
        if (!as_promised)
            out_.write(out_.paint(Style::red, "!") +
                       " this is not what the demo is meant to show: please report it\n");
        return as_promised;
    }

    GatewayDemoOptions options_;
    Runtime runtime_;
    Terminal out_{STDOUT_FILENO};
    testing::Simulator simulator_;
    std::unique_ptr<Gateway> gateway_;
    std::uint16_t port_ = 0;
};

}  // namespace

int run_gateway_demo(const GatewayDemoOptions& options) {
    asio::io_context context(1);
    GatewayDemo demo(context, options);
    const int code = run_until_signal(context, demo.play());
    demo.close(context);
    return code;
}

}  // namespace sluice::cli
