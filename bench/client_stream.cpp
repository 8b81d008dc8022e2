// CPU per token of decoding an OpenAI stream from a loopback socket into typed events, against what one would
// write by hand or use instead. Every contestant's transcript is compared with the server's before its time
// counts.
//
//   client_stream [tokens] [rounds] [name]     only the contestants whose name holds `name`, for a profiler
#include <sluice/openai.hpp>
#include <sluice/round_loop.hpp>

#include "stream_server.hpp"
#include "support/allocations.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using bench::StreamServer;
using bench::Transcript;

constexpr std::string_view kRequest =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
    "application/json\r\nContent-Length: 2\r\n\r\n{}";
constexpr const char* kByHand = "recv() + simdjson by hand";

class Socket {
  public:
    explicit Socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
        if (::send(fd_, kRequest.data(), kRequest.size(), 0) != ssize_t(kRequest.size())) std::abort();
    }
    Socket(const Socket&) = delete;
    ~Socket() { ::close(fd_); }
    std::size_t receive(char* into, std::size_t size) const {
        const ssize_t got = ::recv(fd_, into, size, 0);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }

  private:
    int fd_;
};

// The floor: bytes in, nothing understood. Its "transcript" is right when it has seen every byte.
Transcript receive_only(const StreamServer& server) {
    const Socket socket(server.port());
    std::vector<char> buffer(64 << 10);
    std::size_t bytes = 0;
    while (bytes < server.answer_bytes()) {
        const std::size_t got = socket.receive(buffer.data(), buffer.size());
        if (got == 0) break;
        bytes += got;
    }
    return bytes == server.answer_bytes() ? server.expected() : Transcript();
}

// What a good engineer writes by hand in an afternoon for exactly this server: no limits, no errors, no other
// dialect.
class ByHand {
  public:
    Transcript run(const StreamServer& server) {
        const Socket socket(server.port());
        std::vector<char> buffer((256 << 10) + simdjson::SIMDJSON_PADDING);
        std::size_t begin = 0;  // of what is not parsed
        std::size_t end = 0;
        bool in_head = true;
        while (!transcript_.finished) {
            if (begin > buffer.size() / 2) {
                std::memmove(buffer.data(), buffer.data() + begin, end - begin);
                end -= begin;
                begin = 0;
            }
            const std::size_t got =
                socket.receive(buffer.data() + end, buffer.size() - simdjson::SIMDJSON_PADDING - end);
            if (got == 0) break;
            end += got;
            if (in_head) {
                const std::string_view seen(buffer.data(), end);
                const std::size_t head = seen.find("\r\n\r\n");
                if (head == std::string_view::npos) continue;
                begin = head + 4;
                in_head = false;
            }
            begin += parse({buffer.data() + begin, end - begin}, buffer.data() + buffer.size());
        }
        return transcript_;
    }

  private:
    // This server never splits an event over chunks, so a chunk line is just a line that is not "data: ".
    std::size_t parse(std::string_view bytes, const char* readable_end) {
        std::size_t at = 0;
        while (const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at)) {
            const char* line = bytes.data() + at;
            const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - line);
            at += length + 1;
            if (length < 6 || std::memcmp(line, "data: ", 6) != 0) continue;
            event({line + 6, length - 6}, static_cast<std::size_t>(readable_end - (line + 6)));
        }
        return at;
    }

    void event(std::string_view json, std::size_t readable) {
        if (json == "[DONE]") {
            transcript_.finished = has_finish_reason_;
            return;
        }
        simdjson::ondemand::document document;
        simdjson::ondemand::array choices;
        if (parser_.iterate(json.data(), json.size(), readable).get(document)) std::abort();
        if (document.find_field("choices").get_array().get(choices)) std::abort();
        for (simdjson::ondemand::object choice : choices) {
            simdjson::ondemand::object delta;
            std::string_view content;
            if (!choice.find_field("delta").get_object().get(delta) &&
                !delta.find_field("content").get_string().get(content) && !content.empty())
                transcript_.add(content.data(), content.size());
            std::string_view reason;
            if (!choice.find_field("finish_reason").get_string().get(reason)) has_finish_reason_ = true;
        }
    }

    simdjson::ondemand::parser parser_;
    Transcript transcript_;
    bool has_finish_reason_ = false;
};

// libcurl for HTTP, and the least one can do with its bytes: look for the field by its spelling, no JSON at
// all.
class WithCurl {
  public:
    Transcript run(const StreamServer& server) {
        CURL* curl = curl_easy_init();
        const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/chat/completions";
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{}");
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &WithCurl::on_bytes);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
        if (curl_easy_perform(curl) != CURLE_OK) transcript_ = Transcript();
        curl_easy_cleanup(curl);
        return transcript_;
    }

  private:
    static std::size_t on_bytes(char* bytes, std::size_t, std::size_t size, void* self) {
        static_cast<WithCurl*>(self)->take({bytes, size});
        return size;
    }
    void take(std::string_view bytes) {
        if (!rest_.empty()) {
            rest_.append(bytes);
            bytes = rest_;
        }
        std::size_t at = 0;
        for (;;) {
            const std::size_t line_end = bytes.find('\n', at);
            if (line_end == std::string_view::npos) break;
            line(bytes.substr(at, line_end - at));
            at = line_end + 1;
        }
        rest_ = std::string(bytes.substr(at));
    }
    void line(std::string_view text) {
        constexpr std::string_view kContent = "\"content\":\"";
        if (text == "data: [DONE]") transcript_.finished = true;
        const std::size_t found = text.find(kContent);
        if (found == std::string_view::npos) return;
        const std::string_view rest = text.substr(found + kContent.size());
        const std::size_t quote = rest.find('"');
        if (quote > 0) transcript_.add(rest.data(), quote);
    }
    std::string rest_;
    Transcript transcript_;
};

