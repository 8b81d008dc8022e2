// What systemd (or whoever started us with NOTIFY_SOCKET) is told about the state of the process: the
// protocol of sd_notify(3), which is one datagram a message and needs no library.
#pragma once

#include <sluice/gateway_config.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

class ServiceManager {
  public:
    /// Nothing is ever sent when NOTIFY_SOCKET is not set.
    explicit ServiceManager(const Environment& environment);

    /// "READY=1", "STATUS=Serving": one or several lines. Any thread. A manager that cannot be reached is
    /// none.
    void tell(std::string_view lines) const noexcept;
    /// How often it expects WATCHDOG=1: half of the time after which it gives us up. Absent: never.
    std::optional<std::chrono::microseconds> watchdog() const noexcept { return watchdog_; }

  private:
    std::string address_;  // of a socket; the first byte is 0 for an abstract one
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace sluice::cli
