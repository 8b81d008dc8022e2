// The provider behind the gateway benchmark: chat completions from one thread, made as cheaply as can be,
// since it shares a core with the load. Streams are written in turn, one piece of each to a turn, as a
// provider does that generates them side by side.
//
//   gateway_upstream            prints its ports as one line of JSON: one that answers well ("good"), one
//                               each that always answers "503", "429", or 200 with an error as its first
//                               event
//                               ("error_first"). GET /counters on any of them tells how often each was asked.
#include "chat_answer.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using Writes = std::vector<std::string>;

enum Behaviour : std::size_t { kGood, k503, k429, kErrorFirst, kBehaviours };
constexpr std::array<const char*, kBehaviours> kNames{"good", "503", "429", "error_first"};

std::string whole(std::string_view status, std::string_view headers, std::string_view body) {
    std::string text = "HTTP/1.1 ";
    text.append(status).append("\r\nContent-Type: application/json\r\n").append(headers);
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return text;
}

const Writes kUnavailable{
    whole("503 Service Unavailable", "x-request-id: req_5a1f\r\n",
          R"({"error":{"message":"The engine is currently overloaded, please try again later.",)"
          R"("type":"server_error","param":null,"code":null}})")};
const Writes kTooMany{
    whole("429 Too Many Requests", "x-request-id: req_5a20\r\nx-ratelimit-remaining-requests: 0\r\n",
          R"({"error":{"message":"Rate limit reached for requests","type":"requests","param":null,)"
          R"("code":"rate_limit_exceeded"}})")};
const std::string kErrorEvent =
    "data: {\"error\":{\"message\":\"The server is overloaded or not ready yet.\",\"type\":\"server_error\","
    "\"param\":null,\"code\":null}}\n\ndata: [DONE]\n\n";
const Writes kErrorStream{
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: "
    "chunked\r\n\r\n" +
    [] {
        std::array<char, 16> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", kErrorEvent.size());
        return size.data() + kErrorEvent + "\r\n0\r\n\r\n";
    }()};
const Writes kModels{
    whole("200 OK", "", R"({"object":"list","data":[{"id":"bench-50-10","object":"model","created":1}]})")};
const Writes kUnknown{whole("404 Not Found", "", R"({"error":{"message":"not a model of this benchmark"}})")};

struct Connection {
    int fd = -1;
    bool listener = false;
    Behaviour behaviour = kGood;
    std::string in;
    const Writes* answer = nullptr;  ///< Being written.
    Writes own;                      ///< An answer that is made for this one request.
    std::size_t piece = 0;
    std::size_t offset = 0;
    bool blocked = false;
    bool gone = false;
};

