// The client side of the gateway benchmark: so many connections, each with one request after the other, for
// so long. Every stream is read to its end and checked before its time counts: the number of tokens, the hash
// of their text, the finish reason, [DONE] and the end of the body. CPU is counted from outside, for the
// processes it is told, over exactly the time in which it counts tokens.
//
//   gateway_load <port> <model> <connections> <seconds> [pid...]      prints one line of JSON
#include "chat_answer.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr double kWarmSeconds = 0.7;
constexpr double kStuckSeconds = 10;  // for the streams that are under way when the time is over

double now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

struct Cost {
    double cpu = 0;       ///< Seconds, user and system.
    double switches = 0;  ///< Voluntary: how often it had nothing to do.
};

// All threads of all of them: /proc/<pid>/schedstat has nanoseconds where stat has hundredths of a second.
Cost cost_of(const std::vector<std::string>& pids) {
    Cost cost;
    for (const std::string& pid : pids) {
        const std::string tasks = "/proc/" + pid + "/task";
        DIR* folder = ::opendir(tasks.c_str());
        if (folder == nullptr) continue;
        while (const dirent* entry = ::readdir(folder)) {
            if (entry->d_name[0] == '.') continue;
            const std::string task = tasks + "/" + entry->d_name;
            std::array<char, 256> line{};
            if (std::FILE* file = std::fopen((task + "/schedstat").c_str(), "r")) {
                if (std::fgets(line.data(), int(line.size()), file))
                    cost.cpu += std::strtod(line.data(), nullptr) * 1e-9;
                std::fclose(file);
            }
            if (std::FILE* file = std::fopen((task + "/status").c_str(), "r")) {
                constexpr std::string_view kName = "voluntary_ctxt_switches:";
                while (std::fgets(line.data(), int(line.size()), file)) {
                    if (std::string_view(line.data()).starts_with(kName))
                        cost.switches += std::strtod(line.data() + kName.size(), nullptr);
                }
                std::fclose(file);
            }
        }
        ::closedir(folder);
    }
    return cost;
}

struct Result {
    std::size_t requests = 0;
    std::size_t tokens = 0;
    std::size_t reconnects = 0;
    std::size_t errors = 0;
    std::string first_error;
    std::vector<float> first_token;  // microseconds
    std::vector<float> whole;
};

enum class Progress { more, complete, wrong };

// One answer, as its bytes come.
class Answer {
  public:
    void start() { *this = Answer(std::move(body_)); }
    Answer() = default;

    Progress take(std::string_view bytes) {
        if (in_head_) {
            head_.append(bytes);
            const std::size_t end = head_.find("\r\n\r\n");
            if (end == std::string::npos) return Progress::more;
            if (!head_.starts_with("HTTP/1.1 200 ")) return fail(head_);
            std::string lower = head_.substr(0, end);
            std::transform(lower.begin(), lower.end(), lower.begin(),
                           [](unsigned char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : char(c); });
            if (lower.find("\r\ntransfer-encoding: chunked") == std::string::npos) return fail(head_);
            closes_ = lower.find("\r\nconnection: close") != std::string::npos;
            in_head_ = false;
            const std::string rest = head_.substr(end + 4);
            return dechunk(rest);
        }
        return dechunk(bytes);
    }

    const bench::Transcript& transcript() const { return transcript_; }
    bool done_marker() const { return done_marker_; }
    bool closes() const { return closes_; }
    const std::string& problem() const { return problem_; }

  private:
    explicit Answer(std::string&& body) : body_(std::move(body)) { body_.clear(); }

    Progress fail(std::string_view what) {
        problem_ = what.substr(0, 400);
        return Progress::wrong;
    }

    Progress dechunk(std::string_view bytes) {
        while (!bytes.empty()) {
            if (left_ > 0) {
                const std::size_t take = std::min(left_, bytes.size());
                body_.append(bytes.substr(0, take));
                bytes.remove_prefix(take);
                left_ -= take;
                if (left_ > 0) break;
                line_.clear();
                skip_line_end_ = true;
                continue;
            }
            const char c = bytes.front();  // of a chunk's head, or of the end
            bytes.remove_prefix(1);
            if (c == '\r') continue;
            if (c != '\n') {
                line_ += c;
                continue;
            }
            if (skip_line_end_) {
                if (!line_.empty()) return fail("a chunk that is longer than it says");
                skip_line_end_ = false;
                if (last_) return lines() ? end() : fail("bytes after the last line");
                continue;
            }
            char* stop = nullptr;
            left_ = std::strtoul(line_.c_str(), &stop, 16);
            if (stop == line_.c_str()) return fail("chunk size \"" + line_ + "\"");
            line_.clear();
            last_ = skip_line_end_ = left_ == 0;
        }
        lines();
        return problem_.empty() ? Progress::more : Progress::wrong;
    }

