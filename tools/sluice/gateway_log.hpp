// The log of `sluice gateway run`: a line an event, on stderr, written by a thread of its own so that no
// request ever waits for who reads it.
//
//   INFO sluice_gateway Loaded 2 provider(s), 1 policy(ies)
//   {"timestamp":"2026-11-20T10:00:00.123Z","level":"info","module":"sluice_gateway","message":"Gateway
//   ready"}
#pragma once

#include <sluice/log.hpp>

#include <optional>

namespace sluice::cli {

class GatewayLog {
  public:
    enum class Format : bool { text, json };
    /// Becomes the library's log sink. Absent level: nothing is logged.
    GatewayLog(Format format, std::optional<LogLevel> level);
    GatewayLog(const GatewayLog&) = delete;
    GatewayLog& operator=(const GatewayLog&) = delete;
    /// Writes what is left.
    ~GatewayLog();
};

}  // namespace sluice::cli