void see(const sluice::StreamEvent& event, Transcript& transcript) {
    if (const auto* text = event.as<sluice::TextDelta>())
        transcript.add(text->text.data(), text->text.size());
    else if (event.is<sluice::Finish>())
        transcript.finished = true;
}

asio::awaitable<Transcript> by_batch(sluice::BoundModel model) {
    Transcript transcript;
    sluice::TokenStream stream = co_await model.stream("Count.");
    for (;;) {
        const std::span<const sluice::StreamEvent> batch = co_await stream.next_batch();
        if (batch.empty()) break;
        for (const sluice::StreamEvent& event : batch)
            see(event, transcript);
    }
    co_return transcript;
}

asio::awaitable<Transcript> by_event(sluice::BoundModel model) {
    Transcript transcript;
    sluice::TokenStream stream = co_await model.stream("Count.");
    while (const sluice::StreamEvent* event = co_await stream.next())
        see(*event, transcript);
    co_return transcript;
}

enum class Loop { plain, rounds };

Transcript with_sluice(const StreamServer& server, asio::awaitable<Transcript> (*consume)(sluice::BoundModel),
                       Loop loop) {
    asio::io_context context{1};
    const sluice::OpenAI openai{{.base_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1"}};
    Transcript transcript;
    asio::co_spawn(context, consume(openai.model("bench")), [&](std::exception_ptr error, Transcript seen) {
        if (!error) transcript = seen;
    });
    if (loop == Loop::rounds)
        sluice::RoundLoop(context).run();
    else
        context.run();
    return transcript;
}

struct Contestant {
    const char* name;
    std::function<Transcript(const StreamServer&)> run;
    std::vector<double> cpu_per_token;   // ns
    std::vector<double> wall_per_token;  // ns
    double allocations = 0;              // per token
};

double now_ns(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return double(time.tv_sec) * 1e9 + double(time.tv_nsec);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

bool compare(std::size_t tokens, std::size_t per_write, int rounds, std::string_view only) {
    const StreamServer server(tokens, per_write);
    std::vector<Contestant> contestants{
        {"recv() only: the floor", receive_only, {}, {}},
        {kByHand, [](const StreamServer& s) { return ByHand().run(s); }, {}, {}},
        {"libcurl + minimal scan", [](const StreamServer& s) { return WithCurl().run(s); }, {}, {}},
        {"sluice next_batch()",
         [](const StreamServer& s) { return with_sluice(s, by_batch, Loop::plain); },
         {},
         {}},
        {"sluice next()",
         [](const StreamServer& s) { return with_sluice(s, by_event, Loop::plain); },
         {},
         {}},
        {"sluice next_batch(), RoundLoop",
         [](const StreamServer& s) { return with_sluice(s, by_batch, Loop::rounds); },
         {},
         {}},
        {"sluice next(), RoundLoop",
         [](const StreamServer& s) { return with_sluice(s, by_event, Loop::rounds); },
         {},
         {}},
    };
    std::erase_if(contestants, [only](const Contestant& contestant) {
        return std::string_view(contestant.name).find(only) == std::string_view::npos;
    });
    for (int round = -1; round < rounds; ++round) {  // round -1 warms up
        for (Contestant& contestant : contestants) {
            const double cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
            const double wall = now_ns(CLOCK_MONOTONIC);
            const std::size_t allocations = sluice::test::allocations();
            const Transcript seen = contestant.run(server);
            if (seen != server.expected()) {
                std::printf("%s: wrong output (%zu of %zu tokens, finished %d): no times\n", contestant.name,
                            seen.tokens, tokens, int(seen.finished));
                return false;
            }
            if (round < 0) continue;
            contestant.cpu_per_token.push_back((now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / double(tokens));
            contestant.wall_per_token.push_back((now_ns(CLOCK_MONOTONIC) - wall) / double(tokens));
            contestant.allocations = double(sluice::test::allocations() - allocations) / double(tokens);
        }
    }
    const auto by_hand = std::find_if(contestants.begin(), contestants.end(), [](const Contestant& c) {
        return std::string_view(c.name) == kByHand;
    });
    const double hand = by_hand != contestants.end() ? median(by_hand->cpu_per_token) : 0;
    std::printf("\n%zu tokens, %zu a write, %d interleaved rounds; output equal in every run\n", tokens,
                per_write, rounds);
    std::printf("%-32s %10s %10s %10s %9s %12s %10s\n", "", "CPU ns/tok", "min", "max", "vs hand", "Mtok/s",
                "alloc/tok");
    for (const Contestant& contestant : contestants) {
        const auto [min, max] =
            std::minmax_element(contestant.cpu_per_token.begin(), contestant.cpu_per_token.end());
        const double cpu = median(contestant.cpu_per_token);
        std::printf("%-32s %10.0f %10.0f %10.0f %8.2fx %12.2f %10.4f\n", contestant.name, cpu, *min, *max,
                    hand > 0 ? cpu / hand : 0, 1e3 / median(contestant.wall_per_token),
                    contestant.allocations);
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t tokens = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
    const std::string_view only = argc > 3 ? argv[3] : "";
    curl_global_init(CURL_GLOBAL_DEFAULT);
    bench::pin_to_core(0);
    const bool equal = compare(tokens, 16, rounds, only) && compare(tokens, 1, rounds, only);
    return equal ? 0 : 1;
}
