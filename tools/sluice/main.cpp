// `sluice`: the library on the command line. docs/cli.md is the manual.
#include "command.hpp"
#include "terminal.hpp"

#include <sluice/config.hpp>
#include <sluice/log.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <map>
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

    CLI::App app("Streams LLM tokens from the first provider of a chain that answers.", "sluice");
    app.set_version_flag("--version", "sluice " SLUICE_VERSION);
    app.require_subcommand(0, 1);  // none is dealt with below: "required" would hide a misspelt one
    const std::map<std::string, spdlog::level::level_enum> levels{{"debug", spdlog::level::debug},
                                                                  {"info", spdlog::level::info},
                                                                  {"warning", spdlog::level::warn},
                                                                  {"error", spdlog::level::err},
                                                                  {"off", spdlog::level::off}};
    spdlog::level::level_enum level = spdlog::level::err;
    app.add_option("--log-level", level, "Log to stderr from: debug, info, warning, error (default), off")
        ->transform(CLI::CheckedTransformer(levels))
        ->option_text("LEVEL");
    app.footer(
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n\n"
        "Examples:\n"
        "  sluice demo\n"
        "  sluice ask --model openai/gpt-5 --model groq/llama-3.3-70b-versatile 'Capital of Mongolia?'");

    const std::array commands{cli::add_demo(app), cli::add_ask(app), cli::add_sim(app), cli::add_decode(app)};
    for (const cli::Command& command : commands)
        command.app->fallthrough();  // so that --log-level may stand anywhere

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? cli::kOk : cli::kUsage;
    }

    try {
        start_log(level);
        for (const cli::Command& command : commands)
            if (command.app->parsed()) return command.run();
        cli::Terminal(STDERR_FILENO).write(app.help());
        return cli::kUsage;
    } catch (const cli::UsageError& error) {
        return complain(error.what(), cli::kUsage);
    } catch (const std::exception& error) {
        return complain(error.what(), cli::kFailed);
    }
}
