#include "gateway_log.hpp"

#include "terminal.hpp"

#include <sluice/clock.hpp>

#include "gateway/record.hpp"
#include "wire/json_writer.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

namespace sluice::cli {
namespace {

constexpr std::string_view kModule = "sluice_gateway";
/// Lines that wait for a slow reader of stderr; beyond that the oldest are lost.
constexpr std::size_t kQueue = 8192;

struct Name {
    std::string_view text;
    std::string_view json;
};

Name name_of(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return {"DEBUG", "debug"};
        case LogLevel::info:
            return {"INFO", "info"};
        case LogLevel::warning:
            return {"WARN", "warning"};
        case LogLevel::error:
            return {"ERROR", "error"};
    }
    return {"INFO", "info"};
}

std::string line_of(GatewayLog::Format format, LogLevel level, std::string_view text) {
    const Name name = name_of(level);
    if (format == GatewayLog::Format::text)
        return std::string(name.text) + " " + std::string(kModule) + " " + one_line(text);
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key("timestamp")
        .string(gateway::timestamp_text(system_clock()->wall_now()))
        .key("level")
        .string(name.json);
    json.key("module").string(kModule).key("message").string(text);
    json.end_object();
    return out;
}

}  // namespace

GatewayLog::GatewayLog(Format format, std::optional<LogLevel> level) {
    set_log_sink({});
    if (!level) return;
    spdlog::init_thread_pool(kQueue, 1);
    const auto logger = std::make_shared<spdlog::async_logger>(
        "gateway", std::make_shared<spdlog::sinks::stderr_sink_mt>(), spdlog::thread_pool(),
        spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::info);
    set_log_sink([logger, format, from = *level](LogLevel line_level, std::string_view text) {
        if (line_level < from) return;
        const std::string line = line_of(format, line_level, text);
        logger->info(spdlog::string_view_t(line.data(), line.size()));
    });
}

GatewayLog::~GatewayLog() {
    set_log_sink({});
    spdlog::shutdown();
}

}  // namespace sluice::cli
