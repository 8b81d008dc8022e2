// Where the library's few log lines go. It never prints on its own: without a sink they go nowhere.
//
//   sluice::set_log_sink([](sluice::LogLevel level, std::string_view line) { spdlog::warn("{}", line); });
//
// Lines hold our own words, provider and model ids and error kinds; never keys, prompts, answers or provider
// text.
#pragma once

#include <functional>
#include <string_view>

namespace sluice {

enum class LogLevel : unsigned char { debug, info, warning, error };

using LogSink = std::function<void(LogLevel, std::string_view line)>;

/// Replaces the process's sink; an empty function removes it. Safe to call from any thread; the sink may be
/// called from any thread that runs the library and must not throw.
void set_log_sink(LogSink sink);

/// Used by the library and by custom providers. `line` has no newline at its end.
void log(LogLevel level, std::string_view line);

}  // namespace sluice
