#include <sluice/log.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace sluice {
namespace {

// Log lines are rare (failovers, hooks that threw), so a lock is cheaper than being clever.
std::mutex& guard() {
    static std::mutex mutex;
    return mutex;
}

std::shared_ptr<const LogSink>& current_sink() {
    static std::shared_ptr<const LogSink> sink;
    return sink;
}

}  // namespace

void set_log_sink(LogSink sink) {
    auto next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
    const std::lock_guard lock(guard());
    current_sink() = std::move(next);
}

void log(LogLevel level, std::string_view line) {
    std::shared_ptr<const LogSink> sink;
    {
        const std::lock_guard lock(guard());
        sink = current_sink();
    }
    if (sink) (*sink)(level, line);  // outside the lock: a sink may log or replace itself
}

}  // namespace sluice