class Upstream {
  public:
    Upstream() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i < kBehaviours; ++i)
            ports_[i] = listen(static_cast<Behaviour>(i));
    }

    void print_ports() const {
        std::printf("%s\n", as_json(ports_).c_str());
        std::fflush(stdout);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 256> events{};
        for (;;) {
            const int count =
                ::epoll_wait(epoll_, events.data(), int(events.size()), something_to_write_ ? 0 : -1);
            for (int i = 0; i < count; ++i) {
                Connection& connection = *static_cast<Connection*>(events[std::size_t(i)].data.ptr);
                if (connection.listener)
                    accept_all(connection);
                else
                    ready(connection, events[std::size_t(i)].events);
            }
            write_one_piece_each();
            if (!std::exchange(some_gone_, false)) continue;
            std::erase_if(connections_, [](const auto& connection) {
                if (connection->gone) ::close(connection->fd);
                return connection->gone;
            });
        }
    }

  private:
    template <class Numbers>
    static std::string as_json(const Numbers& numbers) {
        std::string text = "{";
        for (std::size_t i = 0; i < kBehaviours; ++i)
            text += (i == 0 ? "\"" : ", \"") + std::string(kNames[i]) + "\": " + std::to_string(numbers[i]);
        return text + "}";
    }

    std::uint16_t listen(Behaviour behaviour) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(fd, 1024) != 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            std::perror("gateway_upstream: listen");
            std::exit(1);
        }
        add(fd, behaviour, true);
        return ntohs(address.sin_port);
    }

    void add(int fd, Behaviour behaviour, bool listener) {
        auto connection = std::make_unique<Connection>();
        connection->fd = fd;
        connection->behaviour = behaviour;
        connection->listener = listener;
        epoll_event event{};
        event.events = listener ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.ptr = connection.get();
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
        connections_.push_back(std::move(connection));
    }

    void accept_all(const Connection& listener) {
        for (;;) {
            const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            add(fd, listener.behaviour, false);
        }
    }

    void ready(Connection& connection, std::uint32_t events) {
        if (events & EPOLLOUT) connection.blocked = false;
        if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
        std::array<char, 16384> buffer;  // NOLINT: not worth clearing for each read
        for (;;) {
            const ssize_t got = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
            if (got > 0) {
                connection.in.append(buffer.data(), std::size_t(got));
                if (std::size_t(got) < buffer.size() && (events & (EPOLLRDHUP | EPOLLHUP)) == 0) break;
                continue;
            }
            if (got < 0 && errno == EAGAIN) break;
            return drop(connection);
        }
        if (connection.answer == nullptr) take_request(connection);
    }

    void take_request(Connection& connection) {
        const std::size_t head = connection.in.find("\r\n\r\n");
        if (head == std::string::npos) return;
        std::size_t length = 0;
        for (const char* name : {"content-length: ", "Content-Length: "}) {
            const std::size_t at = connection.in.find(name);
            if (at < head) length = std::strtoul(connection.in.c_str() + at + 16, nullptr, 10);
        }
        const std::size_t size = head + 4 + length;
        if (connection.in.size() < size) return;
        connection.answer = answer_to(connection, std::string_view(connection.in).substr(0, size), head + 4);
        connection.in.erase(0, size);
        connection.piece = connection.offset = 0;
        streams_.push_back(&connection);
    }

    const Writes* answer_to(Connection& connection, std::string_view request, std::size_t body) {
        if (request.starts_with("GET /counters")) {
            connection.own = {whole("200 OK", "", as_json(asked_))};
            return &connection.own;
        }
        if (request.starts_with("GET /v1/models")) return &kModels;  // a health check
        ++asked_[connection.behaviour];
        switch (connection.behaviour) {
            case k503:
                return &kUnavailable;
            case k429:
                return &kTooMany;
            case kErrorFirst:
                return &kErrorStream;
            default:
                break;
        }
        // Benchmarks' clients write JSON without spaces; somebody in between may not.
        const std::string_view json = request.substr(body);
        std::size_t at = json.find("\"model\"");
        if (at == std::string_view::npos) return &kUnknown;
        at = json.find('"', at + 7);
        if (at == std::string_view::npos) return &kUnknown;
        const std::string_view model = json.substr(at + 1, json.find('"', at + 1) - at - 1);
        const bool usage = json.find("\"include_usage\":true") != std::string_view::npos;
        std::string name = std::string(model) + (usage ? "+" : "");
        const auto known = answers_.find(name);
        if (known != answers_.end()) return &known->second;
        std::optional<bench::ChatAnswer> answer = bench::chat_answer(model, usage);
        if (!answer) return &kUnknown;
        return &answers_.emplace(std::move(name), std::move(answer->writes)).first->second;
    }

    void write_one_piece_each() {
        std::size_t kept = 0;
        something_to_write_ = false;
        for (std::size_t i = 0; i < streams_.size(); ++i) {  // grows when a request waits behind an answer
            Connection& connection = *streams_[i];
            if (!connection.gone && !connection.blocked) write_piece(connection);
            if (connection.gone) continue;
            if (connection.piece < connection.answer->size()) {
                streams_[kept++] = &connection;
                something_to_write_ |= !connection.blocked;
                continue;
            }
            connection.answer = nullptr;
            if (!connection.in.empty()) take_request(connection);
        }
        streams_.resize(kept);
    }

    void write_piece(Connection& connection) {
        const std::string& bytes = (*connection.answer)[connection.piece];
        const ssize_t written = ::send(connection.fd, bytes.data() + connection.offset,
                                       bytes.size() - connection.offset, MSG_NOSIGNAL);
        if (written < 0) {
            if (errno != EAGAIN) return drop(connection);
            connection.blocked = true;
            return;
        }
        connection.offset += std::size_t(written);
        if (connection.offset < bytes.size()) return;
        ++connection.piece;
        connection.offset = 0;
    }

    void drop(Connection& connection) {
        connection.gone = true;
        some_gone_ = true;
    }

    int epoll_;
    std::array<std::uint16_t, kBehaviours> ports_{};
    std::array<std::uint64_t, kBehaviours> asked_{};
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> streams_;  ///< With something left to write.
    bool something_to_write_ = false;   ///< And a socket that takes it.
    bool some_gone_ = false;
    std::unordered_map<std::string, Writes> answers_;
};

}  // namespace

int main() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench::pin_to_core(1);
    Upstream upstream;
    upstream.print_ports();
    upstream.run();
}
