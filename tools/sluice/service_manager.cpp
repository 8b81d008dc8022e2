#include "service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::cli {
namespace {

template <typename T>
std::optional<T> number(const std::optional<std::string>& text) {
    T value{};
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

}  // namespace

ServiceManager::ServiceManager(const Environment& environment) {
    const std::optional<std::string> address = environment("NOTIFY_SOCKET");
    const bool usable = address && address->size() > 1 && address->size() < sizeof(sockaddr_un::sun_path) &&
                        (address->front() == '/' || address->front() == '@');
    if (!usable) return;
    address_ = *address;
    if (address_.front() == '@') address_.front() = '\0';

    const auto limit = number<std::uint64_t>(environment("WATCHDOG_USEC"));
    const auto process = number<pid_t>(environment("WATCHDOG_PID"));
    const bool is_ours = !environment("WATCHDOG_PID") || process == ::getpid();
    if (limit && *limit > 1 && is_ours) watchdog_ = std::chrono::microseconds(*limit / 2);
}

void ServiceManager::tell(std::string_view lines) const noexcept {
    if (address_.empty()) return;
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    // Rather a message lost than a gateway that waits for its manager.
    ::sendto(socket, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&to), size);
    ::close(socket);
}

}  // namespace sluice::cli