    Progress end() { return problem_.empty() ? Progress::complete : Progress::wrong; }

    // Every whole line of the body; true when nothing is left.
    bool lines() {
        std::size_t at = 0;
        while (const void* found = std::memchr(body_.data() + at, '\n', body_.size() - at)) {
            const auto size = std::size_t(static_cast<const char*>(found) - (body_.data() + at));
            line({body_.data() + at, size});
            at += size + 1;
        }
        body_.erase(0, at);
        return body_.empty();
    }

    void line(std::string_view text) {
        constexpr std::string_view kContent = "\"content\":\"";
        if (text.ends_with('\r')) text.remove_suffix(1);
        if (!text.starts_with("data: ")) {
            if (!text.empty() && !text.starts_with(':')) fail(text);
            return;
        }
        if (done_marker_) return void(fail("an event after [DONE]"));
        // Where it was last time, as a rule.
        std::size_t at = hint_;
        if (text.size() < hint_ + kContent.size() || text.substr(hint_, kContent.size()) != kContent)
            at = text.find(kContent);
        if (at != std::string_view::npos) {
            hint_ = at;
            const std::size_t begin = at + kContent.size();
            const std::size_t quote = text.find('"', begin);
            if (quote == std::string_view::npos) return void(fail(text));
            if (quote > begin) transcript_.add(text.data() + begin, quote - begin);
            return;
        }
        if (text == "data: [DONE]")
            done_marker_ = true;
        else if (text.find("\"finish_reason\":\"stop\"") != std::string_view::npos)
            transcript_.finished = true;
        else if (text.find("\"error\"") != std::string_view::npos)
            fail(text);
    }

    bool in_head_ = true;
    bool closes_ = false;
    bool last_ = false;           // the chunk of no bytes has been seen
    bool skip_line_end_ = false;  // behind a chunk
    bool done_marker_ = false;
    std::size_t left_ = 0;  // of the chunk
    std::size_t hint_ = 0;
    std::string head_;
    std::string line_;
    std::string body_;
    std::string problem_;
    bench::Transcript transcript_;
};

class Load {
  public:
    Load(std::uint16_t port, const std::string& model, std::size_t connections, bench::Transcript expected)
        : expected_(expected), connections_(connections), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        const std::string body =
            R"({"model":")" + model +
            R"(","stream":true,"temperature":0.2,"max_tokens":8192,"messages":[{"role":"system","content":)"
            R"("You are a careful assistant who answers in plain words and does not guess."},{"role":"user",)"
            R"("content":"Tell me about the quick brown fox, and why it jumps over lazy dogs so often."}]})";
        request_ = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                   "\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
                   "Authorization: Bearer sk-benchmark\r\nUser-Agent: bench/1\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body;
        address_.sin_family = AF_INET;
        address_.sin_port = htons(port);
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }

    void start() {
        for (Connection& connection : connections_)
            connect(connection);
    }

    /// Until `end`, or until nothing is under way any more. New requests only `while_asking`.
    void run_until(double end, bool asking) {
        asking_ = asking;
        std::array<epoll_event, 256> events{};
        while (now() < end && (asking || under_way_ > 0) && result.errors < 100) {
            const int count = ::epoll_wait(epoll_, events.data(), int(events.size()), 100);
            for (int i = 0; i < count; ++i)
                ready(*static_cast<Connection*>(events[std::size_t(i)].data.ptr));
        }
    }

    std::size_t under_way() const { return under_way_; }
    /// Tokens of complete streams and of those under way.
    std::size_t tokens() const {
        std::size_t sum = result.tokens;
        for (const Connection& connection : connections_)
            sum += connection.answer.transcript().tokens;
        return sum;
    }

    Result result;

  private:
    struct Connection {
        int fd = -1;
        bool busy = false;
        double started = 0;
        double first = 0;
        Answer answer;
    };

    void connect(Connection& connection) {
        connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(connection.fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) {
            std::perror("gateway_load: connect");
            std::exit(1);
        }
        const int on = 1;
        ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &connection;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
        ask(connection);
    }

    void ask(Connection& connection) {
        connection.answer.start();
        connection.first = 0;
        connection.started = now();
        connection.busy = true;
        ++under_way_;
        if (::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL) != ssize_t(request_.size()))
            ended(connection, "the request could not be sent");
    }

    void ready(Connection& connection) {
        const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0)
            return ended(connection, connection.busy ? "the connection ended within an answer" : "");
        if (!connection.busy) return ended(connection, "bytes after an answer");
        const Progress progress = connection.answer.take({buffer_.data(), std::size_t(got)});
        const bench::Transcript& seen = connection.answer.transcript();
        if (connection.first == 0 && seen.tokens > 0) connection.first = now();
        if (progress == Progress::more) return;
        if (progress == Progress::wrong) return ended(connection, connection.answer.problem());
        if (seen != expected_ || !connection.answer.done_marker())
            return ended(connection, "an answer of " + std::to_string(seen.tokens) + " tokens, finished " +
                                         std::to_string(int(seen.finished)) + ", [DONE] " +
                                         std::to_string(int(connection.answer.done_marker())));
        complete(connection);
    }

    void complete(Connection& connection) {
        --under_way_;
        connection.busy = false;
        ++result.requests;
        result.tokens += connection.answer.transcript().tokens;
        result.first_token.push_back(float((connection.first - connection.started) * 1e6));
        result.whole.push_back(float((now() - connection.started) * 1e6));
        const bool closes = connection.answer.closes();
        connection.answer.start();
        if (closes) return ended(connection, "");
        if (asking_) ask(connection);
    }

    // The connection is not usable any more.
    void ended(Connection& connection, std::string_view problem) {
        if (problem.empty())
            ++result.reconnects;
        else if (result.errors++ == 0)
            result.first_error = problem;  // it may be a view into the answer
        ::close(connection.fd);
        if (std::exchange(connection.busy, false)) --under_way_;
        connection.answer.start();
        if (asking_) connect(connection);
    }

    bench::Transcript expected_;
    std::vector<Connection> connections_;
    int epoll_;
    std::string request_;
    sockaddr_in address_{};
    std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10);
    std::size_t under_way_ = 0;
    bool asking_ = true;
};

