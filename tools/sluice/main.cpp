// `sluice`: the library on the command line. docs/cli.md is the manual.
#include "command_line.hpp"
#include "commands.hpp"
#include "terminal.hpp"

#include <sluice/log.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace sluice;

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

void start_log(spdlog::level::level_enum level) {
    auto logger =
        std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(level);
    logger->set_pattern("%H:%M:%S.%e %l: %v");
    set_log_sink([logger](LogLevel line_level, std::string_view line) {
        logger->log(to_spdlog(line_level), spdlog::string_view_t(line.data(), line.size()));
    });
}

int complain(std::string_view what, int code) {
    cli::Terminal(STDERR_FILENO).write("error: " + cli::one_line(what) + "\n");
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is seen by the write that fails
    const cli::CommandLine command = cli::parse_command_line(argc, argv);
    if (!command.run) return command.exit_code;
    try {
        if (command.log_level) start_log(to_spdlog(*command.log_level));
        return command.run();
    } catch (const cli::UsageError& error) {
        return complain(error.what(), cli::kUsage);
    } catch (const std::exception& error) {
        return complain(error.what(), cli::kFailed);
    }
}
