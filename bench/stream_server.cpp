#include "stream_server.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace bench {
namespace {

constexpr std::array<std::string_view, 8> kWords{" the",   " quick", " brown", " fox",
                                                 " jumps", " over",  " lazy",  " dogs"};

std::string event(std::string_view delta, std::string_view finish) {
    std::string text =
        R"(data: {"id":"chatcmpl-Bq8nVlq1TuYQ0m7DbTjv3cZJ2sWkA","object":"chat.completion.chunk","created":1781000000,)"
        R"("model":"gpt-5-2026-08-07","service_tier":"default","choices":[{"index":0,"delta":)";
    text.append(delta).append(R"(,"logprobs":null,"finish_reason":)").append(finish).append("}]}\n\n");
    return text;
}

std::string chunked(const std::string& payload) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", payload.size());
    return size + payload + "\r\n";
}

// The answer cut as it is written.
std::vector<std::string> encode(std::size_t tokens, std::size_t per_write, Transcript& expected) {
    std::vector<std::string> writes;
    writes.push_back(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
        chunked(event(R"({"role":"assistant","content":""})", "null")));
    std::string payload;
    for (std::size_t i = 0; i < tokens; ++i) {
        const std::string_view word = kWords[i % kWords.size()];
        expected.add(word.data(), word.size());
        payload += event("{\"content\":\"" + std::string(word) + "\"}", "null");
        if ((i + 1) % per_write == 0 || i + 1 == tokens) {
            writes.push_back(chunked(payload));
            payload.clear();
        }
    }
    expected.finished = true;
    writes.push_back(chunked(event("{}", "\"stop\"") + "data: [DONE]\n\n") + "0\r\n\r\n");
    return writes;
}

bool write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// One request, of which only the end of the body matters, then one answer.
bool serve_one(int socket, const std::vector<std::string>& writes) {
    std::string request;
    std::array<char, 4096> buffer;
    for (;;) {
        const std::size_t head = request.find("\r\n\r\n");
        if (head != std::string::npos) {
            std::size_t length = 0;
            for (const char* name : {"content-length: ", "Content-Length: "}) {
                const std::size_t at = request.find(name);
                if (at != std::string::npos) length = std::stoul(request.substr(at + 16));
            }
            if (request.size() >= head + 4 + length) break;
        }
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got <= 0) return false;
        request.append(buffer.data(), static_cast<std::size_t>(got));
    }
    for (const std::string& bytes : writes) {
        if (!write_all(socket, bytes)) return false;
    }
    return true;
}

[[noreturn]] void serve(int listener, const std::vector<std::string>& writes) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_to_core(1);
    for (;;) {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) continue;
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        while (serve_one(socket, writes)) {
        }
        ::close(socket);
    }
}

}  // namespace

StreamServer::StreamServer(std::size_t tokens, std::size_t per_write) {
    const std::vector<std::string> writes = encode(tokens, per_write, expected_);
    for (const std::string& bytes : writes)
        answer_bytes_ += bytes.size();

    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener, 16) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("cannot listen on loopback");
    port_ = ntohs(address.sin_port);
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("cannot fork the server");
    if (child_ == 0) serve(listener, writes);
    ::close(listener);
}

StreamServer::~StreamServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
}

void pin_to_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    ::sched_setaffinity(0, sizeof set, &set);  // on a machine with one core: stay where we are
}

}  // namespace bench