float quantile(std::vector<float>& values, double q) {
    if (values.empty()) return 0;
    const auto at = values.begin() + std::ptrdiff_t(double(values.size() - 1) * q);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return out + "\"";
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::fprintf(stderr, "usage: gateway_load <port> <model> <connections> <seconds> [pid...]\n");
        return 2;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);
    bench::pin_to_core(1);
    const std::string model = argv[2];
    const std::optional<bench::ChatAnswer> answer = bench::chat_answer(model, false);
    if (!answer) {
        std::fprintf(stderr, "gateway_load: %s is no model of the benchmark\n", model.c_str());
        return 2;
    }
    const double seconds = std::strtod(argv[4], nullptr);
    const std::vector<std::string> pids(argv + 5, argv + argc);

    Load load(std::uint16_t(std::atoi(argv[1])), model, std::size_t(std::atoi(argv[3])), answer->expected);
    load.start();
    load.run_until(now() + std::min(kWarmSeconds, seconds), true);

    Result& result = load.result;
    const std::size_t requests = result.requests;
    const std::size_t tokens = load.tokens();
    result.first_token.clear();
    result.whole.clear();
    const std::vector<std::string> self{std::to_string(::getpid())};
    const double begin = now();
    const Cost before = cost_of(pids);
    const Cost own_before = cost_of(self);
    load.run_until(begin + seconds, true);
    const double end = now();
    const Cost after = cost_of(pids);
    const Cost own_after = cost_of(self);
    const std::size_t counted_requests = result.requests - requests;
    const std::size_t counted_tokens = load.tokens() - tokens;
    std::vector<float> first = std::exchange(result.first_token, {});
    std::vector<float> whole = std::exchange(result.whole, {});
    load.run_until(now() + kStuckSeconds, false);
    if (load.under_way() > 0 && result.errors++ == 0) result.first_error = "a stream never ended";

    std::printf(
        "{\"requests\": %zu, \"tokens\": %zu, \"seconds\": %.6f, \"cpu\": %.6f, \"switches\": %.0f, "
        "\"own_cpu\": %.6f, \"all_requests\": %zu, \"reconnects\": %zu, \"errors\": %zu, \"first_error\": "
        "%s, "
        "\"ttft_us\": {\"p50\": %.1f, \"p99\": %.1f}, \"whole_us\": {\"p50\": %.1f, \"p99\": %.1f}}\n",
        counted_requests, counted_tokens, end - begin, after.cpu - before.cpu,
        after.switches - before.switches, own_after.cpu - own_before.cpu, result.requests, result.reconnects,
        result.errors, quoted(result.first_error).c_str(), double(quantile(first, 0.5)),
        double(quantile(first, 0.99)), double(quantile(whole, 0.5)), double(quantile(whole, 0.99)));
    return result.errors == 0 ? 0 : 1;
}
